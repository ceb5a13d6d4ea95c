"""`import lrspec` and everyday use load no framework: seen from a process of its own."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lrspec
from processes import HANG

FRAMEWORKS = ("torch", "keras", "tensorflow", "jax", "optax", "matplotlib")
USE = """
import lrspec
document = lrspec.loads("{lrspec: 1, learning_rate: {kind: cosine, init_value: 1, end_value: 0, steps: 9}}")
document(3), document.values(0, 9), document.fingerprint, document.exact(3), lrspec.dumps(document)
document._repr_svg_()
"""


def loaded(code: str, names: tuple[str, ...], path: Path | None = None) -> set[str]:
    """Run `code` in a process of its own and return which of the modules `names` it has loaded."""
    report = f"\nimport json, sys\nprint(json.dumps([name for name in {names!r} if name in sys.modules]))"
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    command = [sys.executable, "-c", code + report]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=HANG)
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout))


@pytest.mark.parametrize("code", ["import lrspec", USE, "import lrspec.cli"], ids=["import", "use", "command"])
def test_no_framework_is_loaded(code: str) -> None:
    assert loaded(code, FRAMEWORKS) == set()


def test_reading_a_document_loads_no_rich() -> None:
    assert loaded("import lrspec", ("rich", "lrspec.verify", "lrspec.cli", "lrspec.adapters")) == set()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_probe_can_fail(framework: str, tmp_path: Path) -> None:
    (tmp_path / f"{framework}.py").write_text("")
    assert loaded(f"import lrspec, {framework}", FRAMEWORKS, tmp_path) == {framework}


def test_the_probe_sees_what_lrspec_itself_imports() -> None:
    modules = ("lrspec", "lrspec.document", "yaml")
    assert loaded("import lrspec", modules) == {"lrspec"}
    assert loaded("import lrspec; lrspec.load", modules) == set(modules)


def test_every_public_name_is_where_the_package_says() -> None:
    for name in lrspec.__all__:
        assert name in dir(lrspec)
        assert getattr(lrspec, name) is not None
    with pytest.raises(AttributeError, match="module 'lrspec' has no attribute 'Cosinus'"):
        lrspec.Cosinus  # noqa: B018 - it must raise


def test_a_type_checker_sees_the_names_that_are_imported_when_used() -> None:
    tree = ast.parse(Path(lrspec.__file__).read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If)).body
    seen = {alias.asname for node in guarded if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == {*lrspec.__all__, "keras", "optax", "torch"}
    assert {"keras", "optax", "torch"} <= set(dir(lrspec))
