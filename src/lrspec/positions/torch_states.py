"""The states that PyTorch's clients write, as data: which parts of a tree are states, and what each of them counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lrspec.errors import LrspecError
from lrspec.positions.counters import Counter, name_of, stored_as, whole

_CALLS = "calls of scheduler.step()"
_OURS = "updates, as a scheduler of lrspec counts them"
_OWN = "updates of the parameter that has had the most"
_GROUPS = "updates, as its parameter groups count them"
_MARKS = frozenset({"_step_count", "_last_lr", "base_lrs", "fingerprint", "_schedulers"})
"""What the state of a scheduler has, beside a `last_epoch`, which a training script may call something of its own."""
_STEP = ("step", '["step"]')  # the latter in the flattened states of Meta's Shampoo
_AVERAGER = "averager.step"
_FLAT = re.compile(r"(state|param_groups)\.(.+)\.([^.]+)", re.DOTALL)


class Walk:
    """A walk through a tree that visits each part once: many names may share one, and a damaged file's may hold itself.

    Raises:
        LrspecError: A part holds itself.
    """

    def __init__(self) -> None:
        self._inside: set[int] = set()
        self._seen: dict[int, Any] = {}  # with the parts themselves, so that no other gets the number of one

    def states(self, name: str, tree: Any, *, optimizers_only: bool = False) -> Iterator[tuple[str, Mapping[Any, Any]]]:
        """Yield the states of schedulers and optimizers in a tree, each with its path."""
        if not isinstance(tree, Mapping | list | tuple):
            return
        if id(tree) in self._inside:
            raise LrspecError(f"a {type(tree).__name__} that holds itself: found {name or 'it'} within it")
        if id(tree) in self._seen:
            return
        self._seen[id(tree)] = tree
        self._inside.add(id(tree))
        yield from self._parts(name, tree, optimizers_only=optimizers_only)
        self._inside.remove(id(tree))

    def _parts(self, name: str, tree: Any, *, optimizers_only: bool) -> Iterator[tuple[str, Mapping[Any, Any]]]:
        if is_scheduler_state(tree):
            if not optimizers_only:
                yield name, tree
            return
        state = as_optimizer_state(tree)
        if state is not None:
            yield name, state
        if isinstance(tree, Mapping):
            parts = [(f"{name}.{name_of(key)}" if name else name_of(key), part) for key, part in tree.items()]
            parts = [
                (path, part) for (path, part), key in zip(parts, tree, strict=True) if state is None or key not in state
            ]
        else:
            parts = [(f"{name}[{place}]", part) for place, part in enumerate(tree)]
        for path, part in parts:
            yield from self.states(path, part, optimizers_only=optimizers_only or state is not None)


def is_scheduler_state(part: object) -> bool:
    """Tell whether data is the state of a scheduler."""
    return isinstance(part, Mapping) and not _MARKS.isdisjoint(part) and ("last_epoch" in part or "_schedulers" in part)


def as_optimizer_state(part: object) -> Mapping[Any, Any] | None:
    """Return the `state` and the `param_groups` of an optimizer's state, whatever form it was written in, or None."""
    if not isinstance(part, Mapping):
        return None
    state, groups = part.get("state"), part.get("param_groups")
    if isinstance(groups, Mapping | list | tuple):
        listed = list(_values(groups))
        if isinstance(state, Mapping):
            return {"state": state, "param_groups": listed}
        # Megatron's distributed optimizer writes its state elsewhere
        is_alone = "state" not in part and any("lr" in group for group in listed if isinstance(group, Mapping))
        return {"state": {}, "param_groups": listed} if is_alone else None
    entries = part.get("base_optimizer_state")
    if isinstance(entries, list):  # of DeepSpeed, where another number of processes may load it
        return {"state": dict(enumerate(entries)), "param_groups": [{"step": part.get("base_optimizer_state_step")}]}
    return _unflattened(part)


def _unflattened(part: Mapping[Any, Any]) -> Mapping[Any, Any] | None:
    """Return what was flattened to keys such as `state.layer.weight.step`, by torch.distributed, or None."""
    if not any(isinstance(key, str) and key.startswith("state.") for key in part):
        return None
    found: dict[str, dict[str, dict[str, Any]]] = {"state": {}, "param_groups": {}}
    for key, value in part.items():
        matched = _FLAT.fullmatch(key) if isinstance(key, str) else None
        if matched:
            kind, parameter, name = matched.groups()
            found[kind].setdefault(parameter, {})[name] = value
    if not found["param_groups"]:
        return None
    return {"state": found["state"], "param_groups": list(found["param_groups"].values())}


