"""PyTorch, with a real optimizer that steps a real parameter."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.optim import lr_scheduler

from lrspec.adapters.tensors_torch import evaluator
from lrspec.kinds import Constant, Cosine, Exponential, Linear, Polynomial, Sequence
from lrspec.probes import COMPILER, Mode, Native, Sampler, Values, is_common
from lrspec.schedule import Schedule
from lrspec.spec import Node

VERSION = torch.__version__
_BLOCK = 4096


def modes() -> list[Mode]:
    """Return the ways to run on every device: with the rate as a Python float and as a tensor, and compiled."""
    found = []
    for device in ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]:
        for tensor in (False, True):
            sampler = partial(_sampler, device=device, tensor=tensor)
            found.append(
                Mode(name=f"optimizer, {'tensor' if tensor else 'float'} rate", device=device, sampler=sampler)
            )
        sampler = partial(_compiled_step, device=device)
        found.append(Mode(name=f"compiled step ({COMPILER})", device=device, sampler=sampler, slow=True, compiles=True))
        sampler = partial(_compiled, device=device)
        found.append(Mode(name=f"compile ({COMPILER})", device=device, sampler=sampler, compiles=True))
    return found


def _compiled(schedule: Schedule, *, device: str) -> Sampler:
    """Sample a compiled function of steps, in blocks of one size, so that it is compiled once."""
    torch.compiler.reset()
    function = torch.compile(evaluator(schedule.program, device), backend=COMPILER, fullgraph=True, dynamic=False)

    def sample(start: int, stop: int) -> Values:
        blocks = [torch.arange(first, first + _BLOCK, device=device) for first in range(start, stop, _BLOCK)]
        values = torch.cat([function(block) for block in blocks])
        return np.asarray(values[: stop - start].cpu())

    return sample


def _sampler(schedule: Schedule, *, device: str, tensor: bool) -> Sampler:
    def sample(start: int, stop: int) -> Values:
        optimizer, scheduler = _optimizer(schedule, device, tensor=tensor, step=start)
        return _applied(optimizer, scheduler, optimizer.step, stop - start)

    return sample


def _compiled_step(schedule: Schedule, *, device: str) -> Sampler:
    """Sample one optimizer for all ranges of steps, in ascending order, so that its step is compiled once."""
    torch.compiler.reset()
    optimizer, scheduler = _optimizer(schedule, device, tensor=True, step=0)
    step = torch.compile(optimizer.step, backend=COMPILER)

    def sample(start: int, stop: int) -> Values:
        scheduler.step(start)
        return _applied(optimizer, scheduler, step, stop - start)

    return sample


def _optimizer(schedule: Schedule, device: str, *, tensor: bool, step: int) -> tuple[torch.optim.Optimizer, Any]:
    """Return SGD with a parameter of 0 whose gradient is -1, and its scheduler: it adds the rate, with no rounding."""
    parameter = torch.zeros(1, device=device, requires_grad=True)
    parameter.grad = -torch.ones_like(parameter)
    optimizer = torch.optim.SGD([parameter], lr=torch.zeros((), device=device) if tensor else 1.0)
    return optimizer, schedule.to_torch(optimizer, step=step)


def _applied(optimizer: torch.optim.Optimizer, scheduler: Any, step: Callable[[], Any], count: int) -> Values:
    """Return what that many steps of the optimizer add to its parameter."""
    (parameter,) = optimizer.param_groups[0]["params"]
    applied = torch.empty(count, device=parameter.device)
    for i in range(count):
        if i:
            scheduler.step()
        step()
        with torch.no_grad():
            applied[i : i + 1] = parameter
            parameter.zero_()
    return np.asarray(applied.cpu())


def native(node: Node) -> Native | None:
    """Return PyTorch's own scheduler for a node, or None where it has none."""
    found = _native(node, _base(node)) if is_common(node) else None
    if found is None:
        return None
    name, make = found

    def sample(start: int, stop: int) -> Values:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=_base(node))
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler = make(optimizer)
            values = np.empty(stop, np.float64)
            for step in range(stop):
                values[step] = optimizer.param_groups[0]["lr"]
                scheduler.step()
        return values[start:]

    return Native(name=f"{name}, lr={_base(node):g}", sample=sample, steps=100_000)


def _base(node: Node) -> float:
    """Return the optimizer's rate, which PyTorch's schedulers multiply: the largest value."""
    match node:
        case Constant():
            return node.value
        case Exponential():
            return node.init
        case Linear() | Polynomial() | Cosine():
            return max(node.init, node.end_value)
        case Sequence():
            return max(_base(part) for part in node.parts)
        case _:
            return 0.0


def _native(node: Node, base: float):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a row per scheduler
    if base <= 0:
        return None
    match node:
        case Constant(value=value) if value == base:
            return "ConstantLR(factor=1)", lambda o: lr_scheduler.ConstantLR(o, factor=1.0, total_iters=1)
        case Linear(init=init, end_value=end, steps=n, after="hold") if init > 0 and end >= 0:
            return f"LinearLR({init / base:g}, {end / base:g}, {n})", lambda o: lr_scheduler.LinearLR(
                o, start_factor=init / base, end_factor=end / base, total_iters=n
            )
        case Polynomial(init_value=init, end_value=0.0, steps=n, power=power, after="hold") if init == base:
            return f"PolynomialLR({n}, {power:g})", lambda o: lr_scheduler.PolynomialLR(o, total_iters=n, power=power)
        case Cosine(init_value=init, end_value=end, steps=n) if init == base:
            return f"CosineAnnealingLR({n}, {end:g})", lambda o: lr_scheduler.CosineAnnealingLR(o, n, eta_min=end)
        case Exponential(init_value=init, staircase=True, steps=None, decay_period=int() as period) if init == base:
            return f"StepLR({period}, {node.decay_rate:g})", lambda o: lr_scheduler.StepLR(o, period, node.decay_rate)
        case Exponential(init_value=init, staircase=False, steps=None) if init == base:
            gamma = node.decay_rate ** (1 / float(node.decay_period))
            return f"ExponentialLR({gamma!r})", lambda o: lr_scheduler.ExponentialLR(o, gamma)
        case Sequence(parts=parts):
            found = [_native(part, base) for part in parts]
            if any(part is None for part in found):
                return None
            starts = np.cumsum([part.length for part in parts[:-1]]).tolist()
            return (
                f"SequentialLR([{', '.join(name for name, _ in found)}], {starts})",
                lambda o: lr_scheduler.SequentialLR(o, [make(o) for _, make in found], milestones=starts),
            )
    return None
