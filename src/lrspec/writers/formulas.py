"""The formula of each kind of node as an expression of the time, as docs/spec.md has it.

Each function takes the writer, the node, the time, and whether it is asked only before the node's end.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from math import ceil

from lrspec.compiler.formula import simple
from lrspec.fields import LAST_STEP
from lrspec.kinds import (
    Affine,
    Clamp,
    Constant,
    Cosine,
    Every,
    Exp,
    Exponential,
    Freeze,
    Geometric,
    InverseTime,
    Linear,
    Logarithmic,
    Maximum,
    Minimum,
    NormalizedExponential,
    OneMinusPower,
    PiecewiseConstant,
    Polynomial,
    Power,
    PowerLaw,
    Product,
    Repeat,
    Rex,
    Sequence,
    Shift,
    Sine,
    Stretch,
    Sum,
    Tanh,
)
from lrspec.kinds.decays import _Decay
from lrspec.kinds.leaf import Leaf
from lrspec.kinds.ramps import Ramp
from lrspec.spec import Node
from lrspec.writers.dialects import Dialect, TimeText, Writer, enclosed
from lrspec.writers.numbers import literal
from lrspec.writers.result import NoMatch

_MOST_CYCLES = 64
_LEAST_TIME = 1e-12


def _held(writer: Writer, node: Leaf, t: TimeText, cut: bool) -> TimeText:  # noqa: FBT001
    """Return the time that stops at the end of a leaf that holds."""
    if node.steps is None or node.after == "continue" or cut:
        return t
    whole = Fraction(node.steps).denominator == 1
    text = writer.real(t) if t.whole and not whole else t.text
    return TimeText(writer.dialect.least.format(text, literal(node.steps)), t.whole and whole)


def _ramp(writer: Writer, node: Ramp, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    share = _SHARES[type(node)](writer, node, _held(writer, node, t, cut))
    init, end = node.init, node.end_value
    if end == 0:
        return share if init == 1 else f"{init!r} * {share}"
    return f"{end!r} + {init - end!r} * {share}" if init == 0 else f"{end!r} + ({init!r} - {end!r}) * {share}"


def _linear(writer: Writer, node: Linear, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    x = writer.ratio(_held(writer, node, t, cut), node.steps)
    init, end = node.init, node.end_value
    if init == 0:
        return f"{end!r} * {x}"
    return f"{init!r} * (1 - {x})" if end == 0 else f"{init!r} + ({end!r} - {init!r}) * {x}"


def _sine(writer: Writer, node: Sine, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    x = writer.ratio(_held(writer, node, t, cut), node.steps)
    share, init, end = writer.call("sin", f"math.pi / 2 * ({x})"), node.init, node.end_value
    return f"{end!r} * {share}" if init == 0 else f"{init!r} + ({end!r} - {init!r}) * {share}"


def _polynomial(writer: Writer, node: Polynomial, t: TimeText) -> str:
    """What is left is a difference of steps: a compiled float32 makes less than 0 of `1 - t / steps` at the end."""
    if node.k_decay == 1:
        left = writer.ratio(TimeText(f"{literal(node.steps)} - {t.atom}", t.whole), node.steps)
        return f"({left}) ** {literal(node.power)}"
    left = writer.dialect.greatest.format(f"1 - ({writer.ratio(t, node.steps)}) ** {literal(node.k_decay)}", "0.0")
    share = f"{left} ** {literal(node.power)}"
    return writer.dialect.choose.format(f"{t.text} < {literal(node.steps)}", share, "0.0")


def _cosine(writer: Writer, node: Cosine, t: TimeText) -> str:
    if node.after == "continue" and t.whole and node.repeats is not None:  # so that float32 sees small times alone
        t = TimeText(f"{t.atom} % {literal(node.repeats)}")
    x = writer.ratio(t, node.steps)
    x = x if node.k_decay == 1 else f"({x}) ** {literal(node.k_decay)}"
    turns = "" if node.cycles == 0.5 else f"{literal(2 * Fraction(node.cycles))} * "
    share = f"(1 + {writer.call('cos', f'math.pi * {turns}{x}')}) / 2"
    return share if node.exponent == 1 else f"({share}) ** {literal(node.exponent)}"


def _one_minus_power(writer: Writer, node: OneMinusPower, t: TimeText) -> str:
    return f"(1 - ({writer.ratio(t, node.steps)}) ** {literal(node.power)})"


def _normalized(writer: Writer, node: NormalizedExponential, t: TimeText) -> str:
    return f"({node.ratio!r} ** ({writer.ratio(t, node.steps)}) - {node.ratio!r}) / (1 - {node.ratio!r})"


def _tanh(writer: Writer, node: Tanh, t: TimeText) -> str:
    y = f"{node.lower!r} + ({node.upper!r} - {node.lower!r}) * {writer.ratio(t, node.steps)}"
    return f"(1 - {writer.call('tanh', y)}) / 2"


def _rex(writer: Writer, node: Rex, t: TimeText) -> str:
    x = writer.ratio(t, node.steps)
    return f"(1 - {x}) / (1 - {x} / 2)"


def _logarithmic(writer: Writer, node: Logarithmic, t: TimeText) -> str:
    top = writer.call("log", writer.ratio(t.plus(1), 1))
    return f"(1 - {top} / math.log({literal(node.steps + 1)}))"


def _geometric(writer: Writer, node: Geometric, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    x = writer.ratio(_held(writer, node, t, cut), node.steps)
    return f"{node.init!r} * ({node.end_value!r} / {node.init!r}) ** ({x})"


def _periods(writer: Writer, node: _Decay, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    t = _held(writer, node, t, cut)
    if not node.staircase:
        return writer.ratio(t, node.decay_period)
    return writer.real(TimeText(writer.stairs(t, simple(Fraction(node.decay_period)))))


def _exponential(writer: Writer, node: Exponential, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    return f"{node.init!r} * {node.decay_rate!r} ** {enclosed(_periods(writer, node, t, cut))}"


def _inverse_time(writer: Writer, node: InverseTime, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    return f"{node.init!r} / (1 + {node.decay_rate!r} * {_periods(writer, node, t, cut)})"


def _power_law(writer: Writer, node: PowerLaw, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    t = writer.later(_held(writer, node, t, cut), simple(Fraction(node.offset)))
    if not writer.dialect.lazy and not node.offset:  # a branch that is not taken is computed all the same
        t = TimeText(writer.dialect.greatest.format(t.text, 1 if t.whole else _LEAST_TIME), t.whole)
    return f"{node.init_value!r} * ({literal(node.timescale)} / {writer.real(t)}) ** {literal(node.power)}"


def _levels(writer: Writer, node: PiecewiseConstant, t: TimeText, _: bool) -> str:  # noqa: FBT001
    if len(node.boundaries) <= 2:
        texts = [repr(level) for level in node.levels]
        return writer.chain(t, [0, *node.boundaries], texts)
    boundaries = list(node.boundaries) if t.whole else [float(boundary) for boundary in node.boundaries]
    index = writer.dialect.count.format(writer.named("BOUNDARIES", boundaries), t.text)
    return writer.dialect.take.format(writer.named("LEVELS", list(node.levels)), index)


def texts_of(writer: Writer, node: Sequence, t: TimeText, *, cut: bool) -> list[str]:
    """Return the values of the parts of a sequence, as expressions."""
    texts = []
    for i, (part, start) in enumerate(zip(node.resolved, node.starts, strict=True)):
        inner = t if node.time == "global" else writer.later(t, -start)
        texts.append(writer.node(part, inner, cut or i + 1 < len(node.starts)))
    return texts


def _sequence(writer: Writer, node: Sequence, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    return writer.chain(t, node.starts, texts_of(writer, node, t, cut=cut))


def _product(writer: Writer, node: Product, t: TimeText, _: bool) -> str:  # noqa: FBT001
    return " * ".join(f"({writer.node(part, t)})" for part in node.parts)


def _sum(writer: Writer, node: Sum, t: TimeText, _: bool) -> str:  # noqa: FBT001
    return " + ".join(f"({writer.node(part, t)})" for part in node.parts)


def _power(writer: Writer, node: Power, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    """In floating point, what is 0 may come out below it, and a power that is not whole would be no number."""
    text = writer.node(node.part, t, cut)
    if not node.exponent.is_integer():
        text = writer.dialect.greatest.format(text, "0.0")
    return f"({text}) ** {literal(node.exponent)}"


def _exp(writer: Writer, node: Exp, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    text = writer.node(node.part, t, cut)
    if node.base is None:
        return writer.call("exp", text)
    return f"{node.base!r} ** ({text})"


def _pointwise(form: Callable[[Dialect], str]) -> Callable[..., str]:
    def write(writer: Writer, node: Minimum | Maximum, t: TimeText, _: bool) -> str:  # noqa: FBT001
        first, *rest = (writer.node(part, t) for part in node.parts)
        for text in rest:
            first = form(writer.dialect).format(first, text)
        return first

    return write


def _clamp(writer: Writer, node: Clamp, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    """Where it has no value outside of its bounds, the code has the bound."""
    text = writer.node(node.part, t, cut)
    if node.min_value is not None:
        text = writer.dialect.greatest.format(text, repr(node.min_value))
    return text if node.max_value is None else writer.dialect.least.format(text, repr(node.max_value))


def _affine(writer: Writer, node: Affine, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    return f"{node.offset!r} + {node.scale!r} * ({writer.node(node.part, t, cut)})"


def _shift(writer: Writer, node: Shift, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    moved = writer.later(t, simple(Fraction(node.by)))
    least = simple(Fraction(node.min_time))
    if node.by < least:
        whole = least.denominator == 1
        text = writer.real(moved) if moved.whole and not whole else moved.text
        moved = TimeText(writer.dialect.greatest.format(text, literal(least)), moved.whole and whole)
    return writer.node(node.part, moved, cut)


def _freeze(writer: Writer, node: Freeze, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    whole = Fraction(node.steps).denominator == 1
    text = writer.real(t) if t.whole and not whole else t.text
    held = TimeText(writer.dialect.least.format(text, literal(node.steps)), t.whole and whole)
    return writer.node(node.part, t if cut else held)


def _every(writer: Writer, node: Every, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    return writer.node(node.part, TimeText(writer.stairs(t, simple(Fraction(node.period)))), cut)


def _stretch(writer: Writer, node: Stretch, t: TimeText, cut: bool) -> str:  # noqa: FBT001
    return writer.node(node.part, TimeText(writer.ratio(t, node.factor), whole=False), cut)


def _repeat(writer: Writer, node: Repeat, t: TimeText, _: bool) -> str:  # noqa: FBT001
    if node.num_cycles is not None:
        raise NoMatch("a repeat that ends within another schedule")
    if node.fixed_steps and node.cycle_mult != 1:
        raise NoMatch("cycles that grow in a part of them alone")
    if not t.whole:
        raise NoMatch("a repeat over a time that is not whole")
    first = node._first_length  # noqa: SLF001 - the part's length, where it has no other
    if node.cycle_mult == 1:
        if Fraction(first).denominator != 1:
            raise NoMatch("cycles that are not whole")
        cycle, inside = f"({t.atom} // {first})", TimeText(f"{t.atom} % {first}")
    else:
        cycle, inside = _grown(writer, node, t)
    text = writer.node(node.part, inside, node.part.length is None or node.part.length >= first)
    return _scaled(writer, node, cycle, text)


def _grown(writer: Writer, node: Repeat, t: TimeText) -> tuple[str, TimeText]:
    """Return the number of a cycle among those that grow, and the part's time in it."""
    every = list(islice(node._cycles(), _MOST_CYCLES + 1))  # noqa: SLF001
    cycles = [(start, length) for start, length in every if start <= LAST_STEP]
    if len(cycles) > _MOST_CYCLES:
        raise NoMatch(f"a repeat of more than {_MOST_CYCLES} cycles that grow")
    begins = writer.named("STARTS", [ceil(start) for start, _ in cycles])
    cycle = "cycle" if not writer.statements else f"cycle_{len(writer.statements)}"
    writer.statements.append(f"{cycle} = {writer.dialect.count.format(begins, t.text)} - 1")
    exact = all(Fraction(start).denominator == 1 for start, _ in cycles)
    starts = begins if exact else writer.named("EXACT_STARTS", [float(start) for start, _ in cycles])
    lengths = writer.named("LENGTHS", [float(length / Fraction(cycles[0][1])) for _, length in cycles])
    start = writer.dialect.take.format(starts, cycle)
    since = writer.real(TimeText(f"{t.text} - {start}")) if exact else f"({writer.real(t)} - {start})"
    return cycle, TimeText(f"{since} / {writer.dialect.take.format(lengths, cycle)}", whole=False)


