"""Reading a bash script: text -> statements. Nothing is executed."""

from __future__ import annotations

import re
from collections.abc import Callable

from lrspec.readers.files.shell.scanner import NAME, UNREAD, Scanner
from lrspec.readers.files.shell.syntax import (
    Assignment,
    Body,
    Cases,
    Chain,
    Choice,
    Command,
    Function,
    Group,
    Loop,
    Pipe,
    Statement,
    Text,
    Word,
    plain,
)

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[([^\]\n]*)\])?(\+?)=")
_FUNCTION = re.compile(r"(?:function[ \t]+([\w:.-]+)[ \t]*(?:\([ \t]*\))?|([\w:.-]+)[ \t]*\([ \t]*\))[ \t\n]*(?=[{(])")
_REDIRECTION = re.compile(r"[0-9]*(<<<|<<-|<<|<>|<&|>>|>&|>\||<(?!\()|>(?!\())|(&>>|&>)")
_DECLARES = frozenset({"export", "declare", "local", "readonly", "typeset"})


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


class _Parser(Scanner):
    """Reading statements."""

    def script(self) -> Body:
        """Return all statements."""
        body = self._body(frozenset())
        if self.at < len(self.source):
            raise self.wrong(repr(self.source[self.at : self.at + 8]), "a command")
        return body

    def _body(self, ends: frozenset[str]) -> Body:
        """Return statements up to one of some words, or a bracket or `;;` that closes."""
        self.deeper(1)
        found: list[Statement] = []
        while True:
            self.blank(lines=True)
            if self.at >= len(self.source) or self.ahead(")") or self.ahead(";;") or self.reserved() in ends:
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
            self.blank()
            operator = next((text for text in ("&&", "||") if self.ahead(text)), None)
            if operator is None:
                return parts[0][1] if len(parts) == 1 else Chain(line, tuple(parts))
            self.at += 2
            self.blank(lines=True)
            parts.append((operator, self._pipe()))

    def _pipe(self) -> Statement:
        negated = False
        while self.reserved() in {"!", "time"}:
            negated = self.taken() == "!" or negated
            self.blank()
        parts = [self._command()]
        while True:
            self.blank()
            if not self.ahead("|") or self.ahead("||"):
                break
            self.at += 2 if self.ahead("|&") else 1
            self.blank(lines=True)
            parts.append(self._command())
        return parts[0] if len(parts) == 1 and not negated else Pipe(tuple(parts))

    def _command(self) -> Statement:
        word = self.reserved()
        start = self.at
        if word in _COMPOUND:
            self.at += len(word)
            return self._redirected(_COMPOUND[word](self))
        match = _FUNCTION.match(self.source, start)
        if match:
            self.at = match.end()
            inner = self._command()
            return Function(match[1] or match[2], inner.body if isinstance(inner, Group) else (inner,))
        if self.ahead("(("):
            return self._redirected(self._counted(self.line(start), 0))
        if self.ahead("("):
            self.at += 1
            body = self._body(frozenset())
            self.expect(")")
            return self._redirected(Group(body, own=True))
        return self._simple()

    def _redirected(self, statement: Statement) -> Statement:
        self.blank()
        while self._redirection():
            self.blank()
        return statement

    def _redirection(self) -> bool:
        match = _REDIRECTION.match(self.source, self.at)
        if match is None or UNREAD.match(self.source, self.at):
            return False
        self.at = match.end()
        self.blank()
        target = self.word()
        if match[1] in {"<<", "<<-"}:
            self.documents.append((plain(target) or "", match[1] == "<<-"))
        return True

    def _simple(self) -> Command:
        line, start = self.line(), self.at
        assignments: list[Assignment] = []
        words: list[Word] = []
        while True:
            self.blank()
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
        is_array = self.ahead("(")
        self.at += is_array
        scalar, array = ((), self._array()) if is_array else (self.word(), None)
        return Assignment(match[1], line, match[3] == "+", match[2], scalar, array)

    def _array(self) -> tuple[Word, ...]:
        start, words = self.at, list[Word]()
        self.blank(lines=True)
        while not self.ahead(")"):
            if self.at >= len(self.source) or self.source[self.at] in ";&|<>(":
                raise self.wrong("an array that is not closed", ")", start)
            words.append(self.word())
            self.blank(lines=True)
        self.at += 1
        return tuple(words)

    def _if(self) -> Choice:
        line, branches, word = self.line(), list[tuple[Body, Body]](), "elif"
        while word == "elif":
            condition = self._body(frozenset({"then"}))
            self.expect("then")
            branches.append((condition, self._body(frozenset({"elif", "else", "fi"}))))
            word = self.taken()
        if word == "else":
            branches.append(((), self._body(frozenset({"fi"}))))
            word = self.taken()
        if word != "fi":
            raise self.wrong("the end of an `if`", "fi")
        return Choice(line, tuple(branches))

    def _while(self) -> Loop:
        line = self.line()
        return Loop(line, "", (), self._body(frozenset({"do"})), self._done("do", "done"))

    def _for(self) -> Loop:
        line = self.line()
        self.blank()
        if self.ahead("(("):
            return Loop(line, "", (), (self._counted(line),), self._for_body())
        match = NAME.match(self.source, self.at)
        if match is None:
            raise self.wrong("for", "a variable's name")
        self.at = match.end()
        self.blank(lines=True)
        words: list[Word] = []
        if self.reserved() == "in":
            self.at += 2
            self.blank()
            while self.at < len(self.source) and self.source[self.at] not in "\n;&|<>()":
                words.append(self.word())
                self.blank()
        return Loop(line, match[0], tuple(words), (), self._for_body())

    def _counted(self, line: int, of_text: int | None = None) -> Command:
        """Return `((...))`, which is what `let` does."""
        start = self.at
        self.at = self.matching(start)
        text = Text(self.source[start : self.at], line if of_text is None else of_text)
        return Command(line, (), ((Text("let", line),), (text,)))

    def _for_body(self) -> Body:
        self.blank(lines=True)
        while self.ahead(";"):
            self.at += 1
            self.blank(lines=True)
        return self._done("{", "}") if self.ahead("{") else self._done("do", "done")

    def _done(self, begin: str, end: str) -> Body:
        self.expect(begin)
        body = self._body(frozenset({end}))
        self.expect(end)
        return body

    def _case(self) -> Cases:
        line = self.line()
        self.blank()
        subject = self.word()
        self.expect("in")
        branches: list[tuple[tuple[Word, ...], Body]] = []
        while True:
            self.blank(lines=True)
            if self.reserved() == "esac":
                self.at += 4
                return Cases(line, subject, tuple(branches))
            self.at += self.ahead("(")
            branches.append((self._patterns(), self._body(frozenset({"esac"}))))
            self.at += next((len(mark) for mark in (";;&", ";;", ";&") if self.ahead(mark)), 0)

    def _patterns(self) -> tuple[Word, ...]:
        found: list[Word] = []
        while not found or self.ahead("|"):
            self.at += bool(found)
            self.blank()
            found.append(self.word())
            self.blank()
        self.expect(")")
        return tuple(found)

    def _group(self) -> Group:
        body = self._body(frozenset({"}"}))
        self.expect("}")
        return Group(body, own=False)

    def _condition(self) -> Command:
        """Read `[[ ... ]]`, in which operators are words."""
        line, found = self.line(), list[Word]([(Text("[[", self.line()),)])
        self.blank(lines=True)
        while not self.ahead("]]"):
            start = self.at
            found.append(self.word(frozenset(" \t\n")))
            if self.at == start:
                at_end = start >= len(self.source)
                raise self.wrong("[[ that is not closed" if at_end else repr(self.source[start : start + 8]), "]]")
            self.blank(lines=True)
        self.at += 2
        return Command(line, (), tuple(found))


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
