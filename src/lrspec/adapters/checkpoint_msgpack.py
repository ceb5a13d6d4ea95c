"""Flax' msgpack files, read with msgpack alone: containers, numbers, and arrays as NumPy has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lrspec.errors import LrspecError

_ARRAY, _SCALAR = 1, 3  # the extension types of flax.serialization
_INTEGERS = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_LONGEST = 2**14
"""A list's length is believed before its parts are there; Flax writes lists as maps."""


def load(path: Path) -> Any:
    """Return what `flax.serialization.to_bytes` made.

    Raises:
        LrspecError: The file is damaged.
        OSError: The file cannot be read.
    """
    import msgpack

    try:
        return msgpack.unpackb(
            path.read_bytes(), ext_hook=_extension, raw=False, strict_map_key=False, max_array_len=_LONGEST
        )
    except (ValueError, TypeError, AttributeError, msgpack.exceptions.UnpackException) as error:
        raise LrspecError(f"{path}: the file is damaged, cut short, or no msgpack: {error!r}") from None


def _extension(code: int, data: bytes) -> Any:
    """Return a count of an array or scalar of integers; leave out what no counter is, such as weights."""
    import msgpack

    if code not in (_ARRAY, _SCALAR):
        return None
    shape, dtype, buffer = msgpack.unpackb(data, raw=True)
    name = dtype.decode()
    if name not in _INTEGERS or len(shape) > 1:
        return None
    return np.frombuffer(buffer, name).reshape(shape)
