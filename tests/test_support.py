"""docs/support.md is what the tests and tox.ini say."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_page_of_support_is_what_is_tested() -> None:
    spec = importlib.util.spec_from_file_location("make_support", ROOT / "docs" / "make_support.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    found = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
    assert found == make.page(), "run: python docs/make_support.py"
    for construct in ("OneCycleLR", "transformers==", "| timm |", "| Optax |"):
        assert construct in found
    assert not re.search(r"(?<!\\)\*", found), "a star begins italics"
