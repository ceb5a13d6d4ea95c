"""What the variables of a shell script hold: text, what is not known, and what differs by path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias, TypeVar

from lrspec.errors import UnsupportedError

_T = TypeVar("_T")
_LARGEST = 1 << 18
_BLANKS = re.compile("[ \\t\\n]+")


@dataclass(frozen=True, slots=True)
class Known:
    """Text, and the line where it stands; `note` says what was taken for granted."""

    text: str
    line: int = field(default=0, compare=False)
    note: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """What only the run knows; `many` where it may stand for any number of words, `unset` where nothing sets it."""

    line: int = field(compare=False)
    why: str
    name: str = ""
    many: bool = field(default=False, compare=False)
    unset: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Fork:
    """What differs by the path that the script takes: texts in a text, lists of words in a list."""

    line: int = field(compare=False)
    texts: tuple[Pieces, ...] = ()
    lists: tuple[Words, ...] = ()


Piece: TypeAlias = Known | Unknown | Fork
Pieces: TypeAlias = tuple[Piece, ...]
"""A text."""
Words: TypeAlias = tuple[Pieces | Fork, ...]
"""Words, each a text."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A variable that holds a text."""

    pieces: Pieces = ()


@dataclass(frozen=True, slots=True)
class Array:
    """A variable that holds words."""

    words: Words = ()


Value: TypeAlias = Scalar | Array


class Budget:
    """A limit of what may be expanded, so that no script of a few lines grows without end."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._left = _LARGEST

    def spend(self, amount: int) -> None:
        """Count something that was done.

        Raises:
            UnsupportedError: It was too much.
        """
        self._left -= amount
        if self._left < 0:
            raise self.exceeded()

    def exceeded(self) -> UnsupportedError:
        """Return the error of too much."""
        return UnsupportedError("config", self._path, "a script whose variables or loops grow beyond what is read")


def text_of(pieces: Sequence[Piece]) -> str | None:
    """Return a text, or None where not all of it is known."""
    known = [piece.text for piece in pieces if isinstance(piece, Known)]
    return "".join(known) if len(known) == len(pieces) else None


def size(value: Value) -> int:
    """Return how much a value holds."""
    return _size(value.pieces if isinstance(value, Scalar) else value.words)


def _size(things: Sequence[object]) -> int:
    total = 1
    for thing in things:
        if isinstance(thing, Known):
            total += 1 + len(thing.text) // 64
        elif isinstance(thing, Fork):
            total += sum(_size(each) for each in (*thing.texts, *thing.lists))
        else:
            total += _size(thing) if isinstance(thing, tuple) else 1
    return total


def joined(values: Sequence[Value | None], line: int) -> Value:
    """Return what a variable holds after paths that set it to different values; None is a path that does not."""
    if any(isinstance(value, Array) for value in values):
        lists = [elements(value) for value in values]
        first = _common(lists)
        rests = _without_twins([words[first:] for words in lists])
        return Array(lists[0][:first] + ((Fork(line, lists=rests),) if len(rests) > 1 else rests[0]))
    texts = [value.pieces if isinstance(value, Scalar) else () for value in values]
    first = _common(texts)
    ends = _without_twins([pieces[first:] for pieces in texts])
    return Scalar(texts[0][:first] + ((Fork(line, texts=ends),) if len(ends) > 1 else ends[0]))


def elements(value: Value | None) -> Words:
    """Return the words that a variable holds; a text is one."""
    if isinstance(value, Array):
        return value.words
    return () if value is None else (value.pieces,)


def _common(rows: Sequence[Sequence[object]]) -> int:
    """Return how many of the first elements are the same in all rows."""
    columns = enumerate(zip(*rows, strict=False))
    return next((i for i, column in columns if any(a != b for a, b in pairwise(column))), min(map(len, rows)))


def _without_twins(rows: Sequence[_T]) -> tuple[_T, ...]:
    return tuple(row for i, row in enumerate(rows) if row not in rows[:i])


def one_value(fork: Fork) -> Unknown:
    """Return what differs by path as one unknown."""
    return Unknown(fork.line, "one of several paths", many=True)


class Fields:
    """The words that are made of texts, as bash makes them: what stands without quotes is split at blanks."""

    def __init__(self) -> None:
        self._words: list[Pieces | Fork] = []
        self._word: list[Piece] | None = None

    def done(self) -> Words:
        """Return the words."""
        self.close()
        return tuple(self._words)

    def close(self) -> None:
        """End the word that is open."""
        if self._word is not None:
            self._words.append(tuple(self._word))
            self._word = None

    def add(self, *pieces: Piece) -> None:
        """Add a text to the open word, as between quotes."""
        self._word = [*(self._word or ()), *pieces]

    def split(self, pieces: Pieces) -> None:
        """Add a text that stands without quotes."""
        for i, piece in enumerate(pieces):
            if isinstance(piece, Known):
                self._split(piece)
            elif isinstance(piece, Fork) and self._apart(piece, pieces[i + 1 :]):
                self.close()
                self._words.append(Fork(piece.line, lists=tuple(map(split, piece.texts))))
            else:
                self.add(piece)

    def _split(self, piece: Known) -> None:
        for i, text in enumerate(_BLANKS.split(piece.text)):
            if i:
                self.close()
            if text:
                self.add(Known(text, piece.line, piece.note))

    def _apart(self, fork: Fork, after: Pieces) -> bool:
        """Tell whether the texts of a fork are words of their own, whichever it is."""
        begins = self._word is None or all(_bounded(text[:1], 0) for text in fork.texts)
        rest = tuple(piece for piece in after if piece != Known(""))
        closed = all(text and _bounded(text[-1:], -1) for text in fork.texts)
        return begins and (not rest or closed or _bounded(rest[:1], 0))

    def spread(self, words: Words, *, quoted: bool) -> None:
        """Add the elements of an array: each is a word."""
        for i, word in enumerate(words):
            if i or isinstance(word, Fork):
                self.close()
            if isinstance(word, Fork):
                lists = word.lists if quoted else tuple(map(resplit, word.lists))
                self._words.append(Fork(word.line, lists=lists))
            elif quoted:
                self.add(*word)
            else:
                self.split(word)


def split(pieces: Pieces) -> Words:
    """Return the words of a text, as bash splits what stands without quotes."""
    fields = Fields()
    fields.split(pieces)
    return fields.done()


def resplit(words: Words) -> Words:
    """Return the words of an array that stands without quotes."""
    fields = Fields()
    fields.spread(words, quoted=False)
    return fields.done()


def _bounded(pieces: Pieces, end: int) -> bool:
    """Tell whether a text is empty or has a blank at that end."""
    if not pieces:
        return True
    text = pieces[0].text if isinstance(pieces[0], Known) else "x"
    return bool(text) and text[end] in " \t\n"
