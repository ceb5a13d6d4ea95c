"""The syntax of bash scripts, as far as launch scripts use it: text -> statements. Nothing is executed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from lrspec.errors import SpecError

MAX_DEPTH = 40
_BLANK = " \t"
_META = frozenset(" \t\n;&|<>()")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[([^\]\n]*)\])?(\+?)=")
_FUNCTION = re.compile(r"(?:function[ \t]+([\w:.-]+)[ \t]*(?:\([ \t]*\))?|([\w:.-]+)[ \t]*\([ \t]*\))[ \t\n]*(?=[{(])")
_REDIRECTION = re.compile(r"[0-9]*(<<<|<<-|<<|<>|<&|>>|>&|>\||<(?!\()|>(?!\())|(&>>|&>)")
_UNREAD = re.compile(r"[<>]\(|<[A-Za-z](?:[\w ./,:'\"*-]*[\w./*])?>")  # what a process prints; <a path to fill in>
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9]+|[@*#?$!-]")
_WORD = re.compile(r"(?:\[\[|[A-Za-z]+|[{}!])(?=[\s;&|()<>]|\Z)")
_OPERATOR = re.compile(r":?[-=+?]")
_DECLARES = frozenset({"export", "declare", "local", "readonly", "typeset"})


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


def parse(source: str, path: str, line: int = 1) -> Body:
    """Return the statements of a script.

    Args:
        source: The script.
        path: Its name, for errors.
        line: The number of its first line.

    Raises:
        SpecError: It is not a script of bash, or one that nests too deeply; the error names the line.
    """
    return _Parser(source.replace("\r\n", "\n"), path, line).script()


class _Words:
    """Reading words: quotes, variables, what is left unread."""

    def __init__(self, source: str, path: str, line: int) -> None:
        self.source = source
        self.path = path
        self.at = 0
        self.depth = 0
        self._first = line
        self._breaks = [match.start() for match in re.finditer("\n", source)]

    def line(self, at: int | None = None) -> int:
        """Return the line of a place."""
        return self._first + bisect_right(self._breaks, (self.at if at is None else at) - 1)

    def wrong(self, found: str, expected: str, at: int | None = None) -> SpecError:
        """Return the error of a place."""
        return SpecError(f"{self.path}: line {self.line(at)}", found=found, expected=expected)

    def deeper(self, by: int) -> None:
        """Count the nesting.

        Raises:
            SpecError: It is too deep.
        """
        self.depth += by
        if self.depth > MAX_DEPTH:
            raise self.wrong("a script that nests more deeply", f"at most {MAX_DEPTH} levels")

    def ahead(self, text: str) -> bool:
        """Tell whether a text comes next."""
        return self.source.startswith(text, self.at)

    def word(self, ends: frozenset[str] = _META) -> Word:
        """Return the word that begins here, up to a character that ends it; it may be empty."""
        parts: list[Part] = []
        start, source = self.at, self.source
        while self.at < len(source):
            char = source[self.at]
            unread = char in "<>" and _UNREAD.match(source, self.at) is not None
            if char in ends and not unread:
                break
            if unread or char in "\\'\"$`":
                self._plain(parts, start)
                self._special(char, parts)
                start = self.at
            else:
                self.at += 1
        self._plain(parts, start)
        return tuple(parts)

    def _plain(self, parts: list[Part], start: int) -> None:
        if start < self.at:
            parts.append(Text(self.source[start : self.at], self.line(start)))

    def _special(self, char: str, parts: list[Part]) -> None:
        line, start = self.line(), self.at
        if char == "\\":
            self.at += 2
            if self.source[start + 1 : self.at] != "\n":
                parts.append(Text(self.source[start + 1 : self.at] or "\\", line, quoted=True))
        elif char == "'":
            end = self._find("'", start + 1)
            self._quoted_lines(self.source[start + 1 : end], start + 1, parts)
            self.at = end + 1
        elif char == '"':
            self._double(parts)
        elif char == "`":
            self.at = self._backtick(start)
            parts.append(Substitution(self.source[start : self.at], line, quoted=False))
        elif char in "<>":
            match = _UNREAD.match(self.source, start)
            filled = match is not None and match[0][-1] == ">"
            self.at = match.end() if match is not None and filled else self.matching(start + 1)
            parts.append(Substitution(self.source[start : self.at], line, quoted=filled))
        else:
            self._dollar(parts, quoted=False)

    def _quoted_lines(self, text: str, start: int, parts: list[Part]) -> None:
        """Add a quoted text line by line, so that each knows where it stands."""
        for piece in text.splitlines(keepends=True) or [""]:
            parts.append(Text(piece, self.line(start), quoted=True))
            start += len(piece)

    def _find(self, char: str, start: int) -> int:
        end = self.source.find(char, start)
        if end < 0:
            raise self.wrong(f"{char} that is not closed", "a closed one", start - 1)
        return end

    def _backtick(self, start: int) -> int:
        at = start + 1
        while (at := self._find("`", at)) and self.source[at - 1] == "\\":
            at += 1
        return at + 1

    def _double(self, parts: list[Part]) -> None:
        """Read what stands between double quotes."""
        begin = start = self.at = self.at + 1
        parts.append(Text("", self.line(), quoted=True))
        source = self.source

        def flush() -> None:
            if start < self.at:
                self._quoted_lines(source[start : self.at], start, parts)

        while self.at < len(source):
            char = source[self.at]
            if char == '"':
                flush()
                self.at += 1
                return
            if char == "\\" and source[self.at + 1 : self.at + 2] in {'"', "\\", "$", "`", "\n"}:
                flush()
                if source[self.at + 1] != "\n":
                    parts.append(Text(source[self.at + 1], self.line(), quoted=True))
                start = self.at = self.at + 2
            elif char == "`":
                flush()
                end = self._backtick(self.at)
                parts.append(Substitution(source[self.at : end], self.line(), quoted=True))
                start = self.at = end
            elif char == "$":
                flush()
                self._dollar(parts, quoted=True)
                start = self.at
            else:
                self.at += 1
        raise self.wrong('" that is not closed', "a closed one", begin - 1)

    def _dollar(self, parts: list[Part], *, quoted: bool) -> None:
        start, line = self.at, self.line()
        if self.ahead("$(") or self.ahead("$["):
            self.at = end = self.matching(start + 1)
            text = self.source[start:end]
            if text.startswith("$((") and text.endswith("))"):
                parts.append(Arithmetic(text[3:-2], line, quoted))
            elif text.startswith("$["):
                parts.append(Arithmetic(text[2:-1], line, quoted))
            else:
                parts.append(Substitution(text, line, quoted))
        elif self.ahead("${"):
            self._braces(parts, quoted=quoted)
        elif not quoted and (self.ahead("$'") or self.ahead('$"')):
            self.at += 1
            self._special(self.source[self.at], parts)
        elif match := _NAME.match(self.source, start + 1):
            name = match[0][0] if match[0].isdigit() else match[0]
            self.at = start + 1 + len(name)
            parts.append(Variable(name, line, quoted))
        else:
            self.at += 1
            parts.append(Text("$", line, quoted))

    def _braces(self, parts: list[Part], *, quoted: bool) -> None:
        start, line = self.at, self.line()
        end = self.matching(start + 1)
        name = _NAME.match(self.source, start + 2)
        index, operator, operand = "", "", ()
        if name is not None:
            self.at = name.end()
            if self.ahead("["):
                close = self._find("]", self.at)
                index = self.source[self.at + 1 : close]
                self.at = close + 1
            if self.at != end - 1:
                operator, operand = self._operator()
        whole = name is None or self.at != end - 1
        found = self.source[start:end] if whole or name is None else name[0]
        parts.append(Variable(found, line, quoted, index, "..." if whole else operator, operand))
        self.at = end

    def _operator(self) -> tuple[str, Word]:
        match = _OPERATOR.match(self.source, self.at)
        if match is None:
            return "...", ()
        self.at = match.end()
        self.deeper(1)
        operand = self.word(frozenset("}"))
        self.deeper(-1)
        return match[0].removeprefix(":") if match[0][-1] == "?" else match[0], operand

    def matching(self, start: int) -> int:
        """Return the place after the bracket that closes the one at `start`.

        Raises:
            SpecError: There is none.
        """
        closes = {"(": ")", "{": "}", "[": "]", '"': '"'}
        stack: list[str] = [closes[self.source[start]]]
        at, source = start + 1, self.source
        while at < len(source):
            char, inside = source[at], stack[-1]
            if char == "\\":
                at += 2
                continue
            if char == inside:
                stack.pop()
                if not stack:
                    return at + 1
            elif char == "$" and source[at + 1 : at + 2] in {"(", "{"}:
                at += 1
                stack.append(closes[source[at]])
            elif inside != '"':
                at = self._skipped(char, at, stack, closes)
            at += 1
        raise self.wrong(f"{source[start]} that is not closed", "a closed one", start)

    def _skipped(self, char: str, at: int, stack: list[str], closes: dict[str, str]) -> int:
        if char == "'":
            return self._find("'", at + 1)
        if char == '"' or (char == "(" and stack[-1] == ")"):
            stack.append(closes[char])
        elif char == "#" and stack[-1] == ")" and self.source[at - 1] in " \t\n":
            end = self.source.find("\n", at)
            return len(self.source) if end < 0 else end
        return at


class _Parser(_Words):
    """Reading statements."""

    def __init__(self, source: str, path: str, line: int) -> None:
        super().__init__(source, path, line)
        self._documents: list[tuple[str, bool]] = []

    def script(self) -> Body:
        """Return all statements."""
        body = self._body(frozenset())
        if self.at < len(self.source):
            raise self.wrong(repr(self.source[self.at : self.at + 8]), "a command")
        return body

    def _blank(self, *, lines: bool = False) -> None:
        """Skip blanks, continued lines and comments; and, where asked, the ends of lines."""
        source = self.source
        while self.at < len(source):
            char = source[self.at]
            if char in _BLANK or char == "\r":
                self.at += 1
            elif self.ahead("\\\n"):
                self.at += 2
            elif char == "#":
                end = source.find("\n", self.at)
                self.at = len(source) if end < 0 else end
            elif char == "\n" and lines:
                self._newline()
            else:
                return

    def _newline(self) -> None:
        """Skip the end of a line, and the documents that begin after it."""
        self.at += 1
        for end, tabs in self._documents:
            while self.at < len(self.source):
                stop = self.source.find("\n", self.at)
                stop = len(self.source) if stop < 0 else stop
                text = self.source[self.at : stop]
                self.at = min(stop + 1, len(self.source))
                if (text.lstrip("\t") if tabs else text) == end:
                    break
        self._documents.clear()

    def _reserved(self) -> str:
        match = _WORD.match(self.source, self.at)
        return match[0] if match else ""

    def _body(self, ends: frozenset[str]) -> Body:
        """Return statements up to one of some words, or a bracket or `;;` that closes."""
        self.deeper(1)
        found: list[Statement] = []
        while True:
            self._blank(lines=True)
            if self.at >= len(self.source) or self.ahead(")") or self.ahead(";;") or self._reserved() in ends:
                break
            if self.ahead(";") or self.ahead("&"):
                self.at += 1
                continue
            found.append(self._chain())
        self.deeper(-1)
        return tuple(found)

    def _chain(self) -> Statement:
        line = self.line()
        parts = [("", self._pipe())]
        while True:
            self._blank()
            operator = next((text for text in ("&&", "||") if self.ahead(text)), None)
            if operator is None:
                return parts[0][1] if len(parts) == 1 else Chain(line, tuple(parts))
            self.at += 2
            self._blank(lines=True)
            parts.append((operator, self._pipe()))

    def _pipe(self) -> Statement:
        negated = False
        while self._reserved() in {"!", "time"}:
            negated = negated or self.ahead("!")
            self.at += len(self._reserved())
            self._blank()
        parts = [self._command()]
        while True:
            self._blank()
            if not self.ahead("|") or self.ahead("||"):
                break
            self.at += 2 if self.ahead("|&") else 1
            self._blank(lines=True)
            parts.append(self._command())
        return parts[0] if len(parts) == 1 and not negated else Pipe(tuple(parts))

    def _command(self) -> Statement:
        word = self._reserved()
        start = self.at
        if word in _COMPOUND:
            self.at += len(word)
            return self._redirected(_COMPOUND[word](self))
        match = _FUNCTION.match(self.source, start)
        if match:
            self.at = match.end()
            body = self._command()
            return Function(match[1] or match[2], body.body if isinstance(body, Group) else (body,))
        if self.ahead("(("):
            self.at = self.matching(start)
            text = self.source[start : self.at]
            return self._redirected(Command(self.line(start), (), ((Text("let", self.line(start)),), (Text(text, 0),))))
        if self.ahead("("):
            self.at += 1
            body_of = self._body(frozenset())
            self._expect(")")
            return self._redirected(Group(body_of, own=True))
        return self._simple()

    def _redirected(self, statement: Statement) -> Statement:
        self._blank()
        while self._redirection():
            self._blank()
        return statement

    def _redirection(self) -> bool:
        match = _REDIRECTION.match(self.source, self.at)
        if match is None or _UNREAD.match(self.source, self.at):
            return False
        self.at = match.end()
        self._blank()
        target = self.word()
        if match[1] in {"<<", "<<-"}:
            self._documents.append((plain(target) or "", match[1] == "<<-"))
        return True

    def _expect(self, text: str) -> None:
        self._blank(lines=True)
        if not self.ahead(text):
            found = repr(self.source[self.at : self.at + 8]) if self.at < len(self.source) else "the end of the script"
            raise self.wrong(found, text)
        self.at += len(text)

    def _simple(self) -> Command:
        line, start = self.line(), self.at
        assignments: list[Assignment] = []
        words: list[Word] = []
        while True:
            self._blank()
            if self._redirection():
                continue
            if self.at >= len(self.source) or self.source[self.at] in "\n;&|)":
                break
            match = _ASSIGNMENT.match(self.source, self.at) if not words or plain(words[0]) in _DECLARES else None
            if match:
                assignments.append(self._assignment(match))
            elif self.ahead("("):
                raise self.wrong("(", "a word")
            else:
                words.append(self.word())
        if self.at == start:
            raise self.wrong(repr(self.source[start : start + 8]), "a command")
        return Command(line, tuple(assignments), tuple(words))

    def _assignment(self, match: re.Match[str]) -> Assignment:
        line = self.line()
        self.at = match.end()
        array: tuple[Word, ...] | None = None
        scalar: Word = ()
        if self.ahead("("):
            self.at += 1
            array = self._array()
        else:
            scalar = self.word()
        return Assignment(match[1], line, match[3] == "+", match[2], scalar, array)

    def _array(self) -> tuple[Word, ...]:
        start, words = self.at, list[Word]()
        while True:
            self._blank(lines=True)
            if self.ahead(")"):
                self.at += 1
                return tuple(words)
            if self.at >= len(self.source) or self.source[self.at] in ";&|<>(":
                raise self.wrong("an array that is not closed", ")", start)
            words.append(self.word())

    def _if(self) -> Choice:
        line = self.line()
        branches = [self._branch()]
        while True:
            word = self._reserved()
            self.at += len(word)
            if word == "elif":
                branches.append(self._branch())
            elif word == "else":
                branches.append(((), self._body(frozenset({"fi"}))))
            elif word == "fi":
                return Choice(line, tuple(branches))
            else:
                raise self.wrong("the end of an `if`", "fi")

    def _branch(self) -> tuple[Body, Body]:
        condition = self._body(frozenset({"then"}))
        self._expect("then")
        return condition, self._body(frozenset({"elif", "else", "fi"}))

    def _while(self) -> Loop:
        line = self.line()
        condition = self._body(frozenset({"do"}))
        return Loop(line, "", (), condition, self._done("do", "done"))

    def _for(self) -> Loop:
        line = self.line()
        self._blank()
        if self.ahead("(("):
            start = self.at
            self.at = self.matching(self.at)
            counted = Command(line, (), ((Text("let", line),), (Text(self.source[start : self.at], line),)))
            return Loop(line, "", (), (counted,), self._for_body())
        match = _NAME.match(self.source, self.at)
        if match is None:
            raise self.wrong("for", "a variable's name")
        self.at = match.end()
        self._blank(lines=True)
        words: list[Word] = []
        if self._reserved() == "in":
            self.at += 2
            self._blank()
            while self.at < len(self.source) and self.source[self.at] not in "\n;&|<>()":
                words.append(self.word())
                self._blank()
        return Loop(line, match[0], tuple(words), (), self._for_body())

    def _for_body(self) -> Body:
        self._blank(lines=True)
        while self.ahead(";"):
            self.at += 1
            self._blank(lines=True)
        return self._done("{", "}") if self.ahead("{") else self._done("do", "done")

    def _done(self, begin: str, end: str) -> Body:
        self._expect(begin)
        body = self._body(frozenset({end}))
        self._expect(end)
        return body

    def _case(self) -> Cases:
        line = self.line()
        self._blank()
        subject = self.word()
        self._expect("in")
        branches: list[tuple[tuple[Word, ...], Body]] = []
        while True:
            self._blank(lines=True)
            if self._reserved() == "esac":
                self.at += 4
                return Cases(line, subject, tuple(branches))
            if self.ahead("("):
                self.at += 1
            branches.append((self._patterns(), self._body(frozenset({"esac"}))))
            for mark in (";;&", ";;", ";&"):
                if self.ahead(mark):
                    self.at += len(mark)
                    break

    def _patterns(self) -> tuple[Word, ...]:
        found: list[Word] = []
        while True:
            self._blank()
            found.append(self.word())
            self._blank()
            if self.ahead("|"):
                self.at += 1
                continue
            self._expect(")")
            return tuple(found)

    def _group(self) -> Group:
        body = self._body(frozenset({"}"}))
        self._expect("}")
        return Group(body, own=False)

    def _condition(self) -> Command:
        """Read `[[ ... ]]`, in which operators are words."""
        line, words = self.line(), [(Text("[[", self.line()),)]
        found: list[Word] = list(words)
        while True:
            self._blank(lines=True)
            if self.ahead("]]"):
                self.at += 2
                return Command(line, (), tuple(found))
            if self.at >= len(self.source):
                raise self.wrong("[[ that is not closed", "]]")
            start = self.at
            word = self.word(frozenset(" \t\n"))
            if self.at == start:
                raise self.wrong(repr(self.source[start : start + 8]), "]]")
            found.append(word)


_COMPOUND: dict[str, Callable[[_Parser], Statement]] = {
    "if": _Parser._if,  # noqa: SLF001 - the parser's own table
    "while": _Parser._while,  # noqa: SLF001
    "until": _Parser._while,  # noqa: SLF001
    "for": _Parser._for,  # noqa: SLF001
    "select": _Parser._for,  # noqa: SLF001
    "case": _Parser._case,  # noqa: SLF001
    "{": _Parser._group,  # noqa: SLF001
    "[[": _Parser._condition,  # noqa: SLF001
}
