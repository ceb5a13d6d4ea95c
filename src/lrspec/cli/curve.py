"""The curve of a schedule in text: Braille characters, each of which has two by four dots."""

from __future__ import annotations

import math
from itertools import pairwise

from lrspec.schedule import Schedule
from lrspec.views.outline import points
from lrspec.views.svg import round_numbers

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_LABEL = 11
_ROWS_PER_TICK = 4
_BLANK = " \u2800"


def curve(
    schedule: Schedule,
    steps: int | None = None,
    *,
    width: int = 80,
    height: int = 9,
    only_ascii: bool = False,
    log: bool = False,
) -> list[str]:
    """Return the curve of the first `steps` steps as lines of text.

    Args:
        schedule: The schedule or document.
        steps: How many steps to draw; by default as many as in SVG.
        width: How many characters wide.
        height: How many lines high, without the one for the steps.
        only_ascii: Whether to draw with asterisks.
        log: Whether the axis of the values is logarithmic; values up to 0 are left out.

    Example:
        >>> import lrspec
        >>> for line in curve(lrspec.Linear(init_value=0, end_value=1, steps=8), 9, width=20, height=2):
        ...     print(line)
        1          |⠀⠀⠀⠀⣀⠤⠒⠉
        0          |⣀⠤⠒⠉⠁
                   0       8
    """
    corners, total = points(schedule, steps)
    scale = math.log10 if log else float
    rates = [(step, scale(rate)) for step, rate in corners if rate > 0 or not log] or [(0, 0.0)]
    values = [rate for _, rate in rates] + ([] if log else [0.0])
    low, high = min(values), max(values)
    high = high if high > low else low + 1.0
    columns, rows = max(8, width - _LABEL - 1), height
    right, bottom = 2 * columns - 1, 4 * rows - 1
    dots = [(right * step / max(total - 1, 1), bottom * (high - rate) / (high - low)) for step, rate in rates]
    cells = [[0] * columns for _ in range(rows)]
    for (ax, ay), (bx, by) in pairwise([*dots, dots[-1]]):
        count = max(1, round(abs(bx - ax)), round(abs(by - ay)))
        for i in range(count + 1):
            x, y = round(ax + (bx - ax) * i / count), round(ay + (by - ay) * i / count)
            cells[y // 4][min(x, right) // 2] |= _DOTS[y % 4][min(x, right) % 2]
    labels = [""] * rows
    for value in [*(round_numbers(low, high, rows // _ROWS_PER_TICK) if rows > _ROWS_PER_TICK else []), high, low]:
        row = round((rows - 1) * (high - value) / (high - low))
        labels[row] = f"{10**value if log else value:.4g}"
    drawn = ["".join(_cell(cell, only_ascii) for cell in line) for line in cells]
    lines = [f"{label:<{_LABEL}}|{line}".rstrip(_BLANK) for label, line in zip(labels, drawn, strict=True)]
    return [*lines, " " * _LABEL + _ticks(total - 1, columns)]


def _ticks(last: int, columns: int) -> str:
    """Return the numbers below the curve, the first digit of each below its step, but for the last one."""
    line = f"0{f'{last:,}':>{columns}}"
    room = len(f"{last:,}") + 3
    for step in round_numbers(0, max(last, 1), max(1, columns // (2 * room))):
        text, at = f"{step:,.0f}", 1 + round((columns - 1) * step / max(last, 1))
        if step and at + len(text) + room <= len(line):
            line = line[:at] + text + line[at + len(text) :]
    return line


def _cell(dots: int, only_ascii: bool) -> str:  # noqa: FBT001 - one of two ways to write it
    return (" *"[dots > 0]) if only_ascii else chr(0x2800 + dots)
