"""A figure as an SVG picture, with nothing but the standard library: what a notebook shows.

It lies on a white card of its own, so that it can be read on any background.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

from lrspec.schedule import Schedule
from lrspec.views.figure import Curve, Figure, Panel, figure
from lrspec.views.outline import Points, simplified

COLORS = ("#1f77b4", "#d95f02", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#7f7f7f")
_WIDTH, _LEFT, _EDGE, _TOP, _HIGH, _GAP = 640, 72, 620, 30, 190, 20
_STEPS, _UNIT = 40, 22
_DOT = 7.0
_LETTER = 6.2
_ROW, _MOST = 16, 80
_INK, _FAINT = "#333", "#ddd"


def svg(schedule: Schedule, steps: int | None = None) -> str:
    """Return the curve of the first `steps` steps as an SVG picture.

    Args:
        schedule: The schedule or document.
        steps: How many steps to draw; by default a tenth more than it lasts, or a fitting number where it has no end.

    Returns:
        The text of an SVG file.
    """
    return figure_svg(figure({"": {"": schedule}}, steps), repr(schedule)[:500])


def figure_svg(drawn: Figure, words: str | None = None) -> str:
    """Return a figure as an SVG picture.

    Args:
        drawn: The figure.
        words: What it shows, for who cannot see it; by default its title.

    Returns:
        The text of an SVG file.
    """
    parts, base = [], _TOP - _GAP
    for panel in drawn.panels:
        top = base + _GAP + _ROW * _grid(panel)[1] + (14 if panel.label else 0)
        base = round(top + _HIGH * panel.height)
        scale = _Scale(panel, top, base)
        parts += _behind(drawn, scale) + _panel(drawn, panel, scale)
    parts += _axis(drawn, base)
    height = base + _STEPS + (_UNIT if drawn.unit else 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'style="max-width:100%;height:auto" font-family="sans-serif" font-size="11" fill="{_INK}" role="img">'
        f'<title>{escape(words or drawn.title)}</title><rect width="{_WIDTH}" height="{height}" rx="4" fill="#fff"/>'
        f"{_heading(drawn)}{''.join(parts)}</svg>"
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


def decades(low: float, high: float) -> list[float]:
    """Return powers of ten from `low` to `high`, at most six of them, or both ends where there is none."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    found = [10.0**i for i in range(first, last + 1, max(1, -(-(last - first + 1) // 6)))]
    return found if len(found) > 1 else [low, high]


def limits(panel: Panel) -> tuple[float, float]:
    """Return the least and the largest value of a panel's axis: with 0, but for a logarithmic one."""
    values = [value for curve in panel.curves for _, value in curve.points]
    if not panel.log:
        low, high = min(0.0, *values), max(0.0, *values)
        return low, high if high > low else 1.0
    seen = [value for value in values if value > 0] or [1.0]
    low, high = min(seen), max(seen)
    return (low, high) if high > low else (low / 2, low * 2)


@dataclass(frozen=True)
class _Scale:
    """From a value to its height in the picture; None where a logarithmic axis has no place for it."""

    panel: Panel
    top: int
    base: int

    def y(self, value: float) -> float | None:
        low, high = limits(self.panel)
        if self.panel.log:
            if value <= 0:
                return None
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.top + (self.base - self.top) * (high - value) / (high - low)

    def levels(self) -> Iterable[float]:
        low, high = limits(self.panel)
        return decades(low, high) if self.panel.log else round_numbers(low, high, 4 if self.panel.height >= 1 else 3)


def _x(drawn: Figure) -> Callable[[float], float]:
    return lambda step: _LEFT + (_EDGE - _LEFT) * step / (drawn.total - 1)


def _named(panel: Panel) -> bool:
    return len(panel.curves) > 1


def _heading(drawn: Figure) -> str:
    room = int((_EDGE - _LEFT) / _LETTER - len(drawn.told) - 4)
    title = drawn.title if len(drawn.title) <= room else f"{drawn.title[: room - 1]}…"
    return words_at(_LEFT, 18, title, "start", ' font-weight="bold"') + words_at(_EDGE, 18, drawn.told, "end")


def _behind(drawn: Figure, scale: _Scale) -> list[str]:
    """Return what lies behind the curves of a panel: its phases, marks, and the steps without a value."""
    x, top, base = _x(drawn), scale.top, scale.base
    parts = []
    for number, band in enumerate(drawn.bands):
        left, wide = x(band.start), x(min(band.stop, drawn.total - 1)) - x(band.start)
        if number % 2:
            parts.append(_rectangle(left, top, wide, base - top, "#1f77b4", 0.07))
        if wide >= len(band.name) * _LETTER:
            parts.append(words_at(left + wide / 2, top + 11, band.name, "middle", ' fill="#777"'))
    if drawn.stop < drawn.total:
        parts.append(_rectangle(x(drawn.stop), top, _EDGE - x(drawn.stop), base - top, "#000", 0.08))
    parts += [f'<path d="M{x(at):.1f} {top}V{base}" stroke="#999" stroke-dasharray="3 3"/>' for at, _ in drawn.marks]
    return parts


