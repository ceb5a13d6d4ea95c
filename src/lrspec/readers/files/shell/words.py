"""What the words of a shell script become, with the variables as they are then."""

from __future__ import annotations

import re

from lrspec.readers.files.shell import syntax
from lrspec.readers.files.shell.arithmetic import evaluate
from lrspec.readers.files.shell.values import (
    Array,
    Budget,
    Fields,
    Fork,
    Known,
    Piece,
    Pieces,
    Scalar,
    Unknown,
    Value,
    Words,
    elements,
    size,
    text_of,
)

ARGUMENTS = tuple("123456789")
LIKE_ARGUMENTS = re.compile(r"(ARGS?|ARGUMENTS?|OPTS?|OPTIONS?|FLAGS?|PARAMS|OVERRIDES?)$|^EXTRA|^[@*]$", re.IGNORECASE)
"""The names of variables that hold flags, as people choose them."""
_DIGITS = 6
_ALL = re.compile(r"\$\{(?:[@*]|(\w+)\[[@*]\])(?::\s*([0-9]{1,5})\}$)?")
_SPECIAL = frozenset("#?$!-")


class Variables(dict[str, Value]):
    """The variables of a script; `sourced` is the line of something that may have set any of them."""

    sourced = 0

    def copied(self) -> Variables:
        """Return a copy."""
        copy = Variables(self)
        copy.sourced = self.sourced
        return copy


def certain(word: Pieces | Fork) -> bool:
    """Tell whether a word is known, and nothing was taken for granted in it."""
    return not isinstance(word, Fork) and all(isinstance(piece, Known) and not piece.note for piece in word)