def of_scheduler_state(name: str, state: Mapping[Any, Any]) -> Iterator[Counter]:
    """Yield a scheduler's counter: those of its parts where it has none of its own, as ChainedScheduler.

    Epochs, and calls with a metric, are no counts of updates.
    """
    if state.get("every") == "epoch" or "patience" in state:
        return
    if "last_epoch" in state:
        is_ours = "fingerprint" in state and state.get("every", "update") == "update"
        value = whole(state["last_epoch"])
        if value is not None:
            yield Counter(f"{name}.last_epoch", value, _OURS if is_ours else _CALLS, is_updates=is_ours)
        return
    yield from (
        counter
        for where, part in Walk().states(f"{name}._schedulers", state["_schedulers"])
        if is_scheduler_state(part)
        for counter in of_scheduler_state(where, part)
    )


def of_optimizer_state(name: str, state: Mapping[Any, Any], defaults: Mapping[Any, Any] | None = None) -> list[Counter]:
    """Return the counters of an optimizer: the largest of its parameters' steps, and what else it counts.

    A parameter that is unfrozen late has had fewer updates than there were.

    Args:
        name: What to call it.
        state: Its `state` and its `param_groups`, as `as_optimizer_state` has them.
        defaults: What its groups began with, where it is there to tell.
    """
    entries = [entry for entry in _values(state["state"]) if isinstance(entry, Mapping)]
    groups = [group for group in state["param_groups"] if isinstance(group, Mapping)]
    overall = state["state"].get("k") if isinstance(state["state"], Mapping) else None
    if whole(overall) is not None:  # MADGRAD, which may leave its parameters' own at 0
        return _largest(f"{name}.k", [(overall, 0)], "updates")
    found = _largest(f"{name}.step", [(entry.get(key), 0) for entry in entries for key in _STEP], _OWN)
    for key in ("step", "k", "lookahead_step"):
        counts = [(group.get(key), _first(group, key, defaults)) for group in groups if _is_count(group, key)]
        in_groups = _largest(f"{name}.{key}", counts, _GROUPS)
        if key == "step" and found and in_groups:
            differs = in_groups[0].value not in (0, found[0].value)  # 0: TRAC has a number there, and leaves it
            in_groups = _largest(f"{name}.param_groups.step", counts, _GROUPS) if differs else []
        found += in_groups
    return found


def beside(name: str, state: Mapping[Any, Any]) -> Iterator[Counter]:
    """Yield the count that stands beside the groups: of PostLocalSGDOptimizer's averager, which begins anew at will."""
    value = whole(state.get("step")) if isinstance(state.get("param_groups"), list) else None
    if value is not None:
        yield Counter(f"{name}.{_AVERAGER}", value, "what is called step beside the groups", is_updates=False)


def _is_count(group: Mapping[Any, Any], key: str) -> bool:
    """Tell whether a group's number is a count: `k` is one in schedule-free and D-adaptation alone."""
    return key != "k" or not {"weight_sum", "d"}.isdisjoint(group)


def _first(group: Mapping[Any, Any], key: str, defaults: Mapping[Any, Any] | None) -> int:
    """Return what a group's count is before the first update: 1 in two of the Prodigys, and 0."""
    if defaults is not None and key in defaults:
        return whole(defaults[key]) or 0
    is_ahead = "d_coef" in group and (key == "step" or (key == "k" and "prodigy_steps" in group))
    return int(is_ahead)


def _largest(name: str, counts: Iterable[tuple[Any, int]], meaning: str) -> list[Counter]:
    """Return the counter of the largest count, or none; each count comes with what it began with."""
    known = [(value, first, count) for count, first in counts if (value := whole(count)) is not None]
    if not known:
        return []
    value, first, count = max(known, key=lambda entry: entry[0] - entry[1])
    lowest = min(entry[0] for entry in known)
    if lowest < 0:
        return [Counter(name, lowest, meaning, stored=stored_as(count))]
    counts_from = f"{meaning}, stored as {first} more" if first else meaning
    return [Counter(name, max(value - first, 0) if value >= 0 else value, counts_from, stored=stored_as(count))]


def _values(tree: Any) -> Iterable[Any]:
    return tree.values() if isinstance(tree, Mapping) else tree
