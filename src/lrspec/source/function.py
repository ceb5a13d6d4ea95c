"""The formula of a schedule as an expression of the step, in plain Python or in a framework's array functions.

The arithmetic on steps stays in integers where it decides which value holds: a stair or a cycle is found by `//` and
`%`, and a boundary by a comparison. All else is the formula of docs/spec.md, in floating point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from math import ceil
from typing import Any

from lrspec.fields import LAST_STEP
from lrspec.formula import Time, simple
from lrspec.kinds import (
    Affine,
    Clamp,
    Constant,
    Cosine,
    Every,
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
    PowerLaw,
    Product,
    Repeat,
    Rex,
    Sequence,
    Shift,
    Stretch,
    Tanh,
)
from lrspec.kinds.decays import _Decay
from lrspec.kinds.leaf import Leaf
from lrspec.kinds.ramps import Ramp
from lrspec.source.common import NoMatch, number, parts_of
from lrspec.spec import Node

_MOST_CYCLES = 64


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a framework writes what Python's arithmetic does not.

    Args:
        least: The lesser of two, a format of `{0}` and `{1}`.
        greatest: The greater of two.
        choose: `{1}` where `{0}` holds, else `{2}`.
        call: A function of the name `{0}` of `{1}`.
        real: An integer `{0}` as a floating-point number.
        count: How many of the numbers named `{0}` are not above `{1}`.
        take: The item `{1}` of the numbers named `{0}`.
        lazy: Whether `{2}` of `choose` is not evaluated where `{0}` holds.
    """

    least: str
    greatest: str
    choose: str
    call: str
    real: str
    count: str
    take: str
    lazy: bool = False


PYTHON = Dialect(
    least="min({0}, {1})",
    greatest="max({0}, {1})",
    choose="({1} if {0} else {2})",
    call="math.{0}({1})",
    real="{0}",
    count="bisect.bisect_right({0}, {1})",
    take="{0}[{1}]",
    lazy=True,
)


def enclosed(text: str) -> str:
    """Return an expression fit to be a factor: itself where it is one name, number, call or parenthesis."""
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and not (letter.isalnum() or letter in "_.)]") and i:
            return f"({text})"
        if depth == 0 and letter in ")]" and i + 1 < len(text) and text[i + 1] not in "[":
            return f"({text})"
    return text


@dataclass(frozen=True)
class Clock:
    """A time as an expression, a number of steps added to it, and whether it is a whole number."""

    base: str
    whole: bool = True
    late: Time = 0

    @property
    def text(self) -> str:
        """The expression."""
        sign = "+" if self.late > 0 else "-"
        return f"{self.base} {sign} {number(abs(self.late))}" if self.late else self.base

    @property
    def atom(self) -> str:
        """The expression, fit to be a factor."""
        return enclosed(self.text)

    def plus(self, steps: Time) -> Clock:
        """Return a later time, or an earlier one."""
        late = simple(Fraction(self.late + steps))
        base = self.base if self.late or self.base.isidentifier() else enclosed(self.base)
        return Clock(base, self.whole and Fraction(steps).denominator == 1, late)


@dataclass
class Writer:
    """Writes one schedule in one dialect.

    `constants` are the lists of numbers that its expressions name, `statements` what stands before these.
    """

    dialect: Dialect
    constants: dict[str, list[Any]] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)

    def node(self, node: Node, t: Clock, cut: bool = False) -> str:  # noqa: FBT001, FBT002 - read beside the node
        """Return the value of a node at a time, as an expression; `cut`: only before its end.

        Raises:
            NoMatch: Its kind has no formula here.
        """
        for kind, write in _NODES.items():
            if isinstance(node, kind):
                text: str = write(self, node, t, cut)
                return text
        raise NoMatch(node.kind)

    def chain(self, t: Clock, starts: list[Any], texts: list[str]) -> str:
        """Return one expression or another: each from its start on."""
        found = texts[-1]
        for begin, text in reversed(list(zip(starts[1:], texts, strict=False))):
            stop = (ceil(begin) if t.whole else begin) - t.late
            found = self.dialect.choose.format(f"{t.base} < {number(stop)}", text, found)
        return found

    def ratio(self, t: Clock, steps: Time | float) -> str:
        """Return `t / steps`."""
        return self.real(t) if steps == 1 else f"{self.real(t)} / {number(steps)}"

    def later(self, t: Clock, steps: Time) -> Clock:
        """Return a later time, or an earlier one; where it is not whole, as a floating-point number."""
        if t.whole and Fraction(steps).denominator != 1:
            t = Clock(self.real(t), whole=False)
        return t.plus(steps)

    def real(self, t: Clock) -> str:
        """Return a time as a floating-point number, fit to be a factor."""
        if not t.whole or self.dialect.real == "{0}":
            return t.atom
        return self.dialect.real.format(t.text)

    def call(self, name: str, argument: str) -> str:
        """Return a function of an argument."""
        return self.dialect.call.format(name, argument)

    def named(self, name: str, numbers: list[Any]) -> str:
        """Return the name of a list of numbers."""
        for known, held in self.constants.items():
            if held == numbers:
                return known
        name = name if name not in self.constants else f"{name}_{len(self.constants)}"
        self.constants[name] = numbers
        return name

    def stairs(self, t: Clock, period: Time) -> str:
        """Return `floor(t / period)` in integers."""
        if not t.whole:
            raise NoMatch("a staircase over a time that is not whole")
        top, bottom = Fraction(period).as_integer_ratio()
        if top * bottom > LAST_STEP:
            raise NoMatch("a staircase over a period with many digits")
        if bottom == 1:
            return t.text if top == 1 else f"{t.atom} // {top}"
        return f"({t.atom} // {top} * {bottom} + {t.atom} % {top} * {bottom} // {top})"


