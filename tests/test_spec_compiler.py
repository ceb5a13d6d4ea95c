"""docs/spec-compiler.md: its numbers are the code's, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lrspec.compiler import compile as compiler, fixedpoint, formula, polynomials
from lrspec.kinds import KINDS

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "spec-compiler.md").read_text(encoding="utf-8")


def slugs(name: str) -> set[str]:
    """Return the anchors of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", ["spec.md", "spec-compiler.md", "presets.md"])
def test_every_link_between_the_pages_of_the_contract_has_its_heading(name: str) -> None:
    for page, anchor in re.findall(r"\]\(([\w-]+\.md)?#([\w-]+)\)", (DOCS / name).read_text(encoding="utf-8")):
        assert anchor in slugs(page or name), f"{page}#{anchor}"


def test_the_numbers_of_the_functions() -> None:
    rows = re.findall(r"^\| `(\w+)\((.*?)\)` \| \(?(\d+)", PAGE, re.MULTILINE)
    assert {name for name, _, _ in rows} == {"pi", "ln2", "log2", "exp2", "versine"}
    for name, text, number in rows:
        found = getattr(fixedpoint, name)(*(1 << int(a[5:]) if "<<" in a else int(a) for a in text.split(", ")))
        assert int(number) == (found[0] if isinstance(found, tuple) else found), name


def test_the_numbers_of_the_fit() -> None:
    for name, numbers in (("nodes ", polynomials._NODES), ("checks", polynomials._CHECKS)):
        assert f"{name} = {', '.join(map(str, numbers))}" in PAGE
    assert f"({', '.join(map(str, polynomials._EIGHTHS))})[eighth]" in PAGE
    assert f"more than {compiler._MAX_SEGMENTS} + constants + listed segments" in PAGE
    assert f">> {formula.ACCURACY}" in PAGE
    assert f"pieces(spans, n) > {formula.MAX_SPANS}" in PAGE


def test_every_kind_is_on_the_page() -> None:
    assert [kind for kind in KINDS if not re.search(rf"\b{kind}\b", PAGE)] == []
