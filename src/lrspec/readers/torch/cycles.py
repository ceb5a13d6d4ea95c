"""What the classes of `torch.optim.lr_scheduler` that go in cycles compute, as nodes: restarts, triangles, 1cycle."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from lrspec.compiler.formula import simple
from lrspec.kinds import Affine, Cosine, Exponential, Freeze, Linear, Product, Repeat, Sequence, Shift
from lrspec.readers.build import constant
from lrspec.readers.numbers import binary_time
from lrspec.readers.param_groups import WAY_OUT
from lrspec.readers.torch.description import Curve, Parameters, as_float, checked, refused
from lrspec.spec import Node


def restarts(of: Parameters, base: float) -> Curve:
    """Return the curve of `CosineAnnealingWarmRestarts`."""
    first, growth, end = of.T_0, of.T_mult, as_float(of.eta_min)
    node = Repeat(part=Cosine(init_value=base, end_value=end, steps=first), cycle_mult=growth)
    notes = (
        "the last step of a cycle is one before the restart, so that no whole step has eta_min itself",
        "eta_min is an absolute rate, the same for every group",
    )
    starts = (first, first * (1 + growth), first * (1 + growth + growth**2))
    return Curve(node=node, notes=notes, kinks=starts, turns=lambda step: _restarts_until(first, growth, step))


def _restarts_until(first: int, growth: int, step: int) -> list[int]:
    """Return the starts of the cycles, up to the fourth one after a step."""
    starts, length = [0], first
    while len(starts) < 4 or starts[-4] < step:
        starts.append(starts[-1] + length)
        length *= growth
    return starts


def restarts_kept(given: Parameters, _: dict[str, Any]) -> Parameters:
    """Return what the constructor of `CosineAnnealingWarmRestarts` keeps."""
    checked("T_0", given.T_0, type(given.T_0) is int and given.T_0 > 0, "a whole number above 0")
    checked("T_mult", given.T_mult, type(given.T_mult) is int and given.T_mult >= 1, "a whole number, 1 or above")
    return given


def cyclic(of: Parameters, _: float) -> Curve:
    """Return the curve of `CyclicLR`."""
    if getattr(of, "_scale_fn_custom", None) is not None:
        raise refused("CyclicLR", f"a scale_fn of one's own is code; {WAY_OUT}")
    up = Fraction(of.total_size * of.step_ratio).limit_denominator(10**6)
    down = Fraction(of.total_size) - up
    low, high = as_float(of.base_lr), as_float(of.max_lr)
    momentum = None
    notes = ["the optimizer's own rate is replaced; base_lr at step 0, max_lr after step_size_up steps"]
    if of.cycle_momentum:
        calm, wild = as_float(of.max_momentum), as_float(of.base_momentum)
        momentum = _triangles(of, calm, wild, up, down)
        notes.append(_momentum_note(of))
    if of.mode == "triangular2":
        notes.append("mode=triangular2: the height, not the rate, halves in each cycle")
    if of.mode == "exp_range":
        notes.append("mode=exp_range: the height is multiplied by gamma at each step, not in each cycle")
    node = _triangles(of, low, high, up, down)
    kinks = tuple(simple(time) for k in range(4) for time in (k * (up + down), k * (up + down) + up))
    return Curve(node=node, notes=tuple(notes), momentum=momentum, kinks=kinks)


def cyclic_kept(given: Parameters, group: dict[str, Any]) -> Parameters:
    """Return what the constructor of `CyclicLR` keeps."""
    modes = ("triangular", "triangular2", "exp_range")
    checked("mode", given.mode, given.mode in modes, f"one of {', '.join(modes)}")
    up = float(given.step_size_up)
    total = up + (up if given.step_size_down is None else float(given.step_size_down))
    checked("step_size_up", given.step_size_up, 0 < up <= total, "a number of steps above 0")
    group["lr"] = given.base_lr
    return SimpleNamespace(**vars(given), total_size=total, step_ratio=up / total, _scale_fn_custom=given.scale_fn)


def _momentum_note(of: Parameters) -> str:
    places = {True: "the first of betas", False: "momentum", None: "momentum, or as the first of betas"}
    where = places[getattr(of, "use_beta1", None)]
    return f"cycle_momentum: the document has a `momentum` too, which goes the other way; torch writes it as {where}"


def _triangles(of: Parameters, low: float, high: float, up: Fraction, down: Fraction) -> Node:
    """Return triangles from `low` to `high`, whose height changes as the mode says."""
    decaying = of.mode == "exp_range" and of.gamma != 1

    def triangle(init: float, peak: float) -> Node:
        rise = Linear(init_value=init, end_value=peak, steps=simple(up))
        if not down:
            return rise
        return Sequence(parts=[rise, Linear(init_value=peak, end_value=init, steps=simple(down))])

    if of.mode == "triangular2":
        return Repeat(part=triangle(low, high), peak_mult=0.5, scaling="height", floor_value=low)
    if not decaying:
        return Repeat(part=triangle(low, high))
    decay = Exponential(init_value=1.0, decay_rate=as_float(of.gamma), decay_period=1)
    shape = Product(parts=[Repeat(part=triangle(0.0, 1.0)), decay])
    return Affine(part=shape, scale=high - low, offset=low)


def one_cycle(of: Parameters, _: float) -> Curve:
    """Return the curve of `OneCycleLR`."""
    total = of.total_steps
    node = _phases(of, "start_lr", "end_lr")
    peak = of._schedule_phases[0]["end_step"]  # noqa: SLF001 - the only place of pct_start
    extra = (
        f"the call of step() that ends a loop of total_steps={total} is for step {total}, where the curve goes on past "
        f"its end (a line below it, a cosine up again), and the next call fails; here step {total - 1} is held"
    )
    notes = [
        "the optimizer's own rate is replaced, by max_lr / div_factor at step 0",
        f"the phases meet at real times: the peak is at {peak:g}, the end at step {total - 1}",
    ]
    momentum = None
    if of.cycle_momentum:
        momentum = _phases(of, "start_momentum", "end_momentum")
        notes.append(_momentum_note(of))
    kinks = tuple(binary_time(phase["end_step"]) for phase in of._schedule_phases if phase["end_step"] >= 0)  # noqa: SLF001
    return Curve(node=node, notes=tuple(notes), faults=(extra,), momentum=momentum, kinks=kinks, stop=total)


def one_cycle_kept(given: Parameters, group: dict[str, Any]) -> Parameters:
    """Return what the constructor of `OneCycleLR` keeps, with the group that it writes its rates into."""
    lengths = ("total_steps",) if given.total_steps is not None else ("epochs", "steps_per_epoch")
    total = 1
    for name in lengths:
        length = getattr(given, name)
        checked(name, length, type(length) is int and length > 0, "a whole number above 0 (or total_steps alone)")
        total *= length
    pct = given.pct_start
    checked("pct_start", pct, type(pct) is float and 0 <= pct <= 1, "a float from 0 to 1, as torch requires")
    kinds = ("cos", "linear")
    checked("anneal_strategy", given.anneal_strategy, given.anneal_strategy in kinds, "'cos' or 'linear'")
    ends: list[Any] = [float(pct * total) - 1, float(2 * pct * total) - 2, total - 1]
    turns = ["initial_lr", "max_lr", "initial_lr", "min_lr"]
    momenta = ["max_momentum", "base_momentum", "max_momentum", "max_momentum"]
    if not given.three_phase:
        del ends[1], turns[2], momenta[3]
    phases = [
        {"end_step": end, "start_lr": a, "end_lr": b, "start_momentum": c, "end_momentum": d}
        for end, (a, b), (c, d) in zip(ends, pairwise(turns), pairwise(momenta), strict=True)
    ]
    group |= {"initial_lr": given.max_lr / given.div_factor, "max_lr": given.max_lr}
    group |= {"min_lr": group["initial_lr"] / given.final_div_factor}
    if given.cycle_momentum:
        group |= {"max_momentum": given.max_momentum, "base_momentum": given.base_momentum}
    kept = {**vars(given), "total_steps": total, "_schedule_phases": phases, "_anneal_func_type": given.anneal_strategy}
    return SimpleNamespace(**kept)


def _phases(of: Parameters, start_key: str, end_key: str) -> Node:
    """Return the phases that have a step from 0 to `total_steps - 1`."""
    kind = getattr(of, "_anneal_func_type", "cos")
    curve = Linear if kind == "linear" else Cosine
    last = of.total_steps - 1
    parts: list[Node] = []
    start = Fraction(0)
    for phase in of._schedule_phases:  # noqa: SLF001
        end = Fraction(phase["end_step"])
        init, final = as_float(of.group[phase[start_key]]), as_float(of.group[phase[end_key]])
        if last == 0 and end == 0:
            parts = [constant(final)]
        elif end > 0 and max(start, 0) < last:
            node: Node = curve(init_value=init, end_value=final, steps=simple(end - start))
            parts.append(Shift(part=node, by=-start) if start < 0 else node)
        start = end
    whole_cycle = parts[0] if len(parts) == 1 else Sequence(parts=parts)
    too_long = whole_cycle.length is not None and whole_cycle.length > last
    return Freeze(part=whole_cycle, steps=last) if too_long else whole_cycle
