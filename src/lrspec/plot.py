"""The curve of a schedule as an SVG picture, with nothing but the standard library and NumPy: what a notebook shows."""

from __future__ import annotations

from html import escape

import numpy as np

from lrspec.fields import LAST_STEP
from lrspec.schedule import Schedule

_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 16, 14, 40
_POINTS = 600
_BEYOND = 1.1
_OPEN_ENDED = 10


def svg(schedule: Schedule, steps: int | None = None) -> str:
    """Return the curve of the first `steps` steps as an SVG picture.

    Args:
        schedule: The schedule or document.
        steps: How many steps to draw; by default a tenth more than it lasts, or a fitting number where it has no end.

    Returns:
        The text of an SVG file.
    """
    total = _horizon(schedule) if steps is None else steps
    total = max(2, min(total, schedule.program.last_step + 1))
    at = np.unique(np.linspace(0, total - 1, min(total, _POINTS)).round().astype(np.int64))
    rates = np.array([schedule(int(step)) for step in at])
    low, high = min(0.0, float(rates.min())), float(rates.max())
    high = high if high > low else low + 1.0
    x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * at / (total - 1)
    y = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - rates) / (high - low)
    curve = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    marks = [_text(_LEFT - 6, _TOP + 4, f"{high:.3g}", "end"), _text(_LEFT - 6, bottom + 4, f"{low:.3g}", "end")]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        place = _LEFT + (right - _LEFT) * share
        marks.append(f'<path d="M{place:.1f} {bottom}v4" stroke="currentColor"/>')
        marks.append(_text(place, bottom + 17, f"{round((total - 1) * share):,}", "end" if share == 1 else "middle"))
    marks.append(_text((_LEFT + right) / 2, _HEIGHT - 6, "step", "middle"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="currentColor" role="img">'
        f"<title>{escape(repr(schedule))[:500]}</title>"
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="currentColor"/>'
        f'<polyline points="{curve}" fill="none" stroke="#1f77b4" stroke-width="1.8"/>{"".join(marks)}</svg>'
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _horizon(schedule: Schedule) -> int:
    """Return how many steps show the schedule: its length and some more, or until a tenth or the last value is left."""
    length = schedule.node.length
    if length is not None:
        return min(LAST_STEP, round(length * _BEYOND) + 2)
    final, first, step = schedule(LAST_STEP), abs(schedule(0)), 1
    while step <= LAST_STEP // 4 and schedule(step) != final and abs(schedule(step)) * _OPEN_ENDED > first:
        step *= 2
    return max(round(step * _BEYOND), 16)
