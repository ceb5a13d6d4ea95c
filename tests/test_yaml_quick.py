"""Long plain texts, which libyaml composes: the same data and the same errors as by PyYAML's own code."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import lrspec
from lrspec.documents import yaml as text

GALLERY = Path(__file__).parents[1] / "docs" / "gallery" / "index.md"
SOURCES = re.findall(r"^```yaml\n(.*?)^```$", GALLERY.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
ALPHABET = '\n\n  ::--,,[]{}"#0123456789.e+-abkinds_ /()='


def read(source: str) -> Any:
    try:
        return repr(text.parse(source))
    except lrspec.SpecError as error:
        return str(error)


def changed(some: random.Random, source: str) -> str:
    letters = list(source)
    for _ in range(some.choice([0, 1, 1, 2, 5])):
        at = some.randrange(len(letters))
        letters[at : at + some.choice([0, 1, 1, 3])] = some.choices(ALPHABET, k=some.choice([0, 1, 1, 2]))
    return "".join(letters)


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML without libyaml")
def test_libyaml_reads_plain_texts_as_pyyaml_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_LONG", 0)
    some = random.Random(7)  # noqa: S311 - a sample, and no secret
    quick = 0
    for _ in range(300):
        source = changed(some, some.choice(SOURCES))
        found = read(source)
        try:
            quick += text._composed_quickly(source) is not None
        except lrspec.SpecError:
            quick += 1
        with monkeypatch.context() as slow:
            slow.setattr(text, "_Quick", None)
            assert found == read(source), source
    assert quick > 100


@pytest.mark.parametrize(
    "source",
    ["- - - " * 60_000, "[" * 9_000 + "1", "{a: " * 9_000, "a:\n" + "".join(" " * k + "- \n" for k in range(120))],
)
def test_deep_texts_are_refused_before_they_are_composed(source: str) -> None:
    with pytest.raises(lrspec.SpecError, match=r"levels of nesting|expected a YAML"):
        lrspec.loads(source)


def test_long_texts_with_more_than_plain_words_are_read_as_before() -> None:
    values = ", ".join(["0.25"] * 2000)
    for more in ("source: 'it''s'", "source: \u00e9", 'source: "a\\u0041"', "source: >-\n    a"):
        document = lrspec.loads(f"lrspec: 1\nlearning_rate:\n  kind: table\n  values: [{values}]\n  {more}\n")
        assert document(1999) == 0.25