def _scaled(writer: Writer, node: Repeat, cycle: str, text: str) -> str:
    factors = []
    if node.peak_mult != 1:
        factors.append(f"{node.peak_mult!r} ** {writer.real(TimeText(cycle))}")
    if node.peak_power:
        factors.append(f"({writer.real(TimeText(cycle))} + 1.0) ** -{literal(node.peak_power)}")
    if not factors:
        return text
    factor, low = " * ".join(factors), node.floor_value
    if node.scaling == "peak" and node.peak_value is not None and low:
        peak = node.peak_value
        factor = f"({factor} * {peak!r} - {low!r}) / ({peak!r} - {low!r})"
    return f"{low!r} + {factor} * ({text} - {low!r})" if low else f"{factor} * ({text})"


_SHARES: dict[type[Ramp], Callable[..., str]] = {
    Polynomial: _polynomial,
    Cosine: _cosine,
    OneMinusPower: _one_minus_power,
    NormalizedExponential: _normalized,
    Tanh: _tanh,
    Rex: _rex,
    Logarithmic: _logarithmic,
}
NODES: dict[type[Node], Callable[..., str]] = {
    Constant: lambda _writer, node, _t, _cut: repr(node.value),
    Linear: _linear,
    Geometric: _geometric,
    Sine: _sine,
    Ramp: _ramp,
    Exponential: _exponential,
    InverseTime: _inverse_time,
    PowerLaw: _power_law,
    PiecewiseConstant: _levels,
    Sequence: _sequence,
    Product: _product,
    Sum: _sum,
    Power: _power,
    Exp: _exp,
    Minimum: _pointwise(lambda dialect: dialect.least),
    Maximum: _pointwise(lambda dialect: dialect.greatest),
    Clamp: _clamp,
    Affine: _affine,
    Shift: _shift,
    Freeze: _freeze,
    Every: _every,
    Stretch: _stretch,
    Repeat: _repeat,
}
