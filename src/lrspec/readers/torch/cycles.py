"""What the classes of `torch.optim.lr_scheduler` that go in cycles compute, as nodes: restarts, triangles, 1cycle."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from lrspec.compiler.formula import simple
from lrspec.kinds import Affine, Cosine, Exponential, Freeze, Linear, Product, Repeat, Sequence, Shift
from lrspec.readers.build import constant
from lrspec.readers.torch.replay import number
from lrspec.readers.torch.schedulers import WAY_OUT, Found, Reader, refused, time_of
from lrspec.spec import Node


def _restarts(scheduler: Any, _: int, base: float) -> Found:
    first, growth, end = scheduler.T_0, scheduler.T_mult, number(scheduler.eta_min)
    node = Repeat(part=Cosine(init_value=base, end_value=end, steps=first), cycle_mult=growth)
    notes = (
        "the last step of a cycle is one before the restart, so that no whole step has eta_min itself",
        "eta_min is an absolute rate, the same for every group",
    )
    starts = (first, first * (1 + growth), first * (1 + growth + growth**2))
    return Found(node=node, notes=notes, kinks=starts)


def _cyclic(scheduler: Any, group: int, _: float) -> Found:
    if getattr(scheduler, "_scale_fn_custom", None) is not None:
        raise refused("CyclicLR", f"a scale_fn of one's own is code; {WAY_OUT}")
    up = Fraction(scheduler.total_size * scheduler.step_ratio).limit_denominator(10**6)
    down = Fraction(scheduler.total_size) - up
    low, high = number(scheduler.base_lrs[group]), number(scheduler.max_lrs[group])
    momentum = None
    notes = ["the optimizer's own rate is replaced; base_lr at step 0, max_lr after step_size_up steps"]
    if scheduler.cycle_momentum:
        calm, wild = number(scheduler.max_momentums[group]), number(scheduler.base_momentums[group])
        momentum = _triangles(scheduler, calm, wild, up, down)
        notes.append(_momentum_note(scheduler))
    if scheduler.mode == "triangular2":
        notes.append("mode=triangular2: the height, not the rate, halves in each cycle")
    if scheduler.mode == "exp_range":
        notes.append("mode=exp_range: the height is multiplied by gamma at each step, not in each cycle")
    node = _triangles(scheduler, low, high, up, down)
    kinks = tuple(simple(time) for k in range(4) for time in (k * (up + down), k * (up + down) + up))
    return Found(node=node, notes=tuple(notes), momentum=momentum, kinks=kinks)


def _momentum_note(scheduler: Any) -> str:
    where = "the first of betas" if scheduler.use_beta1 else "momentum"
    return f"cycle_momentum: the document has a `momentum` too, which goes the other way; torch writes it as {where}"


def _triangles(scheduler: Any, low: float, high: float, up: Fraction, down: Fraction) -> Node:
    """Return triangles from `low` to `high`, whose height changes as the mode says."""
    decaying = scheduler.mode == "exp_range" and scheduler.gamma != 1

    def triangle(init: float, peak: float) -> Node:
        rise = Linear(init_value=init, end_value=peak, steps=simple(up))
        if not down:
            return rise
        return Sequence(parts=[rise, Linear(init_value=peak, end_value=init, steps=simple(down))])

    if scheduler.mode == "triangular2":
        return Repeat(part=triangle(low, high), peak_mult=0.5, scaling="height", floor_value=low)
    if not decaying:
        return Repeat(part=triangle(low, high))
    decay = Exponential(init_value=1.0, decay_rate=number(scheduler.gamma), decay_period=1)
    shape = Product(parts=[Repeat(part=triangle(0.0, 1.0)), decay])
    return Affine(part=shape, scale=high - low, offset=low)


def _one_cycle(scheduler: Any, group: int, _: float) -> Found:
    held, total = scheduler.optimizer.param_groups[group], scheduler.total_steps
    node = _phases(scheduler, held, "start_lr", "end_lr")
    peak = scheduler._schedule_phases[0]["end_step"]  # noqa: SLF001 - the only place of pct_start
    extra = (
        f"the call of step() that ends a loop of total_steps={total} is for step {total}, where the curve goes on past "
        f"its end (a line below it, a cosine up again), and the next call fails; here step {total - 1} is held"
    )
    notes = [
        "the optimizer's own rate is replaced, by max_lr / div_factor at step 0",
        f"the phases meet at real times: the peak is at {peak:g}, the end at step {total - 1}",
    ]
    momentum = None
    if scheduler.cycle_momentum:
        momentum = _phases(scheduler, held, "start_momentum", "end_momentum")
        notes.append(_momentum_note(scheduler))
    kinks = tuple(time_of(phase["end_step"]) for phase in scheduler._schedule_phases if phase["end_step"] >= 0)  # noqa: SLF001
    return Found(node=node, notes=tuple(notes), faults=(extra,), momentum=momentum, kinks=kinks, stop=total)


def _phases(scheduler: Any, group: Any, start_key: str, end_key: str) -> Node:
    """Return the phases that have a step from 0 to `total_steps - 1`."""
    kind = getattr(scheduler, "_anneal_func_type", "cos")
    curve = Linear if kind == "linear" else Cosine
    last = scheduler.total_steps - 1
    parts: list[Node] = []
    start = Fraction(0)
    for phase in scheduler._schedule_phases:  # noqa: SLF001
        end = Fraction(phase["end_step"])
        init, final = number(group[phase[start_key]]), number(group[phase[end_key]])
        if last == 0 and end == 0:
            parts = [constant(final)]
        elif end > 0 and max(start, 0) < last:
            node: Node = curve(init_value=init, end_value=final, steps=simple(end - start))
            parts.append(Shift(part=node, by=-start) if start < 0 else node)
        start = end
    whole_cycle = parts[0] if len(parts) == 1 else Sequence(parts=parts)
    too_long = whole_cycle.length is not None and whole_cycle.length > last
    return Freeze(part=whole_cycle, steps=last) if too_long else whole_cycle


CYCLES: dict[str, Reader] = {
    "CosineAnnealingWarmRestarts": _restarts,
    "CyclicLR": _cyclic,
    "OneCycleLR": _one_cycle,
}
"""The classes that go in cycles; they replace the rate that they find."""
