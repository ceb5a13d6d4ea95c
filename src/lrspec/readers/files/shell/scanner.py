"""Reading the words of a bash script: quotes, variables, and what is left unread."""

from __future__ import annotations

import re
from bisect import bisect_right

from lrspec.errors import SpecError
from lrspec.readers.files.shell.syntax import Arithmetic, Part, Substitution, Text, Variable, Word

MAX_DEPTH = 40
_META = frozenset(" \t\n;&|<>()")
UNREAD = re.compile(r"[<>]\(|<[A-Za-z](?:[\w ./,:'\"*-]*[\w./*])?>")
"""What a process prints, `<(...)`; and what is left to fill in, `<a path>`."""
NAME = re.compile(r"[A-Za-z_]\w*|[0-9]+|[@*#?$!-]")
_OPERATOR = re.compile(r":?[-=+?]")


class Scanner:
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
            unread = char in "<>" and UNREAD.match(source, self.at) is not None
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
            match = UNREAD.match(self.source, start)
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
        source, before = self.source, len(parts)

        def flush() -> None:
            if start < self.at:
                self._quoted_lines(source[start : self.at], start, parts)

        while self.at < len(source):
            char = source[self.at]
            if char == '"':
                flush()
                if len(parts) == before:
                    parts.append(Text("", self.line(), quoted=True))
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
        elif match := NAME.match(self.source, start + 1):
            name = match[0][0] if match[0].isdigit() else match[0]
            self.at = start + 1 + len(name)
            parts.append(Variable(name, line, quoted))
        else:
            self.at += 1
            parts.append(Text("$", line, quoted))

    def _braces(self, parts: list[Part], *, quoted: bool) -> None:
        start, line = self.at, self.line()
        end = self.matching(start + 1)
        name = NAME.match(self.source, start + 2)
        index, operator = "", ""
        operand: Word = ()
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
