"""Writes support.md from the tests' own tables and from tox.ini: `python docs/make_support.py`, or `--check`."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from pathlib import Path

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
CONFIGS = """
## Config files that are read

"""
GPU = """
## GPUs

`pytest --device cuda --backends torch,optax tests/gpu tests/adapters/test_conformance.py` runs every mode on an
accelerator. It has not been run on one yet: no such machine could be had. The same code runs on CPUs with the same
modes: eager, compiled, in graphs and with the rate as a tensor.
"""


def rows(path: Path) -> list[str]:
    """Return the keys of the dictionaries named ROWS in a file, without importing it."""
    found: list[str] = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if any(isinstance(target, ast.Name) and target.id == "ROWS" for target in targets):
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(value, ast.Dict):
                found += [
                    key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
                ]
    return found


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
    modules = sorted((ROOT / "src/lrspec/native/configs").glob("*.py"))
    names = [re.search(r'^SYSTEM = "(.*)"', module.read_text(encoding="utf-8"), re.MULTILINE) for module in modules]
    return "".join(f"- {match[1]}\n" for match in names if match)


def page() -> str:
    return f"{HEAD}{versions()}\n{READ}{readers()}\n{CONFIGS}{configs()}{GPU}"


if __name__ == "__main__":
    target = DOCS / "support.md"
    if "--check" in sys.argv[1:]:
        sys.exit(target.read_text(encoding="utf-8") != page() and f"{target} is not what docs/make_support.py writes")
    target.write_text(page(), encoding="utf-8")
