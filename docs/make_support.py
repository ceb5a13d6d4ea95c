"""Writes support.md from the tests' own tables and from tox.ini: `python docs/make_support.py`, or `--check`."""

from __future__ import annotations

import ast
import configparser
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lrspec.readers.registry import config_systems, systems

DOCS = Path(__file__).parent
ROOT = DOCS.parent
READERS = {
    "torch": ("tests/adapters/test_torch_native.py", "tests/adapters/test_torch_native_joined.py"),
    "Keras": ("tests/adapters/test_keras_native.py",),
    "Optax": ("tests/adapters/test_optax_native.py",),
    "transformers": ("tests/readers/test_transformers.py",),
    "timm": ("tests/readers/test_timm.py",),
    "fvcore, detectron2": ("tests/readers/test_fvcore.py",),
    "pytorch-ignite": ("tests/readers/test_ignite.py",),
}
TABLE = (
    "tests/clients/table/test_by_hand.py",
    "tests/distributed_cells.py",
    "tests/deepspeed_cells.py",
    "tests/clients/table/test_trainers.py",
    "tests/clients/table/test_libraries.py",
    "tests/adapters/test_table_keras.py",
    "tests/adapters/test_table_optax.py",
    "tests/clients/table/test_flax.py",
)
HEAD = """\
# What is supported, and tested

<!-- Written by docs/make_support.py from the tests and tox.ini. -->

## Versions

Every environment of the matrix is run for each change. The versions:

| environment | Python | |
|---|---|---|
"""
READ = """
## Native schedules that are read

One line for each class or builder, with the parameter sets that are tested: values against the formula in exact
arithmetic, and against the live object, fresh and in the middle of training. What is not here is refused by name:
code of your own (give `sample=N`, for a table), schedulers that go by a metric (`PlateauRule` has their rules), and
those of Composer, which are functions of its trainer's state.

| library | construct | parameter sets tested |
|---|---|---|
"""
CLIENTS = """
## Clients

Each cell is a run of the client, with the native scheduler and with ours in the same test: the rates that the optimizer
applied are compared, bit for bit, with the schedule at the index of the update. "right": both apply them. "ours": only
ours does, and a note says what native does. "none": there is no such situation, and a note says why. In "skip", updates
are left out because their gradients are not finite; "groups" is a second group at half of the rate; in "optimizer
first" and "scheduler first" the run is resumed, and that state is loaded first; "end" applies all the updates of a
schedule that ends with an error, and no more.

"""
CONFIGS = """
## Config files that are read

A file belongs to a system where it has one of its marks. Defaults stand in for keys that are not there, and a reading
names each, with the release that they are of. Each file in the tests is compared with what the system's own code gives,
to 1e-12 of the largest value.

"""
KNOWN = """
## Config files that are recognised, and refused

Their error has the document to start from, or the recipe"""
CORPORA = "tests/readers/*/expected.json"
GPU = """
## GPUs

`pytest --device cuda --backends torch,optax tests/gpu tests/adapters/test_conformance.py` runs every mode on an
accelerator. It has not been run on one yet: no such machine could be had. The same code runs on CPUs with the same
modes: eager, compiled, in graphs and with the rate as a tensor.
"""


