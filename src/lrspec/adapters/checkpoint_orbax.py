"""Orbax' checkpoints: the counters alone, so that weights of any size stay on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
from orbax import checkpoint as orbax

from lrspec.errors import LrspecError

_DAMAGE = (ValueError, LookupError, TypeError, AttributeError, OSError, RuntimeError, AssertionError, OverflowError)
_LARGEST = 2**26
"""Of what Orbax says about the weights."""


def load(path: Path, names: tuple[str, ...]) -> Any:
    """Return the tree of a checkpoint, with NumPy arrays for the leaves of some names and `...` for the rest.

    Args:
        path: The folder of one item.
        names: The names of the leaves to read.

    Raises:
        LrspecError: The checkpoint is damaged.
    """
    path = path.resolve()
    for name in ("_METADATA", "_sharding", "array_metadatas/process_0", "_CHECKPOINT_METADATA"):
        if (path / name).is_file() and (path / name).stat().st_size > _LARGEST:
            raise LrspecError(f"{path / name}: the file is larger than {_LARGEST} bytes")
    try:
        with orbax.PyTreeCheckpointer() as reader:
            tree = reader.metadata(path).item_metadata.tree
            wanted = jax.tree_util.tree_map_with_path(
                lambda at, leaf: leaf if _leaf(at) in names else orbax.PLACEHOLDER, tree
            )
            how = jax.tree.map(lambda _: orbax.RestoreArgs(restore_type=np.ndarray), wanted)
            return reader.restore(path, args=orbax.args.PyTreeRestore(item=wanted, restore_args=how))
    except _DAMAGE as error:
        raise LrspecError(f"{path}: the checkpoint is damaged or incomplete: {error}") from None


def _leaf(path: tuple[Any, ...]) -> str:
    """Return the name of a leaf; a variable of Flax NNX stands in the tree as `{"value": ...}`."""
    *_, above, last = ("", "", *map(_name, path))
    return above if last == "value" else last


def _name(key: Any) -> str:
    return str(getattr(key, "key", getattr(key, "name", "")))
