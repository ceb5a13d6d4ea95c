"""The nodes: one frozen dataclass per kind of schedule, plain data with checked fields.

Each docstring states the one formula of its kind; `formula.py` computes it and docs/spec.md repeats it. In the formulas
`t` is the step, from 0, counted from the start of the node. Values are absolute; lengths are numbers of steps.
"""

from __future__ import annotations

from collections import abc
from collections.abc import Iterable
from dataclasses import MISSING, Field, dataclass, field, fields
from fractions import Fraction
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from lrspec.errors import SpecError
from lrspec.fields import LAST_STEP, Choice, Flag, ListOf, Number, Period, Rule, Steps, show
from lrspec.schedule import Schedule

SPEC_VERSION = 1
"""The version of the spec that this package reads and writes: the value of the key `lrspec` in a document."""
MAX_DEPTH = 32
"""How deeply sequences may be nested."""

After: TypeAlias = Literal["hold", "continue", "error"]
"""What a schedule does from `step = steps` on: keep the value it has there, go on by its formula, or refuse."""


def _value(**options: Any) -> Any:
    return field(metadata={"rule": Number(**options)})


def _steps() -> Any:
    return field(metadata={"rule": Steps()})


def _optional_steps() -> Any:
    return field(default=None, metadata={"rule": Steps()})


def _after() -> Any:
    return field(default="hold", metadata={"rule": Choice(get_args(After))})


def rule_of(entry: Field[Any]) -> Rule:
    """Return the rule that a node's field follows."""
    rule: Rule = entry.metadata["rule"]
    return rule


def is_required(entry: Field[Any]) -> bool:
    """Tell whether a node's field has no default."""
    return entry.default is MISSING


