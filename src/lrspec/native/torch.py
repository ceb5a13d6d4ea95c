"""Reading schedulers of `torch.optim.lr_scheduler`."""

from __future__ import annotations

from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.kinds import Cosine, Exponential, Linear, Polynomial, Sequence
from lrspec.native.build import constant, lasting, levels
from lrspec.native.reading import Reading
from lrspec.spec import Node


def read(native: Any, name: str, sample: int | None) -> Reading:  # noqa: ARG001 - nothing is sampled yet
    """Return what a schedule of torch is, checked."""
    return Reading(schedule=_node(native, name), framework="torch", construct=name)


def _node(scheduler: Any, name: str) -> Node:
    """PyTorch multiplies the rate that each group had; `T_max` and `total_iters` count scheduler steps."""
    if name == "SequentialLR":
        return _from_sequential(scheduler)
    rates = [float(rate) for rate in getattr(scheduler, "base_lrs", [])]
    if len(set(rates)) > 1:
        raise UnsupportedError("torch", name, "its parameter groups have different rates")
    match name:
        case "ExponentialLR":
            return Exponential(init_value=rates[0], decay_rate=scheduler.gamma, decay_period=1)
        case "StepLR":
            period = scheduler.step_size
            return Exponential(init_value=rates[0], decay_rate=scheduler.gamma, decay_period=period, staircase=True)
        case "ConstantLR":
            first = rates[0] * scheduler.factor
            return levels([0, scheduler.total_iters], [first, rates[0]]) if scheduler.total_iters else constant(first)
        case "LinearLR":
            first, last = rates[0] * scheduler.start_factor, rates[0] * scheduler.end_factor
            steps = scheduler.total_iters
            return Linear(init_value=first, end_value=last, steps=steps) if steps else constant(first)
        case "PolynomialLR":
            steps, power = scheduler.total_iters, scheduler.power
            node = Polynomial(init_value=rates[0], end_value=0.0, steps=steps, power=power) if steps else None
            return node or constant(rates[0])
        case "CosineAnnealingLR":
            end = scheduler.eta_min
            return Cosine(init_value=rates[0], end_value=end, steps=scheduler.T_max, after="continue")
        case "MultiStepLR":
            drops = sorted(m for m in scheduler.milestones.elements() if isinstance(m, int) and m >= 0)
            starts = sorted({0, *drops})
            return levels(starts, [rates[0] * scheduler.gamma ** sum(m <= at for m in drops) for at in starts])
        case _:
            raise UnsupportedError("torch", name, "no kind of schedule here computes it yet")


def _from_sequential(scheduler: Any) -> Node:
    """Each child runs on its own steps from its milestone on; one that is cut short has no equivalent."""
    children = [_node(child, type(child).__name__) for child in scheduler._schedulers]  # noqa: SLF001 - torch keeps them nowhere else
    ends = list(scheduler._milestones)  # noqa: SLF001
    durations = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    parts: list[Node] = []
    for child, steps in zip(children, durations, strict=False):
        parts += lasting(child, steps)
    return Sequence(parts=[*parts, children[-1]])
