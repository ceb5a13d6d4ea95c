"""PyTorch's counters: of schedulers and optimizers, live or as states, and of checkpoints that hold both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrspec.errors import LrspecError, UnsupportedError
from lrspec.fields import LAST_STEP
from lrspec.positions.counters import Counter, Found, whole
from lrspec.positions.torch_states import (
    Walk,
    as_optimizer_state,
    beside,
    is_scheduler_state,
    of_optimizer_state,
    of_scheduler_state,
)

LOOP_COUNTERS = ("global_step", "num_updates", "step", "iteration")
"""What training scripts call the number of updates, or of something else."""
_FOREIGN = (AttributeError, LookupError, TypeError, ValueError, RuntimeError, AssertionError)
"""What the properties and `state_dict` of other packages' classes raise, as where a state was not gathered."""


def is_scheduler(found: object) -> bool:
    """Tell whether an object is a scheduler of torch, or Accelerate's wrapper of one."""
    return _has_base(found, "torch.optim.lr_scheduler", ("LRScheduler", "_LRScheduler"))


def is_optimizer(found: object) -> bool:
    """Tell whether an object is an optimizer of torch, or has what one has, as DeepSpeed's wrappers."""
    if isinstance(found, type | Mapping):
        return False
    if _has_base(found, "torch.optim.optimizer", ("Optimizer",)):
        return True
    return isinstance(_attribute(found, "param_groups"), list) and all(
        callable(_attribute(found, name)) for name in ("step", "state_dict", "zero_grad")
    )


def unwrapped(found: Any) -> Any:
    """Return the scheduler that Accelerate's wrapper holds, or the object itself."""
    return found.scheduler if type(found).__module__ == "accelerate.scheduler" else found


def _has_base(found: object, module: str, names: tuple[str, ...]) -> bool:
    return any(base.__module__ == module and base.__name__ in names for base in type(found).__mro__)


def is_state(found: object) -> bool:
    """Tell whether data is a state or checkpoint of torch."""
    if not isinstance(found, Mapping):
        return False
    return _is_lightning(found) or _is_deepspeed(found) or any(True for _ in Walk().states("", found))


def of_scheduler(scheduler: Any) -> Found:
    """Return the counters of a live scheduler and of its optimizer.

    Raises:
        UnsupportedError: It does not tell its state.
    """
    counters = list(of_scheduler_state("scheduler", state_of(scheduler)))
    optimizer = _attribute(scheduler, "optimizer")
    counters += _live("optimizer", optimizer)
    is_fresh = not any(counter.value for counter in counters) and not getattr(optimizer, "_opt_called", False)
    if is_fresh and not any(counter.is_updates for counter in counters):
        counters.append(Counter("optimizer", 0, "updates: optimizer.step() was never called"))
    if not counters:
        raise _no_counter(type(scheduler).__name__)
    return Found(counters)


def of_optimizer(optimizer: Any) -> Found:
    """Return the counters of a live optimizer, and of those that it wraps.

    They are read from the live state, for `state_dict` may need all processes, as ZeroRedundancyOptimizer's does.

    Raises:
        UnsupportedError: It keeps none, as SGD.
    """
    counters = _live("optimizer", optimizer)
    return Found(counters) if counters else of_state(state_of(optimizer), "optimizer")


def own_count(optimizer: Any) -> int | None:
    """Return how many updates a live optimizer says that it has applied, or None where it keeps no count."""
    known = (counter.value for counter in _live("optimizer", optimizer))
    return max((value for value in known if 0 <= value <= LAST_STEP), default=None)


def state_of(found: Any) -> Mapping[Any, Any]:
    """Return the `state_dict` of a live scheduler or optimizer.

    Raises:
        UnsupportedError: It has none that can be had here.
    """
    try:
        state = found.state_dict()
    except _FOREIGN as error:
        raise UnsupportedError("torch", type(found).__name__, f"its state_dict() fails: {error!r}") from error
    if not isinstance(state, Mapping):
        raise UnsupportedError("torch", type(found).__name__, f"its state_dict() is a {type(state).__name__}")
    return state


def has_count(state: Mapping[Any, Any]) -> bool:
    """Tell whether the state of an optimizer holds a count of its updates."""
    return any(_of_part("", part) for _, part in Walk().states("", state))


