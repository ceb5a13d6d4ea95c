"""Files and folders: whose they are by their names and first bytes, and the counters in them."""

from __future__ import annotations

import json
import re
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lrspec.errors import LrspecError, UnsupportedError
from lrspec.positions import keras, optax, torch
from lrspec.positions.counters import Counter, Found

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
_ORBAX = ("_CHECKPOINT_METADATA", "_METADATA", "manifest.ocdbt")
_DCP = ".metadata"
_DCP_VALUES = frozenset(
    {"step", "k", "last_epoch", "_step_count", "_last_lr", "fingerprint", "every", "patience", *torch.LOOP_COUNTERS}
)
_DEEPSPEED = re.compile(r"(mp_rank_\d+|zero_pp_rank_0_mp_rank_\d+)_model_states\.pt")
_LARGEST_JSON = 2**26
_HUGGING_FACE = {"scheduler": ("scheduler.pt", "scheduler.bin"), "optimizer": ("optimizer.pt", "optimizer.bin")}


def read(path: Path, accumulation: int | None) -> Found:
    """Return the counters of a file or folder.

    Args:
        path: The file or folder.
        accumulation: Micro-batches per update, for a weights file of Keras.

    Raises:
        UnsupportedError: It is of a kind that has no counter, or that is not known here.
        LrspecError: It is damaged.
        OSError: It cannot be read.
    """
    kind = _kind(path)
    if accumulation is not None and kind != "hdf5":
        raise LrspecError("gradient_accumulation_steps is for a weights file of Keras, which does not say it itself")
    with _installed(kind, path):
        return _read(path, kind, accumulation)


@contextmanager
def _installed(kind: str, path: Path) -> Iterator[None]:
    """Turn the error of a package that is missing into one that names it."""
    try:
        yield
    except ModuleNotFoundError as error:
        reason = f"reading it needs the package {error.name}, which is not installed"
        raise UnsupportedError(kind, path.name, reason) from None


def contents(path: Path) -> tuple[str, Any]:
    """Return what a checkpoint holds beside its counters, and of whom it is.

    Returns:
        `torch` and the data of the file or folder, `keras` and its optimizer's name and config, or `optax` and None.
    """
    kind = _kind(path)
    with _installed(kind, path):
        return _contents(path, kind)


def _contents(path: Path, kind: str) -> tuple[str, Any]:
    if kind == "folder":
        names = {entry.name for entry in path.iterdir()}
        is_orbax = bool(names & set(_ORBAX)) or (path / "default").is_dir()
        return ("optax", None) if is_orbax else ("torch", _folder_data(path, names))
    if kind == "torch":
        from lrspec.adapters import checkpoint_torch

        return kind, checkpoint_torch.load(path)
    if kind == "msgpack":
        return "optax", None
    from lrspec.adapters import checkpoint_keras

    return "keras", checkpoint_keras.optimizer_of(path, is_zip=kind == "keras")


def _folder_data(path: Path, names: set[str]) -> Any:
    """Return the data of a folder that PyTorch's clients write: its optimizers' and schedulers'."""
    from lrspec.adapters import checkpoint_dcp, checkpoint_torch

    shards = sorted(name for name in names if name.startswith("optimizer") and (path / name / _DCP).is_file())
    if _DCP in names or shards:
        return [checkpoint_dcp.load(part, _is_wanted) for part in ([path / name for name in shards] or [path])]
    states = sorted(name for name in names if _DEEPSPEED.fullmatch(name))[:1]
    known = [name for both in reversed(_HUGGING_FACE.values()) for name in both if name in names]
    return [checkpoint_torch.load(path / name) for name in states or known]


def _read(path: Path, kind: str, accumulation: int | None) -> Found:
    if kind == "folder":
        return _folder(path)
    if kind == "torch":
        return _torch(path)
    if kind == "msgpack":
        from lrspec.adapters import checkpoint_msgpack

        return optax.counters(checkpoint_msgpack.load(path))
    from lrspec.adapters import checkpoint_keras

    if kind == "keras":
        return keras.of_count(*checkpoint_keras.load_keras(path))
    raw, known = checkpoint_keras.load_hdf5(path)
    if None not in (known, accumulation) and known != accumulation:
        raise LrspecError(f"gradient_accumulation_steps={accumulation}: the file says {known}")
    return keras.of_count(raw, known or accumulation)


def _kind(path: Path) -> str:
    """Return `folder`, `torch`, `keras`, `hdf5` or `msgpack`."""
    try:
        kind = path.stat().st_mode
    except ValueError as error:  # a name that no file can have
        raise LrspecError(f"{str(path)!r}: expected the path of a file or folder: {error}") from None
    if stat.S_ISDIR(kind):
        return "folder"
    if not stat.S_ISREG(kind):
        raise UnsupportedError("lrspec", path.name, "it is neither a file nor a folder")
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(_HDF5):
        return "hdf5"
    if start.startswith(_ZIP):
        return _zip_kind(path)
    if _HDF5.startswith(start) or _ZIP.startswith(start):
        raise LrspecError(f"{path}: the file is cut short, or empty")
    if path.suffix == ".msgpack" or 0x81 <= start[0] <= 0x8F or start[0] in (0xDE, 0xDF):
        return "msgpack"
    if start.startswith(_PICKLE):
        return "torch"
    if start[8:9] == b"{":
        raise UnsupportedError("safetensors", path.name, "it holds weights alone; read the optimizer's checkpoint")
    known = "torch.save, .keras, .weights.h5, .h5, msgpack, or a folder of Orbax, Transformers or Accelerate"
    raise UnsupportedError("checkpoint", path.name, f"its first bytes are of no checkpoint known here: {known}")


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, RuntimeError, LookupError, OverflowError, EOFError, struct.error) as error:
        raise LrspecError(f"{path}: the file is damaged or cut short: {error}") from None
    if "config.json" in names:
        return "keras"
    if any(name.endswith("/data.pkl") for name in names):
        return "torch"
    raise UnsupportedError("checkpoint", path.name, "a zip file that neither torch nor Keras wrote")


