"""PyTorch's files, read as data: tensors, numbers, texts and containers, and never code."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import Any

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
    struct.error,
)
"""What torch raises for a file that is cut short or of something else."""


def load(path: Path) -> Any:
    """Return what `torch.save` wrote, with `weights_only=True` and on the CPU.

    Raises:
        UnsupportedError: Reading it would run code, or might: PyTorch before 2.6 can be made to (CVE-2025-32434).
        LrspecError: The file is damaged.
        OSError: The file cannot be read.
    """
    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6):
        reason = "weights_only=True does not keep code from running before PyTorch 2.6 (CVE-2025-32434); use that"
        raise UnsupportedError("torch", f"{path.name} in PyTorch {torch.__version__}", reason)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zip(path))
    except pickle.UnpicklingError as error:
        reason = (
            f"reading it would need more than data: {_what(str(error))}. Where you trust its origin, read it yourself, "
            "and save the state_dict() of the optimizer and the scheduler to a file of their own"
        )
        raise UnsupportedError("torch", path.name, reason) from None
    except _DAMAGE as error:
        raise LrspecError(f"{path}: the file is damaged, cut short, or not of torch: {_first_line(error)}") from None


def _is_zip(path: Path) -> bool:
    """Tell whether the file can be mapped instead of read, so that weights of gigabytes stay where they are."""
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _what(message: str) -> str:
    """Return the line of torch's message that names what it refused."""
    lines = [line.strip() for line in message.splitlines() if "GLOBAL" in line or "nsupported" in line]
    return lines[0].rstrip(".") if lines else message.splitlines()[0].rstrip(".")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
