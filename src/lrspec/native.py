"""Reading a framework's own schedule objects, by what the object itself shows: no framework is imported here.

What is read is what the framework documents; what has no equivalent is refused by name.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.kinds import Constant, Cosine, Exponential, Linear, PiecewiseConstant, Polynomial, Sequence
from lrspec.schedule import Schedule
from lrspec.spec import Node


def from_native(native: object) -> Schedule:
    """Return the schedule that a framework's own object stands for.

    Args:
        native: A scheduler of `torch.optim.lr_scheduler`, a schedule of `keras.optimizers.schedules`, a function that
            `optax.schedules` made, or an adapter that lrspec made.

    Returns:
        The schedule; absolute, from step 0, whatever the object's own position.

    Raises:
        UnsupportedError: The object has no equivalent here; the error names it and says why.

    Example:
        >>> from_native(len)
        Traceback (most recent call last):
        ...
        lrspec.errors.UnsupportedError: builtins: len is not supported: not a schedule that lrspec knows
    """
    own = getattr(native, "schedule", None)
    if isinstance(own, Schedule):
        return own
    kind = type(native)
    module = str(getattr(native, "__module__", kind.__module__))
    name = str(getattr(native, "__qualname__", kind.__qualname__)).split(".")[0]
    framework = module.split(".", maxsplit=1)[0]
    if module == "torch.optim.lr_scheduler":
        return _from_torch(native, name)
    if framework == "keras" and hasattr(native, "get_config"):
        return _from_keras(native.get_config(), name)
    if framework == "optax" and callable(native):
        return _from_optax(native, name)
    raise UnsupportedError(framework, name, "not a schedule that lrspec knows")


def _from_torch(scheduler: Any, name: str) -> Node:
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
            return _levels([0, scheduler.total_iters], [first, rates[0]]) if scheduler.total_iters else _constant(first)
        case "LinearLR":
            first, last = rates[0] * scheduler.start_factor, rates[0] * scheduler.end_factor
            steps = scheduler.total_iters
            return Linear(init_value=first, end_value=last, steps=steps) if steps else _constant(first)
        case "PolynomialLR":
            steps, power = scheduler.total_iters, scheduler.power
            node = Polynomial(init_value=rates[0], end_value=0.0, steps=steps, power=power) if steps else None
            return node or _constant(rates[0])
        case "CosineAnnealingLR":
            end = scheduler.eta_min
            return Cosine(init_value=rates[0], end_value=end, steps=scheduler.T_max, after="continue")
        case "MultiStepLR":
            drops = sorted(m for m in scheduler.milestones.elements() if isinstance(m, int) and m >= 0)
            starts = sorted({0, *drops})
            return _levels(starts, [rates[0] * scheduler.gamma ** sum(m <= at for m in drops) for at in starts])
        case _:
            raise UnsupportedError("torch", name, "no kind of schedule here computes it yet")


def _from_sequential(scheduler: Any) -> Node:
    """Each child runs on its own steps from its milestone on; one that is cut short has no equivalent."""
    children = [_as_node(child) for child in scheduler._schedulers]  # noqa: SLF001 - torch keeps them nowhere else
    ends = list(scheduler._milestones)  # noqa: SLF001
    durations = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    parts: list[Node] = []
    for child, steps in zip(children, durations, strict=False):
        parts += _lasting(child, steps)
    return Sequence(parts=[*parts, children[-1]])


def _as_node(native: object) -> Node:
    return from_native(native).node


def _lasting(node: Node, steps: int) -> list[Node]:
    """Return parts that together are `node` for exactly `steps` steps."""
    if isinstance(node, Cosine):
        node = replace(node, after="hold") if node.steps == steps else node
    if node.length == steps:
        return [node]
    if node.length is None and isinstance(node, PiecewiseConstant) and node.boundaries[-1] < steps:
        return [PiecewiseConstant(boundaries=node.boundaries, values=node.levels, steps=steps)]
    if node.length is None and isinstance(node, Constant | Exponential):
        return [replace(node, steps=steps)]
    if node.length is not None and node.length < steps and isinstance(node, Linear | Polynomial):
        return [node, Constant(value=node.end_value, steps=steps - node.length)]
    raise UnsupportedError("torch", "SequentialLR", f"a {node.kind} part of {node.length} steps, used for {steps}")


def _from_keras(config: dict[str, Any], name: str) -> Node:
    """Keras' rates are absolute; `alpha` is a share; a boundary keeps the old value at its own step."""
    init = config.get("initial_learning_rate", 0.0)
    if isinstance(init, int):
        raise UnsupportedError("keras", name, f"an integer initial_learning_rate, {init}, which Keras computes wrongly")
    match name:
        case "ExponentialDecay":
            rate, period = config["decay_rate"], config["decay_steps"]
            stairs = bool(config["staircase"])
            return Exponential(init_value=init, decay_rate=rate, decay_period=period, staircase=stairs)
        case "PolynomialDecay" if not config["cycle"]:
            end, power = config["end_learning_rate"], config["power"]
            return Polynomial(init_value=init, end_value=end, steps=config["decay_steps"], power=power)
        case "PiecewiseConstantDecay":
            return _levels([0, *(int(b // 1) + 1 for b in config["boundaries"])], config["values"])
        case "CosineDecay":
            peak, warmup = config.get("warmup_target"), config.get("warmup_steps") or 0
            top = init if peak is None else peak
            decay = Cosine(init_value=top, end_value=config["alpha"] * top, steps=config["decay_steps"])
            if peak is None or not warmup:
                return decay
            return Sequence(parts=[Linear(init_value=init, end_value=peak, steps=warmup), decay])
        case _:
            raise UnsupportedError("keras", name, "no kind of schedule here computes it yet")


def _from_optax(schedule: Any, name: str) -> Node:
    """Optax' schedules are functions; their numbers are in the cells of the closure."""
    code, cells = getattr(schedule, "__code__", None), getattr(schedule, "__closure__", None)
    if code is None or cells is None:
        raise UnsupportedError("optax", name, "a function without parameters to read")
    given = {key: _contents(cell) for key, cell in zip(code.co_freevars, cells, strict=True)}
    if given.get("transition_begin"):
        raise UnsupportedError("optax", name, "a transition_begin; put a constant before it in a sequence")
    match name:
        case "constant_schedule":
            return _constant(given["value"])
        case "polynomial_schedule" | "exponential_decay" if "transition_steps" not in given:
            return _constant(given["init_value"])
        case "polynomial_schedule":
            init, end, steps = given["init_value"], given["end_value"], given["transition_steps"]
            return Polynomial(init_value=init, end_value=end, steps=steps, power=given["power"])
        case "exponential_decay" if given["end_value"] is None:
            rate, period, stairs = given["decay_rate"], given["transition_steps"], bool(given["staircase"])
            return Exponential(init_value=given["init_value"], decay_rate=rate, decay_period=period, staircase=stairs)
        case "cosine_decay_schedule" if given["exponent"] == 1:
            init, steps = given["init_value"], int(given["decay_steps"])
            return Cosine(init_value=init, end_value=init * given["alpha"], steps=steps)
        case "piecewise_constant_schedule":
            pairs = sorted((given["boundaries_and_scales"] or {}).items())
            levels = list(accumulate((scale for _, scale in pairs), lambda a, b: a * b, initial=given["init_value"]))
            return _levels([0, *(int(-(-boundary // 1)) for boundary, _ in pairs)], levels)
        case "join_schedules":
            children, ends = [_as_node(child) for child in given["schedules"]], list(given["boundaries"])
            durations = [end - start for start, end in zip([0, *ends], ends, strict=False)]
            parts = [part for child, steps in zip(children, durations, strict=False) for part in _lasting(child, steps)]
            return Sequence(parts=[*parts, children[-1]])
        case _:
            raise UnsupportedError("optax", name, "no kind of schedule here computes it yet")


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # an empty cell: a branch that was not taken
        return None


def _constant(value: float) -> Constant:
    return Constant(value=float(value))


def _levels(starts: list[int], values: list[float]) -> Node:
    """Return the values that hold from each of the starts, the first of which is 0."""
    if len(starts) == 1:
        return _constant(values[0])
    return PiecewiseConstant(boundaries=starts[1:], values=[float(value) for value in values])
