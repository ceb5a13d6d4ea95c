"""A schedule as the functions of `optax.schedules`.

What has to be known of them: the `decay_steps` of the cosine with a warmup include it; `alpha` is a share of the first
value, `end_value` is not; a piecewise constant has factors, not values; `join_schedules` counts from each boundary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice, pairwise
from typing import Any

from lrspec.kinds import Constant, Cosine, Exponential, Linear, PiecewiseConstant, Polynomial, Repeat
from lrspec.spec import Node
from lrspec.writers.dialects import Dialect
from lrspec.writers.float32 import late_stairs
from lrspec.writers.function import assigned, formula
from lrspec.writers.held import half_cosine, held_ramp, share_of, written
from lrspec.writers.numbers import factor, literal
from lrspec.writers.parts import Part, is_half, joined, only, parts_of, whole
from lrspec.writers.result import Native, NoMatch

CHECK = "lrspec.from_native(schedule) reads it back; or compare schedule(step), which is float32, with exact(step)"
_MOST_CYCLES = 20
_JNP = Dialect(
    least="jnp.minimum({0}, {1})",
    greatest="jnp.maximum({0}, {1})",
    choose="jnp.where({0}, {1}, {2})",
    call="jnp.{0}({1})",
    real="{0}",
    count='jnp.searchsorted(jnp.array({0}), {1}, side="right")',
    take="jnp.array({0})[{1}]",
)


def native(node: Node, until: int | None = None) -> Native:
    """Return the lines of code that make it of Optax' own functions.

    Args:
        node: The schedule.
        until: The number of steps of the run, where nothing is asked of those after it.

    Raises:
        NoMatch: They cannot.
    """
    parts = _unrolled(parts_of(node, until))
    one = _call(parts[0]) if len(parts) == 1 else _with_warmup(parts) or _one_cycle(parts)
    before = ["import optax", "", *late_stairs([part.node for part in parts])]
    if one:
        return Native([*before, f"schedule = optax.{one}"], joined(parts))
    lines = [
        *before,
        "schedule = optax.join_schedules(",
        "    [",
        *(f"        optax.{_call(part)}," for part in parts),
        "    ],",
        f"    boundaries={[part.start for part in parts[1:]]!r},",
        ")",
    ]
    return Native(lines, joined(parts))


def function(node: Node, until: int | None = None) -> list[str]:
    """Return the lines of code of a function in JAX.

    Args:
        node: The schedule.
        until: As in `native`.

    Raises:
        NoMatch: A kind has no formula.
    """
    code = formula(node, _JNP, until)
    return [
        *(["import math", ""] if code.uses("math.") else []),
        "import jax.numpy as jnp",
        *(["", *code.constants] if code.constants else []),
        *("", "", "def schedule(step):"),
        *(f"    {line}" for line in assigned(code, _JNP)),
        "    return jnp.asarray(rate, jnp.float32)",
    ]


table = function


def _unrolled(parts: list[Part]) -> list[Part]:
    """Return parts in which cycles that come to an end are cosines, one after another."""
    found: list[Part] = []
    for part in parts:
        node = part.node
        if (
            part.stop is None
            or not only(node, Repeat, fixed_steps=0, peak_mult=1, peak_power=0)
            or not isinstance(node, Repeat)
        ):
            found.append(part)
            continue
        if not isinstance(node.part, Cosine) or node.cycle_steps not in (None, node.part.steps):
            raise NoMatch("repeat of something else than a cosine")
        for start, length in islice(node._cycles(), _MOST_CYCLES + 1):  # noqa: SLF001 - the cycles, in turn
            begin, end = part.start + whole(start), part.start + whole(start + length)
            if begin < part.stop:
                cosine = replace(node.part, steps=whole(length), after="hold")
                found.append(Part(node=cosine, start=begin, stop=min(end, part.stop)))
        if len(found) > _MOST_CYCLES:
            raise NoMatch(f"a repeat of more than {_MOST_CYCLES} cycles")
    if len(found) > 1 and only(found[-1].node, Constant) and isinstance(found[-2].node, Cosine):
        last = found[-2]
        if last.node.end_value == found[-1].node.value and last.steps == last.node.steps:  # type: ignore[attr-defined]
            return [*found[:-2], replace(last, stop=None)]
    return found


def _call(part: Part) -> str:
    return written(part.node, _WRITERS)


def _constant(node: Constant) -> str:
    return f"constant_schedule({node.value!r})"


def _ramp(node: Linear | Polynomial) -> str:
    node = held_ramp(node)
    values = f"init_value={node.init!r}, end_value={node.end_value!r}"
    if isinstance(node, Linear):
        return f"linear_schedule({values}, transition_steps={literal(node.steps)})"
    return f"polynomial_schedule({values}, power={node.power!r}, transition_steps={literal(node.steps)})"


_half_cosine = partial(half_cosine, any_exponent=True)


def _exponent(node: Cosine) -> str:
    return "" if node.exponent == 1 else f", exponent={node.exponent!r}"


def _cosine(node: Node) -> str:
    cosine = _half_cosine(node)
    steps, alpha = literal(cosine.steps), share_of(cosine)
    return f"cosine_decay_schedule(init_value={cosine.init!r}, decay_steps={steps}{alpha}{_exponent(cosine)})"


def _decay(node: Exponential) -> str:
    """Return the arguments of an exponential decay."""
    if node.steps is not None:
        raise NoMatch(node.kind)
    stairs = ", staircase=True" if node.staircase else ""
    return f"transition_steps={literal(node.decay_period)}, decay_rate={node.decay_rate!r}{stairs}"


def _exponential(node: Exponential) -> str:
    return f"exponential_decay(init_value={node.init!r}, {_decay(node)})"


def _piecewise(node: PiecewiseConstant) -> str:
    scales = [factor(after, before) for before, after in pairwise(node.levels)]
    if any(scale < 0 for scale in scales):
        raise NoMatch("levels of both signs")
    pairs = ", ".join(f"{boundary}: {scale}" for boundary, scale in zip(node.boundaries, scales, strict=True))
    return f"piecewise_constant_schedule({node.levels[0]!r}, {{{pairs}}})"


_WRITERS: dict[type[Node], Callable[[Any], str]] = {
    Constant: _constant,
    Linear: _ramp,
    Polynomial: _ramp,
    Cosine: _cosine,
    Exponential: _exponential,
    PiecewiseConstant: _piecewise,
}


def _with_warmup(parts: list[Part]) -> str | None:
    """Return one function for a linear warmup and a decay, where there is one."""
    first, last = parts[0].node, parts[-1].node
    if len(parts) != 2 or not isinstance(first, Linear) or first.steps != parts[1].start:
        return None
    peak = first.end_value
    if not isinstance(last, Cosine | Exponential) or last.init_value != peak or peak == 0:
        return None
    begun = f"init_value={first.init!r}, peak_value={peak!r}, warmup_steps={parts[1].start}"
    if isinstance(last, Exponential):
        return f"warmup_exponential_decay_schedule({begun}, {_decay(last)})"
    last = _half_cosine(last)
    end = "" if last.end_value == 0 else f", end_value={last.end_value!r}"
    total = parts[1].start + whole(last.steps)
    return f"warmup_cosine_decay_schedule({begun}, decay_steps={total}{end}{_exponent(last)})"


def _one_cycle(parts: list[Part]) -> str | None:
    """Return the one-cycle schedule of Optax, which is at its peak and at its end at whole steps."""
    if len(parts) != 2 or not all(is_half(part.node) for part in parts):
        return None
    up, down = (_half_cosine(part.node) for part in parts)
    peak, begin, total = up.end_value, parts[1].start, parts[1].start + whole(down.steps)
    low = 0 < up.init < peak and 0 < down.end_value < up.init
    if up.steps != begin or down.init_value != peak or not low or int(begin / total * total) != begin:
        return None
    shares = f"div_factor={factor(peak, up.init)}, final_div_factor={factor(up.init, down.end_value)}"
    return f"cosine_onecycle_schedule({total}, {peak!r}, pct_start={begin / total!r}, {shares})"
