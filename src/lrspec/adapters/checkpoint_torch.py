"""PyTorch's files, read as data: tensors, numbers, texts and containers, and never code."""

from __future__ import annotations

import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import torch

from lrspec.errors import LrspecError, UnsupportedError

_DAMAGE = (
    RuntimeError,
    EOFError,
    LookupError,
    ValueError,
    OverflowError,
    AttributeError,
    TypeError,
    AssertionError,
    MemoryError,
    struct.error,
)
"""What torch raises for a file that is cut short or of something else."""
_ZIP_DAMAGE = (zipfile.BadZipFile, ValueError, RuntimeError, LookupError, OverflowError, EOFError, struct.error)
_LARGEST_DATA = 2**26
"""What a file says beside its weights takes some hundred bytes for each."""


def load(path: Path) -> Any:
    """Return what `torch.save` wrote, with `weights_only=True` and on the CPU.

    Raises:
        UnsupportedError: Reading it would run code, or might: PyTorch before 2.6 can be made to (CVE-2025-32434).
        LrspecError: The file is damaged.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        is_zip = _is_zip(file)
        if is_zip:
            _check_members(file, path)
        # a path can be mapped, so that weights of gigabytes stay where they are; of some names torch thinks otherwise
        return _load(path if is_zip and path.suffix != ".safetensors" else file, path, mmap=is_zip)


def load_from(file: BinaryIO, path: Path) -> Any:
    """Return what `torch.save` wrote into a part of a file, whose path the errors name; they are those of `load`."""
    if _is_zip(file):
        _check_members(file, path)
    return _load(file, path, mmap=False)


def _load(source: Path | BinaryIO, path: Path, *, mmap: bool) -> Any:
    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6):
        reason = "weights_only=True does not keep code from running before PyTorch 2.6 (CVE-2025-32434); use that"
        raise UnsupportedError("torch", f"{path.name} in PyTorch {torch.__version__}", reason)
    try:
        return torch.load(source, map_location="cpu", weights_only=True, mmap=mmap and isinstance(source, Path))
    except pickle.UnpicklingError as error:
        reason = (
            f"reading it would need more than data: {_what(str(error))}. Where you trust its origin, read it yourself, "
            "and save the state_dict() of the optimizer and the scheduler to a file of their own"
        )
        raise UnsupportedError("torch", path.name, reason) from None
    except _DAMAGE as error:
        raise LrspecError(f"{path}: the file is damaged, cut short, or not of torch: {_first_line(error)}") from None


def _check_members(file: BinaryIO, path: Path) -> None:
    """Refuse what torch never writes and would unpack to any size: compressed members, and data that is no weight."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except _ZIP_DAMAGE as error:
        raise LrspecError(f"{path}: the file is damaged or cut short: {error!r}") from None
    file.seek(0)
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise LrspecError(f"{path}: {member.filename!r:.80} in it is compressed, as torch.save leaves none")
        if member.filename.endswith("data.pkl") and member.file_size > _LARGEST_DATA:
            raise LrspecError(f"{path}: {member.filename!r:.80} in it is larger than {_LARGEST_DATA} bytes")


def _is_zip(file: BinaryIO) -> bool:
    """Tell whether a file is a zip, which can be mapped instead of read."""
    start = file.read(2)
    file.seek(0)
    return start == b"PK"


def _what(message: str) -> str:
    """Return the line of torch's message that names what it refused."""
    lines = [line.strip() for line in message.splitlines() if "GLOBAL" in line or "nsupported" in line]
    return lines[0].rstrip(".") if lines else message.splitlines()[0].rstrip(".")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
