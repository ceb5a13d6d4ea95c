"""Orbax' checkpoints: the counters alone, so that weights of any size stay on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
from orbax import checkpoint as orbax

from lrspec.errors import LrspecError


def load(path: Path, names: tuple[str, ...]) -> Any:
    """Return the tree of a checkpoint, with NumPy arrays for the leaves of some names and `...` for the rest.

    Args:
        path: The folder of one item.
        names: The names of the leaves to read.

    Raises:
        LrspecError: The checkpoint is damaged.
    """
    path = path.resolve()
    try:
        with orbax.PyTreeCheckpointer() as reader:
            tree = reader.metadata(path).item_metadata.tree
            wanted = jax.tree_util.tree_map_with_path(
                lambda at, leaf: leaf if _name(at[-1]) in names else orbax.PLACEHOLDER, tree
            )
            how = jax.tree.map(lambda _: orbax.RestoreArgs(restore_type=np.ndarray), wanted)
            return reader.restore(path, args=orbax.args.PyTreeRestore(item=wanted, restore_args=how))
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise LrspecError(f"{path}: the checkpoint is damaged or incomplete: {error}") from None


def _name(key: Any) -> str:
    return str(getattr(key, "key", getattr(key, "name", "")))
