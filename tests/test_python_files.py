"""Python config files as data: what they say is what Python computes, nothing is executed, and none takes long."""

from __future__ import annotations

import random
import resource
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lrspec import LrspecError, SpecError
from lrspec.readers import files
from lrspec.readers.files import Unread
from lrspec.readers.files.code import parsed
from lrspec.readers.files.merging import Budget
from lrspec.readers.files.python import evaluated

NAMES = "abcde"


def data(source: str) -> dict[str, Any]:
    return evaluated(parsed(source, "f.py"), "f.py", Budget())


@pytest.mark.parametrize(
    "source",
    [
        "x = 2 * 3 + 4 ** 2 // 3 - 7 % 4 / 2",
        "x = [1, *(2, 3)] + [4] * 2",
        "a = dict(x=1); x = dict(**a, y=a['x'] + 1); a.update(x=5)",
        "a = [1]; b = a; b.append(2); a += [3]; x = [a, b]",
        "a = {'k': [1, 2]}; x = a; a['k'][0] = 5; del a['k'][1]",
        "x = -(-1e-3); y = +2; z = not True",
        "x = f'{1}_{2.5}' + 'a' * 3",
        "x, (y, z) = 1, [2, 3]; w = v = x",
        "x = int(1e5) + round(2.5) + round(1.234, 2) + max(1, 3) + min([2, 1]) + abs(-2) + len([1, 2])",
        "x: int = 3; x *= 4; x -= 1",
        "x = [1, 2, 3]; x.pop(0); x.extend((4, 5)); y = x.copy(); y.append(6)",
    ],
)
def test_what_python_computes(source: str) -> None:
    expected: dict[str, Any] = {}
    exec(source, expected)  # noqa: S102 - the sources above
    assert data(source) == {name: value for name, value in expected.items() if not name.startswith("__")}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = f(1)", "f(...)"),
        ("import os\nx = os.cpu_count()", "os.cpu_count(...)"),
        ("x = 1 if y else 2", "a condition"),
        ("x = [i for i in range(3)]", "a comprehension"),
        ("x = undefined", "the name undefined, which the file gives no value before"),
        ("x = 1\nif True:\n    x = 2", "what `if` decides"),
        ("x = 1\nfor x in [2]: pass", "what a loop does"),
        ("x = 1\ndef f():\n    global x\n    x = 2\nf()", "a name that a function uses"),
        ("x = [1]\ny = x\nf(y)", "f(...)"),
        ("x = [1]\ny = x if x else 0\ny[0] = 2", "a condition"),
        ("x = dict(a=1)\nx.setdefault('b', 2)", "x.setdefault(...)"),
        ("x = 1\ntry:\n    from m import x\nexcept ImportError: pass", "what `try` does"),
        ("x = 1 / 0", "an operation (division by zero)"),
        ("x = 10**10**10", "an operation (a very large number)"),
        ("x = [0] * 10**9", "an operation (more than 100,000 items)"),
        ("x = '%1000000000d' % 1", "an operation (no number)"),
        ("x = f'{1:1000000000}'", "a text with code in it"),
        ("x = 1\n(x := 2)", "`:=`"),
        ("x = (-8) ** 0.5", "a complex number"),
        ("import torch\nx = torch + 1", "arithmetic on torch, which is imported"),
    ],
)
def test_code_is_unread_with_its_line(source: str, found: str) -> None:
    value = data(source)["x"]
    assert isinstance(value, Unread), value
    assert value.found == found
    assert value.where.startswith("f.py, line ")


@pytest.mark.parametrize(
    "source",
    [
        "from os import *",
        "x = 1\nexec('x = 2')",
        "x = 1\nglobals()['x'] = 2",
        "x = 1\nif x:\n    from m import *",
        "x = (",
        "x = 1\0",
        "x = " + "[" * 300 + "]" * 300,
        "x = " + "9" * 5000,
    ],
)
def test_what_leaves_nothing_certain_is_refused(source: str) -> None:
    with pytest.raises(SpecError, match=r"f\.py: found"):
        data(source)


