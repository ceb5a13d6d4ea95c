"""Optax' counters: every integer in a state that counts updates, under the path where it stands.

A state is a tree of named tuples, dictionaries, lists and dataclasses, as Optax and Flax make them, or as a file of one
is restored. Its leaves are known by their names; they may be JAX or NumPy arrays, or variables of Flax.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import numpy as np

from lrspec.errors import LrspecError, UnsupportedError
from lrspec.positions.counters import Counter, Found, name_of, stored_as

_COUNTERS = ("count", "count_m2", "gradient_step", "step")
_PARTIAL = "mini_step"
_AHEAD = "step_count"  # of schedule_free, which counts from 1
_SKIPPED = "total_notfinite"  # of apply_if_finite
NAMES = (*_COUNTERS, _PARTIAL, _AHEAD, _SKIPPED)
"""The names of the leaves that are read."""
_TRAIN_STATE = ("step", "opt_state")
_OPTAX_TIME = "t"
"""What some of Optax' own states, such as that of `adan`, call their count."""
_INSIDE = object()
"""What stands for a node's result while its parts are mapped."""

Visit = Callable[[str, str, Any, frozenset[str]], Any]
"""Takes a leaf's path, its name, the leaf and the names beside it; returns what stands there in the new tree."""


def counters(state: Any) -> Found:
    """Return the counters of a state, or of what Flax wraps around one.

    Raises:
        UnsupportedError: There is none, as in the state of `optax.sgd(0.1)`.
    """
    found: list[Counter] = []
    doubts: list[str] = []
    calls: set[str] = set()
    skipped = 0

    def visit(path: str, name: str, leaf: Any, beside: frozenset[str]) -> Any:
        nonlocal skipped
        if _is_other(name, beside) or (value := _value(leaf, path)) is None:
            return leaf
        if name == _SKIPPED:
            skipped += value
            return leaf
        if "grad_acc" in beside:
            doubts.append(
                f"{path} is of apply_every, which accumulates micro-batches without saying how many make an update"
            )
        if name == _AHEAD and "base_optimizer_state" in beside:
            ahead = max(value - 1, 0) if value >= 0 else value
            found.append(Counter(path, ahead, "updates, stored as one more", stored=stored_as(_array(leaf))))
        elif name not in (_PARTIAL, _AHEAD):
            found.append(Counter(path, value, _meaning(name), stored=stored_as(_array(leaf))))
            if name == "step" and "opt_state" in beside:
                calls.add(path)
        return leaf

    mapped(state, visit)
    alone = len(found) == len(calls)
    found = [_calls(counter, skipped, alone=alone) if counter.name in calls else counter for counter in found]
    found.sort(key=lambda counter: not counter.is_updates)
    if not found:
        reason = "it keeps no count, as of an optimizer with a constant rate; read the TrainState or the loop's own"
        raise UnsupportedError("optax", f"the state {type(state).__name__}", reason)
    return Found(found, doubts[0] if doubts else None)


def _calls(counter: Counter, skipped: int, *, alone: bool) -> Counter:
    """Return the `step` of a TrainState: it counts updates where nothing tells that some calls were none."""
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
        if _is_other(name, beside) or (value := _value(leaf, path)) is None:
            return leaf
        if name == _SKIPPED or (name == _AHEAD and "base_optimizer_state" not in beside):
            return leaf
        if "grad_acc" in beside:
            raise UnsupportedError("optax", f"{path} of apply_every", "it counts micro-batches; use optax.MultiSteps")
        if name == _PARTIAL:
            if value:
                raise LrspecError(f"{path} is {value}: the state is in the middle of an update")
            return leaf
        return _replaced(leaf, step + (name == _AHEAD), path)

    return mapped(state, visit)


def _is_other(name: str, beside: frozenset[str]) -> bool:
    """Tell whether a leaf has a counter's name and counts something else: metrics, or the numbers drawn from a key."""
    return name == "count" and not beside.isdisjoint({"plateau_count", "key"})


def _value(leaf: Any, path: str) -> int | None:
    """Return a counter's value; None where the leaf is no integer, or an array of different ones.

    A state that is replicated over devices holds each count once per device.

    Raises:
        LrspecError: The leaf has no value here: it is abstract, traced, deleted, or on the devices of another process.
    """
    array = _array(leaf)
    if isinstance(array, int) and not isinstance(array, bool):
        return array
    kind = getattr(getattr(array, "dtype", None), "kind", "")
    if kind not in ("i", "u") or len(array.shape) > 1:
        return None
    values = set(_on_the_host(array, path).ravel().tolist())
    return int(values.pop()) if len(values) == 1 else None


