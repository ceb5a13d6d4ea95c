"""The statements of a bash script, as far as launch scripts use it."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Text(NamedTuple):
    """Characters as they stand."""

    text: str
    line: int
    quoted: bool = False


class Variable(NamedTuple):
    """`$X`, `${X}`, `${X[@]}`, `${X:-default}`; an operator that is not read is "..."."""

    name: str
    line: int
    quoted: bool
    item: str = ""
    operator: str = ""
    operand: Word = ()


class Arithmetic(NamedTuple):
    """`$((...))`."""

    text: str
    line: int
    quoted: bool


class Substitution(NamedTuple):
    """What a command prints, `$(...)`: never known."""

    text: str
    line: int
    quoted: bool


Part: TypeAlias = Text | Variable | Arithmetic | Substitution
Word: TypeAlias = tuple[Part, ...]


class Assignment(NamedTuple):
    """`X=...`, `X+=...`, `X=(...)`; the value of an array is a tuple of words."""

    name: str
    line: int
    append: bool
    item: str | None
    scalar: Word
    array: tuple[Word, ...] | None


class Command(NamedTuple):
    """A simple command: assignments, words, or both."""

    line: int
    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]


class Chain(NamedTuple):
    """`a && b || c`: each with the operator before it."""

    line: int
    parts: tuple[tuple[str, Statement], ...]


class Pipe(NamedTuple):
    """`a | b`."""

    parts: Body


class Choice(NamedTuple):
    """`if`: conditions with what is done; that of `else` is empty."""

    line: int
    branches: tuple[tuple[Body, Body], ...]


class Cases(NamedTuple):
    """`case`: patterns with what is done."""

    line: int
    subject: Word
    branches: tuple[tuple[tuple[Word, ...], Body], ...]


class Loop(NamedTuple):
    """`for`, `while`, `until`."""

    line: int
    name: str
    words: tuple[Word, ...]
    condition: Body
    body: Body


class Group(NamedTuple):
    """`{ ... }`, or `( ... )`, whose variables are its own."""

    body: Body
    own: bool


class Function(NamedTuple):
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
