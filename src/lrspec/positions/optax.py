"""Optax' counters: every integer in a state that counts updates, under the path where it stands.

A state is a tree of named tuples, dictionaries, lists and dataclasses, as Optax and Flax make them, or as a file of one
is restored. Its leaves are known by their names; they may be JAX or NumPy arrays, or variables of Flax.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from lrspec.errors import LrspecError, UnsupportedError
from lrspec.positions.counters import Counter, Found

_COUNTERS = ("count", "count_m2", "gradient_step", "step")
_PARTIAL = "mini_step"
_AHEAD = "step_count"  # of schedule_free, which counts from 1
_SKIPPED = "total_notfinite"  # of apply_if_finite
NAMES = (*_COUNTERS, _PARTIAL, _AHEAD, _SKIPPED)
"""The names of the leaves that are read."""
_TRAIN_STATE = ("step", "opt_state")
_OPTAX_TIME = "t"
"""What some of Optax' own states, such as that of `adan`, call their count."""

Visit = Callable[[str, str, Any, frozenset[str]], Any]
"""Takes a leaf's path, its name, the leaf and the names beside it; returns what stands there in the new tree."""


def counters(state: Any) -> Found:
    """Return the counters of a state, or of what Flax wraps around one.

    Raises:
        UnsupportedError: There is none, as in the state of `optax.sgd(0.1)`.
    """
    found: list[Counter] = []
    doubts: list[str] = []
    skipped = 0

    def visit(path: str, name: str, leaf: Any, beside: frozenset[str]) -> Any:
        nonlocal skipped
        if (value := _value(leaf)) is None or _is_other(name, beside):
            return leaf
        if name == _SKIPPED:
            skipped += value
            return leaf
        if "grad_acc" in beside:
            doubts.append(
                f"{path} is of apply_every, which accumulates micro-batches without saying how many make an update"
            )
        if name == _AHEAD and "base_optimizer_state" in beside:
            found.append(Counter(path, max(value - 1, 0), "updates, stored as one more"))
        elif name not in (_PARTIAL, _AHEAD):
            found.append(Counter(path, value, _meaning(name)))
        return leaf

    mapped(state, visit)
    if "opt_state" in _names(state):
        found = [_calls(counter, skipped, alone=len(found) == 1) for counter in found]
        found.sort(key=lambda counter: not counter.is_updates)
    if not found:
        reason = "it keeps no count, as of an optimizer with a constant rate; read the TrainState or the loop's own"
        raise UnsupportedError("optax", f"the state {type(state).__name__}", reason)
    return Found(found, doubts[0] if doubts else None)


def _calls(counter: Counter, skipped: int, *, alone: bool) -> Counter:
    """Return a counter of a TrainState: its `step` counts updates where nothing tells that some calls were none."""
    if counter.name != "step":
        return counter
    calls = "calls of apply_gradients or update"
    if skipped:
        calls += f", of which apply_if_finite has skipped up to {skipped}"
    elif not alone:
        calls += ", micro-batches where MultiSteps accumulates"
    return dataclasses.replace(counter, counts=calls, is_updates=alone and not skipped)


def _meaning(name: str) -> str:
    return (
        "updates; micro-batches are counted elsewhere" if name == "gradient_step" else "updates of its transformation"
    )


def moved(state: Any, step: int) -> Any:
    """Return the state with every counter at `step`; nothing else is changed, and `state` stays as it is.

    Raises:
        LrspecError: The state is in the middle of an update.
        UnsupportedError: There is no counter, or one that does not count updates.
    """
    if type(state).__module__.startswith("flax.nnx") and not isinstance(state, Mapping):
        how = "nnx.update(optimizer, lrspec.set_position(nnx.state(optimizer), step))"
        raise UnsupportedError("flax", type(state).__name__, f"it is changed in place; use {how}")
    counters(state)

    def visit(path: str, name: str, leaf: Any, beside: frozenset[str]) -> Any:
        if (value := _value(leaf)) is None or _is_other(name, beside):
            return leaf
        if name == _SKIPPED or (name == _AHEAD and "base_optimizer_state" not in beside):
            return leaf
        if "grad_acc" in beside:
            raise UnsupportedError("optax", f"{path} of apply_every", "it counts micro-batches; use optax.MultiSteps")
        if name == _PARTIAL:
            if value:
                raise LrspecError(f"{path} is {value}: the state is in the middle of an update")
            return leaf
        return _replaced(leaf, step + (name == _AHEAD))

    return mapped(state, visit)