def _on_the_host(array: Any, path: str) -> Any:
    """Return the values of an array; raise `LrspecError` where there are none, as in a trace."""
    try:
        values = np.asarray(array)
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _without_a_value(array, path) from error
    if values.dtype.kind not in ("i", "u"):  # an object of NumPy's around an abstract array
        raise _without_a_value(array, path)
    return values


def _without_a_value(array: Any, path: str) -> LrspecError:
    return LrspecError(
        f"{path} is a {type(array).__name__} without a value: a position is read on the host, from a state that has "
        "its numbers; not inside a compiled function, nor of what jax.eval_shape returns"
    )


def _array(leaf: Any) -> Any:
    """Return what a variable of Flax holds, in a file as `{"value": ...}` too, or the leaf itself."""
    if _is_boxed(leaf):
        return leaf["value"]
    if type(leaf).__module__.startswith("flax.nnx"):
        return leaf.get_value() if hasattr(leaf, "get_value") else leaf.value
    return leaf


def _replaced(leaf: Any, step: int, path: str) -> Any:
    """Return a leaf of the same type, dtype and placement with another value.

    Raises:
        LrspecError: Its dtype does not go that far.
    """
    array = _array(leaf)
    if not isinstance(array, int) and step > (largest := np.iinfo(np.dtype(array.dtype)).max):
        raise LrspecError(f"{path} is of type {array.dtype}, which goes up to {largest}: found step {step}")
    new = step if isinstance(array, int) else (array * 0 + step).astype(array.dtype)
    if array is leaf:
        return new
    return {"value": new} if _is_boxed(leaf) else leaf.replace(new)


def _is_boxed(leaf: Any) -> bool:
    return isinstance(leaf, Mapping) and list(leaf) == ["value"]


def _names(tree: Any) -> frozenset[str]:
    """Return the names of a node's parts; empty for a list, a tuple without names, and a leaf."""
    if isinstance(tree, Mapping):
        return frozenset(map(name_of, tree))
    if isinstance(tree, tuple):
        return frozenset(getattr(tree, "_fields", ()))
    if hasattr(tree, "opt_state"):
        return frozenset(_TRAIN_STATE)
    if dataclasses.is_dataclass(tree):
        return frozenset(field.name for field in dataclasses.fields(tree))
    return frozenset()


def mapped(tree: Any, visit: Visit) -> Any:
    """Return a tree in which each leaf that has a counter's name is what `visit` makes of it.

    A node in which nothing changes is the same object. One that stands in several places is visited once.

    Raises:
        LrspecError: A node holds itself.
    """
    return _Mapped(visit).of(tree, "")


class _Mapped:
    """The nodes that were mapped, and what was made of them; held, so that no other gets the number of one."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._made: dict[int, tuple[Any, Any]] = {}

    def of(self, tree: Any, path: str) -> Any:
        """Return what is made of a node."""
        names = _names(tree)
        if not names and not isinstance(tree, list | tuple):
            return tree
        if id(tree) not in self._made:
            self._made[id(tree)] = (tree, _INSIDE)
            self._made[id(tree)] = (tree, self._node(tree, names, path))
        new = self._made[id(tree)][1]
        if new is _INSIDE:
            raise LrspecError(f"a {type(tree).__name__} that holds itself: found {path or 'it'} within it")
        return new

    def _node(self, tree: Any, names: frozenset[str], path: str) -> Any:
        wanted = frozenset(_TRAIN_STATE) if "opt_state" in names else names
        is_optax = type(tree).__module__.startswith("optax.")

        def part(key: Any, value: Any) -> Any:
            name = name_of(key)
            where = f"{path}.{name}" if path else name
            if isinstance(key, str) and (name in NAMES or (is_optax and name == _OPTAX_TIME)) and not _is_node(value):
                return self._visit(where, name, value, names)
            return self.of(value, where)

        if isinstance(tree, Mapping):
            changed = {k: new for k, v in tree.items() if name_of(k) in wanted and (new := part(k, v)) is not v}
            return _with(tree, changed) if changed else tree
        if _is_named_tuple(tree):
            changed = {k: new for k, v in tree._asdict().items() if (new := part(k, v)) is not v}
            return tree._replace(**changed) if changed else tree
        if isinstance(tree, list | tuple):
            items = [self.of(v, f"{path}[{k}]") for k, v in enumerate(tree)]
            return tree if all(new is old for new, old in zip(items, tree, strict=True)) else type(tree)(items)
        return _mapped_object(tree, {k: part(k, getattr(tree, k)) for k in sorted(wanted)})


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
