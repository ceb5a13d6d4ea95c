"""The policies of MMCV 1: the regular values of lr_config and momentum_config, in epochs or in batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from lrspec.kinds import Constant, Cosine, Exponential, Linear, Polynomial, PowerLaw
from lrspec.presets import one_cycle, one_cycle_momentum
from lrspec.readers.build import levels
from lrspec.readers.keys import Keys, joined, share
from lrspec.spec import Node

_CYCLES = 1000


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What a policy counts in, epochs or batches, and how many the run has of them.

    Args:
        keys: The policy's keys.
        base: The value of the optimizer.
        floor: The key of its least value, `min_lr` or `min_momentum`.
        ask: What returns how many epochs or batches the run has, and None where nothing says it.
        needs: What would say it, in words.
    """

    keys: Keys
    base: float
    floor: str
    ask: Callable[[], int | None]
    needs: str

    @property
    def length(self) -> int:
        """How many epochs or batches the run has.

        Raises:
            SpecError: Nothing says it.
        """
        total = self.ask()
        if total is None:
            raise self.keys.wrong("policy", self.needs)
        return total

    def least(self) -> float:
        """Return the least value, which stands as itself or as a ratio.

        Raises:
            SpecError: It is given twice, or not at all.
        """
        keys, ratio = self.keys, f"{self.floor}_ratio"
        if (keys.get(self.floor) is None) == (keys.get(ratio) is None):
            raise keys.wrong(self.floor, f"either {self.floor} or {ratio}")
        if keys.get(ratio) is not None:
            return share(self.base, keys.number(ratio, least=0))
        return keys.number(self.floor, least=0)


def _fixed(turn: Turn) -> Node:
    return Constant(value=turn.base)


def _step(turn: Turn) -> Node:
    keys = turn.keys
    rate = turn.floor == "min_lr"
    step, gamma = keys.get("step"), keys.number("gamma", 0.1 if rate else 0.5)
    floor = None if keys.get(turn.floor) is None else keys.number(turn.floor)
    if type(step) is int and step > 0 and floor is None:
        return Exponential(init_value=turn.base, decay_rate=gamma, decay_period=step, staircase=True)
    if type(step) is int and step > 0:
        count = 0
        while share(turn.base, gamma**count) > float(floor or 0) and 0 < gamma < 1 and count < _CYCLES:
            count += 1
        if share(turn.base, gamma**count) > float(floor or 0):
            raise keys.wrong("gamma", "above 0 and below 1, to reach the least value")
        step = [step * (i + 1) for i in range(count)]
    if not isinstance(step, list | tuple) or not all(type(one) is int and one > 0 for one in step):
        raise keys.wrong("step", "a whole number above 0, or a list of them")

    def value(at: int) -> float:
        passed = next((i for i, one in enumerate(step) if at < one), len(step))
        reached = float(Fraction(turn.base) * Fraction(gamma) ** passed)
        return reached if floor is None else max(reached, floor)

    starts = sorted({0, *step})
    return levels(starts, [value(start) for start in starts])


def _exp(turn: Turn) -> Node:
    return Exponential(init_value=turn.base, decay_rate=turn.keys.number("gamma"), decay_period=1)


def _inv(turn: Turn) -> Node:
    gamma, power = turn.keys.number("gamma"), turn.keys.number("power", 1.0)
    if gamma <= 0:
        raise turn.keys.wrong("gamma", "a number above 0")
    late = 1 / Fraction(gamma)
    return PowerLaw(init_value=turn.base, power=power, timescale=late, offset=late)


def _poly(turn: Turn) -> Node:
    power, floor = turn.keys.number("power", 1.0), turn.keys.number("min_lr", 0.0, least=0)
    return Polynomial(init_value=turn.base, end_value=floor, steps=turn.length, power=power)


def _cosine(turn: Turn) -> Node:
    return Cosine(init_value=turn.base, end_value=turn.least(), steps=turn.length)


def _linear(turn: Turn) -> Node:
    return Linear(init_value=turn.base, end_value=turn.least(), steps=turn.length)


def _flat_cosine(turn: Turn) -> Node:
    share_of_run = turn.keys.number("start_percent", 0.75, least=0)
    if share_of_run > 1:
        raise turn.keys.wrong("start_percent", "a number of at most 1")
    start = round(turn.length * share_of_run)
    floor = turn.least()
    if start == turn.length:
        return Constant(value=turn.base)
    decay = Cosine(init_value=turn.base, end_value=floor, steps=turn.length - start)
    return joined(Constant(value=turn.base, steps=start), decay) if start else decay


