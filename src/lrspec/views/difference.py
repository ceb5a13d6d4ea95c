"""Two curves in one picture, and their difference below: SVG, with nothing but the standard library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from lrspec.schedule import Schedule
from lrspec.views.outline import Points, points, simplified
from lrspec.views.svg import round_numbers, words_at

_WIDTH, _LEFT, _EDGE = 640, 72, 620
_UPPER, _LOWER = (40, 220), (262, 342)
_HEIGHT = 380
_COLORS = ("#1f77b4", "#ff7f0e")
_POINTS = 600


def difference_svg(a: Schedule, b: Schedule, steps: int, names: tuple[str, str] = ("A", "B")) -> str:
    """Return the curves of two schedules, and `b - a` below them, as an SVG picture.

    Args:
        a: A schedule or document.
        b: The other.
        steps: How many steps to draw; both have values there.
        names: What to call them.

    Returns:
        The text of an SVG file.
    """
    curves = [points(schedule, steps)[0] for schedule in (a, b)]
    sampled = sorted({min(steps - 1, i * steps // _POINTS) for i in range(_POINTS)} | _corners(curves, steps))
    return curves_svg((curves[0], curves[1]), [(step, b(step) - a(step)) for step in sampled], steps, names)


def curves_svg(curves: tuple[Points, Points], apart: Points, steps: int, names: tuple[str, str]) -> str:
    """Return two curves, and their difference below them, as an SVG picture.

    Args:
        curves: Steps and values of each.
        apart: Steps, and the second value less the first.
        steps: How many steps to draw.
        names: What to call the curves.

    Returns:
        The text of an SVG file.
    """
    parts = _panel(curves, _UPPER, steps, _COLORS) + _panel([apart], _LOWER, steps, ("#d62728",))
    for place, name in enumerate(names):
        line = f'<path d="M{_LEFT + 200 * place} 20h22" stroke="{_COLORS[place]}" stroke-width="{3 - place}"/>'
        parts += [line, words_at(_LEFT + 28 + 200 * place, 24, name[-26:], "start")]
    parts.append(words_at(_LEFT, _LOWER[0] - 8, f"{names[1]} - {names[0]}"[-80:], "start"))
    parts.append(words_at(_LEFT - 6, _LOWER[1] + 17, "step", "end"))
    parts += [
        f'<path d="M{_x(step, steps):.1f} {_LOWER[1]}v4" stroke="currentColor"/>'
        + words_at(min(_x(step, steps), _WIDTH - 22), _LOWER[1] + 17, f"{step:,.0f}", "middle")
        for step in round_numbers(0, max(steps - 1, 1), 6)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="currentColor" role="img">'
        f"<title>{escape(f'{names[0]} and {names[1]}')}</title>{''.join(parts)}</svg>"
    )


def _corners(curves: Sequence[Points], steps: int) -> set[int]:
    return {int(step) for curve in curves for step, _ in curve if 0 <= step < steps}


def _x(step: float, steps: int) -> float:
    return _LEFT + (_EDGE - _LEFT) * step / max(steps - 1, 1)


def _panel(curves: Sequence[Points], place: tuple[int, int], steps: int, colors: Sequence[str]) -> list[str]:
    """Return one pair of axes with curves in it; 0 is always in sight."""
    top, base = place
    values = [value for curve in curves for _, value in curve]
    low, high = min(0.0, *values), max(0.0, *values)
    high = high if high > low else 1.0

    def y(value: float) -> float:
        return top + (base - top) * (high - value) / (high - low)

    parts = [f'<path d="M{_LEFT} {top}V{base}H{_EDGE}" fill="none" stroke="currentColor"/>']
    for value in round_numbers(low, high, 4 if base - top > 100 else 2):
        line = f'<path d="M{_LEFT} {y(value):.1f}H{_EDGE}" stroke="currentColor" stroke-opacity="0.15"/>'
        parts += [line, words_at(_LEFT - 6, y(value) + 4, f"{value:.10g}", "end")]
    for number, (curve, color) in enumerate(zip(curves, colors, strict=True)):
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in simplified([(_x(s, steps), y(v)) for s, v in curve]))
        width = 3 - 1.4 * number if len(curves) > 1 else 1.4
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width:.1f}"/>')
    return parts