def _held(writer: Writer, node: Leaf, t: Clock, cut: bool) -> Clock:  # noqa: FBT001
    """Return the time that stops at the end of a leaf that holds."""
    if node.steps is None or node.after == "continue" or cut:
        return t
    whole = Fraction(node.steps).denominator == 1
    text = writer.real(t) if t.whole and not whole else t.text
    return Clock(writer.dialect.least.format(text, number(node.steps)), t.whole and whole)


def _ramp(writer: Writer, node: Ramp, t: Clock, cut: bool) -> str:  # noqa: FBT001
    share = _SHARES[type(node)](writer, node, _held(writer, node, t, cut))
    init, end = node.init, node.end_value
    if end == 0:
        return share if init == 1 else f"{init!r} * {share}"
    return f"{end!r} + {init - end!r} * {share}" if init == 0 else f"{end!r} + ({init!r} - {end!r}) * {share}"


def _linear(writer: Writer, node: Linear, t: Clock, cut: bool) -> str:  # noqa: FBT001
    x = writer.ratio(_held(writer, node, t, cut), node.steps)
    init, end = node.init, node.end_value
    if init == 0:
        return f"{end!r} * {x}"
    return f"{init!r} * (1 - {x})" if end == 0 else f"{init!r} + ({end!r} - {init!r}) * {x}"


def _polynomial(writer: Writer, node: Polynomial, t: Clock) -> str:
    x = writer.ratio(t, node.steps)
    x = x if node.k_decay == 1 else f"({x}) ** {number(node.k_decay)}"
    return f"(1 - {x}) ** {number(node.power)}"


def _cosine(writer: Writer, node: Cosine, t: Clock) -> str:
    if node.after == "continue" and t.whole and node.repeats is not None:  # so that float32 sees small times alone
        t = Clock(f"{t.atom} % {number(node.repeats)}")
    x = writer.ratio(t, node.steps)
    x = x if node.k_decay == 1 else f"({x}) ** {number(node.k_decay)}"
    turns = "" if node.cycles == 0.5 else f"{number(2 * Fraction(node.cycles))} * "
    share = f"(1 + {writer.call('cos', f'math.pi * {turns}{x}')}) / 2"
    return share if node.exponent == 1 else f"({share}) ** {number(node.exponent)}"


def _one_minus_power(writer: Writer, node: OneMinusPower, t: Clock) -> str:
    return f"(1 - ({writer.ratio(t, node.steps)}) ** {number(node.power)})"


def _normalized(writer: Writer, node: NormalizedExponential, t: Clock) -> str:
    return f"({node.ratio!r} ** ({writer.ratio(t, node.steps)}) - {node.ratio!r}) / (1 - {node.ratio!r})"


def _tanh(writer: Writer, node: Tanh, t: Clock) -> str:
    y = f"{node.lower!r} + ({node.upper!r} - {node.lower!r}) * {writer.ratio(t, node.steps)}"
    return f"(1 - {writer.call('tanh', y)}) / 2"


def _rex(writer: Writer, node: Rex, t: Clock) -> str:
    x = writer.ratio(t, node.steps)
    return f"(1 - {x}) / (1 - {x} / 2)"


