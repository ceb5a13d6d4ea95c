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
_ESCAPED = frozenset('"\\$`\n')
_BLANK = " \t"
_WORD = re.compile(r"(?:\[\[|[A-Za-z]+|[{}!])(?=[\s;&|()<>]|\Z)")
_OPERATOR = re.compile(r":?[-=+?]")


class Scanner:
    """Reading words: quotes, variables, what is left unread."""

    def __init__(self, source: str, path: str, line: int) -> None:
        self.source = source
        self.path = path
        self.at = 0
        self.depth = 0
        self.documents: list[tuple[str, bool]] = []
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

    def blank(self, *, lines: bool = False) -> None:
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
        for end, tabs in self.documents:
            while self.at < len(self.source):
                stop = self.source.find("\n", self.at)
                stop = len(self.source) if stop < 0 else stop
                text = self.source[self.at : stop]
                self.at = min(stop + 1, len(self.source))
                if (text.lstrip("\t") if tabs else text) == end:
                    break
        self.documents.clear()

    def reserved(self) -> str:
        """Return the reserved word that comes next, or nothing."""
        match = _WORD.match(self.source, self.at)
        return match[0] if match else ""

    def taken(self) -> str:
        """Return the reserved word that comes next, and go on after it."""
        word = self.reserved()
        self.at += len(word)
        return word

    def expect(self, text: str) -> None:
        """Go on after a text that has to come next.

        Raises:
            SpecError: It does not.
        """
        self.blank(lines=True)
        if not self.ahead(text):
            found = repr(self.source[self.at : self.at + 8]) if self.at < len(self.source) else "the end of the script"
            raise self.wrong(found, text)
        self.at += len(text)

    def word(self, ends: frozenset[str] = _META) -> Word:
        """Return the word that begins here, up to a character that ends it; it may be empty."""
        parts: list[Part] = []
        self._parts(parts, ends, quoted=False)
        return tuple(parts)

    def _parts(self, parts: list[Part], ends: frozenset[str], *, quoted: bool) -> None:
        """Read what stands between double quotes, or without them, up to a character that ends it."""
        start, source = self.at, self.source
        while self.at < len(source):
            char = source[self.at]
            unread = not quoted and char in "<>" and UNREAD.match(source, self.at) is not None
            if char in ends and not unread:
                break
            escapes = char == "\\" and (not quoted or source[self.at + 1 : self.at + 2] in _ESCAPED)
            if unread or escapes or char in "$`" or (char in "'\"" and not quoted):
                self._text(start, parts, quoted=quoted)
                self._special(char, parts, quoted=quoted)
                start = self.at
            else:
                self.at += 1
        self._text(start, parts, quoted=quoted)

    def _text(self, start: int, parts: list[Part], *, quoted: bool) -> None:
        """Add the text from `start` on; a quoted one line by line, so that each knows where it stands."""
        text = self.source[start : self.at]
        for piece in text.splitlines(keepends=True) if quoted else [text] * bool(text):
            parts.append(Text(piece, self.line(start), quoted=quoted))
            start += len(piece)

    def _special(self, char: str, parts: list[Part], *, quoted: bool) -> None:
        line, start, before = self.line(), self.at, len(parts)
        if char == "\\":
            self.at += 2
            if self.source[start + 1 : self.at] != "\n":
                parts.append(Text(self.source[start + 1 : self.at] or "\\", line, quoted=True))
        elif char in "'\"":
            if char == '"':
                self.at += 1
                self._parts(parts, frozenset('"'), quoted=True)
            else:
                self.at = self._find("'", start + 1)
                self._text(start + 1, parts, quoted=True)
            if not self.ahead(char):
                raise self.wrong('" that is not closed', "a closed one", start)
            if len(parts) == before:
                parts.append(Text("", self.line(), quoted=True))
            self.at += 1
        elif char == "`":
            self.at = self._backtick(start)
            parts.append(Substitution(self.source[start : self.at], line, quoted))
        elif char in "<>":
            match = UNREAD.match(self.source, start)
            filled = match is not None and match[0][-1] == ">"
            self.at = match.end() if match is not None and filled else self.matching(start + 1)
            parts.append(Substitution(self.source[start : self.at], line, quoted=filled))
        else:
            self._dollar(parts, quoted=quoted)

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
            self._special(self.source[self.at], parts, quoted=False)
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
