"""The formulas of docs/spec.md, written a second time with mpmath and fractions: what `lrspec` is tested against.

Nothing of `lrspec` is used here but the attributes of its nodes. A node's value at a time is found by recursion, one
time at a time: no runs, no merging, no segments.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from itertools import count
from typing import Any, TypeVar

import mpmath

CONTEXT: Any = mpmath.MPContext()
CONTEXT.prec = 300
LAST_STEP = 2**31 - 1
TINY = 2.0**-126
"""A value smaller in size than this is 0 by the specification."""
Result = TypeVar("Result")
_AROUND = ("freeze", "every", "stretch")
"""The kinds that hand an `init_value` of `previous` on to the node inside."""


class NoValueError(Exception):
    """The schedule has no value at this step."""


def real(number: float | Fraction) -> Any:
    """Return a number as an mpf: a float is exactly the binary64 number that it is."""
    return CONTEXT.make_mpf(mpmath.libmp.from_rational(*number.as_integer_ratio(), CONTEXT.prec))


def time_of(written: float | Fraction) -> Fraction:
    """Return a length as the decimal or fraction that was written."""
    return Fraction(repr(written)) if isinstance(written, float) else Fraction(written)


def rounded_to_double(exact: Any) -> float:
    """Return the binary64 number nearest to an mpf."""
    sign, mantissa, exponent, _ = exact._mpf_
    size = Fraction(int(mantissa)) * Fraction(2) ** exponent
    return -float(size) if sign else float(size)


def remembered(function: Callable[..., Result]) -> Callable[..., Result]:
    """Return a function of a node that is computed once for each node: faster than a cache that hashes nodes."""
    known: dict[tuple[Any, ...], tuple[Any, Result]] = {}

    @wraps(function)
    def look_up(node: Any, *rest: Any) -> Result:
        key = (id(node), *rest)
        if key not in known:
            known[key] = (node, function(node, *rest))
        return known[key][1]

    return look_up


def value(node: Any, step: int) -> Any:
    """Return the exact value of a node at a step, to 300 bits.

    Raises:
        NoValueError: The schedule has no value there.
    """
    if not 0 <= step <= LAST_STEP:
        raise NoValueError(step)
    return value_at(node, Fraction(step))


def value_at(node: Any, t: Fraction, previous: float = math.nan) -> Any:
    """Return the value of a node at a time; `previous` is what the part before it came to."""
    if node.kind in LEAVES:
        return _leaf_at(node, t, previous)
    return COMBINATORS[node.kind](node, t, previous)


# ---- how long a node lasts


def length_of(node: Any) -> int | Fraction | None:
    """Return how many steps a node lasts, None where it has no end."""
    length = _length(node)
    return length.numerator if length is not None and length.denominator == 1 else length


def _length(node: Any) -> Fraction | None:
    if node.kind == "table":
        return time_of(node.period) * len(node.levels)
    if node.kind in LEAVES or node.kind == "freeze":
        return None if node.steps is None else Fraction(node.steps)
    if node.kind == "sequence":
        last = _length(node.parts[-1])
        start = starts_of(node)[-1]
        return None if last is None else max(last, start) if node.time == "global" else start + last
    if node.kind in {"product", "sum", "minimum", "maximum"}:
        lengths = [length for part in node.parts if (length := _length(part)) is not None]
        return max(lengths, default=None)
    if node.kind == "repeat":
        return None if node.num_cycles is None else cycle_of(node, node.num_cycles)[0]
    inside = _length(node.part)
    if inside is None:
        return None
    factors = {"every": "period", "stretch": "factor"}
    if node.kind in factors:
        return inside * time_of(getattr(node, factors[node.kind]))
    return inside - time_of(node.by) if node.kind == "shift" else inside


def _known_length(node: Any) -> Fraction:
    length = _length(node)
    assert length is not None
    return length


@remembered
def starts_of(sequence: Any) -> list[Fraction]:
    """Return the times at which the parts of a sequence begin."""
    starts = [Fraction(0)]
    for part in sequence.parts[:-1]:
        starts.append(_known_length(part) + (0 if sequence.time == "global" else starts[-1]))
    return starts


# ---- one function for each combinator


def _sequence(node: Any, t: Fraction, previous: float) -> Any:
    starts = starts_of(node)
    i = max(i for i, start in enumerate(starts) if start <= t)
    return value_at(node.parts[i], t if node.time == "global" else t - starts[i], _before(node, i, previous))


@remembered
def _before(sequence: Any, i: int, previous: float) -> float:
    """Return the binary64 number that part `i` of a sequence starts from, where it starts from the part before."""
    if not _starts_from_previous(sequence.parts[i]):
        return math.nan
    if i == 0:
        return previous
    starts = starts_of(sequence)
    end = starts[i] - (0 if sequence.time == "global" else starts[i - 1])
    return rounded_to_double(value_at(sequence.parts[i - 1], end, _before(sequence, i - 1, previous)))


def _starts_from_previous(node: Any) -> bool:
    while node.kind not in LEAVES:
        if node.kind != "sequence" and node.kind not in _AROUND:
            return False
        node = node.parts[0] if node.kind == "sequence" else node.part
    return bool(getattr(node, "init_value", None) == "previous")


def _product(node: Any, t: Fraction, _: float) -> Any:
    total = CONTEXT.mpf(1)
    for part in node.parts:
        total *= value_at(part, t)
    return total


def _sum(node: Any, t: Fraction, _: float) -> Any:
    """Return the sum, 0 where it is no more than 2^-110 of what is added."""
    terms = [value_at(part, t) for part in node.parts]
    total = CONTEXT.fsum(terms)
    return CONTEXT.mpf(0) if abs(total) <= CONTEXT.fsum(map(abs, terms)) * CONTEXT.ldexp(1, -110) else total


def _raised(node: Any, t: Fraction, _: float) -> Any:
    base = value_at(node.part, t)
    return CONTEXT.mpf(0) if base == 0 else CONTEXT.power(base, real(node.exponent))


def _exponential_of(node: Any, t: Fraction, _: float) -> Any:
    exponent = value_at(node.part, t)
    return CONTEXT.exp(exponent) if node.base is None else CONTEXT.power(real(node.base), exponent)


def _clamp(node: Any, t: Fraction, _: float) -> Any:
    part = found = value_at(node.part, t)
    if node.min_value is not None:
        found = max(found, real(node.min_value))
    found = found if node.max_value is None else min(found, real(node.max_value))
    if node.outside == "error" and found != part:  # and stays outside, in the cases here
        raise NoValueError(t)
    return found


def _freeze(node: Any, t: Fraction, previous: float) -> Any:
    if node.after == "error" and t >= node.steps:
        raise NoValueError(t)
    return value_at(node.part, min(t, Fraction(node.steps)), previous)


def cycle_of(node: Any, i: int) -> tuple[Fraction, Fraction]:
    """Return the start and the length of cycle `i` of a `repeat`."""
    first = _known_length(node.part) if node.cycle_steps is None else Fraction(node.cycle_steps)
    return (i * first, first) if node.cycle_mult == 1 else _grown_cycle(node, first, i)


def _grown_cycle(node: Any, first: Fraction, i: int) -> tuple[Fraction, Fraction]:
    known = _grown_cycles(node)
    known[:] = known or [(Fraction(0), first)]
    whole = {"floor": math.floor, "ceil": math.ceil}.get(node.cycle_rounding, lambda length: length)
    while len(known) <= i:
        start, length = known[-1]
        known.append((start + length, Fraction(whole(length * time_of(node.cycle_mult)))))
    return known[i]


@remembered
def _grown_cycles(_: Any) -> list[tuple[Fraction, Fraction]]:
    return []


def _cycle_at(node: Any, t: Fraction) -> int:
    if node.cycle_mult == 1:
        return math.floor(t / cycle_of(node, 0)[1])
    cycles = count() if node.num_cycles is None else range(node.num_cycles)
    return next((i for i in cycles if t < sum(cycle_of(node, i))), node.num_cycles)


def _repeat(node: Any, t: Fraction, _: float) -> Any:
    i, into = _cycle_at(node, t), t
    if node.num_cycles is not None and i >= node.num_cycles:
        if node.after == "error":
            raise NoValueError(t)
        i, into = node.num_cycles - 1, cycle_of(node, node.num_cycles)[0]
    start, length = cycle_of(node, i)
    u, first, fixed = into - start, cycle_of(node, 0)[1], Fraction(node.fixed_steps)
    found = value_at(node.part, u if u <= fixed else fixed + (u - fixed) * (first - fixed) / (length - fixed))
    factor = real(node.peak_mult) ** i * CONTEXT.power(i + 1, -real(node.peak_power))
    if node.scaling == "all":
        return factor * found
    floor = real(node.floor_value)
    if node.scaling == "peak":
        peak = real(node.peak_value)
        factor = (factor * peak - floor) / (peak - floor)
    return floor + factor * (found - floor)


COMBINATORS: dict[str, Callable[[Any, Fraction, float], Any]] = {
    "sequence": _sequence,
    "product": _product,
    "sum": _sum,
    "power": _raised,
    "exp": _exponential_of,
    "minimum": lambda node, t, _: min(value_at(part, t) for part in node.parts),
    "maximum": lambda node, t, _: max(value_at(part, t) for part in node.parts),
    "clamp": _clamp,
    "affine": lambda node, t, _: real(node.scale) * value_at(node.part, t) + real(node.offset),
    "shift": lambda node, t, _: value_at(node.part, max(t + time_of(node.by), time_of(node.min_time))),
    "freeze": _freeze,
    "repeat": _repeat,
    "every": lambda node, t, before: value_at(node.part, Fraction(math.floor(t / time_of(node.period))), before),
    "stretch": lambda node, t, before: value_at(node.part, t / time_of(node.factor), before),
}


# ---- one function for each leaf


def _leaf_at(node: Any, t: Fraction, previous: float) -> Any:
    length = _length(node)
    if length is not None and t >= length:
        if node.after == "error":
            raise NoValueError(t)
        if node.after == "hold":
            t = length
    init = getattr(node, "init_value", None)
    return LEAVES[node.kind](node, t, Fraction(previous if init == "previous" else init or 0))


def _between(node: Any, init: Fraction, share: Any) -> Any:
    """Return `end_value + (init_value - end_value) * share`."""
    end = Fraction(node.end_value)
    if isinstance(share, Fraction):
        return real(end + (init - end) * share)
    return real(end) + real(init - end) * share


def _power(base: Fraction, power: float) -> Any:
    """Return a power, exactly where it is a whole one."""
    if float(power).is_integer():
        return base ** int(power)
    return CONTEXT.power(real(base), real(power))


def _polynomial(node: Any, t: Fraction, init: Fraction) -> Any:
    left = 1 - _power(t / node.steps, node.k_decay)
    share = _power(left, node.power) if isinstance(left, Fraction) else CONTEXT.power(left, real(node.power))
    return _between(node, init, share)


def _cosine(node: Any, t: Fraction, init: Fraction) -> Any:
    if node.k_decay == 1:
        turns = real(2 * Fraction(node.cycles) * t / node.steps % 2)
    else:
        turns = 2 * real(node.cycles) * CONTEXT.power(real(t / node.steps), real(node.k_decay))
    share = (1 + CONTEXT.cospi(turns)) / 2
    return _between(node, init, share if node.exponent == 1 else CONTEXT.power(share, real(node.exponent)))


def _geometric(node: Any, t: Fraction, init: Fraction) -> Any:
    return real(init) * CONTEXT.power(real(Fraction(node.end_value) / init), real(t / node.steps))


def _normalized_exponential(node: Any, t: Fraction, init: Fraction) -> Any:
    ratio = real(node.ratio)
    return _between(node, init, (CONTEXT.power(ratio, real(t / node.steps)) - ratio) / (1 - ratio))


def _tanh(node: Any, t: Fraction, init: Fraction) -> Any:
    x = t / node.steps
    y = Fraction(node.lower) * (1 - x) + Fraction(node.upper) * x
    return _between(node, init, (1 - CONTEXT.tanh(real(y))) / 2)


def _logarithmic(node: Any, t: Fraction, init: Fraction) -> Any:
    return _between(node, init, 1 - CONTEXT.log(real(1 + t)) / CONTEXT.log(real(1 + Fraction(node.steps))))


def _rex(node: Any, t: Fraction, init: Fraction) -> Any:
    x = t / node.steps
    return _between(node, init, (1 - x) / (1 - x / 2))


def _periods(node: Any, t: Fraction) -> Fraction:
    passed = t / time_of(node.decay_period)
    return Fraction(math.floor(passed)) if node.staircase else passed


def _exponential(node: Any, t: Fraction, init: Fraction) -> Any:
    return real(init) * CONTEXT.power(real(node.decay_rate), real(_periods(node, t)))


def _inverse_time(node: Any, t: Fraction, init: Fraction) -> Any:
    return real(init / (1 + Fraction(node.decay_rate) * _periods(node, t)))


def _power_law(node: Any, t: Fraction, init: Fraction) -> Any:
    base = time_of(node.timescale) / (t + time_of(node.offset))
    return real(init) * CONTEXT.power(real(base), real(node.power))


def _table(node: Any, t: Fraction, _: Fraction) -> Any:
    return real(node.levels[min(math.floor(t / time_of(node.period)), len(node.levels) - 1)])


LEAVES: dict[str, Callable[[Any, Fraction, Fraction], Any]] = {
    "constant": lambda node, _, __: real(node.value),
    "linear": lambda node, t, init: _between(node, init, 1 - t / node.steps),
    "polynomial": _polynomial,
    "cosine": _cosine,
    "sine": lambda node, t, init: _between(node, init, 1 - CONTEXT.sinpi(real(t / node.steps / 2))),
    "geometric": _geometric,
    "one_minus_power": lambda node, t, init: _between(node, init, 1 - _power(t / node.steps, node.power)),
    "normalized_exponential": _normalized_exponential,
    "tanh": _tanh,
    "logarithmic": _logarithmic,
    "rex": _rex,
    "exponential": _exponential,
    "inverse_time": _inverse_time,
    "power_law": _power_law,
    "piecewise_constant": lambda node, t, _: real(node.levels[sum(1 for b in node.boundaries if b <= t)]),
    "table": _table,
}


def round_to_float32(exact: Any) -> float:
    """Return the float32 number nearest to `exact`, ties to even, or 0 where the specification says so."""
    sign, mantissa, exponent, bits = exact._mpf_
    mantissa = int(mantissa)
    if mantissa == 0 or exponent + bits <= -126:
        return 0.0
    excess = bits - 24
    if excess > 0:
        rest, half = mantissa & ((1 << excess) - 1), 1 << (excess - 1)
        mantissa >>= excess
        exponent += excess
        mantissa += rest > half or (rest == half and mantissa & 1)
    return math.ldexp(-mantissa if sign else mantissa, exponent)


def ulp_error(float32_value: float, exact: Any) -> float:
    """Return how far a value is from the exact one, in units of the last place of the exact one in float32.

    Where the specification says that the value is 0, the error is 0 for a 0 and infinite for all else.
    """
    _, mantissa, exponent, bits = exact._mpf_
    if not mantissa or exponent + bits <= -126:
        return 0.0 if float32_value == 0 else math.inf
    return float(abs(CONTEXT.mpf(float32_value) - exact) * CONTEXT.ldexp(1, 24 - (exponent + bits)))
