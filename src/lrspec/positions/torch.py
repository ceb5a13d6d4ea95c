"""PyTorch's counters: of schedulers, of optimizers, of their states, and of checkpoints that hold both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.positions.counters import Counter, Found

_CALLS = "calls of scheduler.step()"
_OURS = "updates, as a scheduler of lrspec counts them"
_OWN = "updates of the parameter that has had the most"
_MARKS = frozenset({"_step_count", "_last_lr", "base_lrs", "fingerprint", "_schedulers"})
"""What the state of a scheduler has, beside a `last_epoch`, which a training script may call something of its own."""
_USERS = ("global_step", "num_updates", "step", "iteration")


def is_scheduler(found: object) -> bool:
    """Tell whether an object is a scheduler of torch, or Accelerate's wrapper of one."""
    return _has_base(found, "torch.optim.lr_scheduler", ("LRScheduler", "_LRScheduler"))


def is_optimizer(found: object) -> bool:
    """Tell whether an object is an optimizer of torch, or Accelerate's wrapper of one."""
    return _has_base(found, "torch.optim.optimizer", ("Optimizer",))


def unwrapped(found: Any) -> Any:
    """Return the scheduler that Accelerate's wrapper holds, or the object itself."""
    return found.scheduler if type(found).__module__ == "accelerate.scheduler" else found


def _has_base(found: object, module: str, names: tuple[str, ...]) -> bool:
    return any(base.__module__ == module and base.__name__ in names for base in type(found).__mro__)


def is_state(found: object) -> bool:
    """Tell whether data is a state or checkpoint of torch."""
    return isinstance(found, Mapping) and (_is_lightning(found) or any(True for _ in _states("", found)))


def of_scheduler(scheduler: Any) -> Found:
    """Return the counters of a live scheduler and of its optimizer."""
    counters = list(_of_scheduler_state("scheduler", scheduler.state_dict()))
    optimizer = scheduler.optimizer
    counters += _of_optimizer_state("optimizer", optimizer.state_dict())
    is_fresh = not any(counter.value for counter in counters) and not getattr(optimizer, "_opt_called", False)
    if is_fresh and not any(counter.is_updates for counter in counters):
        counters.append(Counter("optimizer", 0, "updates: optimizer.step() was never called"))
    return Found(counters)


def of_optimizer(optimizer: Any) -> Found:
    """Return the counters of a live optimizer.

    Raises:
        UnsupportedError: It keeps none, as SGD.
    """
    found = Found(list(_of_optimizer_state("optimizer", optimizer.state_dict())))
    if not found.counters:
        raise _no_counter(type(optimizer).__name__)
    return found


def own_count(optimizer: Any) -> int | None:
    """Return how many updates a live optimizer says that it has applied, or None where it keeps no count."""
    state = {"state": getattr(optimizer, "state", {}), "param_groups": optimizer.param_groups}
    return max((counter.value for counter in _of_optimizer_state("optimizer", state)), default=None)


def has_count(state: Mapping[Any, Any]) -> bool:
    """Tell whether the state of an optimizer holds a count of its updates."""
    return any(True for _ in _of_optimizer_state("", state)) if _is_optimizer_state(state) else False


def of_state(state: Mapping[Any, Any], part: str | None = None) -> Found:
    """Return the counters of a state_dict, or of a checkpoint that holds some.

    Args:
        state: The data.
        part: What to name its counters after, where it is one state_dict.

    Raises:
        UnsupportedError: It holds no counter, as the state of SGD alone.
    """
    if _is_lightning(state):
        return Found(list(_of_lightning(state)))
    counters: list[Counter] = []
    for name, entry in _states("", state):
        if _is_scheduler_state(entry):
            counters += _of_scheduler_state(name or part or "scheduler", entry)
        else:
            counters += _of_optimizer_state(name or part or "optimizer", entry)
    if not _is_scheduler_state(state) and not _is_optimizer_state(state):
        counters += [
            Counter(name, value, "what the training script calls so", is_updates=False)
            for name in _USERS
            if (value := _integer(state.get(name))) is not None
        ]
    if not counters:
        raise _no_counter("the state of an optimizer")
    return Found(counters)


def _no_counter(construct: str) -> UnsupportedError:
    reason = "it keeps no count of its updates, as SGD; read the scheduler or the whole checkpoint instead"
    return UnsupportedError("torch", construct, reason)


def _states(name: str, tree: Any) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """Yield the states of schedulers and optimizers in a tree, each with its path."""
    if _is_scheduler_state(tree) or _is_optimizer_state(tree):
        yield name, tree
    elif isinstance(tree, Mapping):
        for key, part in tree.items():
            yield from _states(f"{name}.{key}" if name else str(key), part)
    elif isinstance(tree, list | tuple):
        for place, part in enumerate(tree):
            yield from _states(f"{name}[{place}]", part)


def _is_lightning(state: Mapping[Any, Any]) -> bool:
    return "global_step" in state and "optimizer_states" in state and "lr_schedulers" in state


def _is_scheduler_state(part: object) -> bool:
    return isinstance(part, Mapping) and not _MARKS.isdisjoint(part) and ("last_epoch" in part or "_schedulers" in part)


def _is_optimizer_state(part: object) -> bool:
    return (
        isinstance(part, Mapping)
        and isinstance(part.get("param_groups"), list | tuple)
        and isinstance(part.get("state"), Mapping)
    )


def _integer(value: Any) -> int | None:
    """Return a count as an integer: a tensor of one whole number too; None for anything else, such as a text."""
    if isinstance(value, bool | str | bytes) or getattr(value, "shape", ()) != ():
        return None
    try:
        whole = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return whole if whole == value and whole >= 0 else None


def _of_scheduler_state(name: str, state: Mapping[str, Any]) -> Iterator[Counter]:
    """Yield a scheduler's counter: those of its parts where it has none of its own, as ChainedScheduler.

    Epochs, and calls with a metric, are no counts of updates.
    """
    if state.get("every") == "epoch" or "patience" in state:
        return
    if "last_epoch" in state:
        is_ours = "fingerprint" in state and state.get("every", "update") == "update"
        value = _integer(state["last_epoch"])
        if value is not None:
            yield Counter(f"{name}.last_epoch", value, _OURS if is_ours else _CALLS, is_updates=is_ours)
        return
    yield from (
        counter
        for where, part in _states(f"{name}._schedulers", state["_schedulers"])
        if _is_scheduler_state(part)
        for counter in _of_scheduler_state(where, part)
    )


def _of_optimizer_state(name: str, state: Mapping[str, Any]) -> Iterator[Counter]:
    """Yield the largest step of a parameter: one that is unfrozen late has had fewer updates than there were."""
    entries = [entry for entry in state["state"].values() if isinstance(entry, Mapping)]
    groups = [group for group in state["param_groups"] if isinstance(group, Mapping)]  # where some optimizers count
    steps = [step for entry in (*entries, *groups) if (step := _integer(entry.get("step"))) is not None]
    if steps:
        yield Counter(f"{name}.step", max(steps), _OWN)


def _of_lightning(state: Mapping[str, Any]) -> Iterator[Counter]:
    """Yield what Lightning counts; its loops also count batches, which in a checkpoint within an epoch lag by one."""
    yield Counter("global_step", int(state["global_step"]), "updates of all optimizers together")
    for place, part in enumerate(state["optimizer_states"]):
        yield from _of_optimizer_state(f"optimizer_states[{place}]", part)
    for place, part in enumerate(state["lr_schedulers"]):
        yield from _of_scheduler_state(f"lr_schedulers[{place}]", part)
