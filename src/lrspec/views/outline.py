"""The outline of a schedule: how many steps show it, and the corners of its curve.

The curve is drawn through the steps at which the formula has a breakpoint and the steps beside them, and between those
on an even grid. Where the value jumps, the line stays level up to the jump and is upright there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import count, islice, pairwise, takewhile

from lrspec.compiler.formula import HORIZON, Formula, formula_of
from lrspec.errors import SpecError
from lrspec.fields import LAST_STEP
from lrspec.schedule import Schedule

_POINTS = 300
_MOST_BREAKPOINTS = 1200
_BEYOND = Fraction(11, 10)
_OPEN_ENDED, _CYCLES = 4, 6
_VISIBLE, _FEW = 100, 32
_JUMP = 1.25
_PRECISION = 200

Points = list[tuple[float, float]]


def horizon(schedule: Schedule) -> int:
    """Return how many steps show a schedule: its end and a tenth more, or some of its cycles, or of its decay.

    Args:
        schedule: The schedule or document.

    Returns:
        A number of steps from 2 on. The schedule may end before it, with an error for any later step.

    Example:
        >>> import lrspec
        >>> horizon(lrspec.Linear(init_value=0, end_value=1, steps=100))
        112
    """
    return max(2, min(_horizon(schedule, formula_of(schedule.node)), HORIZON))


def points(schedule: Schedule, steps: int | None = None) -> tuple[Points, int]:
    """Return the corners of the curve, as steps and values, and how many steps to show.

    Args:
        schedule: The schedule or document.
        steps: How many steps to draw; by default the `horizon`.

    Example:
        >>> import lrspec
        >>> points(lrspec.PiecewiseConstant(boundaries=[2], values=[1, 0.5]), 4)
        ([(0, 1.0), (1, 1.0), (2, 1.0), (2, 0.5), (3, 0.5)], 4)
    """
    formula = formula_of(schedule.node)
    total = horizon(schedule) if steps is None else max(2, min(steps, HORIZON))
    return _curve(schedule, formula, min(total, formula.last_step + 1)), total


def points_of_both(pair: tuple[Schedule, Schedule], steps: int) -> list[int]:
    """Return the steps at which to compare two curves: those of an even grid, and the corners of both.

    Args:
        pair: The schedules or documents.
        steps: How many steps to look at; both have values there.
    """
    even = {round((steps - 1) * i / (2 * _POINTS)) for i in range(2 * _POINTS + 1)}
    corners = {int(step) for schedule in pair for step, _ in points(schedule, steps)[0]}
    return sorted(step for step in even | corners if step < steps)


def _curve(schedule: Schedule, formula: Formula, stop: int) -> Points:
    """Return the corners of the curve, as steps and values, over the steps 0 to `stop - 1`."""
    even = {round((stop - 1) * i / _POINTS) for i in range(_POINTS + 1)}
    bounded = takewhile(lambda step: step < stop, _breakpoints(formula, stairs=True))
    breakpoints = list(islice(bounded, _MOST_BREAKPOINTS + 1))
    if len(breakpoints) > _MOST_BREAKPOINTS:
        return _envelope(schedule, stop)
    near = {step + i for step in breakpoints for i in (-1, 0, 1) if 0 <= step + i < stop}
    rates = {step: schedule(step) for step in sorted(even | near)}
    bends = set(breakpoints)
    after = {step: rates.get(step + 1, rates[step]) if step + 1 not in bends else rates[step] for step in bends}
    jumps = {step for step in bends if step and _is_jump(formula, step, rates[step - 1], rates[step], after[step])}
    corners: Points = [(0, rates[0])]
    for before, step in pairwise(rates):
        if step in jumps:
            corners.append((step, rates[before]))
        corners.append((step, rates[step]))
    return corners


def _breakpoints(formula: Formula, *, stairs: bool) -> Iterator[int]:
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
    """Return a line from the lowest to the highest of some steps in each column, where breakpoints are too many."""
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
    breakpoints = list(islice(_breakpoints(formula, stairs=False), _MOST_BREAKPOINTS))
    last = formula.runs[-1]
    if not last.period and last.spans[-1].constant and len(breakpoints) < _MOST_BREAKPOINTS:
        return max(shown, min(HORIZON, round(_last_visible(schedule, breakpoints) * _BEYOND) + 2))
    if formula.last_step < LAST_STEP:
        return shown
    is_endless = last.period or len(breakpoints) == _MOST_BREAKPOINTS or breakpoints[-1] > HORIZON // 8
    if is_endless and len(breakpoints) >= _CYCLES:
        return max(shown, breakpoints[_CYCLES - 1])
    if length is not None and breakpoints[-1] < length:  # the curve before the end goes on
        return min(HORIZON, math.ceil(2 * length))
    final, first, step = schedule(LAST_STEP), abs(schedule(breakpoints[-1])), max(2 * breakpoints[-1], 1)
    while step <= LAST_STEP // 4 and schedule(step) != final and abs(schedule(step)) * _OPEN_ENDED > first:
        step *= 2
    return max(shown, min(HORIZON, round(step * _BEYOND)))


def _last_visible(schedule: Schedule, breakpoints: Sequence[int]) -> int:
    """Return the last of a schedule's breakpoints at which it is not yet near the value that it has for ever after."""
    if len(breakpoints) <= _FEW:
        return breakpoints[-1]
    final = schedule(breakpoints[-1])
    far = {step: max(abs(schedule(k) - final) for k in (step, max(step - 1, 0))) for step in breakpoints}
    return max((step for step in breakpoints if far[step] * _VISIBLE >= max(far.values())), default=0)


def simplified(points: Sequence[tuple[float, float]]) -> Points:
    """Return the corners that a line needs to stay within a tenth of a pixel: the Ramer-Douglas-Peucker algorithm."""
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
