"""The flags of a command line: `--name value ...`, of which the last one counts, as argparse has it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lrspec.readers.files.shell.values import Fork, Known, Pieces, Unknown, Words, one_value, text_of
from lrspec.readers.files.shell.words import LIKE_ARGUMENTS

_FLAG = re.compile(r"--([A-Za-z][\w.-]*)(?:=(.*))?", re.DOTALL)
_SHORT = re.compile(r"-[A-Za-z][\w-]*")


@dataclass(slots=True)
class Flag:
    """A flag: its values, its line, what was taken for granted, and why it is not known where it is not."""

    line: int
    values: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: str = ""

    @property
    def value(self) -> str | list[str] | bool:
        """Return one value, several, or true where there is none."""
        if not self.values:
            return True
        return self.values[0] if len(self.values) == 1 else self.values

    def same(self, other: Flag) -> bool:
        """Tell whether two flags say the same."""
        return (self.values, self.unknown) == (other.values, other.unknown)


class Flags:
    """The flags of some words; `rest` says why more may be there, and is empty where all are known."""

    def __init__(self) -> None:
        self.found: dict[str, Flag] = {}
        self.rest = ""
        self.notes: list[str] = []
        self._open: list[Flag] = []
        self.led = False

    def read(self, words: Words) -> Flags:
        """Read words, and return the flags."""
        for word in words:
            if isinstance(word, Fork):
                self._fork(word)
            else:
                self._word(word)
        return self

    def _word(self, word: Pieces) -> None:
        pieces = [one_value(piece) if isinstance(piece, Fork) else piece for piece in word if piece != Known("")]
        text = text_of(pieces)
        match = _FLAG.fullmatch(text) if text is not None else _flag_with_unknown(pieces)
        if match is not None:
            self._begin(match[1].replace("-", "_"), match[2], pieces)
        elif text is not None and _SHORT.fullmatch(text):
            self._begin(text, None, pieces)
        elif (any_number := self._any_number(pieces)) is not None:
            self._any(any_number)
        else:
            self._value(text, pieces)

    def _begin(self, name: str, value: str | None, word: Sequence[Known | Unknown]) -> None:
        flag = Flag(word[0].line)
        self.found[name] = flag
        self._open = [flag]
        unknown = [piece for piece in word if isinstance(piece, Unknown)]
        if unknown:
            flag.unknown = _because(unknown[0])
        elif value is not None:
            flag.values.append(value)
        _remember(flag, word)

    def _value(self, text: str | None, word: Sequence[Known | Unknown]) -> None:
        if not self._open:
            self.led = True
        for flag in self._open:
            unknown = [piece for piece in word if isinstance(piece, Unknown)]
            if unknown or len(self._open) > 1:
                flag.unknown = flag.unknown or (
                    _because(unknown[0]) if unknown else f"line {flag.line}: given on one of several paths"
                )
            else:
                flag.values.append(text or "")
            _remember(flag, word)

    def _any_number(self, pieces: Sequence[Known | Unknown]) -> Unknown | None:
        """Return what a word is where it may stand for any number of words, with flags among them."""
        only = pieces[0] if len(pieces) == 1 else None
        if not isinstance(only, Unknown) or not only.many:
            return None
        waits = bool(self._open) and not any(flag.values or flag.unknown for flag in self._open)
        return None if waits and not LIKE_ARGUMENTS.search(only.name) else only

    def _any(self, piece: Unknown) -> None:
        """Take in a word that may stand for any flags, or for none where nothing sets it."""
        reason = _because(piece)
        if piece.unset:
            self.notes.append(f"{reason}; taken as empty")
            return
        self.rest = self.rest or reason
        for flag in self.found.values():
            flag.unknown = flag.unknown or reason

    def _fork(self, fork: Fork) -> None:
        ways = [Flags().read(words) for words in fork.lists]
        why = f"line {fork.line}: given on one of several paths"
        if any(way.led for way in ways):
            self.led = self.led or not self._open
            for flag in self._open:
                flag.unknown = flag.unknown or why
        self._open = [flag for way in ways for flag in way._open] or self._open  # noqa: SLF001
        for name in dict.fromkeys(name for way in ways for name in way.found):
            flags = [way.found.get(name, self.found.get(name)) for way in ways]
            first = next(flag for flag in flags if flag is not None)
            if any(flag is None or not flag.same(first) for flag in flags):
                first = Flag(first.line, unknown=first.unknown or why)
            self.found[name] = first
        for way in ways:
            self.notes.extend(note for note in way.notes if note not in self.notes)
            if way.rest:
                self._any(Unknown(fork.line, way.rest.partition(": ")[2]))


def _flag_with_unknown(pieces: Sequence[Known | Unknown]) -> re.Match[str] | None:
    """Return the match of `--name=$X`."""
    first = pieces[0] if pieces else None
    match = _FLAG.fullmatch(first.text) if isinstance(first, Known) else None
    return match if match is not None and match[2] is not None else None


def _because(piece: Unknown) -> str:
    return f"line {piece.line}: {piece.why}"


def _remember(flag: Flag, word: Sequence[Known | Unknown]) -> None:
    flag.notes.extend(piece.note for piece in word if isinstance(piece, Known) and piece.note)
