"""Config files in Python as data, by the syntax tree: assignments, and what is done to lists and mappings.

Nothing is executed or imported. A statement that is not understood makes what it names `Unread`: names that it gives a
value, and lists and mappings that it may change. The rest of the file is read all the same.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from lrspec.errors import SpecError
from lrspec.readers.files.arithmetic import MAX_ITEMS
from lrspec.readers.files.code import bound, used_by_functions
from lrspec.readers.files.expressions import Values
from lrspec.readers.files.lenient import Unread
from lrspec.readers.files.merging import Budget, ConfigDict, Imported, configured, merged, update

Imports = Callable[[str, int, int], Mapping[str, Any]]
"""What returns the values of a base file: of its module, how many folders up, and the line."""


def evaluated(
    tree: ast.Module, path: str, budget: Budget, given: Mapping[str, Any] | None = None, imports: Imports | None = None
) -> dict[str, Any]:
    """Return the names that have a value at the end of a config, with these.

    Args:
        tree: The syntax tree.
        path: The file, for messages.
        budget: How much work is left.
        given: Names that have a value before.
        imports: What returns the values of the files that it reads with `read_base()`.

    Raises:
        SpecError: It computes too much, is nested too deeply, has code that may change any name, or reads a base that
            cannot be read.
    """
    try:
        values = Values(path, budget, used_by_functions(tree, path, budget))
        values.names.update(given or {})
        _Statements(values, imports).run(tree.body)
        return {name: finished(value, values) for name, value in values.names.items() if not name.startswith("__")}
    except RecursionError:
        raise SpecError(path, found="code nested too deeply", expected="a config") from None


def finished(value: Any, values: Values) -> Any:
    """Return a copy of a value, in which what may have been changed is unread."""
    values.budget.spend(1)
    value = values.certain(value)
    if isinstance(value, dict):
        return ConfigDict({key: finished(one, values) for key, one in value.items()})
    if isinstance(value, list | tuple):
        return type(value)(finished(one, values) for one in value)
    return value


FUNCTION = "what a function or class does"
"""What is found where a file has functions."""
_WORDS: dict[type[ast.stmt], str] = {
    ast.FunctionDef: FUNCTION,
    ast.AsyncFunctionDef: FUNCTION,
    ast.ClassDef: FUNCTION,
    ast.For: "what a loop does",
    ast.While: "what a loop does",
    ast.If: "what `if` decides",
    ast.With: "what `with` does",
    ast.Try: "what `try` does",
}


class _Statements:
    """What statements do to names and values."""

    def __init__(self, values: Values, imports: Imports | None) -> None:
        self.values = values
        self.imports = imports

    def run(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.values.budget.spend(1)
            done = getattr(self, f"_{type(statement).__name__.lower()}", None)
            if done is None or not done(statement):
                self.unknown(statement)

    def unknown(self, statement: ast.stmt) -> None:
        """Make what a statement names unread."""
        unread = self.values.unread(statement, _WORDS.get(type(statement), "what a statement does"))
        self.values.may_change(statement, unread)
        for node in ast.walk(statement):
            self.values.budget.spend(1)
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                raise self.star(node)
            for name in bound(node):
                self.values.bind(name, unread)

    def star(self, statement: ast.ImportFrom) -> SpecError:
        found = f"line {statement.lineno}: `from {statement.module} import *`, whose names are not known"
        return SpecError(self.values.path, found=found, expected="names, or `with read_base():` around it")

    def _assign(self, statement: ast.Assign) -> bool:
        value = self.values.of(statement.value)
        done = [self.store(target, value) for target in statement.targets]
        return all(done)

    def _annassign(self, statement: ast.AnnAssign) -> bool:
        return statement.value is None or self.store(statement.target, self.values.of(statement.value))

    def _augassign(self, statement: ast.AugAssign) -> bool:
        target, values = statement.target, self.values
        loaded: dict[type[ast.expr], ast.expr] = {
            ast.Name: ast.Name(id=getattr(target, "id", ""), ctx=ast.Load()),
            ast.Subscript: target,
            ast.Attribute: target,
        }
        before, more = values.of(ast.copy_location(loaded[type(target)], target)), values.of(statement.value)
        if isinstance(before, list | dict):
            adds = isinstance(statement.op, ast.Add) and isinstance(more, list | tuple)
            return adds and isinstance(before, list) and self.extend(before, more)
        try:
            after = values.combined(statement, statement.op, before, more)
        except (TypeError, ValueError, ArithmeticError) as error:
            after = values.unread(statement, f"an operation ({error})")
        return self.store(target, after)

    def store(self, target: ast.expr, value: Any) -> bool:
        """Give a target a value; return whether that is all that happens."""
        if isinstance(target, ast.Name):
            self.values.bind(target.id, value)
            return True
        if isinstance(target, ast.Tuple | ast.List):
            if not isinstance(value, list | tuple) or len(value) != len(target.elts):
                return False
            done = [self.store(one, item) for one, item in zip(target.elts, value, strict=True)]
            return all(done)
        if isinstance(target, ast.Subscript | ast.Attribute):
            whole = self.values.of(target.value)
            key = self.values.of(target.slice) if isinstance(target, ast.Subscript) else target.attr
            if isinstance(target, ast.Attribute) and not isinstance(whole, ConfigDict):
                return False
            return self.put(whole, key, value)
        return False

    def put(self, whole: Any, key: Any, value: Any) -> bool:
        """Change an item of a list or mapping, if it can be told that this makes no circle."""
        if isinstance(whole, dict) and isinstance(key, str | int | float):
            value = configured(value, self.values.budget) if isinstance(whole, ConfigDict) else value
        elif not (isinstance(whole, list) and isinstance(key, int) and -len(whole) <= key < len(whole)):
            return False
        if any(one is whole for one in self.values.within(value)):
            return False
        whole[key] = value
        return True

    def extend(self, whole: list[Any], more: Any) -> bool:
        self.values.budget.spend(len(more))
        if any(one is whole for one in self.values.within(more)) or len(whole) + len(more) > MAX_ITEMS:
            return False
        whole += more
        return True

    def _expr(self, statement: ast.Expr) -> bool:
        call = statement.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            self.values.of(call)
            return True
        method, whole = call.func.attr, self.values.of(call.func.value)
        if isinstance(whole, dict) and method in {"update", "merge"}:
            return self.updated(whole, method, call)
        if isinstance(whole, list) and method in {"append", "extend"} and len(call.args) == 1 and not call.keywords:
            value = self.values.of(call.args[0])
            more = [value] if method == "append" else value
            return isinstance(more, list | tuple) and self.extend(whole, more)
        if method == "pop" and isinstance(whole, dict | list) and len(call.args) == 1 and not call.keywords:
            return self.removed(whole, self.values.of(call.args[0]))
        return isinstance(self.values.of(call), Unread)  # whatever it is given counts as changed

    def updated(self, whole: dict[Any, Any], method: str, call: ast.Call) -> bool:
        nodes: list[tuple[ast.expr | str | None, ast.expr]] = [(None, one) for one in call.args]
        more = self.values.mapping(nodes + [(one.arg, one.value) for one in call.keywords])
        if not isinstance(more, dict) or any(one is whole for one in self.values.within(more)):
            return False
        if not isinstance(whole, ConfigDict):
            whole.update(more)
            return method == "update"
        if method == "update":
            update(whole, more, self.values.budget)
            return True
        anew = merged(whole, configured(more, self.values.budget), self.values.budget)
        whole.clear()
        whole.update(anew)
        return True

    def _delete(self, statement: ast.Delete) -> bool:
        for target in statement.targets:
            if isinstance(target, ast.Name):
                self.values.names.pop(target.id, None)
                continue
            if not isinstance(target, ast.Subscript):
                return False
            if not self.removed(self.values.of(target.value), self.values.of(target.slice)):
                return False
        return True

    def removed(self, whole: Any, key: Any) -> bool:
        if isinstance(whole, dict) and isinstance(key, str | int):
            whole.pop(key, None)
            return True
        if isinstance(whole, list) and isinstance(key, int) and -len(whole) <= key < len(whole):
            del whole[key]
            return True
        return False

    def _import(self, statement: ast.Import) -> bool:
        for one in statement.names:
            first = one.name.split(".")[0]
            self.values.bind(one.asname or first, Imported(one.name if one.asname else first))
        return True

    def _importfrom(self, statement: ast.ImportFrom) -> bool:
        module = "." * statement.level + (statement.module or "")
        for one in statement.names:
            if one.name == "*":
                raise self.star(statement)
            self.values.bind(one.asname or one.name, Imported(f"{module}.{one.name}"))
        return True

    def _pass(self, _: ast.Pass) -> bool:
        return True

    def _with(self, statement: ast.With) -> bool:
        context = statement.items[0].context_expr
        named = isinstance(context, ast.Call) and isinstance(context.func, ast.Name) and context.func.id == "read_base"
        if not named or self.imports is None or not all(isinstance(one, ast.ImportFrom) for one in statement.body):
            return False
        for one in statement.body:
            if isinstance(one, ast.ImportFrom):
                found = self.imports(one.module or "", one.level, one.lineno)
                self.bind_imported(one, found)
        return True

    def bind_imported(self, statement: ast.ImportFrom, found: Mapping[str, Any]) -> None:
        for alias in statement.names:
            if alias.name == "*":
                for name, value in found.items():
                    self.values.bind(name, value)
            else:
                missing = self.values.unread(statement, f"the name {alias.name}, which the base does not give a value")
                self.values.bind(alias.asname or alias.name, found.get(alias.name, missing))