def literal(path: Path, name: str) -> ast.expr | None:
    """Return what a file assigns to a name, without importing it."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if isinstance(node, ast.Assign | ast.AnnAssign) and any(
            isinstance(target, ast.Name) and target.id == name for target in targets
        ):
            return node.value
    return None


def rows(path: Path) -> list[str]:
    """Return the keys of the dictionary named ROWS in a file."""
    value = literal(path, "ROWS")
    keys = value.keys if isinstance(value, ast.Dict) else []
    return [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]


def cells() -> dict[str, dict[str, Any]]:
    """Return the table client x situation, as `tests/client_table.py` describes it."""
    found: dict[str, dict[str, Any]] = {}
    for name in TABLE:
        value = literal(ROOT / name, "CELLS")
        if value is not None:
            found |= ast.literal_eval(value)
    return found


def clients() -> str:
    table, notes = cells(), list[str]()
    situations = list(dict.fromkeys(name for row in table.values() for name in row))
    lines = [f"| client | {' | '.join(situations)} |", f"|{'---|' * (len(situations) + 1)}"]
    for client, row in table.items():
        lines.append(f"| {client} | {' | '.join(_cell(row[name], notes) for name in situations)} |")
    numbered = [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    return "\n".join([*lines, "", *numbered]).replace("*", r"\*") + "\n"


def _cell(cell: Any, notes: list[str]) -> str:
    """Return a cell of the page; what is to be said of it is added to the notes."""
    if isinstance(cell, str):
        return cell
    note = cell.get("none") or cell["note"]
    if note not in notes:
        notes.append(note)
    word = "none" if "none" in cell else "both differ" if "ours" in cell else "ours"
    return f"{word} ({notes.index(note) + 1})"


def readers() -> str:
    lines = []
    for library, paths in READERS.items():
        sets: dict[str, list[str]] = {}
        for name in (name for path in paths for name in rows(ROOT / path)):
            construct, _, variant = name.partition(", ")
            sets.setdefault(construct, []).append(variant or "plain")
        lines += [f"| {library} | {construct} | {'; '.join(variants)} |" for construct, variants in sets.items()]
    return "\n".join(lines)


def versions() -> str:
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "tox.ini", encoding="utf-8")
    pins: dict[str, list[str]] = {}
    for line in config["testenv"]["deps"].strip().splitlines():
        factors, _, pin = line.partition(": ")
        for factor in (name for name in factors.split(",") if f"testenv:{name}" not in config):
            pins.setdefault(factor, []).append(re.split(r"; ", pin)[0])
    python = {"lowest": "3.10"}
    lines = ["| core | 3.10, 3.11, 3.12, 3.13 | no framework |"]
    for factor, names in pins.items():
        shown = ", ".join(name for name in dict.fromkeys(names) if not name.startswith("tensorflow==2.21"))
        lines.append(f"| {factor} | {python.get(factor, '3.11')} | {shown} |".replace("*", r"\*"))
    return "\n".join(lines)


def configs() -> str:
    corpora = {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob(CORPORA))}
    sections = []
    for system in sorted(config_systems().values(), key=lambda system: system.title.lower()):
        own = [corpus for corpus in corpora.values() if corpus["system"] == system.name]
        tried = sum(len(corpus.get("read", ())) for corpus in own)
        refused = sum(len(corpus.get("refused", ())) for corpus in own)
        how = "; ".join(corpus["how"] for corpus in own)
        sections.append(
            f"### {system.title}\n\n`--system {system.name}`. {tried} files compared, {refused} refused: {how}.\n"
        )
        sections.append(listed("Marks", map(str, system.marks)))
        table = "; ".join(f"`{path}: {value}`" for path, value in system.defaults.items())
        release = f"{system.version or 'none are filled in'}{': ' if table else ''}{table}"
        sections.append(f"Defaults of: {release}.\n")
        sections.append(f"Schedules: {', '.join(system.shapes)}.\n")
        sections.append(listed("Refused", (f"{what}: {why}" for what, why in (system.refused or {}).items())))
    return "\n".join(sections)


def listed(head: str, lines: Iterable[str]) -> str:
    return f"{head}:\n\n" + "".join(f"- {line}\n" for line in lines)


def known() -> str:
    found = [system for system in systems().values() if not system.is_read]
    return listed(KNOWN, (f"{system.title}: {'; or '.join(map(str, system.marks))}" for system in found)).replace(
        "*", r"\*"
    )


def page() -> str:
    return f"{HEAD}{versions()}\n{CLIENTS}{clients()}{READ}{readers()}\n{CONFIGS}{configs()}{known()}{GPU}"


if __name__ == "__main__":
    target = DOCS / "support.md"
    if "--check" in sys.argv[1:]:
        sys.exit(target.read_text(encoding="utf-8") != page() and f"{target} is not what docs/make_support.py writes")
    target.write_text(page(), encoding="utf-8")