def _logarithmic(writer: Writer, node: Logarithmic, t: Clock) -> str:
    top = writer.call("log", writer.ratio(t.plus(1), 1))
    return f"(1 - {top} / math.log({number(node.steps + 1)}))"


def _geometric(writer: Writer, node: Geometric, t: Clock, cut: bool) -> str:  # noqa: FBT001
    x = writer.ratio(_held(writer, node, t, cut), node.steps)
    return f"{node.init!r} * ({node.end_value!r} / {node.init!r}) ** ({x})"


def _periods(writer: Writer, node: _Decay, t: Clock, cut: bool) -> str:  # noqa: FBT001
    t = _held(writer, node, t, cut)
    if not node.staircase:
        return writer.ratio(t, node.decay_period)
    return writer.real(Clock(writer.stairs(t, simple(Fraction(node.decay_period)))))


def _exponential(writer: Writer, node: Exponential, t: Clock, cut: bool) -> str:  # noqa: FBT001
    return f"{node.init!r} * {node.decay_rate!r} ** {enclosed(_periods(writer, node, t, cut))}"


def _inverse_time(writer: Writer, node: InverseTime, t: Clock, cut: bool) -> str:  # noqa: FBT001
    return f"{node.init!r} / (1 + {node.decay_rate!r} * {_periods(writer, node, t, cut)})"


def _power_law(writer: Writer, node: PowerLaw, t: Clock, cut: bool) -> str:  # noqa: FBT001
    t = writer.later(_held(writer, node, t, cut), simple(Fraction(node.offset)))
    if not writer.dialect.lazy and not node.offset:  # a branch that is not taken is computed all the same
        t = Clock(writer.dialect.greatest.format(t.text, 1), t.whole)
    return f"{node.init_value!r} * ({number(node.timescale)} / {writer.real(t)}) ** {number(node.power)}"


def _levels(writer: Writer, node: PiecewiseConstant, t: Clock, _: bool) -> str:  # noqa: FBT001
    if len(node.boundaries) <= 2:
        texts = [repr(level) for level in node.levels]
        return writer.chain(t, [0, *node.boundaries], texts)
    index = writer.dialect.count.format(writer.named("BOUNDARIES", list(node.boundaries)), t.text)
    return writer.dialect.take.format(writer.named("LEVELS", list(node.levels)), index)


def _texts(writer: Writer, node: Sequence, t: Clock, cut: bool) -> list[str]:  # noqa: FBT001
    texts = []
    for i, (part, start) in enumerate(zip(node.resolved, node.starts, strict=True)):
        inner = t if node.time == "global" else writer.later(t, -start)
        texts.append(writer.node(part, inner, cut or i + 1 < len(node.starts)))
    return texts


def _sequence(writer: Writer, node: Sequence, t: Clock, cut: bool) -> str:  # noqa: FBT001
    return writer.chain(t, node.starts, _texts(writer, node, t, cut))


def _product(writer: Writer, node: Product, t: Clock, _: bool) -> str:  # noqa: FBT001
    return " * ".join(f"({writer.node(part, t)})" for part in node.parts)


def _pointwise(form: Callable[[Dialect], str]) -> Callable[..., str]:
    def write(writer: Writer, node: Minimum | Maximum, t: Clock, _: bool) -> str:  # noqa: FBT001
        first, *rest = (writer.node(part, t) for part in node.parts)
        for text in rest:
            first = form(writer.dialect).format(first, text)
        return first

    return write


def _clamp(writer: Writer, node: Clamp, t: Clock, cut: bool) -> str:  # noqa: FBT001
    text = writer.node(node.part, t, cut)
    if node.min_value is not None:
        text = writer.dialect.greatest.format(text, repr(node.min_value))
    return text if node.max_value is None else writer.dialect.least.format(text, repr(node.max_value))


def _affine(writer: Writer, node: Affine, t: Clock, cut: bool) -> str:  # noqa: FBT001
    return f"{node.offset!r} + {node.scale!r} * ({writer.node(node.part, t, cut)})"


def _shift(writer: Writer, node: Shift, t: Clock, cut: bool) -> str:  # noqa: FBT001
    moved = writer.later(t, simple(Fraction(node.by)))
    if node.by < 0:
        moved = Clock(writer.dialect.greatest.format(moved.text, 0), moved.whole)
    return writer.node(node.part, moved, cut)


