"""From a formula to its integer program, once and in exact arithmetic, without knowing any kind of node."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from lrspec.compiler.formula import HORIZON, Run, formula_of, held
from lrspec.compiler.segments import Fitter
from lrspec.errors import SpecError
from lrspec.fields import LAST_STEP
from lrspec.program import DEGREE, DIVISOR_LIMIT, Phase, Program, Segment
from lrspec.spec import Node

MAX_BYTES = 256 * 1024
"""The largest program, not counting the values that the spec itself lists."""
_MAX_SEGMENTS = MAX_BYTES // (8 * (DEGREE + 4))


def compile_node(node: Node) -> Program:
    """Compile a node into its program.

    The result depends on the node alone: the same on every Python, machine and operating system.

    Raises:
        SpecError: A value is beyond the range of float32, or the program would be too large.
    """
    formula = formula_of(node)
    phases: list[Phase] = []
    segments: list[Segment] = []
    base = constants = listed = 0
    most_listed = node.listed
    ends = [run.start for run in formula.runs[1:]] + [HORIZON]
    for whole, end in zip(formula.runs, ends, strict=True):
        run = _without_long_stairs(whole, end)
        phase, indices = _phase(run, end, base)
        if not (phases and phases[-1].is_identity and phase.is_identity):
            phases.append(phase)
        limits = [span.start for span in run.spans[1:]] + [indices]
        for span, limit in zip(run.spans, limits, strict=True):
            constants += span.constant
            listed = min(most_listed, listed + (limit - span.start if span.listed else 0))
            for segment in Fitter(span, limit - span.start, run.start + (span.start if run.is_plain else 0)).segments():
                segments.append(_moved(segment, base + span.start))
                if len(segments) > _MAX_SEGMENTS + constants + listed:
                    found = f"a schedule whose program is larger than {MAX_BYTES} bytes"
                    raise SpecError("", found=found, expected="one with fewer cycles or pieces, or an end")
        base += indices
    return Program(tuple(phases), tuple(segments), formula.last_step)


compiled = lru_cache(maxsize=256)(compile_node)
"""`compile_node`, once for each of the last 256 specs."""


def _moved(segment: Segment, base: int) -> Segment:
    return Segment(base + segment.start, segment.shift, segment.exponent, segment.coefficients)


def _without_long_stairs(run: Run, end: int) -> Run:
    """Return a run, or its one value, where each stair is longer than the run and than a program's divisions can be."""
    if run.is_constant or run.stride < max(end - run.start, DIVISOR_LIMIT + 1):
        return run
    return Run(start=run.start, spans=(replace(run.spans[0], curve=held(run.spans[0].curve, 0), constant=True),))


def _phase(run: Run, end: int, base: int) -> tuple[Phase, int]:
    """Return the phase of a run that holds up to step `end`, and how many indices it uses."""
    steps = end - run.start
    if run.is_constant:
        return Phase(run.start, base, 0, 1, 1), steps
    period = run.period if run.period < steps else 0
    per_step = Fraction(1) if run.stride == 1 else _division(Fraction(run.stride))
    numerator, denominator = per_step.numerator, per_step.denominator
    indices = ((period or steps) - 1) * numerator // denominator + 1
    return Phase(run.start, base, period, numerator, denominator), indices


def _division(stride: Fraction) -> Fraction:
    """Return the simplest q/p with `floor(u * q / p) = floor(u / stride)` for every u in reach.

    It is 1 / stride itself, or, where that has too large a denominator, the largest fraction below it with a
    denominator in reach: no multiple of 1 / stride passes an integer between the two.
    """
    exact = 1 / stride
    if exact.denominator <= DIVISOR_LIMIT:
        return exact
    nearest = exact.limit_denominator(LAST_STEP)
    if nearest > exact:  # then its left neighbour in the Farey sequence is the largest one below
        a, b = nearest.numerator, nearest.denominator
        inverse = pow(a, -1, b) if b > 1 else 0
        d = LAST_STEP - (LAST_STEP - inverse) % b
        nearest = Fraction((a * d - 1) // b, d)
    if nearest.denominator > DIVISOR_LIMIT:
        found = f"stairs of {stride.numerator}/{stride.denominator} steps"
        raise SpecError("", found=found, expected="a period with fewer digits")
    return nearest
