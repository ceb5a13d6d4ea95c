"""Every Python example of the README and of the documentation runs as written, for the frameworks under test.

A page is run from its top to its end in one namespace, as a reader would. A section is left out where it imports a
framework that is not installed.
"""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from conftest import FRAMEWORKS, is_installed

ROOT = Path(__file__).parent.parent
NAMES = ("README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")))
PAGES = {name: text for name in NAMES if "```python" in (text := (ROOT / name).read_text(encoding="utf-8"))}


def sections(text: str) -> list[list[str]]:
    """Return the blocks of each section, of Python and of commands."""
    parts = re.split(r"^##+ ", text, flags=re.MULTILINE)
    found = [re.findall(r"```(?:python\n|console\n(?=\$ ))(.*?)```", part, re.DOTALL) for part in parts]
    return [blocks for blocks in found if blocks]


CLIENTS = ("transformers", "lightning", "flax", "accelerate")


def needed(blocks: list[str]) -> set[str]:
    """Return which frameworks and libraries a section imports."""
    lines = "\n".join(blocks)
    imported = set(re.findall(r"^(?:import|from) (\w+)", lines, re.MULTILINE))
    faces = set(re.findall(r"^(?:import|from) lrspec\.(\w+)", lines, re.MULTILINE))
    return (
        faces & set(FRAMEWORKS)
        | {framework for framework, modules in FRAMEWORKS.items() if imported & set(modules)}
        | imported & set(CLIENTS)
    )


def runnable(text: str) -> Iterator[str]:
    for blocks in sections(text):
        if all(is_installed(name) if name in FRAMEWORKS else find_spec(name) for name in needed(blocks)):
            yield from blocks


def run(block: str, page: str, namespace: dict[str, Any]) -> None:
    if block.startswith("$ "):
        if page.startswith("docs/migrate/"):  # the commands of other pages are run by the tests of the command
            commands(block)
        return
    if ">>> " not in block:
        exec(compile(block, page, "exec"), namespace)  # noqa: S102 - our own pages
        return
    test = doctest.DocTestParser().get_doctest(block, namespace, page, page, 0)
    told: list[str] = []
    doctest.DocTestRunner().run(test, out=told.append, clear_globs=False)
    namespace.update(test.globs)
    assert not told, "".join(told)


def commands(block: str) -> None:
    """Run the commands of a block; one that compares may find a difference."""
    for line in block.splitlines():
        if line.startswith("$ lrspec "):
            arguments = shlex.split(line)[2:]
            result = subprocess.run([sys.executable, "-m", "lrspec", *arguments], capture_output=True, check=False)
            assert result.returncode == (1 if arguments[0] == "diff" else 0), result.stderr.decode()


def test_pages_have_examples_of_every_framework_and_of_none() -> None:
    assert {"README.md", "docs/frameworks.md", "docs/groups.md", "docs/how-it-works.md"} <= PAGES.keys()
    for name in ("README.md", "docs/frameworks.md", "docs/groups.md"):
        found = [needed(blocks) for blocks in sections(PAGES[name])]
        assert all(expected in found for expected in (set(), {"torch"}, {"keras"}, {"optax"}))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PAGES)
def test_examples_run(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path if name.startswith("docs/migrate/") else ROOT)
    namespace: dict[str, Any] = {"__name__": "page"}
    for block in runnable(PAGES[name]):
        run(block, name, namespace)