class Expansion:
    """Expands words; the variables that `${X:=default}` sets are set."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.budget = Budget(path)
        self.variables = Variables()

    def text(self, word: syntax.Word) -> Pieces:
        """Return the text of a word, as on the right of an assignment."""
        return tuple(piece for part in word for piece in self._pieces(part) if piece != Known(""))

    def words(self, *words: syntax.Word) -> Words:
        """Return the words that words of the script become."""
        fields = Fields()
        for word in words:
            fields.close()
            for part in word:
                self._expand(part, fields)
        done = fields.done()
        self.budget.spend(size(Array(done)))
        return done

    def _expand(self, part: syntax.Part, fields: Fields) -> None:
        if isinstance(part, syntax.Text):
            fields.add(*([Known(part.text, part.line)] if part.text else []))
            return
        elements = self._elements(part) if isinstance(part, syntax.Variable) else None
        if isinstance(part, syntax.Variable) and elements is not None:
            fields.spread(elements, quoted=part.quoted)
        elif part.quoted:
            fields.add(*map(_single, self._pieces(part)))
        else:
            fields.split(self._pieces(part))

    def _elements(self, variable: syntax.Variable) -> Words | None:
        """Return the elements of `${X[@]}`, or None where something else is asked for."""
        name = "@" if variable.name == "*" else variable.name
        if variable.operator == "..." and (match := _ALL.match(name)):
            return self._part(variable, match)
        if variable.operator or (variable.item not in {"@", "*"} and name != "@"):
            return None
        value = self.variables.get(name)
        if isinstance(value, Array):
            return value.words
        pieces = self._scalar(variable, value)
        fields = Fields()
        fields.add(*pieces)
        return fields.done() if pieces else ()

    def _part(self, variable: syntax.Variable, match: re.Match[str]) -> Words:
        """Return the elements that `${X[@]:2}` or `${@:2}` asks for."""
        value = self.variables.get(match[1] or "@")
        if match[2] is None or not isinstance(value, Array) or any(isinstance(word, Fork) for word in value.words):
            return ((Unknown(variable.line, f"{short(variable.name)}, which is not worked out here", many=True),),)
        return value.words[max(0, int(match[2]) - (0 if match[1] else 1)) :]

    def _pieces(self, part: syntax.Part) -> Pieces:
        self.budget.spend(1)
        if isinstance(part, syntax.Text):
            return (Known(part.text, part.line),)
        if isinstance(part, syntax.Substitution):
            return (Unknown(part.line, f"{short(part.text)}, which only the run knows", many=not part.quoted),)
        if isinstance(part, syntax.Arithmetic):
            return (self._arithmetic(part),)
        value = self.variables.get(part.name)
        if part.operator:
            return self._operated(part, value)
        if isinstance(value, Array) and part.item in {"@", "*"} and not any(isinstance(w, Fork) for w in value.words):
            return tuple(piece for word in value.words for piece in (Known(" "), *word))[1:]  # type: ignore[misc]
        if isinstance(value, Array) or (value is not None and part.item not in {"", "0", "@", "*"}):
            return self._element(part, elements(value))
        return self._scalar(part, value)

    def _arithmetic(self, part: syntax.Arithmetic) -> Known | Unknown:
        def number(name: str) -> str | None:
            value = self.variables.get(name)
            return text_of(value.pieces) if isinstance(value, Scalar) and certain(value.pieces) else None

        result = evaluate(part.text, number)
        if result is None:
            return Unknown(part.line, f"$(({short(part.text)})), which the script alone does not say")
        return Known(str(result), part.line)

    def _scalar(self, variable: syntax.Variable, value: Scalar | None) -> Pieces:
        name = variable.name
        if value is not None:
            return (_named(value.pieces[0], name),) if len(value.pieces) == 1 else value.pieces
        if name in _SPECIAL:
            return (Unknown(variable.line, f"${name}, which only the run knows", name),)
        argument = name in {"@", "*"} or name.isdigit()
        why = f"${name}, " + ("an argument of the script" if argument else "which the script does not set")
        bare = not name.isdigit()
        return (Unknown(variable.line, why, name, many=bare, unset=bare and not self.variables.sourced),)

    def _element(self, variable: syntax.Variable, words: Words) -> Pieces:
        """Return one element of an array; behind its end there is nothing."""
        index = variable.item or "0"
        if index.isdecimal() and len(index) < _DIGITS:
            before = words[: int(index) + 1]
            if not any(isinstance(word, Fork) or any(map(_many, word)) for word in before):
                last = before[-1] if int(index) < len(words) else ()
                return () if isinstance(last, Fork) else last
        return (Unknown(variable.line, f"${variable.name}, an element of an array", variable.name),)

    def _operated(self, variable: syntax.Variable, value: Value | None) -> Pieces:
        operator, line = variable.operator, variable.line
        dropped = value == Array()
        if isinstance(value, Array):
            first = value.words[0] if value.words else ()
            value = None if dropped else Scalar((first,) if isinstance(first, Fork) else first)
        if operator == "...":
            return (Unknown(line, f"{short(variable.name)}, which is not worked out here"),)
        known = None if value is None else text_of(value.pieces)
        if value is not None and known is None:
            return self._scalar(variable, value) if certain(value.pieces) else (self._by_path(variable, value),)
        taken = value is not None and (known != "" or operator[0] != ":")
        if operator[-1] == "+":
            return self.text(variable.operand) if taken else ()
        if value is not None and (taken or operator[-1] == "?"):
            return value.pieces
        if operator[-1] == "?":
            return self._scalar(variable, None)
        note = f"line {line}: the script does not set ${variable.name}; its default is taken"
        pieces = self.text(variable.operand)
        if value is None and not dropped:
            pieces = noted(pieces, note)
        if operator[-1] == "=":
            self.variables[variable.name] = Scalar(pieces)
        return pieces

    def _by_path(self, variable: syntax.Variable, value: Scalar) -> Unknown:
        first = next(piece for piece in value.pieces if not isinstance(piece, Known))
        why = first.why if isinstance(first, Unknown) else f"${variable.name}, which differs by path"
        return Unknown(first.line, why, variable.name)


def short(text: str) -> str:
    """Return the beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}..."


def noted(pieces: Pieces, note: str) -> Pieces:
    """Return a text with a note of what was taken for granted."""
    return tuple(Known(piece.text, piece.line, note) if isinstance(piece, Known) else piece for piece in pieces)


def noted_value(value: Value, note: str) -> Value:
    """Return what a variable holds, with a note of what was taken for granted."""
    if isinstance(value, Scalar):
        return Scalar(noted(value.pieces, note))
    return Array(tuple(word if isinstance(word, Fork) else noted(word, note) for word in value.words))


def _many(piece: Piece) -> bool:
    return isinstance(piece, Unknown) and piece.many


def _single(piece: Piece) -> Piece:
    """Return a piece as between quotes, where it is one word."""
    return Unknown(piece.line, piece.why, piece.name) if isinstance(piece, Unknown) else piece


def _named(piece: Piece, name: str) -> Piece:
    """Return a piece of a variable, which says whose it is."""
    if not isinstance(piece, Unknown) or name.startswith("__"):
        return piece
    many = piece.many or LIKE_ARGUMENTS.search(name) is not None
    why = piece.why if piece.name == name else f"${name}, set to {piece.why}"
    return Unknown(piece.line, why, name, many, piece.unset)
