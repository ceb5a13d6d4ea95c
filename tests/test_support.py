"""docs/support.md is what the tests and tox.ini say."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

from client_table import PLANS, SITUATIONS

ROOT = Path(__file__).parent.parent


def made() -> Any:
    spec = importlib.util.spec_from_file_location("make_support", ROOT / "docs" / "make_support.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    return make


def test_the_page_of_support_is_what_is_tested() -> None:
    found = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
    assert found == made().page(), "run: python docs/make_support.py"
    for construct in ("OneCycleLR", "transformers==", "| timm |", "| Optax |", "| DeepSpeed, ZeRO 3 |"):
        assert construct in found
    assert not re.search(r"(?<!\\)\*", re.sub("`[^`\n]*`", "", found)), "a star begins italics"


def test_every_client_has_every_situation_or_a_reason() -> None:
    make = made()
    assert tuple(PLANS) == SITUATIONS
    for client, row in make.cells().items():
        assert tuple(row) == SITUATIONS, client
        for cell in row.values():
            assert cell == "right" or cell.keys() == {"none"} or {"note", "native"} <= cell.keys(), client
    written = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*.py") if make.literal(path, "CELLS")}
    assert written == set(make.TABLE)