class Node(Schedule):
    """The base of every kind of node."""

    kind: ClassVar[str]

    @property
    def node(self) -> Node:
        """The node itself."""
        return self

    @property
    def length(self) -> int | None:
        """The number of steps after which the node has ended, or None where it has no end."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        for entry in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            given = getattr(self, entry.name)
            if given is None and entry.default is None:
                continue
            try:
                object.__setattr__(self, entry.name, rule_of(entry).read(given))
            except SpecError as error:
                raise error.within(entry.metadata.get("key", entry.name)) from None
        self._check()

    def _check(self) -> None:
        """Raise `SpecError` where fields that are right by themselves do not fit together."""


class _Leaf(Node):
    """A node with its own formula, an optional or required number of `steps`, and a rule for what comes after."""

    steps: int | None
    after: After

    @property
    def length(self) -> int | None:
        """The number of steps after which the node has ended, or None where it has no end."""
        return self.steps

    def _check(self) -> None:
        if self.steps is None and self.after != "hold":
            raise SpecError("after", found=show(self.after), expected="no `after` where there are no `steps`")


@dataclass(frozen=True, kw_only=True)
class Constant(_Leaf):
    """One value: `lr(t) = value`.

    Args:
        value: The value; a finite number.
        steps: Length, in steps; none by default: without end. A part of a sequence needs it, unless it is the last.
        after: What follows `steps`: `hold`, `continue` (the same here) or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Constant(value=0.1)(1_000_000)
        0.10000000149011612
    """

    kind: ClassVar[str] = "constant"
    value: float = _value()
    steps: int | None = _optional_steps()
    after: After = _after()


@dataclass(frozen=True, kw_only=True)
class Linear(_Leaf):
    """A straight line: `lr(t) = init_value + (end_value - init_value) * t / steps` for `t < steps`.

    Step 0 uses `init_value`; step `steps` is the first with `end_value`.

    Args:
        init_value: Value at step 0.
        end_value: Value at step `steps`.
        steps: Length, in steps; a positive integer.
        after: From step `steps` on: `hold` the end value, `continue` the line, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Linear(init_value=0.0, end_value=1.0, steps=4).values(0, 6)
        array([0.  , 0.25, 0.5 , 0.75, 1.  , 1.  ], dtype=float32)
    """

    kind: ClassVar[str] = "linear"
    init_value: float = _value()
    end_value: float = _value()
    steps: int = _steps()
    after: After = _after()


@dataclass(frozen=True, kw_only=True)
class Polynomial(_Leaf):
    """A power of the remaining share: `lr(t) = end_value + (init_value - end_value) * (1 - t / steps) ** power`.

    As `keras.optimizers.schedules.PolynomialDecay` (with `cycle=False`) and `optax.polynomial_schedule` have it.

    Args:
        init_value: Value at step 0.
        end_value: Value at step `steps`.
        steps: Length, in steps; a positive integer.
        power: Exponent; above 0, at most 100.
        after: From step `steps` on: `hold` the end value, `continue` the polynomial (whole powers only), or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Polynomial(init_value=1.0, end_value=0.0, steps=4, power=2).values(0, 5)
        array([1.    , 0.5625, 0.25  , 0.0625, 0.    ], dtype=float32)
    """

    kind: ClassVar[str] = "polynomial"
    init_value: float = _value()
    end_value: float = _value()
    steps: int = _steps()
    power: float = _value(positive=True, maximum=100.0, float32=False)
    after: After = _after()

    def _check(self) -> None:
        super()._check()
        if self.after == "continue" and not self.power.is_integer():
            found = f"'continue' with power {self.power}"
            raise SpecError("after", found=found, expected="hold or error, or a whole power")


@dataclass(frozen=True, kw_only=True)
class Cosine(_Leaf):
    """Half a period of a cosine: `lr(t) = end_value + (init_value - end_value) * (1 + cos(pi * t / steps)) / 2`.

    From SGDR, Loshchilov and Hutter, 2016 (arXiv:1608.03983), without the restarts.

    Args:
        init_value: Value at step 0.
        end_value: Value at step `steps`; absolute, where Keras and Optax take a ratio `alpha`.
        steps: Length, in steps; a positive integer.
        after: From step `steps` on: `hold` the end value (Keras, Optax), `continue` the cosine, which rises again
            (PyTorch's `CosineAnnealingLR`), or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Cosine(init_value=1.0, end_value=0.0, steps=2, after="continue").values(0, 5)
        array([1. , 0.5, 0. , 0.5, 1. ], dtype=float32)
    """

    kind: ClassVar[str] = "cosine"
    init_value: float = _value()
    end_value: float = _value()
    steps: int = _steps()
    after: After = _after()


@dataclass(frozen=True, kw_only=True)
class Exponential(_Leaf):
    """Exponential decay: `lr(t) = init_value * decay_rate ** (t / decay_period)`.

    With `staircase` the exponent is `floor(t / decay_period)`, an integer division: each drop comes at the first step
    `t >= k * decay_period`. As `keras.optimizers.schedules.ExponentialDecay` (where the period is called
    `decay_steps`), `torch.optim.lr_scheduler.ExponentialLR` (period 1) and `StepLR` (staircase) document it.

    Args:
        init_value: Value at step 0.
        decay_rate: Factor per `decay_period` steps; above 0; above 1 it grows.
        decay_period: Steps per application of the rate; above 0, at least 1 for a staircase; it need not be whole
            and is kept as the decimal that is written, so that 1501.32 means 150132/100.
        staircase: Whether the value drops at once every `decay_period` steps, rather than a little at every step.
        steps: Length, in steps; none by default: without end.
        after: From step `steps` on: `hold` the value reached, `continue` the decay, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> schedule = Exponential(init_value=0.1, decay_rate=0.96, decay_period=100_000, staircase=True)
        >>> schedule(99_999), schedule(100_000)
        (0.10000000149011612, 0.09600000083446503)
    """

    kind: ClassVar[str] = "exponential"
    init_value: float = _value()
    decay_rate: float = _value(positive=True, float32=False)
    decay_period: float | Fraction = field(metadata={"rule": Period()})
    staircase: bool = field(default=False, metadata={"rule": Flag()})
    steps: int | None = _optional_steps()
    after: After = _after()

    def _check(self) -> None:
        super()._check()
        if self.staircase and self.decay_period < 1:
            found = show(Period().write(self.decay_period))  # type: ignore[arg-type]  # read has made it exact
            raise SpecError("decay_period", found=found, expected="at least 1 step for a staircase")


@dataclass(frozen=True, kw_only=True, init=False)
class PiecewiseConstant(_Leaf):
    """Constant values between boundaries: `lr(t) = values[number of boundaries b with b <= t]`.

    The new value holds from step `b` on, as in PyTorch and Optax; Keras' `PiecewiseConstantDecay` switches at `b + 1`.

    Args:
        boundaries: Steps at which the value changes; positive integers, each above the one before.
        values: The values; one more than there are boundaries. Kept in the attribute `levels`, because
            `schedule.values(start, stop)` is what every schedule has.
        steps: Length, in steps, above the last boundary; none by default: without end.
        after: What follows `steps`: `hold`, `continue` (the same here) or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> PiecewiseConstant(boundaries=[2, 3], values=[1.0, 0.5, 0.25]).values(0, 5)
        array([1.  , 1.  , 0.5 , 0.25, 0.25], dtype=float32)
    """

    kind: ClassVar[str] = "piecewise_constant"
    boundaries: tuple[int, ...] = field(metadata={"rule": ListOf(Steps(), increasing=True)})
    levels: tuple[float, ...] = field(metadata={"rule": ListOf(Number()), "key": "values"})
    steps: int | None = _optional_steps()
    after: After = _after()

    def __init__(
        self, *, boundaries: Iterable[int], values: Iterable[float], steps: int | None = None, after: After = "hold"
    ) -> None:
        for name, value in {"boundaries": boundaries, "levels": values, "steps": steps, "after": after}.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def _check(self) -> None:
        super()._check()
        wanted = len(self.boundaries) + 1
        if len(self.levels) != wanted:
            expected = f"{wanted} items, one more than there are boundaries"
            raise SpecError("values", found=f"{len(self.levels)} items", expected=expected)
        if self.steps is not None and self.steps <= self.boundaries[-1]:
            expected = f"more than {self.boundaries[-1]}, the last boundary"
            raise SpecError("steps", found=show(self.steps), expected=expected)


@dataclass(frozen=True)
class _NodeRule:
    """The rule of one part of a sequence: a node."""

    def read(self, value: Any) -> Node:
        if not isinstance(value, Node):
            raise SpecError("", found=show(value), expected="a schedule")
        return value

    def write(self, value: Node) -> Node:
        return value

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/node"}


@dataclass(frozen=True, kw_only=True)
class Sequence(Node):
    """One schedule after another: part `i` runs on its own steps, counted from 0 at the step at which it begins.

    `lr(t) = parts[i](t - start[i])` for `start[i] <= t < start[i + 1]`, where `start[i]` is the sum of the lengths of
    the parts before it. The last part decides what comes after the end.

    Args:
        parts: The schedules; each but the last needs `steps`, and leaves `after` alone.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> warmup = Linear(init_value=0.0, end_value=1.0, steps=2)
        >>> decay = Cosine(init_value=1.0, end_value=0.0, steps=2)
        >>> Sequence(parts=[warmup, decay]).values(0, 6)
        array([0. , 0.5, 1. , 0.5, 0. , 0. ], dtype=float32)
    """

    kind: ClassVar[str] = "sequence"
    parts: abc.Sequence[Node] = field(metadata={"rule": ListOf(_NodeRule())})

    @property
    def length(self) -> int | None:
        """The sum of the lengths of the parts, or None where the last part has no end."""
        lengths = [part.length for part in self.parts]
        return None if lengths[-1] is None else sum(length or 0 for length in lengths)

    @property
    def depth(self) -> int:
        """How many sequences are nested here, this one included."""
        return 1 + max((part.depth for part in self.parts if isinstance(part, Sequence)), default=0)

    def _check(self) -> None:
        if self.depth > MAX_DEPTH:
            raise SpecError("parts", found=f"sequences nested {self.depth} deep", expected=f"at most {MAX_DEPTH}")
        start = 0
        for i, part in enumerate(self.parts):
            if start > LAST_STEP:
                found = f"a part that starts at step {start}"
                raise SpecError(f"parts[{i}]", found=found, expected=f"a start at or before {LAST_STEP}, the last step")
            if i < len(self.parts) - 1:
                _check_is_followed(part, f"parts[{i}]")
                start += part.length or 0


def _check_is_followed(part: Node, path: str) -> None:
    """Raise `SpecError` where a part that another one follows has no length, or an `after` that never comes."""
    while isinstance(part, Sequence):
        path = f"{path}.parts[{len(part.parts) - 1}]"
        part = part.parts[-1]
    if part.length is None:
        raise SpecError(f"{path}.steps", found="nothing", expected="a length, because another part follows")
    if isinstance(part, _Leaf) and part.after != "hold":
        expected = "no `after`, because another part follows"
        raise SpecError(f"{path}.after", found=show(part.after), expected=expected)


KINDS: dict[str, type[Node]] = {
    node.kind: node for node in (Constant, Linear, Polynomial, Cosine, Exponential, PiecewiseConstant, Sequence)
}
"""Every kind of node, by the word that a document uses for it."""