HOSTILE = {
    "laughs": "a = [0] * 9\n" + "a = [a, a, a, a, a, a, a, a, a]\n" * 60,
    "laughs in mappings": "a = dict(x=1)\n" + "a = dict(x=a, y=a)\n" * 80,
    "doubled text": "a = 'ab'\n" + "a = a + a\n" * 100,
    "doubled list": "a = [1, 2]\n" + "a += a\n" * 100,
    "repeated": "x = [0] * 10**5\ny = x * 10**5\nz = [[x] * 10**5] * 10**5",
    "copied": "x = [0] * 10**5\n" + "y = [*x, *x, *x, *x]\n" * 1000,
    "changed": "x = [0] * 90000\n" + "f(x)\n" * 2000,
    "round": "x = round(5, -10**9)",
    "minus": "x = " + "-" * 100000 + "1",
    "not": "x = " + "not " * 40000 + "1",
    "plus": "x = " + "1+" * 60000 + "1",
    "attributes": "x = a" + ".b" * 60000,
    "calls": "x = f" + "()" * 60000,
    "lambdas": "x = " + "lambda:" * 30000 + "1",
    "conditions": "x = " + "1 if 1 else " * 20000 + "1",
    "elif": "if 1:\n pass\n" + "elif 1:\n pass\n" * 15000,
    "statements": "x = 1\n" * 20000,
    "circle": "a = {}\na['a'] = a\nb = []\nb.append(b)",
    "range": "x = list(range(10**12))",
    "hexadecimal": "x = 0x" + "f" * 200000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_takes_neither_long_nor_much(name: str) -> None:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        found = data(HOSTILE[name])
    except LrspecError:
        found = {}
    assert time.process_time() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024
    assert all(not isinstance(value, int) or value.bit_length() <= 1024 for value in found.values())


def test_nothing_is_executed_or_imported(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "evil_module.py").write_text(f"open({str(mark)!r}, 'w')")
    source = f"""
import evil_module
from evil_module import thing
import os
os.system("touch {mark}")
x = open({str(mark)!r}, "w").write("1")
y = __import__("evil_module")
z = eval("__import__('evil_module')")
class A:
    open({str(mark)!r}, "w")
@os.system("touch {mark}")
def f(a=open({str(mark)!r}, "w")): ...
w = [open({str(mark)!r}, "w") for _ in [1]]
v = f"{{open('mark', 'w')}}"
learning_rate = 1e-3
"""
    path = tmp_path / "config.py"
    path.write_text(source)
    sys.path.insert(0, str(tmp_path))
    try:
        found = files.load(path)
    finally:
        sys.path.remove(str(tmp_path))
    assert found.data["learning_rate"] == 1e-3
    assert not mark.exists()
    assert "evil_module" not in sys.modules


class Programs:
    """Random programs of assignments, and of what is done to lists and mappings."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - programs, not secrets

    def name(self) -> str:
        return self.random.choice(NAMES)

    def expression(self, depth: int = 0) -> str:
        inner = [self.expression(depth + 1) for _ in range(2)] if depth < 3 else ["1", "2.5"]
        sort = self.random.choice(["+", "-", "*", "/", "//", "%"])
        return self.random.choice(
            [
                *(self.random.choice(["1", "2", "0.5", "-1", "True", self.name()]) for _ in range(4)),
                f"[{inner[0]}, {inner[1]}]",
                f"({inner[0]}, {inner[1]})",
                f"dict(x={inner[0]}, y={inner[1]})",
                f"({inner[0]} {sort} {inner[1]})",
                f"{self.name()}[0]",
                f"{self.name()}['x']",
                f"dict(**{self.name()}, z={inner[0]})",
                f"[*{self.name()}, {inner[0]}]",
                f"{self.name()}.copy()",
                f"helper({self.name()})",
                f"({self.name()} if {inner[0]} else {inner[1]})",
                f"[one for one in {self.name()}]",
            ]
        )

    def target(self) -> str:
        return self.random.choice([*[self.name() for _ in range(3)], f"{self.name()}['x']", f"{self.name()}[0]"])

    def statement(self) -> str:
        value = self.expression()
        return self.random.choice(
            [
                *[f"{self.target()} = {value}" for _ in range(4)],
                f"{self.name()} = {self.name()} = {value}",
                f"{self.target()} {self.random.choice(['+=', '*='])} {value}",
                f"{self.name()}.update({value})",
                f"{self.name()}.append({value})",
                f"{self.name()}.pop(0)",
                f"del {self.name()}['x']",
                f"if {self.name()}: {self.target()} = {value}",
                f"for one in list({self.name()}): {self.target()} = {value}",
                f"helper({self.name()})",
                f"{self.name()}.sort()",
            ]
        )


def helper(given: Any) -> Any:
    """Change what is given."""
    if isinstance(given, list):
        given.append(99)
    elif isinstance(given, dict):
        given["x"] = 99
    return given


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, Unread):
        return True
    if isinstance(ours, dict):
        keys = isinstance(theirs, dict) and list(ours) == list(theirs)
        return keys and all(map(same, ours.values(), theirs.values()))
    if isinstance(ours, list | tuple):
        return isinstance(theirs, type(ours)) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and repr(ours) == repr(theirs)


def attempt(source: str) -> dict[str, Any] | None:
    """Return what Python computes, None where it fails, or where something stands within itself."""
    names: dict[str, Any] = {"helper": helper}
    try:
        exec(source, names)  # noqa: S102 - the programs of this file
        del names["__builtins__"]
        if "..." in repr(names):
            return None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, NameError, RuntimeError):
        return None
    return {name: value for name, value in names.items() if name in NAMES}


@pytest.mark.parametrize("seed", range(10))
def test_random_programs_are_read_as_python_runs_them(seed: int) -> None:
    programs, read = Programs(seed), 0
    for _ in range(12):
        lines = ["a = [1, [2]]", "b = dict(x=[1])", "c = 3", "d = a", "e = b"]
        for _ in range(12):
            line = programs.statement()
            if attempt("\n".join([*lines, line])) is not None:
                lines.append(line)
        source, expected = "\n".join(lines), attempt("\n".join(lines)) or {}
        found = {name: value for name, value in data(f"from m import helper\n{source}").items() if name in NAMES}
        for name in {*found, *expected}:
            if isinstance(found.get(name), Unread):
                continue
            assert name in found, (name, source)
            assert same(found[name], expected[name]), (name, found[name], expected[name], source)
            read += 1
    assert read > 5
