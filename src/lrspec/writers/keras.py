"""A schedule as the classes of `keras.optimizers.schedules`.

What has to be known of them: PiecewiseConstantDecay switches one step after its boundary; the `alpha` of a cosine is a
share, and its `decay_steps` are without the warmup; the first rate has to be a float, whose type all others take.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lrspec.kinds import Constant, Cosine, Exponential, InverseTime, Linear, PiecewiseConstant, Polynomial, Repeat
from lrspec.spec import Node
from lrspec.writers.dialects import Dialect
from lrspec.writers.float32 import late_stairs
from lrspec.writers.function import assigned, formula
from lrspec.writers.held import half_cosine, held_ramp, share_of, written
from lrspec.writers.numbers import literal
from lrspec.writers.parts import Part, is_half, joined, only, parts_of, whole
from lrspec.writers.result import Native, NoMatch

CHECK = "lrspec.from_native(schedule) reads it back; or compare schedule(step), which is float32, with exact(step)"
_OPS = Dialect(
    least="ops.minimum({0}, {1})",
    greatest="ops.maximum({0}, {1})",
    choose="ops.where({0}, {1}, {2})",
    call="ops.{0}({1})",
    real='ops.cast({0}, "float32")',
    count='ops.sum(ops.cast(ops.convert_to_tensor({0}) <= {1}, "int32"))',
    take="ops.take(ops.convert_to_tensor({0}), {1})",
)


def native(node: Node, until: int | None = None) -> Native:
    """Return the lines of code that make it of one of Keras' own classes.

    Args:
        node: The schedule.
        until: The number of steps of the run, where nothing is asked of those after it.

    Raises:
        NoMatch: None can; Keras has nothing that puts schedules one after another.
    """
    parts = parts_of(node, until)
    call = written(parts[0].node, _WRITERS) if len(parts) == 1 else _with_warmup(parts)
    late = late_stairs([part.node for part in parts])
    return Native(["import keras", "", *late, f"schedule = keras.optimizers.schedules.{call}"], joined(parts))


def table(node: Node) -> list[str]:
    """Return the lines of code of a constant, or of one that is constant in pieces."""
    return native(node).lines


def function(node: Node, until: int | None = None) -> list[str]:
    """Return the lines of code of a class of its own.

    Args:
        node: The schedule.
        until: As in `native`.

    Raises:
        NoMatch: A kind has no formula.
    """
    code = formula(node, _OPS, until)
    return [
        *(["import math", ""] if code.uses("math.") else []),
        "import keras",
        "from keras import ops",
        *(["", *code.constants] if code.constants else []),
        *("", "", "class Schedule(keras.optimizers.schedules.LearningRateSchedule):"),
        "    def __call__(self, step):",
        '        step = ops.cast(step, "int32")',
        *(f"        {line}" for line in assigned(code, _OPS)),
        '        return ops.cast(rate, "float32")',
        "",
        "    def get_config(self):",
        "        return {}",
        *("", "", "schedule = Schedule()"),
    ]


def _ramp(node: Linear | Polynomial) -> str:
    node = held_ramp(node)
    power = f", power={node.power!r}" if isinstance(node, Polynomial) else ""
    steps, end = literal(node.steps), node.end_value
    return f"PolynomialDecay({node.init!r}, decay_steps={steps}, end_learning_rate={end!r}{power})"


def _cosine(node: Node) -> str:
    cosine = half_cosine(node)
    return f"CosineDecay({cosine.init!r}, decay_steps={literal(cosine.steps)}{share_of(cosine)})"


def _with_warmup(parts: list[Part]) -> str:
    first, last = parts[0].node, parts[-1].node
    begins = parts[1].start
    if len(parts) != 2 or not isinstance(first, Linear) or not isinstance(last, Cosine):
        raise NoMatch("a sequence of other parts than a linear warmup and a cosine")
    if first.steps != begins or first.end_value != last.init_value:
        raise NoMatch("a warmup that does not end where the cosine begins")
    alpha, decay = share_of(half_cosine(last)), literal(last.steps)
    warmup = f"warmup_target={last.init!r}, warmup_steps={begins}"
    return f"CosineDecay({first.init!r}, decay_steps={decay}{alpha}, {warmup})"


def _decay(node: Exponential | InverseTime) -> str:
    if node.steps is not None:
        raise NoMatch(node.kind)
    name = "ExponentialDecay" if isinstance(node, Exponential) else "InverseTimeDecay"
    stairs = ", staircase=True" if node.staircase else ""
    return f"{name}({node.init!r}, decay_steps={literal(node.decay_period)}, decay_rate={node.decay_rate!r}{stairs})"


def _piecewise(node: PiecewiseConstant) -> str:
    boundaries = [boundary - 1 for boundary in node.boundaries]
    return f"PiecewiseConstantDecay({boundaries!r}, {list(node.levels)!r})"


def _repeat(node: Repeat) -> str:
    if not is_half(node.part) or not isinstance(node.part, Cosine):
        raise NoMatch("repeat of something else than half a cosine")
    cosine = node.part
    plain = only(node, Repeat, fixed_steps=0, peak_power=0, num_cycles=None) and node.cycle_steps in (
        None,
        cosine.steps,
    )
    rounded = node.cycle_rounding != "none" and Fraction(node.cycle_mult).denominator != 1
    low = node.floor_value if node.scaling != "all" else 0.0
    height = node.scaling == "height" or low == 0
    if not plain or rounded or (node.peak_mult != 1 and not (height and low == cosine.end_value)):
        raise NoMatch("repeat with other cycles than Keras'")
    if node.scaling == "peak" and node.peak_mult != 1 and node.peak_value != cosine.init_value:
        raise NoMatch("repeat with other cycles than Keras'")
    growth = f"t_mul={float(node.cycle_mult)!r}, m_mul={node.peak_mult!r}"
    return f"CosineDecayRestarts({cosine.init!r}, first_decay_steps={whole(cosine.steps)}, {growth}{share_of(cosine)})"


def _constant(node: Constant) -> str:
    value = node.value
    return f"PolynomialDecay({value!r}, decay_steps=1, end_learning_rate={value!r})  # or the number {value!r} alone"


_WRITERS: dict[type[Node], Callable[[Any], str]] = {
    Constant: _constant,
    Linear: _ramp,
    Polynomial: _ramp,
    Cosine: _cosine,
    Exponential: _decay,
    InverseTime: _decay,
    PiecewiseConstant: _piecewise,
    Repeat: _repeat,
}