def _torch(path: Path) -> Found:
    from lrspec.adapters import checkpoint_torch

    found = checkpoint_torch.load(path)
    if not torch.is_state(found) and not (isinstance(found, Mapping) and "global_step" in found):
        names = (
            ", ".join(f"{key!r:.80}" for key in list(found)[:5]) if isinstance(found, Mapping) else type(found).__name__
        )
        reason = f"no state of an optimizer or scheduler in it, only {names}; save optimizer.state_dict() too"
        raise UnsupportedError("torch", path.name, reason)
    return torch.of_state(found)


def _folder(path: Path) -> Found:
    names = {entry.name for entry in path.iterdir()}
    if "trainer_state.json" in names or names & {name for both in _HUGGING_FACE.values() for name in both}:
        return _hugging_face(path, names)
    if _DCP in names:
        return _dcp(path, names)
    if names & set(_ORBAX) or (path / "default").is_dir():
        return _orbax(path)
    if states := sorted(name for name in names if _DEEPSPEED.fullmatch(name)):
        return _torch(path / states[0])
    steps = sorted(name for name in names if name.startswith(("checkpoint-", "global_step")) or name.isdecimal())
    if steps:
        raise UnsupportedError(
            "checkpoint", path.name, f"a folder of checkpoints; give one of them: {', '.join(steps)}"
        )
    raise UnsupportedError("checkpoint", path.name, "a folder that holds no checkpoint known here")


def _hugging_face(path: Path, names: set[str]) -> Found:
    """Read a checkpoint of Trainer or Accelerate; `training_args.bin`, which is code, is left alone."""
    counters: list[Counter] = []
    if "trainer_state.json" in names:
        step = _trainer_step(path / "trainer_state.json")
        counters.append(Counter("trainer_state.global_step", step, "updates, as the Trainer counts them"))
    from lrspec.adapters import checkpoint_torch

    for part, files in _HUGGING_FACE.items():
        for name in files:
            if name in names:
                state = checkpoint_torch.load(path / name)
                if torch.is_state(state) and (part == "scheduler" or torch.has_count(state)):
                    counters += torch.of_state(state, part).counters
    for name in sorted(names):
        if name.startswith("optimizer") and (path / name / _DCP).is_file():  # of a model in shards
            counters += _dcp_counters(path / name, name)
    if not counters:
        reason = "no trainer_state.json, no scheduler, and an optimizer that keeps no count of its updates, as SGD"
        raise UnsupportedError("transformers", path.name, reason)
    return Found(counters)


def _trainer_step(path: Path) -> int:
    if path.stat().st_size > _LARGEST_JSON:
        raise LrspecError(
            f"{path}: the file is larger than {_LARGEST_JSON} bytes; give scheduler.pt or optimizer.pt alone"
        )
    try:
        state: Any = json.loads(path.read_text(encoding="utf-8"))
        step = state["global_step"]
    except (ValueError, KeyError, TypeError) as error:
        raise LrspecError(f"{path}: the file is damaged: {error!r}") from None
    if not isinstance(step, int) or isinstance(step, bool) or step < 0:
        raise LrspecError(f"{path}: found global_step {step!r:.80}, expected an integer from 0")
    return step


def _dcp(path: Path, names: set[str]) -> Found:
    """Read a folder of torch.distributed.checkpoint, with what Lightning writes beside it."""
    counters = list(_dcp_counters(path, "optimizer"))
    if "meta.pt" in names:
        counters += _torch(path / "meta.pt").counters
    if not counters:
        reason = "it holds no count of updates: no scheduler, and an optimizer that keeps none, as SGD"
        raise UnsupportedError("torch", path.name, reason)
    return Found(counters)


def _dcp_counters(path: Path, part: str) -> Iterator[Counter]:
    from lrspec.adapters import checkpoint_dcp

    state = checkpoint_dcp.load(path, _is_wanted)
    if torch.is_state(state) or any(name in state for name in torch.LOOP_COUNTERS):
        yield from torch.counters_of(state, part)


def _is_wanted(keys: tuple[Any, ...]) -> bool:
    """Tell whether a value of a checkpoint is a count, or tells what one counts."""
    parts = str(keys[-1]).split(".") if len(keys) <= 2 else [str(key) for key in keys]
    return parts[-1] in _DCP_VALUES or "param_groups" in {str(key) for key in (*keys, parts[0])}


def _orbax(path: Path) -> Found:
    """Read a checkpoint, or the one item of a step of a CheckpointManager, whose number is a counter too."""
    from lrspec.adapters import checkpoint_orbax

    item = path if (path / "_METADATA").exists() else path / "default"
    if not item.is_dir():
        items = sorted(entry.name for entry in path.iterdir() if (entry / "_METADATA").exists())
        if len(items) != 1:
            reason = (
                f"a step with the items {', '.join(items) or 'none'}; give the folder of the one with the optimizer"
            )
            raise UnsupportedError("orbax", path.name, reason)
        item = path / items[0]
    found = optax.counters(checkpoint_orbax.load(item, optax.NAMES))
    saved = path if item != path else path.parent if path.parent.name.isdecimal() else None
    if saved is None or not saved.name.isdecimal():
        return found
    folder = Counter("folder", int(saved.name), "the step that the checkpoint was saved under", is_updates=False)
    return Found([*found.counters, folder], found.doubt)