def _restart(turn: Turn) -> Node:
    keys, floor = turn.keys, turn.least()
    periods, weights = keys.get("periods"), keys.get("restart_weights", [1])
    if not isinstance(periods, list | tuple) or not periods or not all(type(p) is int and p > 0 for p in periods):
        raise keys.wrong("periods", "a list of whole numbers above 0")
    if not isinstance(weights, list | tuple) or len(weights) != len(periods):
        raise keys.wrong("restart_weights", f"a list of {len(periods)} numbers, one for each period")
    total = turn.ask()
    if total is not None and total > sum(periods):
        raise keys.wrong("periods", f"{total} together, the length of the run: MMCV fails after them")
    parts: list[Node] = []
    for period, weight in zip(periods, weights, strict=True):
        top = float(Fraction(floor) + Fraction(weight) * (Fraction(turn.base) - Fraction(floor)))
        parts.append(Cosine(init_value=top, end_value=floor, steps=period))
    return joined(*parts)


def _cyclic(turn: Turn) -> Node:
    keys, rate = turn.keys, turn.floor == "min_lr"
    given = keys.get("target_ratio", [10, 1e-4] if rate else [0.85 / 0.95, 1.0])
    ratios = list(given) if isinstance(given, list | tuple) else [given]
    ratios = [*ratios, ratios[0] / 1e5] if len(ratios) == 1 else ratios
    times, up = keys.whole("cyclic_times", 1, least=1), keys.number("step_ratio_up", 0.4, least=0)
    gamma, shape = keys.number("gamma", 1.0), _anneal(keys)
    if len(ratios) != 2 or not all(type(ratio) in {int, float} for ratio in ratios):
        raise keys.wrong("target_ratio", "two numbers")
    if not 0 < gamma <= 1 or up >= 1:
        raise keys.wrong("step_ratio_up", "below 1, and a gamma above 0 and at most 1")
    length = turn.length // times
    rise, cycles = int(up * length), -(-turn.length // max(length, 1))
    if rise == 0 or cycles > _CYCLES:
        raise keys.wrong("cyclic_times", f"at most {_CYCLES} cycles, each with steps that rise")
    parts: list[Node] = []
    for cycle in range(cycles):
        scale = Fraction(gamma) ** cycle
        top = float((1 - scale + Fraction(ratios[0]) * scale) * Fraction(turn.base))
        parts.append(shape(turn.base, top, rise))
        parts.append(shape(top, share(turn.base, ratios[1]), length - rise))
    return joined(*parts)


def _anneal(keys: Keys) -> Callable[[float, float, int], Node]:
    kind = Cosine if keys.word("anneal_strategy", ("cos", "linear"), "cos") == "cos" else Linear
    return lambda first, last, steps: kind(init_value=first, end_value=last, steps=steps)


def _one_cycle(turn: Turn) -> Node:
    keys = turn.keys
    shape = "cosine" if keys.word("anneal_strategy", ("cos", "linear"), "cos") == "cos" else "linear"
    share_up, three = keys.number("pct_start", 0.3), keys.flag("three_phase", default=False)
    if turn.floor != "min_lr":
        return one_cycle_momentum(
            total_steps=turn.length,
            base_momentum=keys.number("base_momentum", 0.85),
            max_momentum=keys.number("max_momentum", 0.95),
            pct_start=share_up,
            shape="cosine" if shape == "cosine" else "linear",
            three_phase=three,
        )
    length = turn.length
    total = length if keys.get("total_steps") is None else keys.steps("total_steps")
    if total < length:
        raise keys.wrong("total_steps", f"at least {length}, the batches of the run")
    return one_cycle(
        peak_value=keys.number("max_lr"),
        total_steps=total,
        pct_start=share_up,
        div_factor=keys.number("div_factor", 25.0),
        final_div_factor=keys.number("final_div_factor", 1e4),
        shape="cosine" if shape == "cosine" else "linear",
        three_phase=three,
    )


POLICIES: dict[str, Callable[[Turn], Node]] = {
    "Fixed": _fixed,
    "Step": _step,
    "Exp": _exp,
    "Poly": _poly,
    "Inv": _inv,
    "CosineAnnealing": _cosine,
    "FlatCosineAnnealing": _flat_cosine,
    "CosineRestart": _restart,
    "Cyclic": _cyclic,
    "OneCycle": _one_cycle,
    "LinearAnnealing": _linear,
}
"""The regular values of each policy, in epochs or batches."""
OF_MOMENTUM = ("Step", "CosineAnnealing", "LinearAnnealing", "Cyclic", "OneCycle")
"""The policies that MMCV has for the momentum too."""
