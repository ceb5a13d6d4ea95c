"""torchtitan's one schedule, warmup, plateau and decay, from its lengths: for objects and for configs."""

from __future__ import annotations

from dataclasses import dataclass

from lrspec.kinds import Constant, Cosine, Linear, OneMinusPower, Shift
from lrspec.readers.keys import joined, ramp
from lrspec.readers.numbers import decimal_product
from lrspec.spec import Node

DECAYS = ("linear", "sqrt", "cosine")
NOTES = (
    "the warmup is one step ahead: step 0 has 1/W of lr, and step W - 1 the peak",
    "the last value comes after the last step, at the total; torchtitan goes on from there, here it is held",
)


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The steps of each phase.

    Args:
        warmup: Of the warmup.
        stable: At the peak.
        decay: Of the decay.
    """

    warmup: int
    stable: int
    decay: int

    @property
    def total(self) -> int:
        """The step at which the decay is at its end, after the last update."""
        return self.warmup + self.stable + self.decay - 1


def lengths_of(total: int, warmup: int, ratio: float | None) -> Lengths:
    """Return the lengths that torchtitan makes of a run.

    Args:
        total: The updates of the run.
        warmup: `warmup_steps`, which are cut to the run.
        ratio: `decay_ratio`, the share of the run that is decay, rounded; without one, all after the warmup.
    """
    warmup = min(warmup, total)
    decay = total - warmup if ratio is None else min(round(total * ratio), total - warmup)
    return Lengths(warmup=warmup, stable=total + 1 - warmup - decay, decay=decay)


def node_of(peak: float, lengths: Lengths, kind: str, low: float) -> Node:
    """Return the schedule.

    Args:
        peak: The optimizer's `lr`.
        lengths: The lengths of the phases.
        kind: The decay, one of `DECAYS`.
        low: Where the decay ends, as a share of the peak.
    """
    parts = ramp(0.0, peak, lengths.warmup, ahead=1)
    if not lengths.decay:
        return joined(*parts, Constant(value=peak))
    decay = _decay(kind, peak, decimal_product(peak, low), lengths.decay)
    return (
        joined(*parts, Constant(value=peak, steps=lengths.stable), decay) if lengths.stable else joined(*parts, decay)
    )


def _decay(kind: str, peak: float, low: float, steps: int) -> Node:
    """Return a decay that is one step ahead, and at its end after one step less."""
    if steps == 1:
        return Constant(value=low)
    curves: dict[str, Node] = {
        "linear": Linear(init_value=peak, end_value=low, steps=steps),
        "sqrt": OneMinusPower(init_value=peak, end_value=low, steps=steps, power=0.5),
        "cosine": Cosine(init_value=peak, end_value=low, steps=steps),
    }
    return Shift(part=curves[kind], by=1)
