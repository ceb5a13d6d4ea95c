"""A walk through a shell script: every path, with its variables joined where paths meet. Nothing is executed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

from lrspec.readers.files.shell import syntax
from lrspec.readers.files.shell.builtins import BUILTINS, Builtins, inner_script, name_of
from lrspec.readers.files.shell.conditions import holds, is_test, matches
from lrspec.readers.files.shell.parser import parse
from lrspec.readers.files.shell.scanner import MAX_DEPTH
from lrspec.readers.files.shell.values import (
    Array,
    Fork,
    Pieces,
    Scalar,
    Unknown,
    Value,
    Words,
    elements,
    joined,
    size,
    text_of,
)
from lrspec.readers.files.shell.words import ARGUMENTS, Variables, certain, noted_value

_DECLARES = frozenset({"export", "declare", "local", "readonly", "typeset"})
_BRACKETED, _BARE = 4, 3


class Walk(Builtins):
    """The commands that a script runs, with their words as they are then: `calls`, by line."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.calls: dict[tuple[int, Words], None] = {}
        self._functions: dict[str, syntax.Body] = {}
        self._depth = 0

    def script(self, source: str, line: int = 1) -> None:
        """Walk through a text.

        Raises:
            SpecError: It is malformed; the error names the line.
            UnsupportedError: It grows beyond what is read.
        """
        with self._inside():
            self.budget.spend(1 + len(source) // 32)
            self._body(parse(source, self.path, line))

    def other(self, line: int, words: Words) -> None:
        """Note a command that is run."""
        inner = inner_script(words)
        if inner is not None:
            with self._own():
                self.script(self.again((inner,)), line)
        elif words and isinstance(words[0], Fork):
            for each in words[0].lists:
                self.other(line, each + words[1:])
        elif words:
            self.calls[line, words] = None

    def _body(self, statements: syntax.Body) -> None:
        for statement in statements:
            if self.dead:
                return
            self.budget.spend(1)
            getattr(self, f"_{type(statement).__name__.lower()}")(statement)

    # paths

    @contextmanager
    def _inside(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.budget.exceeded()
        yield
        self._depth -= 1

    @contextmanager
    def _own(self) -> Iterator[None]:
        """Keep the variables of what runs in a shell of its own from those here."""
        before, left = self.variables, self.left
        self.variables, self.left = before.copied(), []
        self.budget.spend(1 + len(before) // 8)
        yield
        self.variables, self.left, self.dead = before, left, False

    def _paths(self, line: int, bodies: Sequence[syntax.Body]) -> None:
        """Go each way from here, and on with what the variables have in common."""
        before, ends = self.variables, list[Variables]()
        for body in bodies:
            self.budget.spend(1 + len(before) // 8)
            self.variables, self.dead = before.copied(), False
            self._body(body)
            if not self.dead:
                ends.append(self.variables)
        self._meet(line, ends)

    def _meet(self, line: int, ends: Sequence[Variables]) -> None:
        self.dead = not ends
        if not ends:
            return
        met = ends[0].copied()
        met.sourced = max(end.sourced for end in ends)
        self.budget.spend(sum(len(end) for end in ends) // 8)
        for name in dict.fromkeys(name for end in ends for name in end):
            values = [end.get(name) for end in ends]
            if any(value is not values[0] for value in values):
                self.budget.spend(sum(size(value) for value in values if value is not None))
                met[name] = joined(values, line)
        self.variables = met

    @contextmanager
    def _leaving(self, line: int) -> Iterator[None]:
        """Join the paths that leave early, by `break` or `return`, with the one that goes to the end."""
        outer, self.left = self.left, []
        yield
        ends = [*self.left, *([] if self.dead else [self.variables])]
        self.left = outer
        self._meet(line, ends)

    # statements

    def _command(self, command: syntax.Command) -> None:
        words = self.words(*command.words)
        name = name_of(words)
        if not command.words or name in _DECLARES:
            for assignment in command.assignments:
                self._assign(assignment)
            if any(isinstance(word, Fork) or any(isinstance(piece, Unknown) for piece in word) for word in words):
                self.forget(command.line, "which a declaration may set anew")
        else:
            with self._for_one(command.assignments):
                self._run(command.line, name, words)

    def _run(self, line: int, name: str, words: Words) -> None:
        if name in self._functions:
            self._call(line, self._functions[name], words)
        elif name in BUILTINS:
            BUILTINS[name](self, line, words)
        else:
            self.other(line, words)

    @contextmanager
    def _for_one(self, assignments: tuple[syntax.Assignment, ...]) -> Iterator[None]:
        """Set variables for one command, which its own words do not see."""
        kept = {assignment.name: self.variables.get(assignment.name) for assignment in assignments}
        for assignment in assignments:
            self._assign(assignment, alone=False)
        yield
        self._put_back(kept)

    def _put_back(self, kept: Mapping[str, Value | None]) -> None:
        for name, value in kept.items():
            self.variables.pop(name, None)
            if value is not None:
                self.variables[name] = value

    def _assign(self, assignment: syntax.Assignment, *, alone: bool = True) -> None:
        name, line = assignment.name, assignment.line
        before = self.variables.get(name)
        value: Array | Scalar
        if assignment.array is not None:
            words = self.words(*assignment.array)
            value = Array(elements(before) + words if assignment.append else words)
        elif assignment.item is not None or (isinstance(before, Array) and isinstance((*before.words, ())[0], Fork)):
            value = Scalar((Unknown(line, f"${name}, an array with elements set one by one", name, many=True),))
        else:
            pieces = self.text(assignment.scalar)
            old = elements(before)[:1] if assignment.append else ()
            first = tuple(piece for word in old if not isinstance(word, Fork) for piece in word) + pieces
            value = Array((first, *before.words[1:])) if isinstance(before, Array) else Scalar(first)
        if name == "IFS" and alone:
            self.forget(line, "whose words another IFS may split")
        self.budget.spend(size(value))
        self.variables[name] = value

    def _chain(self, chain: syntax.Chain) -> None:
        verdict: bool | None = True
        following = [operator for operator, _ in chain.parts[1:]] + [""]
        for (operator, statement), after in zip(chain.parts, following, strict=True):
            if operator and verdict is not None and verdict == (operator == "||"):
                continue
            if operator and verdict is None:
                self._paths(chain.line, [(statement,), ()])
                continue
            verdict = self._verdict((statement,))
            self._body((statement,))
            if self.dead:
                return
            if not is_test(statement):
                verdict = None if after == "||" else True

    def _verdict(self, condition: syntax.Body) -> bool | None:
        """Return whether a condition holds, or None where only the run knows."""
        if len(condition) != 1 or not is_test(condition[0]):
            return None
        words = condition[0].words
        whole = syntax.plain(words[0]) == "[["  # in which nothing is split
        return holds([_certain_text(word) for word in (map(self.text, words) if whole else self.words(*words))])

    def _pipe(self, pipe: syntax.Pipe) -> None:
        for part in pipe.parts:
            with self._own():
                self._body((part,))

    def _choice(self, choice: syntax.Choice) -> None:
        if len(choice.branches) == 1:
            ((condition, body),) = choice.branches
            name = self._left_open(condition)
            if name:
                self._body(condition)
                self._default(choice.line, name, body)
                return
        self._ways(choice.line, map(self._branch, choice.branches))

    def _branch(self, branch: tuple[syntax.Body, syntax.Body]) -> tuple[bool | None, syntax.Body]:
        """Walk through the condition of a branch; return whether it holds, and what is done then."""
        condition, body = branch
        self._body(condition)
        return self._verdict(condition) if condition else True, body

    def _ways(self, line: int, branches: Iterable[tuple[bool | None, syntax.Body]]) -> None:
        """Go the ways whose conditions may hold, up to the first that does; or past them all."""
        ways: list[syntax.Body] = []
        for verdict, body in branches:
            if verdict is not False:
                ways.append(body)
            if verdict is True:
                break
        else:
            ways.append(())
        self._paths(line, ways)

    def _left_open(self, condition: syntax.Body) -> str:
        """Return the variable that a condition `[ -z "$X" ]` asks for, where the script does not set it."""
        words = condition[0].words if len(condition) == 1 and is_test(condition[0]) else ()
        if len(words) != (_BRACKETED if words and syntax.plain(words[0]) == "[" else _BARE):
            return ""
        only = words[2][0] if len(words[2]) == 1 else None
        if syntax.plain(words[1]) != "-z" or not isinstance(only, syntax.Variable) or only.operator or only.item:
            return ""
        return only.name if only.name.isidentifier() and only.name not in self.variables else ""

    def _default(self, line: int, name: str, body: syntax.Body) -> None:
        """Walk through `if [ -z "$X" ]; then X=default; fi`: what is set there is taken, and noted."""
        before = self.variables.copied()
        self._body(body)
        if self.dead:  # it asks for the variable, and leaves where there is none
            self.variables, self.dead = before, False
        note = f"line {line}: the script does not set ${name}; its default is taken"
        for changed, value in self.variables.items():
            if value is not before.get(changed):
                self.variables[changed] = noted_value(value, note)

    def _cases(self, cases: syntax.Cases) -> None:
        subject = self.words(cases.subject)
        word = _certain_text(subject[0]) if len(subject) == 1 else None
        listed = ((list(map(syntax.plain, patterns)), body) for patterns, body in cases.branches)
        self._ways(cases.line, ((matches(word, patterns), body) for patterns, body in listed))

    def _loop(self, loop: syntax.Loop) -> None:
        words = self.words(*loop.words)
        with self._inside(), self._leaving(loop.line):
            if loop.name and len(words) == 1 and _certain_text(words[0]) is not None:
                self.variables[loop.name] = Scalar() if isinstance(words[0], Fork) else Scalar(words[0])
                self._body(loop.body)
            else:
                self._rounds(loop)

    def _rounds(self, loop: syntax.Loop) -> None:
        """Walk through a loop twice: the second time with all that an earlier round may have set."""
        calls, left = dict(self.calls), list(self.left)
        for _ in range(2):
            self.calls, self.left = dict(calls), list(left)
            before = self.variables
            self.variables = before.copied()
            if loop.name:
                self.variables[loop.name] = Scalar((Unknown(loop.line, f"${loop.name}, set in a loop", loop.name),))
            self._body(loop.condition)
            self._body(loop.body)
            self._meet(loop.line, [before] if self.dead else [before, self.variables])

    def _group(self, group: syntax.Group) -> None:
        with self._own() if group.own else nullcontext():
            self._body(group.body)

    def _function(self, function: syntax.Function) -> None:
        self._functions[function.name] = function.body

    def _call(self, line: int, body: syntax.Body, words: Words) -> None:
        kept = {name: self.variables.get(name) for name in (*ARGUMENTS, "@")}
        self.arguments(words[1:])
        with self._inside(), self._leaving(line):
            self._body(body)
        self._put_back(kept)


def _certain_text(word: Pieces | Fork) -> str | None:
    return None if isinstance(word, Fork) or not certain(word) else text_of(word)
