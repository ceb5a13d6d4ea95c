"""Folders of torch.distributed.checkpoint: the small values alone, so that weights of any size stay on disk.

Their `.metadata` is a pickle. It is read as a list of opcodes, and a class that it names makes a record here, whatever
its name: nothing in it is imported, called or executed.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lrspec.adapters import checkpoint_torch
from lrspec.errors import LrspecError

_LARGEST_METADATA = 2**27
_MOST_OPCODES = 10**7
_LARGEST_VALUE = 2**20
_MARK = object()


class Record:
    """What stands for an object in a pickle: the name of its class, what it was made from, and its attributes."""

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name = name
        self.arguments = arguments
        self.attributes: dict[Any, Any] = {}

    def __hash__(self) -> int:
        return id(self)


def load(path: Path, is_wanted: Any) -> dict[Any, Any]:
    """Return the tree of a checkpoint, with the values that are wanted alone.

    Args:
        path: The folder.
        is_wanted: Takes the path of a value in the tree, a tuple of keys, and tells whether it is read.

    Raises:
        UnsupportedError: A value holds more than data.
        LrspecError: The checkpoint is damaged, or its metadata too large to read.
        OSError: A file cannot be read.
    """
    metadata = _unpickled(path / ".metadata")
    try:
        places = _places(metadata)
        paths = {key: tuple(keys) for key, keys in (metadata.attributes.get("planner_data") or {}).items()}
        tree: dict[Any, Any] = {}
        for name, (file, offset, length) in places.items():
            keys = paths.get(name, (name,))
            if length <= _LARGEST_VALUE and is_wanted(keys):
                _put(tree, keys, _value(path, file, offset, length))
    except (AttributeError, TypeError, ValueError, LookupError) as error:
        raise LrspecError(f"{path / '.metadata'}: the file is damaged, or of another form: {error!r}") from None
    return tree


def _places(metadata: Record) -> dict[str, tuple[str, int, int]]:
    """Return where the first chunk of each value stands: its file, its offset, its length."""
    places: dict[str, tuple[str, int, int]] = {}
    for index, place in metadata.attributes["storage_data"].items():
        at = place.attributes
        file, offset, length = at["relative_path"], at["offset"], at["length"]
        if not isinstance(file, str) or type(offset) is not int or type(length) is not int or min(offset, length) < 0:
            raise ValueError(f"{offset!r:.80} and {length!r:.80} in {file!r:.80}")
        places.setdefault(str(index.attributes["fqn"]), (file, offset, length))
    return places


def _value(folder: Path, file: str, offset: int, length: int) -> Any:
    """Return one value: what `torch.save` wrote, in a part of a file of this folder."""
    if Path(file).name != file or file in {"", ".", ".."}:
        raise LrspecError(f"{folder / '.metadata'}: found {file!r:.80}, expected the name of a file beside it")
    with (folder / file).open("rb") as opened:
        opened.seek(offset)
        content = opened.read(length)
    if len(content) != length:
        raise LrspecError(f"{folder / file}: the file is cut short")
    return checkpoint_torch.load_from(io.BytesIO(content), folder / file)


def _put(tree: dict[Any, Any], keys: tuple[Any, ...], value: Any) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = value


def _unpickled(path: Path) -> Record:
    """Return the object of a pickle, as records; raise `LrspecError` for a file that is none, or too large."""
    if path.stat().st_size > _LARGEST_METADATA:
        raise LrspecError(f"{path}: the file is larger than {_LARGEST_METADATA} bytes")
    content = path.read_bytes()
    try:
        found = _run(pickletools.genops(content))
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        raise LrspecError(f"{path}: the file is damaged, or holds more than data: {error!r:.300}") from None
    if not isinstance(found, Record):
        raise LrspecError(f"{path}: the file is damaged: it holds a {type(found).__name__}")
    return found


def _run(opcodes: Iterator[Any]) -> Any:
    """Return what a pickle's opcodes make of containers, texts, numbers and records."""
    stack: list[Any] = []
    memo: list[Any] = []
    for count, (opcode, argument, _) in enumerate(opcodes):
        if count > _MOST_OPCODES:
            raise ValueError("too many opcodes")
        name = opcode.name
        if name == "STOP":
            return stack.pop()
        if name == "MEMOIZE":
            memo.append(stack[-1])
        elif name in {"BINGET", "LONG_BINGET"}:
            stack.append(memo[argument])
        elif name in _VALUES:
            stack.append(argument)
        elif name in _MADE:
            stack.append(_MADE[name]())
        elif name not in {"PROTO", "FRAME"}:
            _change(stack, name)
    raise ValueError("no end")


_VALUES = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
_MADE: dict[str, Any] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "MARK": lambda: _MARK,
}


def _change(stack: list[Any], name: str) -> None:
    """Do one opcode that takes something from the stack."""
    if name in {"TUPLE", "APPENDS", "SETITEMS"}:
        parts = _above_mark(stack)
        if name == "TUPLE":
            stack.append(tuple(parts))
        elif name == "APPENDS":
            stack[-1].extend(parts)
        else:
            stack[-1].update(zip(parts[::2], parts[1::2], strict=True))
        return
    last = stack.pop()
    if name in {"TUPLE1", "TUPLE2", "TUPLE3"}:
        before = [stack.pop() for _ in range(int(name[-1]) - 1)]
        stack.append((*reversed(before), last))
    elif name == "APPEND":
        stack[-1].append(last)
    elif name == "SETITEM":
        key = stack.pop()
        stack[-1][key] = last
    elif name == "STACK_GLOBAL":
        stack.append(Record(f"{stack.pop()}.{last}", ()))
    elif name in {"NEWOBJ", "REDUCE"}:
        stack.append(Record(stack.pop().name, last))
    elif name == "BUILD":
        state = last[0] if isinstance(last, tuple) and last and isinstance(last[0], Mapping) else last
        stack[-1].attributes.update(state if isinstance(state, Mapping) else {})
    else:
        raise ValueError(f"opcode {name}")


def _above_mark(stack: list[Any]) -> list[Any]:
    parts = []
    while (part := stack.pop()) is not _MARK:
        parts.append(part)
    return parts[::-1]
