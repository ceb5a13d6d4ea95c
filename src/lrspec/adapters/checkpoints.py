"""Checkpoints on disk, read as plain trees for `lrspec.position`: no file is given the chance to execute anything."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

from lrspec.errors import LrspecError, UnsupportedError


def read(path: Path) -> Any:
    """Return what a checkpoint holds, as far as it counts updates.

    Args:
        path: A file of PyTorch (`.pt`, `.pth`, `.bin`, `.ckpt`), of Keras (`.keras`, `.weights.h5`) or of Flax
            (`.msgpack`); or a folder of transformers' Trainer or of Orbax.

    Raises:
        UnsupportedError: Another kind of file, or one that only an unpickler could read.
        LrspecError: The file is damaged.
        FileNotFoundError: There is none.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    if path.is_dir():
        if (path / "trainer_state.json").exists():
            return _of_trainer(path)
        return _of_orbax(path)
    name = path.name.lower()
    if name.endswith((".pt", ".pth", ".bin", ".ckpt")):
        return _of_torch(path)
    if name.endswith(".keras"):
        return _of_keras(path)
    if name.endswith((".weights.h5", ".h5")):
        return {"iterations": _iterations(path, path.read_bytes())}
    if name.endswith(".msgpack"):
        return _of_flax(path)
    expected = "expected .pt, .pth, .bin, .ckpt, .keras, .weights.h5 or .msgpack, or a folder"
    raise UnsupportedError("checkpoint", str(path), f"a file of no kind that is known here: {expected}")


def _of_torch(path: Path) -> Any:
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        whole = "" if zipfile.is_zipfile(path) else "the file is damaged, or "
        reason = (
            f"{whole}it holds objects that only unpickling could restore, which executes what is in the file. Load it "
            "yourself where you trust it, and give the loaded object, or save the state dicts alone"
        )
        raise UnsupportedError("torch", str(path), reason) from error
    except (RuntimeError, EOFError, ValueError, OSError) as error:
        raise LrspecError(f"{path}: a damaged file of PyTorch: {error}") from error


def _of_trainer(path: Path) -> dict[str, Any]:
    try:
        state = json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise LrspecError(f"{path / 'trainer_state.json'}: no JSON: {error}") from error
    found: dict[str, Any] = {"global_step": state.get("global_step")}
    for name in ("scheduler", "optimizer"):
        if (path / f"{name}.pt").exists():
            found[name] = _of_torch(path / f"{name}.pt")
    return found


def _of_keras(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            weights = archive.read("model.weights.h5")
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise LrspecError(f"{path}: a damaged file of Keras: {error}") from error
    optimizer = (config.get("compile_config") or {}).get("optimizer") or {}
    inner = optimizer.get("config", {})
    inner = inner.get("inner_optimizer", {}).get("config", inner)
    return {"iterations": _iterations(path, weights) // (inner.get("gradient_accumulation_steps") or 1)}


def _iterations(path: Path, content: bytes) -> int:
    """Return the first variable of the optimizer in a file of weights: in batches, where gradients are accumulated."""
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as weights:
            for group in ("optimizer/inner_optimizer/vars/0", "optimizer/vars/0"):
                if group in weights:
                    return int(weights[group][()])
    except OSError as error:
        raise LrspecError(f"{path}: a damaged file of weights: {error}") from error
    raise LrspecError(f"{path}: no optimizer in it: expected a model that was compiled, and trained")


def _of_flax(path: Path) -> Any:
    from flax.serialization import msgpack_restore

    try:
        return msgpack_restore(path.read_bytes())
    except ValueError as error:
        raise LrspecError(f"{path}: a damaged file of Flax: {error}") from error


def _of_orbax(path: Path) -> Any:
    import orbax.checkpoint

    if not any((path / name).exists() for name in ("_METADATA", "_CHECKPOINT_METADATA", "checkpoint")):
        raise UnsupportedError(
            "checkpoint", str(path), "a folder of no kind that is known here: expected one of transformers or Orbax"
        )
    with orbax.checkpoint.StandardCheckpointer() as checkpointer:
        return checkpointer.restore(path.absolute())
