"""A message of the command names options of the command, not arguments of Python."""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import lrspec
from command import ROOT, run
from lrspec.cli import _parser
from lrspec.errors import Advice, argument, named_as_options

SOURCES = sorted((ROOT / "src" / "lrspec").rglob("*.py"))
PYTHON = re.compile(r"(?<![-\w.])[a-z_]+=(?:N\b|\.\.\.)")
BY_HAND = "to_torch(optimizer, step=...)"
"""A call that users write, whatever raised the message: no command has such an option."""


def options() -> set[str]:
    """Return the name of everything that some command takes."""
    commands = next(action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    return {action.dest for command in commands.choices.values() for action in command._actions}


def literals(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a module that are no docstrings; what stands in braces is `x`."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_message_has_an_argument_of_python_written_into_it(path: Path) -> None:
    found = [text for text in literals(ast.parse(path.read_text())) if PYTHON.search(text.replace(BY_HAND, ""))]
    assert not found, "write them with lrspec.errors.argument"


def test_what_messages_name_are_options() -> None:
    named = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"argument": 0, "Advice": 1}.get(node.func.id)
                value = None if place is None else node.args[place]
                named |= {value.value} if isinstance(value, ast.Constant) else set()
    assert {"sample", "system", "counter", "base_value", "total_steps"} <= named <= options()


def test_an_argument_is_an_option_where_the_command_runs() -> None:
    advice = Advice("give {argument}", "sample", "N")
    assert (argument("sample", "N"), argument("system"), f"{advice}") == ("sample=N", "system=...", "give sample=N")
    with named_as_options({"sample": "--sample"}):
        assert (argument("sample", "N"), argument("system"), f"{advice}") == (
            "--sample N",
            "system=...",
            "give --sample N",
        )
    assert f"{advice}" == "give sample=N"


DOCUMENT = {
    "lrspec": 1,
    "learning_rate": {"kind": "linear", "init_value": 0.1, "end_value": 0.0, "steps": "3 epochs"},
    "relative": True,
}
HUGGING_FACE = {"lr_scheduler_type": "linear", "learning_rate": 0.1, "num_train_epochs": 3}
INPUTS: dict[str, tuple[dict[str, object], list[str], str]] = {
    "a duration": (DOCUMENT, [], "--steps-per-epoch"),
    "a relative document": (DOCUMENT, ["--steps-per-epoch", "5"], "--base-value"),
    "epochs of a config": (HUGGING_FACE, [], "--steps-per-epoch"),
    "a config of nobody": ({"rate": 0.1}, [], "give --system"),
    "a bad quantity": (HUGGING_FACE, ["--steps-per-epoch", "x"], "--steps-per-epoch: found 'x'"),
    "no total": (HUGGING_FACE | {"max_steps": -1, "lr_scheduler_type": "constant"}, ["--until", "total"], "--until N"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_what_convert_says(name: str, tmp_path: Path) -> None:
    data, given, option = INPUTS[name]
    (tmp_path / "input.json").write_text(json.dumps(data))
    result = run("convert", "input.json", "--to", "optax", "--no-check", *given, cwd=tmp_path)
    assert result.returncode == 2, result.stdout
    assert option in result.stderr
    assert not PYTHON.search(result.stderr)


@pytest.mark.parametrize("command", ["show", "lint", "plot", "verify"])
def test_what_the_commands_about_documents_say(command: str, tmp_path: Path) -> None:
    (tmp_path / "input.json").write_text(json.dumps(DOCUMENT))
    result = run(command, "input.json", cwd=tmp_path)
    assert result.returncode == 2
    assert "`steps_per_epoch` in the document, or --steps-per-epoch" in result.stderr
    assert "=..." not in result.stderr


def test_what_is_said_of_code(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f(step):\n    return 0.5\n")
    result = run("convert", "mine:f", "--to", "yaml", cwd=tmp_path)
    assert (result.returncode, "give --sample N, a number of steps" in result.stderr) == (2, True)
    result = run("diff", "mine:f", "mine:f", "--total-steps", "10", cwd=tmp_path)
    assert (result.returncode, "an object takes no --total-steps" in result.stderr) == (2, True)


def test_python_keeps_its_own_words() -> None:
    with pytest.raises(lrspec.SpecError, match=r"or resolve\(steps_per_epoch=\.\.\.\)"):
        lrspec.from_dict(DOCUMENT).node  # noqa: B018
    with pytest.raises(lrspec.UnsupportedError, match=r"give system=\.\.\."):
        lrspec.read_config({"rate": 0.1})


def test_a_module_that_leaves_when_it_is_imported_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(3)\n")
    result = run("convert", "leaves.py:schedule", "--to", "yaml", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "importing leaves.py failed: SystemExit: 3" in result.stderr


def test_sample_is_named_as_an_option(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("rate = lambda step: 0.1\n")
    result = run("convert", "mine.py:rate", "--to", "yaml", "--sample", "-5", cwd=tmp_path)
    assert result.returncode == 2
    assert "--sample: found -5" in result.stderr
