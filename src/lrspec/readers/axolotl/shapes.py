"""The table of axolotl's own schedulers: what each computes of a base rate, as a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from lrspec.errors import UnsupportedError
from lrspec.kinds import Constant, Cosine, Freeze, Linear, OneMinusPower, Product, Repeat, Sequence, Shift, Table
from lrspec.kinds.lists import MAX_TABLE
from lrspec.readers.keys import joined
from lrspec.readers.param_groups import after_warmup
from lrspec.readers.transformers.numbers import times
from lrspec.readers.transformers.shapes import SHAPES
from lrspec.spec import Node

_BEND = Fraction(9, 10)


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The numbers that axolotl's schedulers are made with.

    Args:
        warmup: The steps of the warmup.
        total: The steps of the run.
        rate: The learning rate.
        low: `cosine_min_lr_ratio`, the share of the rate that is the lowest.
        until: `cosine_constant_lr_ratio`, the share of the steps after which the lowest is held.
    """

    warmup: int
    total: int
    rate: float
    low: float = 0.0
    until: float = 1.0


def _min_ratio(numbers: Lengths, base: float) -> Node:
    """`get_cosine_schedule_with_min_lr`: that of transformers."""
    held = {"num_cycles": 0.5, "min_lr_rate": numbers.low}
    held |= {"num_warmup_steps": numbers.warmup, "num_training_steps": numbers.total}
    return SHAPES["cosine_with_min_lr"].rate(held, base).node


def _min_and_constant_ratio(numbers: Lengths, base: float) -> Node:
    """`get_cosine_schedule_with_warmup_decay_constant`: the lowest is reached, and held, before the end."""
    steps = int(numbers.total * numbers.until) - numbers.warmup
    if steps < 1:
        reason = f"the cosine would end at step {steps + numbers.warmup}, before the warmup's end at {numbers.warmup}"
        raise UnsupportedError("axolotl", "cosine_constant_lr_ratio", reason)
    fall = Cosine(init_value=base, end_value=times(base, numbers.low), steps=steps)
    return after_warmup(0.0, base, numbers.warmup, fall)


def _quadratic(numbers: Lengths, base: float) -> Node:
    """`get_cosine_schedule_with_quadratic_warmup`: the cosine of transformers after a warmup that is a square."""
    steps = max(numbers.total - numbers.warmup, 1)
    fall = Cosine(init_value=base, end_value=0.0, steps=steps, after="continue")
    if not numbers.warmup:
        return fall
    return Sequence(parts=[OneMinusPower(init_value=0.0, end_value=base, steps=numbers.warmup, power=2.0), fall])


def _rex(numbers: Lengths, base: float) -> Node:
    """`RexLR`: its first update is step 1, and the last has the lowest rate; a table, because of 0.1 + 0.9 z."""
    warmup, left = numbers.warmup, numbers.total - numbers.warmup
    if left < 0:
        raise UnsupportedError("axolotl", "rex", f"a warmup of {warmup} steps in a run of {numbers.total}")
    if numbers.total > MAX_TABLE:
        raise UnsupportedError("axolotl", "rex", f"a run of {numbers.total} steps; a table has {MAX_TABLE} at most")
    low = Fraction(times(base, numbers.low))

    def at(step: int) -> float:
        if step <= warmup:
            return float(Fraction(base) * Fraction(step, warmup))
        over = Fraction(left - (step - warmup), left)
        return float(low + (Fraction(base) - low) * over / (1 - _BEND + _BEND * over))

    values = [at(step) for step in range(1, numbers.total)]
    return Table(values=[*values, times(numbers.rate, numbers.low)])


OWN: dict[str, Callable[[Lengths, float], Node]] = {
    "cosine with cosine_min_lr_ratio": _min_ratio,
    "cosine with cosine_min_lr_ratio and cosine_constant_lr_ratio": _min_and_constant_ratio,
    "cosine with lr_quadratic_warmup": _quadratic,
    "rex": _rex,
}
"""axolotl's own schedulers, by what asks for them; `one_cycle` is torch's OneCycleLR."""


def jagged(node: Node, total: int, every: int, warmup: int, anneal: int, low: float) -> Node:
    """Return a schedule that is pulled down to a share of itself every so many steps: `JaggedLRRestartScheduler`.

    Args:
        node: The schedule, of which the first update has step 1.
        total: The steps of the run, after which the last value is held.
        every: After how many steps.
        warmup: In how many steps it comes back.
        anneal: In how many steps it is pulled down.
        low: The share that is left at a restart.

    Raises:
        UnsupportedError: A restart begins before the one before it has ended.
    """
    level = every - warmup - anneal
    if level < 0 or min(every, warmup, anneal) < 1:
        reason = f"{warmup} steps up and {anneal} down in {every}: they overlap"
        raise UnsupportedError("axolotl", "jagged_restart_steps", reason)
    down = Linear(init_value=1.0, end_value=low, steps=anneal)
    hold = [Constant(value=1.0, steps=level)] if level else []
    cycle = joined(Linear(init_value=low, end_value=1.0, steps=warmup), *hold, down)
    begin = [Constant(value=1.0, steps=every - anneal)] if every > anneal else []
    scaled = Product(parts=[node, Sequence(parts=[*begin, down, Repeat(part=cycle)])])
    return Freeze(part=Shift(part=scaled, by=1), steps=total)
