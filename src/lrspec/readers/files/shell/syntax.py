"""The statements of a bash script, as far as launch scripts use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Characters as they stand."""

    text: str
    line: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """`$X`, `${X}`, `${X[@]}`, `${X:-default}`; an operator that is not read is "..."."""

    name: str
    line: int
    quoted: bool
    index: str = ""
    operator: str = ""
    operand: Word = ()


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`$((...))`."""

    text: str
    line: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Substitution:
    """What a command prints, `$(...)`: never known."""

    text: str
    line: int
    quoted: bool


Part: TypeAlias = Text | Variable | Arithmetic | Substitution
Word: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`X=...`, `X+=...`, `X=(...)`; the value of an array is a tuple of words."""

    name: str
    line: int
    append: bool
    index: str | None
    scalar: Word
    array: tuple[Word, ...] | None


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command: assignments, words, or both."""

    line: int
    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """`a && b || c`: each with the operator before it."""

    line: int
    parts: tuple[tuple[str, Statement], ...]


@dataclass(frozen=True, slots=True)
class Pipe:
    """`a | b`."""

    parts: Body


@dataclass(frozen=True, slots=True)
class Choice:
    """`if`: conditions with what is done; that of `else` is empty."""

    line: int
    branches: tuple[tuple[Body, Body], ...]


@dataclass(frozen=True, slots=True)
class Cases:
    """`case`: patterns with what is done."""

    line: int
    subject: Word
    branches: tuple[tuple[tuple[Word, ...], Body], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """`for`, `while`, `until`."""

    line: int
    name: str
    words: tuple[Word, ...]
    condition: Body
    body: Body


@dataclass(frozen=True, slots=True)
class Group:
    """`{ ... }`, or `( ... )`, whose variables are its own."""

    body: Body
    own: bool


@dataclass(frozen=True, slots=True)
class Function:
    """`name() { ... }`."""

    name: str
    body: Body


Statement: TypeAlias = Command | Chain | Pipe | Choice | Cases | Loop | Group | Function
Body: TypeAlias = tuple[Statement, ...]


def plain(word: Word) -> str | None:
    """Return the characters of a word that has nothing else."""
    return (
        "".join(part.text for part in word if isinstance(part, Text))
        if all(isinstance(p, Text) for p in word)
        else None
    )
