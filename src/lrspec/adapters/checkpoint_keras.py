"""Keras' files, read with h5py alone: the counter of the optimizer, and what the file says of accumulation."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from lrspec.errors import LrspecError, UnsupportedError

_DAMAGE = (
    RuntimeError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
_LARGEST = 2**26
"""Of what is read as a whole: a config, or compressed weights, which cannot be read in parts."""
_Count = TypeVar("_Count", int, int | None)
_VARIABLES = ("optimizer/inner_optimizer/vars/0", "optimizer/vars/0")


def load_keras(path: Path) -> tuple[int, int | None, int | None]:
    """Return the counter of a `.keras` file, the batches per update, and those that a schedule of lrspec was told.

    Raises:
        UnsupportedError: The file holds no optimizer, or several that do not count alike.
        LrspecError: The file is damaged.
        OSError: The file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(_read(archive, "config.json", path))
            if archive.getinfo("model.weights.h5").compress_type == zipfile.ZIP_STORED:
                with archive.open("model.weights.h5") as file:
                    raw, _ = _stored(file, path)
            else:
                raw, _ = _stored(io.BytesIO(_read(archive, "model.weights.h5", path)), path)
        optimizer = config["compile_config"]["optimizer"]["config"]
        return raw, _accumulation(optimizer), _told(optimizer)
    except _DAMAGE as error:
        raise LrspecError(f"{path}: the file is damaged, or has no optimizer's config: {error!r}") from None


def optimizer_of(path: Path, *, is_zip: bool) -> tuple[str | None, dict[str, Any]]:
    """Return the class and the config of the optimizer that a file says, the inner one's of a loss scale.

    Raises:
        LrspecError: The file is damaged.
    """
    import h5py

    try:
        if is_zip:
            with zipfile.ZipFile(path) as archive:
                optimizer = json.loads(_read(archive, "config.json", path))["compile_config"]["optimizer"]
        else:
            with h5py.File(path, "r") as stored:
                training = stored.attrs.get("training_config")
            optimizer = json.loads(training)["optimizer_config"] if training is not None else {"config": {}}
        while "inner_optimizer" in optimizer["config"]:
            optimizer = optimizer["config"]["inner_optimizer"]
        return optimizer.get("class_name"), dict(optimizer["config"])
    except (OSError, *_DAMAGE) as error:
        raise LrspecError(f"{path}: the file is damaged, or has no optimizer's config: {error!r}") from None


def load_hdf5(path: Path) -> tuple[int, int | None]:
    """Return the counter of a `.weights.h5` or `.h5` file, and the micro-batches per update where it says them.

    Raises:
        UnsupportedError: The file holds no optimizer.
        LrspecError: The file is damaged.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        return _stored(file, path)


def _read(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """Return a member of an archive; raise `LrspecError` where it is large, or packed as Keras does not."""
    member = archive.getinfo(name)
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise LrspecError(f"{path}: {name} in it is compressed in a way that Keras has not")
    if member.file_size > _LARGEST:
        raise LrspecError(f"{path}: {name} in it is larger than {_LARGEST} bytes")
    return archive.read(member)


def _innermost(optimizer: dict[str, Any]) -> dict[str, Any]:
    """Return the config of an optimizer, the inner one's of a loss scale."""
    while "inner_optimizer" in optimizer:
        optimizer = optimizer["inner_optimizer"]["config"]
    return optimizer


def _accumulation(optimizer: dict[str, Any]) -> int:
    """Return the micro-batches per update."""
    return _same(_positive(one.get("gradient_accumulation_steps") or 1) for one in _parts(optimizer))


def _told(optimizer: dict[str, Any]) -> int | None:
    """Return the micro-batches per update that a schedule of lrspec was told, or None where the rate is none of it."""
    return _same(_told_one(one) for one in _parts(optimizer))


def _parts(optimizer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the configs of the optimizers that take a rate: the innermost one's, or each one's of a `MultiOptimizer`.

    Raises:
        UnsupportedError: The config does not show the optimizers.
    """
    optimizer = _innermost(optimizer)
    if "optimizer_map" not in optimizer:
        return [optimizer]
    inside = optimizer["optimizer_map"]["config"]
    if not isinstance(inside, dict):
        reason = "a function chooses its optimizers, which the file does not show; load the model, and give it"
        raise UnsupportedError("keras", "MultiOptimizer", reason)
    return [one["config"] for one in (*inside["optimizer_map"].values(), inside["default_optimizer"])]


def _same(counts: Iterable[_Count]) -> _Count:
    """Return what all optimizers of a file have in common, each of which counts micro-batches.

    Raises:
        UnsupportedError: They have not.
    """
    first, *others = dict.fromkeys(counts)
    if others:
        raise UnsupportedError("keras", "MultiOptimizer", "its optimizers take different numbers of batches per update")
    return first


def _told_one(optimizer: dict[str, Any]) -> int | None:
    rate = optimizer.get("learning_rate")
    if not isinstance(rate, dict) or "lrspec" not in str(rate.get("registered_name")):
        return None
    return _positive(rate["config"].get("gradient_accumulation_steps", 1))


def _positive(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"gradient_accumulation_steps={value!r}")
    return value


def _stored(file: Any, path: Path) -> tuple[int, int | None]:
    import h5py

    try:
        with h5py.File(file, "r") as stored:
            name, accumulation = _place(stored)
            if name is None:
                reason = "it holds no optimizer; save the whole model, or the weights of a compiled one"
                raise UnsupportedError("keras", path.name, reason)
            variable = _within(stored, name)
            if variable.shape != () or variable.dtype.kind not in "iu" or variable.external or variable.is_virtual:
                raise LrspecError(f"{path}: {name} is no counter")
            return int(variable[()]), accumulation
    except (OSError, *_DAMAGE) as error:
        raise LrspecError(f"{path}: the file is damaged or cut short: {error}") from None


def _within(stored: Any, name: str) -> Any:
    """Return what stands in the file itself, and not behind a link; raise `LookupError` where nothing does."""
    import h5py

    for part in name.split("/"):
        if not isinstance(stored.get(part, getlink=True), h5py.HardLink):
            raise LookupError(f"{part} of {name} is a link")  # noqa: TRY004 - of damage
        stored = stored[part]
    return stored


def _place(stored: Any) -> tuple[str | None, int | None]:
    """Return where the counter stands, and the micro-batches per update, each None where the file has none."""
    for name in _VARIABLES:
        if name in stored:
            return name, None
    training = stored.attrs.get("training_config")  # a whole model in one HDF5 file
    if training is None or "optimizer_weights" not in stored:
        return None, None
    optimizer = json.loads(training)["optimizer_config"]["config"]
    return f"optimizer_weights/{_innermost(optimizer)['name']}/iteration", _accumulation(optimizer)
