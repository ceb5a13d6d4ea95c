"""The curve of a schedule as an SVG picture, with nothing but the standard library: what a notebook shows.

The curve is drawn through the steps at which the formula has a kink and the steps beside them, and between those on an
even grid. Where the value jumps, the line stays level up to the jump and is upright there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from html import escape
from itertools import count, islice, pairwise, takewhile

from lrspec.compiler.formula import HORIZON, Formula, formula_of
from lrspec.errors import SpecError
from lrspec.fields import LAST_STEP
from lrspec.schedule import Schedule
from lrspec.spec import Node

_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 20, 30, 40
_BASE, _EDGE = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
_POINTS = 300
_MAX_KINKS = 1200
_BEYOND = Fraction(11, 10)
_OPEN_ENDED, _CYCLES = 4, 6
_VISIBLE, _FEW = 100, 32
_DOT = 7.0
_LETTER = 6.2
_JUMP = 1.25
_PRECISION = 200

Points = list[tuple[float, float]]


def svg(schedule: Schedule, steps: int | None = None) -> str:
    """Return the curve of the first `steps` steps as an SVG picture.

    Args:
        schedule: The schedule or document.
        steps: How many steps to draw; by default a tenth more than it lasts, or a fitting number where it has no end.

    Returns:
        The text of an SVG file.
    """
    curve, total, stop = _drawn(schedule, steps)
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
    path = "".join(f"{a:.1f},{b:.1f} " for a, b in without_needless(line))
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


def points(schedule: Schedule, steps: int | None = None) -> tuple[Points, int]:
    """Return the corners of the curve, as steps and values, and how many steps to show.

    Args:
        schedule: The schedule or document.
        steps: How many steps to draw; by default as many as in SVG.

    Example:
        >>> import lrspec
        >>> points(lrspec.PiecewiseConstant(boundaries=[2], values=[1, 0.5]), 4)
        ([(0, 1.0), (1, 1.0), (2, 1.0), (2, 0.5), (3, 0.5)], 4)
    """
    curve, total, _ = _drawn(schedule, steps)
    return curve, total


def _drawn(schedule: Schedule, steps: int | None) -> tuple[Points, int, int]:
    """Return the corners of the curve, how many steps to show, and the first of them without a value."""
    formula = formula_of(schedule.node)
    total = max(2, min(_horizon(schedule, formula) if steps is None else steps, HORIZON))
    stop = min(total, formula.last_step + 1)
    return _curve(schedule, formula, stop), total, stop


def _curve(schedule: Schedule, formula: Formula, stop: int) -> Points:
    """Return the corners of the curve, as steps and values, over the steps 0 to `stop - 1`."""
    even = {round((stop - 1) * i / _POINTS) for i in range(_POINTS + 1)}
    kinks = list(islice(takewhile(lambda step: step < stop, _kinks(formula, stairs=True)), _MAX_KINKS + 1))
    if len(kinks) > _MAX_KINKS:
        return _envelope(schedule, stop)
    near = {step + i for step in kinks for i in (-1, 0, 1) if 0 <= step + i < stop}
    rates = {step: schedule(step) for step in sorted(even | near)}
    bends = set(kinks)
    after = {step: rates.get(step + 1, rates[step]) if step + 1 not in bends else rates[step] for step in bends}
    jumps = {step for step in bends if step and _is_jump(formula, step, rates[step - 1], rates[step], after[step])}
    corners: Points = [(0, rates[0])]
    for before, step in pairwise(rates):
        if step in jumps:
            corners.append((step, rates[before]))
        corners.append((step, rates[step]))
    return corners


def _kinks(formula: Formula, *, stairs: bool) -> Iterator[int]:
    """Yield the steps at which a run, a span or a period begins, and where wanted each stair."""
    ends = [*(run.start for run in formula.runs[1:]), HORIZON]
    for run, end in zip(formula.runs, ends, strict=True):
        length = run.period or HORIZON
        for begin in range(run.start, end, length):
            indices: Iterable[int] = (span.start for span in run.spans)
            if stairs and run.stride != 1 and not run.is_constant:
                indices = count()
            for index in indices:
                step = begin + math.ceil(index * run.stride)
                if step >= min(end, begin + length):
                    break
                yield step


def _is_jump(formula: Formula, step: int, before: float, value: float, after: float) -> bool:
    """Tell whether a value is far from where the curve before was heading, next to how steep the curves are."""
    ahead = _ahead(formula, step - 1, before)
    if ahead is None:
        return value != before
    return abs(value - ahead) > _JUMP * max(abs(ahead - before), abs(after - value))


def _ahead(formula: Formula, step: int, value: float) -> float | None:
    """Return where the curve that has `value` at `step` is heading: its value a step later, or None in stairs."""
    run = next(run for run in reversed(formula.runs) if run.start <= step)
    index = run.index(step)
    span = next(span for span in reversed(run.spans) if span.start <= index)
    if span.constant:
        return value
    if run.stride != 1:
        return None
    try:
        return span.curve(index + 1 - span.start, _PRECISION) / (1 << _PRECISION)
    except (ArithmeticError, SpecError):  # the curve ends here
        return value


def _envelope(schedule: Schedule, stop: int) -> Points:
    """Return a line from the lowest to the highest of some steps in each column: a curve with too many kinks to see."""
    columns = [round(stop * i / (2 * _POINTS)) for i in range(2 * _POINTS + 1)]
    corners: Points = []
    for start, end in pairwise(columns):
        stride = max(1, (end - start) // 16 | 1)
        rates = [schedule(step) for step in range(start, end, stride)]
        if rates:
            corners += [(start, rates[0]), (start, min(rates)), (start, max(rates)), (start, rates[-1])]
    return corners


def _horizon(schedule: Schedule, formula: Formula) -> int:
    """Return how many steps show a schedule: its end and some more, or some of its cycles, or of its decay."""
    length = schedule.node.length
    shown = 16 if length is None else min(HORIZON, math.ceil(length * _BEYOND) + 2)
    kinks = list(islice(_kinks(formula, stairs=False), _MAX_KINKS))
    last = formula.runs[-1]
    if not last.period and last.spans[-1].constant and len(kinks) < _MAX_KINKS:
        return max(shown, min(HORIZON, round(_last_visible(schedule, kinks) * _BEYOND) + 2))
    if formula.last_step < LAST_STEP:
        return shown
    if len(kinks) >= _CYCLES:
        return max(shown, kinks[_CYCLES - 1])
    if length is not None:
        return min(HORIZON, math.ceil(2 * length))
    final, first, step = schedule(LAST_STEP), abs(schedule(kinks[-1])), max(2 * kinks[-1], 1)
    while step <= LAST_STEP // 4 and schedule(step) != final and abs(schedule(step)) * _OPEN_ENDED > first:
        step *= 2
    return max(shown, min(HORIZON, round(step * _BEYOND)))


def _last_visible(schedule: Schedule, kinks: Sequence[int]) -> int:
    """Return the last of a schedule's kinks at which it is not yet near the value that it has for ever after."""
    if len(kinks) <= _FEW:
        return kinks[-1]
    final = schedule(kinks[-1])
    far = {step: max(abs(schedule(k) - final) for k in (step, max(step - 1, 0))) for step in kinks}
    return max((step for step in kinks if far[step] * _VISIBLE >= max(far.values())), default=0)


def without_needless(points: Sequence[tuple[float, float]]) -> Points:
    """Return the corners of a line without those from which it would not move by a tenth of a pixel."""
    kept, todo = {0, len(points) - 1}, [(0, len(points) - 1)]
    while todo:
        first, last = todo.pop()
        (ax, ay), (bx, by) = points[first], points[last]
        length = math.hypot(bx - ax, by - ay) or 1.0
        far = [
            abs((bx - ax) * (py - ay) - (by - ay) * (px - ax)) / length
            if (bx, by) != (ax, ay)
            else math.hypot(px - ax, py - ay)
            for px, py in points[first + 1 : last]
        ]
        if far and max(far) > 0.1:
            middle = first + 1 + far.index(max(far))
            kept.add(middle)
            todo += [(first, middle), (middle, last)]
    return [points[i] for i in sorted(kept)]


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
