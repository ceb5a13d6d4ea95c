"""The curve of a schedule as an SVG picture, with nothing but the standard library: what a notebook shows."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from html import escape

from lrspec.schedule import Schedule
from lrspec.spec import Node
from lrspec.views.outline import points, simplified

_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 20, 30, 40
_BASE, _EDGE = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
_DOT = 7.0
_LETTER = 6.2


def svg(schedule: Schedule, steps: int | None = None) -> str:
    """Return the curve of the first `steps` steps as an SVG picture.

    Args:
        schedule: The schedule or document.
        steps: How many steps to draw; by default a tenth more than it lasts, or a fitting number where it has no end.

    Returns:
        The text of an SVG file.
    """
    curve, total = points(schedule, steps)
    stop = min(total, schedule.program.last_step + 1)
    rates = [rate for _, rate in curve]
    low, high = min(0.0, *rates), max(0.0, *rates)
    high = high if high > low else 1.0

    def x(step: float) -> float:
        return _LEFT + (_EDGE - _LEFT) * step / (total - 1)

    def y(rate: float) -> float:
        return _TOP + (_BASE - _TOP) * (high - rate) / (high - low)

    if stop < total:
        curve.append((stop, curve[-1][1]))
    line = [(x(step), y(rate)) for step, rate in curve]
    path = "".join(f"{a:.1f},{b:.1f} " for a, b in simplified(line))
    marks = [_tick(x(step), f"{step:,.0f}") for step in round_numbers(0, total - 1, 6)]
    marks += [_level(y(rate), f"{rate:.10g}") for rate in round_numbers(low, high, 4)]
    marks += _end(schedule.node.length, stop, total, x)
    if x(1) - x(0) >= _DOT:
        dots = ((x(step), y(schedule(step))) for step in range(stop))
        marks += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.2" fill="#1f77b4"/>' for a, b in dots]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="currentColor" role="img">'
        f"<title>{escape(repr(schedule)[:500])}</title>{_heading(schedule, max(rates, key=abs), stop)}"
        f'<path d="M{_LEFT} {_TOP}V{_BASE}H{_EDGE}" fill="none" stroke="currentColor"/>{"".join(marks)}'
        f'<polyline points="{path.strip()}" fill="none" stroke="#1f77b4" stroke-width="1.8"/></svg>'
    )


def round_numbers(low: float, high: float, parts: int) -> list[float]:
    """Return round numbers from `low` to `high`, about as many as `parts`."""
    raw = (high - low) / parts
    power = 10.0 ** math.floor(math.log10(raw))
    width = next(power * factor for factor in (1, 2, 5, 10) if power * factor * (1 + 1e-9) >= raw)
    if isinstance(low, int):
        width = max(width, 1.0)
    first, last = math.ceil(low / width - 1e-6), math.floor(high / width + 1e-6)
    return [i * width for i in range(first, last + 1)]


def _heading(schedule: Schedule, largest: float, stop: int) -> str:
    numbers = {"step 0": schedule(0), "largest": largest, f"step {stop - 1:,}": schedule(stop - 1)}
    told = " · ".join(f"{name}: {number:.4g}" for name, number in numbers.items())
    room = int((_EDGE - _LEFT) / _LETTER - len(told) - 4)
    name = _name(schedule.node)
    name = name if len(name) <= room else f"{name[: room - 1]}…"
    return words_at(_LEFT, _TOP - 12, name, "start", ' font-weight="bold"') + words_at(_EDGE, _TOP - 12, told, "end")


def _name(node: Node, depth: int = 2) -> str:
    inside = [_name(child, depth - 1) for _, child in node.children()] if depth else []
    return f"{node.kind}({', '.join(inside)})" if inside else node.kind


def _tick(x: float, words: str) -> str:
    room = len(words) * _LETTER / 2
    return f'<path d="M{x:.1f} {_BASE}v4" stroke="currentColor"/>' + words_at(
        min(x, _WIDTH - room), _BASE + 17, words, "middle"
    )


def _level(y: float, words: str) -> str:
    line = f'<path d="M{_LEFT} {y:.1f}H{_EDGE}" stroke="currentColor" stroke-opacity="0.15"/>'
    return line + words_at(_LEFT - 6, y + 4, words, "end")


def _end(length: float | Fraction | None, stop: int, total: int, x: Callable[[float], float]) -> list[str]:
    """Return the mark at the end of a schedule, where it is in the picture, and the word for the axis."""
    marks = [words_at(_LEFT - 6, _BASE + 17, "step", "end")]
    if stop < total:
        marks.append(
            f'<rect x="{x(stop):.1f}" y="{_TOP}" width="{_EDGE - x(stop):.1f}" height="{_BASE - _TOP}" '
            f'fill-opacity="0.08"/>'
        )
        words, at = "no value", x(stop)
    elif length is not None and 0 < length < total:
        words, at = "end", x(float(length))
    else:
        return marks
    dash = f'<path d="M{at:.1f} {_TOP}V{_BASE}" stroke="currentColor" stroke-opacity="0.4" stroke-dasharray="3 3"/>'
    room = len(words) * _LETTER
    anchor, shift = ("start", 4) if at + room + 4 < _WIDTH else ("end", -4)
    return [*marks, dash, words_at(at + shift, _HEIGHT - 6, words, anchor)]


def words_at(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    """Return words at a place of an SVG picture."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'