def _rectangle(left: float, top: float, wide: float, high: float, color: str, opacity: float) -> str:
    where = f'x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{high}"'
    return f'<rect {where} fill="{color}" fill-opacity="{opacity}"/>'


def _panel(drawn: Figure, panel: Panel, scale: _Scale) -> list[str]:
    parts = [f'<path d="M{_LEFT} {scale.top}V{scale.base}H{_EDGE}" fill="none" stroke="{_INK}"/>']
    for value in scale.levels():
        y = scale.y(value)
        if y is not None:
            line = f'<path d="M{_LEFT} {y:.1f}H{_EDGE}" stroke="{_FAINT}"/>'
            parts += [line, words_at(_LEFT - 6, y + 4, f"{value:.10g}", "end")]
    if panel.label:
        parts.append(words_at(_LEFT, scale.top - 6 - _ROW * _grid(panel)[1], panel.label, "start"))
    for number, curve in enumerate(panel.curves):
        color = COLORS[number % len(COLORS)] if panel.height >= 1 else "#d62728"
        parts += _line(drawn, curve, scale, color, 3.0 if _named(panel) and not number else 1.6)
    return parts + _legend(panel, scale.top)


def _legend(panel: Panel, top: int) -> list[str]:
    """Return the names of the curves, above a panel, in as many rows as they need."""
    if not _named(panel):
        return []
    per_row, rows = _grid(panel)
    wide = (_EDGE - _LEFT) / per_row
    parts = []
    for number, curve in enumerate(panel.curves):
        row, column = divmod(number, per_row)
        left, y, color = _LEFT + wide * column, top - 6 - _ROW * (rows - 1 - row), COLORS[number % len(COLORS)]
        parts.append(f'<path d="M{left:.1f} {y - 4}h18" stroke="{color}" stroke-width="{1.6 if number else 3}"/>')
        parts.append(words_at(left + 23, y, curve.name[-_MOST:], "start"))
    return parts


def _grid(panel: Panel) -> tuple[int, int]:
    """Return how many names stand in a row, and how many rows there are; none where there is one curve."""
    if not _named(panel):
        return 1, 0
    longest = min(_MOST, max(len(curve.name) for curve in panel.curves))
    per_row = max(1, min(len(panel.curves), int((_EDGE - _LEFT) / (30 + _LETTER * longest))))
    return per_row, -(-len(panel.curves) // per_row)


def _line(drawn: Figure, curve: Curve, scale: _Scale, color: str, width: float) -> list[str]:
    x, parts = _x(drawn), []
    runs: list[Points] = [[]]
    for step, value in curve.points:
        y = scale.y(value)
        if y is None:
            runs.append([])
        else:
            runs[-1].append((x(step), y))
    for corners in runs:
        if corners:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in simplified(corners))
            parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"/>')
    if x(1) - x(0) >= _DOT:
        places = ((x(step), scale.y(value)) for step, value in curve.dots)
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.2" fill="{color}"/>' for a, b in places if b is not None]
    return parts


def _axis(drawn: Figure, base: int) -> list[str]:
    """Return the ticks of the steps and of the second unit, and the words of the marks, below the last panel."""
    x = _x(drawn)
    parts = [words_at(_LEFT - 6, base + 17, "step", "end")]
    parts += [_tick(x(step), base, f"{step:,.0f}") for step in round_numbers(0, drawn.total - 1, 6)]
    for at, words in drawn.marks:
        room = len(words) * _LETTER
        anchor, shift = ("start", 4) if x(at) + room + 4 < _WIDTH else ("end", -4)
        parts.append(words_at(x(at) + shift, base + 34, words, anchor))
    if drawn.unit is not None:
        name, size = drawn.unit
        last = float((drawn.total - 1) / size)
        parts.append(words_at(_LEFT - 6, base + 17 + _UNIT + 14, name, "end"))
        parts += [_tick(x(float(n * size)), base + 36, f"{n:,.10g}") for n in round_numbers(0.0, last, 6)]
    return parts


def _tick(x: float, base: int, words: str) -> str:
    room = len(words) * _LETTER / 2
    line = f'<path d="M{x:.1f} {base}v4" stroke="{_INK}"/>'
    return line + words_at(min(x, _WIDTH - room), base + 17, words, "middle")


def words_at(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    """Return words at a place of an SVG picture."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'
