"""Code of Python as its syntax tree, in words, and by the names that it gives a value or uses."""

from __future__ import annotations

import ast
import warnings

from lrspec.errors import SpecError
from lrspec.readers.files.merging import Budget

_MAX_SOURCE = 1 << 18
_ANYTHING = {"exec", "globals", "locals", "vars"}
"""Names with which code changes names that it does not mention."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def parsed(source: str, path: str) -> ast.Module:
    """Return the syntax tree of a config.

    Raises:
        SpecError: It is no Python, or too large or too deeply nested to be a config.
    """
    if len(source) > _MAX_SOURCE:
        raise SpecError(path, found=f"{len(source):,} characters", expected=f"a config of at most {_MAX_SOURCE:,}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        raise SpecError(path, found=f"{where}{error.msg}", expected="Python") from None
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        found = f"{type(error).__name__}: {error}"
        raise SpecError(path, found=found, expected="Python, not too deeply nested") from None


def used_by_functions(tree: ast.Module, path: str, budget: Budget) -> dict[str, str]:
    """Return the names that functions use, with where.

    Args:
        tree: The syntax tree.
        path: The file, for messages.
        budget: How much work is left.

    Raises:
        SpecError: There is code that may change any name.
    """
    found: dict[str, str] = {}
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, inside = waiting.pop()
        budget.spend(1)
        inside = inside or isinstance(node, _FUNCTIONS)
        if isinstance(node, ast.Name):
            if node.id in _ANYTHING:
                code = f"line {node.lineno}: `{node.id}`, by which code may change any value"
                raise SpecError(path, found=code, expected="a config without it")
            if inside:
                found[node.id] = f"{path}, line {node.lineno}"
        waiting += [(one, inside) for one in ast.iter_child_nodes(node)]
    return found


def bound(node: ast.AST) -> list[str]:
    """Return the names that a part of a statement binds."""
    if isinstance(node, ast.Name):
        return [node.id] if isinstance(node.ctx, ast.Store | ast.Del) else []
    if isinstance(node, ast.alias):
        return [node.asname or node.name.split(".")[0]]
    names = (getattr(node, "rest", None), getattr(node, "name", None))  # of functions, classes, handlers and patterns
    return [name for name in names if isinstance(name, str)]


_WORDS: dict[type[ast.AST], str] = {
    ast.BinOp: "an operation",
    ast.BoolOp: "a condition",
    ast.Compare: "a comparison",
    ast.Constant: "a literal",
    ast.IfExp: "a condition",
    ast.Lambda: "a function",
    ast.NamedExpr: "`:=`",
    ast.Subscript: "`[...]`",
    ast.UnaryOp: "an operation",
}


def shown(node: ast.AST) -> str:
    """Return a piece of code in few words."""
    if isinstance(node, ast.Call):
        while isinstance(node, ast.Call):  # `f()()()` may be as long as a file
            node = node.func
        return f"{shown(node)}(...)"
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{node.value.id if isinstance(node.value, ast.Name) else '...'}.{node.attr}"
    return _WORDS.get(type(node), "a comprehension" if type(node).__name__.endswith("Comp") else "code")