def _freeze(writer: Writer, node: Freeze, t: Clock, cut: bool) -> str:  # noqa: FBT001
    whole = Fraction(node.steps).denominator == 1
    text = writer.real(t) if t.whole and not whole else t.text
    held = Clock(writer.dialect.least.format(text, number(node.steps)), t.whole and whole)
    return writer.node(node.part, t if cut else held)


def _every(writer: Writer, node: Every, t: Clock, cut: bool) -> str:  # noqa: FBT001
    return writer.node(node.part, Clock(writer.stairs(t, simple(Fraction(node.period)))), cut)


def _stretch(writer: Writer, node: Stretch, t: Clock, cut: bool) -> str:  # noqa: FBT001
    return writer.node(node.part, Clock(writer.ratio(t, node.factor), whole=False), cut)


def _repeat(writer: Writer, node: Repeat, t: Clock, _: bool) -> str:  # noqa: FBT001
    if node.num_cycles is not None:
        raise NoMatch("a repeat that ends within another schedule")
    if not t.whole:
        raise NoMatch("a repeat over a time that is not whole")
    first = node._first_length  # noqa: SLF001 - the part's length, where it has no other
    if node.cycle_mult == 1:
        if Fraction(first).denominator != 1:
            raise NoMatch("cycles that are not whole")
        cycle, inside = f"({t.atom} // {first})", Clock(f"{t.atom} % {first}")
    else:
        cycle, inside = _grown(writer, node, t)
    text = writer.node(node.part, inside, node.part.length is None or node.part.length >= first)
    return _scaled(writer, node, cycle, text)


def _grown(writer: Writer, node: Repeat, t: Clock) -> tuple[str, Clock]:
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
    since = f"{t.text} - {writer.dialect.take.format(starts, cycle)}"
    return cycle, Clock(f"({since}) / {writer.dialect.take.format(lengths, cycle)}", whole=False)


def _scaled(writer: Writer, node: Repeat, cycle: str, text: str) -> str:
    factors = []
    if node.peak_mult != 1:
        factors.append(f"{node.peak_mult!r} ** {writer.real(Clock(cycle))}")
    if node.peak_power:
        factors.append(f"({writer.real(Clock(cycle))} + 1.0) ** -{number(node.peak_power)}")
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
_NODES: dict[type[Node], Callable[..., str]] = {
    Constant: lambda _writer, node, _t, _cut: repr(node.value),
    Linear: _linear,
    Geometric: _geometric,
    Ramp: _ramp,
    Exponential: _exponential,
    InverseTime: _inverse_time,
    PowerLaw: _power_law,
    PiecewiseConstant: _levels,
    Sequence: _sequence,
    Product: _product,
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


@dataclass(frozen=True, kw_only=True)
class Code:
    """The formula of a schedule in one dialect.

    Args:
        constants: Lines that name lists of numbers.
        statements: Lines that stand before the pieces.
        pieces: The value before each of some steps, and after them, as expressions of `step`.
        stops: Those steps.
    """

    constants: list[str]
    statements: list[str]
    pieces: list[str]
    stops: list[int]

    def uses(self, name: str) -> bool:
        """Tell whether a name stands in it."""
        return any(name in text for text in (*self.statements, *self.pieces))


def formula(node: Node, dialect: Dialect) -> Code:
    """Return the formula of a schedule.

    Raises:
        NoMatch: A kind has no formula here; the message names it.
    """
    writer, step = Writer(dialect), Clock("step")
    try:
        parts = parts_of(node)
    except NoMatch:
        if not isinstance(node, Sequence):
            starts, pieces = [0], [writer.node(node, step)]
        else:
            starts, pieces = [ceil(start) for start in node.starts], _texts(writer, node, step, cut=False)
    else:
        starts = [part.start for part in parts]
        pieces = [writer.node(part.node, step.plus(-part.start), part.stop is not None) for part in parts]
    constants = [f"{name} = {numbers!r}" for name, numbers in writer.constants.items()]
    return Code(constants=constants, statements=writer.statements, pieces=pieces, stops=starts[1:])


def assigned(code: Code, dialect: Dialect) -> list[str]:
    """Return lines that assign the value to `rate`, in array functions: the last piece, and the others over it."""
    found = [*code.statements, f"rate = {code.pieces[-1]}"]
    for stop, piece in reversed(list(zip(code.stops, code.pieces, strict=False))):
        found.append(f"rate = {dialect.choose.format(f'step < {stop}', piece, 'rate')}")
    return found