def _is_other(name: str, beside: frozenset[str]) -> bool:
    """Tell whether a leaf has a counter's name and counts something else: metrics, or the numbers drawn from a key."""
    return name == "count" and not beside.isdisjoint({"plateau_count", "key"})


def _value(leaf: Any) -> int | None:
    """Return a counter's value; None where the leaf is no integer, or an array of different ones.

    A state that is replicated over devices holds each count once per device.
    """
    array = _array(leaf)
    if isinstance(array, int) and not isinstance(array, bool):
        return array if array >= 0 else None
    kind = getattr(getattr(array, "dtype", None), "kind", "")
    if kind not in ("i", "u") or len(array.shape) > 1 or array.size == 0:
        return None
    values = {int(value) for value in array.reshape(-1)}
    return values.pop() if len(values) == 1 else None


def _array(leaf: Any) -> Any:
    """Return what a variable of Flax holds, in a file as `{"value": ...}` too, or the leaf itself."""
    if _is_boxed(leaf):
        return leaf["value"]
    return leaf[...] if type(leaf).__module__.startswith("flax.nnx") else leaf


def _replaced(leaf: Any, step: int) -> Any:
    """Return a leaf of the same type, dtype and placement with another value."""
    array = _array(leaf)
    new = step if isinstance(array, int) else (array * 0 + step).astype(array.dtype)
    if array is leaf:
        return new
    return {"value": new} if _is_boxed(leaf) else leaf.replace(new)


def _is_boxed(leaf: Any) -> bool:
    return isinstance(leaf, Mapping) and list(leaf) == ["value"]


def _names(tree: Any) -> frozenset[str]:
    """Return the names of a node's parts; empty for a list, a tuple without names, and a leaf."""
    if isinstance(tree, Mapping):
        return frozenset(map(str, tree))
    if isinstance(tree, tuple):
        return frozenset(getattr(tree, "_fields", ()))
    if hasattr(tree, "opt_state"):
        return frozenset(_TRAIN_STATE)
    if dataclasses.is_dataclass(tree):
        return frozenset(field.name for field in dataclasses.fields(tree))
    return frozenset()


def mapped(tree: Any, visit: Visit, path: str = "") -> Any:
    """Return a tree in which each leaf that has a counter's name is what `visit` makes of it.

    A node in which nothing changes is the same object.
    """
    names = _names(tree)
    wanted = frozenset(_TRAIN_STATE) if "opt_state" in names else names
    is_optax = type(tree).__module__.startswith("optax.")

    def part(key: Any, value: Any, where: str) -> Any:
        name = str(key)
        if isinstance(key, str) and (name in NAMES or (is_optax and name == _OPTAX_TIME)) and not _is_node(value):
            return visit(where, name, value, names)
        return mapped(value, visit, where)

    def under(key: Any) -> str:
        return f"{path}.{key}" if path else str(key)

    if isinstance(tree, Mapping):
        changed = {k: new for k, v in tree.items() if str(k) in wanted and (new := part(k, v, under(k))) is not v}
        return _with(tree, changed) if changed else tree
    if _is_named_tuple(tree):
        changed = {k: new for k, v in tree._asdict().items() if (new := part(k, v, under(k))) is not v}
        return tree._replace(**changed) if changed else tree
    if isinstance(tree, list | tuple):
        items = [mapped(v, visit, f"{path}[{k}]") for k, v in enumerate(tree)]
        return tree if all(new is old for new, old in zip(items, tree, strict=True)) else type(tree)(items)
    if names:
        return _mapped_object(tree, {k: part(k, getattr(tree, k), under(k)) for k in sorted(wanted)})
    return tree


def _is_named_tuple(tree: Any) -> bool:
    return isinstance(tree, tuple) and hasattr(tree, "_fields")


def _with(tree: Any, changed: dict[Any, Any]) -> Any:
    """Return a mapping of the same type with other entries."""
    if isinstance(tree, MutableMapping):
        new = copy.copy(tree)
        new.update(changed)
        return new
    return type(tree)(dict(tree) | changed)  # as Flax' FrozenDict takes it


def _mapped_object(tree: Any, parts: dict[str, Any]) -> Any:
    """Return an object with other parts, where one has changed."""
    changed = {name: value for name, value in parts.items() if value is not getattr(tree, name)}
    if not changed or not dataclasses.is_dataclass(tree) or isinstance(tree, type):
        return tree
    return dataclasses.replace(tree, **changed)


def _is_node(value: Any) -> bool:
    if _is_boxed(value):
        return False
    return isinstance(value, Mapping | list | tuple) or (
        dataclasses.is_dataclass(value) and not type(value).__module__.startswith("flax.nnx")
    )
