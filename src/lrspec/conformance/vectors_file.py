"""The files of vectors: which there are, and what is in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from lrspec.document import from_dict, loads
from lrspec.errors import LrspecError
from lrspec.kinds import Constant
from lrspec.program import Program
from lrspec.reports import digest_of_bytes
from lrspec.spec import Node
from lrspec.views.timeline import schedules

FOLDER = Path(__file__).with_name("vectors")
"""Where the vectors are: a folder for each group, and a file for each subject."""
Steps = np.ndarray[Any, np.dtype[np.int64]]
Bits = np.ndarray[Any, np.dtype[np.uint32]]


@dataclass(frozen=True)
class Vector:
    """One vector: the data of its file, and what it says.

    Args:
        data: The vector as it stands in the file.
    """

    data: dict[str, Any]

    @property
    def id(self) -> str:
        """Its name: that of its file, and a word."""
        return str(self.data["id"])

    @property
    def flags(self) -> list[str]:
        """What it shows, in the words of `vectors/flags.json`."""
        return list(self.data["flags"])

    @property
    def is_refused(self) -> bool:
        """Whether it must be refused; then it has no values."""
        return "refused_by" in self.data

    @cached_property
    def points(self) -> tuple[Steps, Bits]:
        """The steps and the bits there, without those that the formula leaves open."""
        steps = [step + i for step, digits in self.data["points"] for i in range(len(digits) // 8)]
        digits = "".join(digits for _, digits in self.data["points"])
        return np.array(steps, np.int64), np.frombuffer(bytes.fromhex(digits), ">u4").astype(np.uint32)

    @cached_property
    def either(self) -> dict[int, tuple[int, int]]:
        """The two bits that are right at the steps where the formula leaves it open."""
        return {step: (int(low, 16), int(high, 16)) for step, low, high in self.data.get("either", ())}

    @cached_property
    def node(self) -> Node:
        """The schedule, not compiled yet; of a program without a document a constant that stands for it."""
        if "document" not in self.data:
            return Constant(value=1.0)
        return schedules(from_dict(self.data["document"]))[self.data.get("quantity", "learning_rate")]

    @cached_property
    def program(self) -> Program:
        """The program of the vector where it has one, and else what its document compiles to."""
        if "program" in self.data:
            return Program.from_bytes(bytes.fromhex(self.data["program"]))
        return self.node.program

    def schedule(self, program: Program) -> Node:
        """Return the schedule with a program given to it, as an adapter takes it."""
        node = self.node
        node.__dict__["program"] = program
        return node

    def refused_at(self) -> str:
        """Return what refuses it, `evaluator`, `reader` or `compiler`, or nothing where nothing does."""
        stage = "evaluator"
        try:
            if "program" in self.data:
                Program.from_bytes(bytes.fromhex(self.data["program"]))
                return ""
            stage = "reader"
            document = loads(self.data["text"] if "text" in self.data else json.dumps(self.data["document"]))
            stage = "compiler"
            _ = document.program
        except LrspecError:
            return stage
        return ""


@dataclass(frozen=True)
class VectorFile:
    """One file of vectors, by its name, such as `kinds/linear`."""

    name: str

    @cached_property
    def content(self) -> bytes:
        """The bytes of the file."""
        return (FOLDER / f"{self.name}.json").read_bytes()

    @cached_property
    def fingerprint(self) -> str:
        """`sha256:` and the SHA-256 of the file, which tells whether two environments ran the same vectors."""
        return f"sha256:{digest_of_bytes(self.content)}"

    @cached_property
    def vectors(self) -> tuple[Vector, ...]:
        """The vectors."""
        return tuple(Vector(data) for data in json.loads(self.content)["vectors"])


def files(kinds: Sequence[str] = ()) -> list[VectorFile]:
    """Return the files of vectors, or those named: `kinds/linear`, `linear`, or a folder such as `presets`.

    Raises:
        LrspecError: There is none of that name.

    Example:
        >>> [file.name for file in files(["linear"])]
        ['kinds/linear']
    """
    names = sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.glob("*/*.json"))
    for kind in kinds:
        if not any(kind in _names(name) for name in names):
            raise LrspecError(
                f"kind: found {kind!r}, expected one of {', '.join(names)}, or the last part or folder of one"
            )
    return [VectorFile(name) for name in names if not kinds or any(kind in _names(name) for kind in kinds)]


def _names(name: str) -> tuple[str, str, str]:
    folder, _, last = name.partition("/")
    return name, folder, last