def of_state(state: Mapping[Any, Any], part: str | None = None) -> Found:
    """Return the counters of a state_dict, or of a checkpoint that holds some.

    Args:
        state: The data.
        part: What to name its counters after, where it is one state_dict.

    Raises:
        UnsupportedError: It holds no counter, as the state of SGD alone.
        LrspecError: It is damaged.
    """
    counters = counters_of(state, part)
    if not counters:
        raise _no_counter("the state of an optimizer")
    return Found(counters)


def counters_of(state: Mapping[Any, Any], part: str | None = None) -> list[Counter]:
    """Return the counters of a state as `of_state` does, or none."""
    if _is_lightning(state):
        return _of_lightning(state)
    counters = [counter for name, entry in Walk().states("", state) for counter in _of_part(name or part or "", entry)]
    if as_optimizer_state(state) is not None:
        counters += beside(part or "optimizer", state)
    elif not is_scheduler_state(state):
        counters += _of_loop(state)
    return counters


def _no_counter(construct: str) -> UnsupportedError:
    reason = "it keeps no count of its updates, as SGD; read the scheduler or the whole checkpoint instead"
    return UnsupportedError("torch", construct, reason)


def _of_part(name: str, state: Mapping[Any, Any]) -> list[Counter]:
    """Return the counters of one state."""
    if is_scheduler_state(state):
        return list(of_scheduler_state(name or "scheduler", state))
    return of_optimizer_state(name or "optimizer", state)


def _of_loop(state: Mapping[Any, Any]) -> Iterator[Counter]:
    """Yield what the loop around the optimizer counts, in a checkpoint of its own."""
    for name in LOOP_COUNTERS:
        if (value := whole(state.get(name))) is not None:
            yield Counter(name, value, "what the training script calls so", is_updates=False)
    if _is_deepspeed(state):
        steps, skipped = (whole(state[name]) for name in ("global_steps", "skipped_steps"))
        if steps is not None and skipped is not None:
            yield Counter("global_steps", steps - skipped, "updates: global_steps of DeepSpeed, less skipped_steps")


def _is_lightning(state: Mapping[Any, Any]) -> bool:
    return "global_step" in state and "optimizer_states" in state and "lr_schedulers" in state


def _is_deepspeed(state: Mapping[Any, Any]) -> bool:
    return "global_steps" in state and "skipped_steps" in state


def _of_lightning(state: Mapping[Any, Any]) -> list[Counter]:
    """Return what Lightning counts; its loops also count batches, which in a checkpoint within an epoch lag by one.

    Raises:
        LrspecError: Its step is none.
    """
    step = whole(state["global_step"])
    if step is None:
        found = f"{state['global_step']!r:.80}"
        raise LrspecError(f"global_step of a Lightning checkpoint: found {found}, expected an integer from 0")
    counters = [Counter("global_step", step, "updates of all optimizers together")]
    for name in ("optimizer_states", "lr_schedulers"):
        for where, part in Walk().states(name, state[name]):
            counters += _of_part(where, part)
    return counters


def _live(name: str, optimizer: Any) -> list[Counter]:
    """Return the counters of a live optimizer, and those of the ones that it wraps where they say something else."""
    found: list[Counter] = []
    for where, part in _wrapped(name, optimizer):
        state, groups = _attribute(part, "state"), _attribute(part, "param_groups")
        if not isinstance(groups, list):
            continue
        data = {"state": state if isinstance(state, Mapping) else {}, "param_groups": groups}
        defaults = _attribute(part, "defaults")
        known = {(counter.name.rpartition(".")[2], counter.value) for counter in found}
        own = of_optimizer_state(where, data, defaults if isinstance(defaults, Mapping) else None)
        found += [counter for counter in own if (counter.name.rpartition(".")[2], counter.value) not in known]
    return found


def _wrapped(name: str, optimizer: Any) -> Iterator[tuple[str, Any]]:
    """Yield an optimizer, and those that it holds, by whatever names its class calls them, each once."""
    waiting, seen = [(name, optimizer)], set()
    while waiting:
        where, part = waiting.pop(0)
        if id(part) in seen or not is_optimizer(part):
            continue
        seen.add(id(part))
        yield where, part
        for attribute, value in (_attribute(part, "__dict__") or {}).items():
            several = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
            waiting += [
                (f"{where}.{attribute}", value),
                *((f"{where}.{attribute}[{i}]", v) for i, v in enumerate(several)),
            ]


def _attribute(found: Any, name: str) -> Any:
    """Return an attribute, or None: a wrapper's may be a property that fails before there is anything to return."""
    try:
        return getattr(found, name, None)
    except _FOREIGN:
        return None
