"""Expressions of Python as values: literals, names, and the arithmetic that config files do. Nothing is executed.

What is not understood is an `Unread` with its line. It may change the lists and mappings that are named in it, or be
one of them, so these are unread from then on, under every name.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from typing import Any

from lrspec.readers.files.arithmetic import FUNCTIONS, OPERATIONS, numbers, small
from lrspec.readers.files.code import shown
from lrspec.readers.files.lenient import Unread
from lrspec.readers.files.merging import Budget, ConfigDict, Imported

_MAX_NESTED = 100
_PLAIN = (bool, int, float, str, type(None))


class Values:
    """The names of a file and their values.

    Args:
        path: The file, for messages.
        budget: How much work is left.
        uncertain: Names that functions of the file may change, each with where.
    """

    def __init__(self, path: str, budget: Budget, uncertain: dict[str, str]) -> None:
        self.path = path
        self.budget = budget
        self.uncertain = uncertain
        self.names: dict[str, Any] = {}
        self._changed: dict[int, tuple[object, Unread]] = {}
        self._depth = 0

    def unread(self, node: ast.AST, found: str) -> Unread:
        """Return what stands for a value that is not read."""
        line = getattr(node, "lineno", 0)
        return Unread(found, f"{self.path}, line {line}", "a literal, or arithmetic on literals")

    def bind(self, name: str, value: Any) -> None:
        """Give a name a value."""
        if name in self.uncertain:
            unread = Unread("a name that a function uses", self.uncertain[name], "a name outside of functions")
            self.spoil(value, unread)
            value = unread
        self.names[name] = value

    def of(self, node: ast.expr) -> Any:
        """Return the value of an expression."""
        self.budget.spend(1)
        if self._depth >= _MAX_NESTED:
            return self._code(node, f"an expression nested more than {_MAX_NESTED} deep")
        self._depth += 1
        try:
            read = getattr(self, f"_{type(node).__name__.lower()}", None)
            value = self._code(node, shown(node)) if read is None else read(node)
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            value = self.unread(node, f"{shown(node)} ({error})")
        finally:
            self._depth -= 1
        value = self.certain(value)
        if isinstance(value, Unread) and not isinstance(node, ast.Name | ast.Constant):
            self.may_change(node, value)  # what it is may be what a name in it stands for, and be changed as that
        return value

    def certain(self, value: Any) -> Any:
        """Return the value, or what stands for it where it may have been changed."""
        changed = self._changed.get(id(value))
        return value if changed is None else changed[1]

    def spoil(self, value: Any, unread: Unread) -> None:
        """Hold all lists and mappings in a value for changed."""
        for one in self.within(value):
            if isinstance(one, list | dict):
                self._changed.setdefault(id(one), (one, unread))

    def within(self, value: Any) -> Iterator[Any]:
        """Yield a value and all in it, each once."""
        seen, waiting = set(), [value]
        while waiting:
            one = waiting.pop()
            self.budget.spend(1)
            if id(one) in seen:
                continue
            seen.add(id(one))
            yield one
            if isinstance(one, dict):
                waiting += one.values()
            elif isinstance(one, list | tuple):
                waiting += one

    def may_change(self, node: ast.AST, unread: Unread) -> None:
        """Hold for changed what the names in a piece of code stand for."""
        for one in ast.walk(node):
            self.budget.spend(1)
            if isinstance(one, ast.Name) and one.id in self.names:
                self.spoil(self.names[one.id], unread)

    def _code(self, node: ast.expr, found: str) -> Unread:
        """Return what stands for code, in which `:=` may give names a value."""
        unread = self.unread(node, found)
        for one in ast.walk(node):
            self.budget.spend(1)
            if isinstance(one, ast.NamedExpr):
                self.bind(one.target.id, unread)
        return unread

    def items(self, nodes: list[ast.expr]) -> list[Any] | Unread:
        """Return the values of the items of a list, with `*more` in their places."""
        found: list[Any] = []
        unread: Unread | None = None
        for node in nodes:
            value = self.of(node.value if isinstance(node, ast.Starred) else node)
            if not isinstance(node, ast.Starred):
                found.append(value)
            elif isinstance(value, list | tuple):
                self.budget.spend(len(value))
                found += value
            else:
                unread = value if isinstance(value, Unread) else self.unread(node, "`*` before no list")
        return found if unread is None else unread

    def mapping(self, pairs: list[tuple[ast.expr | str | None, ast.expr]]) -> dict[Any, Any] | Unread:
        """Return a mapping of keys and values, with `**more` where the key is None."""
        found: dict[Any, Any] = {}
        unread: Unread | None = None
        for name, node in pairs:
            value = self.of(node)
            key = self.of(name) if isinstance(name, ast.expr) else name
            if key is not None or isinstance(name, ast.expr):
                if isinstance(key, _PLAIN):
                    found[key] = value
                else:
                    unread = self.unread(node, "a key that is no literal")
            elif isinstance(value, dict):
                self.budget.spend(len(value))
                found.update(value)
            else:
                unread = value if isinstance(value, Unread) else self.unread(node, "`**` before no mapping")
        return found if unread is None else unread

    def _constant(self, node: ast.Constant) -> Any:
        if not isinstance(node.value, _PLAIN):
            return self.unread(node, f"a {type(node.value).__name__}")
        return small(node.value)

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        return self.unread(node, f"the name {node.id}, which the file gives no value before")

    def _list(self, node: ast.List | ast.Tuple) -> Any:
        items = self.items(node.elts)
        return tuple(items) if isinstance(node, ast.Tuple) and isinstance(items, list) else items

    def _set(self, node: ast.Set) -> Any:
        """Return what `{{_base_.x}}` stands for, which is a set of a set to Python."""
        inner = node.elts[0]
        if len(node.elts) == 1 and isinstance(inner, ast.Set) and len(inner.elts) == 1 and _is_of_base(inner.elts[0]):
            return self.of(inner.elts[0])
        return self.unread(node, "a set")

    def _dict(self, node: ast.Dict) -> Any:
        return self.mapping(list(zip(node.keys, node.values, strict=True)))

    def _call(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) and node.func.id not in self.names else ""
        if name == "dict" and len(node.args) <= 1:
            first: list[tuple[ast.expr | str | None, ast.expr]] = [(None, one) for one in node.args]
            return self.mapping(first + [(one.arg, one.value) for one in node.keywords])
        if name in FUNCTIONS and not node.keywords:
            given = self.items(node.args)
            if isinstance(given, Unread):
                return given
            found = next((one for one in given if isinstance(one, Unread)), None)
            return FUNCTIONS[name](*given) if found is None else found
        if isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args + node.keywords:
            whole = self.of(node.func.value)
            if isinstance(whole, list | dict):
                self.budget.spend(len(whole))
                return type(whole)(whole)
        return self._code(node, shown(node))

    def combined(self, node: ast.AST, operation: ast.operator, one: Any, other: Any) -> Any:
        """Return the value of an operation.

        Raises:
            TypeError: It has no such operands.
            ValueError: What comes of it is too large.
            ArithmeticError: It has no value.
        """
        for operand in (one, other):
            if isinstance(operand, Unread):
                return operand
            if isinstance(operand, Imported):
                return self.unread(node, f"arithmetic on {operand}, which is imported")
        compute = OPERATIONS.get(type(operation))
        if compute is None:
            return self.unread(node, f"the operation {type(operation).__name__}")
        found = compute(one, other)
        if isinstance(found, str | list | tuple):
            self.budget.spend(len(found))
        return self.unread(node, "a complex number") if isinstance(found, complex) else small(found)

    def _binop(self, node: ast.BinOp) -> Any:
        return self.combined(node, node.op, self.of(node.left), self.of(node.right))

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.of(node.operand)
        if isinstance(value, Unread):
            return value
        numbers(value)
        signs: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
        if isinstance(node.op, ast.Not) and isinstance(value, bool):
            return not value
        return signs[type(node.op)](value)

    def _joinedstr(self, node: ast.JoinedStr) -> Any:
        parts: list[str] = []
        for part in node.values:
            plain = isinstance(part, ast.Constant) or (
                isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None
            )
            value = self.of(part.value if isinstance(part, ast.FormattedValue) else part)
            if not plain or isinstance(value, Imported) or not isinstance(value, _PLAIN):
                return value if isinstance(value, Unread) else self.unread(node, "a text with code in it")
            parts.append(str(value))
        text = "".join(parts)
        self.budget.spend(len(text))
        return small(text)

    def _subscript(self, node: ast.Subscript) -> Any:
        whole, index = self.of(node.value), self.of(node.slice)
        if isinstance(whole, Unread) or isinstance(index, Unread):
            return whole if isinstance(whole, Unread) else index
        if not isinstance(whole, dict | list | tuple):
            raise TypeError("no list or mapping")
        return whole[index]

    def _attribute(self, node: ast.Attribute) -> Any:
        whole = self.of(node.value)
        if isinstance(whole, Imported):
            return Imported(f"{whole}.{node.attr}")
        if isinstance(whole, ConfigDict):
            return whole[node.attr]
        return whole if isinstance(whole, Unread) else self.unread(node, shown(node))

    _tuple = _list


def _is_of_base(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "_base_"
