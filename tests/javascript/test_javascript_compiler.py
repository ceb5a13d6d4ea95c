"""The compiler in JavaScript, written from the pages alone: the same fingerprints, and the same documents refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

import lrspec
from cases import CASES, nodes, trees
from lrspec import Document, LrspecError, Node
from lrspec.testing import strategies
from random_documents import documents, with_mistakes
from test_fingerprints import golden
from under_node import run

VECTORS = Path(lrspec.__file__).parent / "conformance" / "vectors"
DOCS = Path(__file__).parents[2] / "docs"


def fingerprint(text: str) -> str | None:
    """The fingerprint of a text, or None where it is refused."""
    try:
        return lrspec.loads(text).fingerprint
    except LrspecError:
        return None


def assert_same(texts: list[str], wanted: list[str | None]) -> None:
    for text, answer, expected in zip(texts, run("compile.mjs", texts), wanted, strict=True):
        assert "crash" not in answer, (text, answer["crash"])
        assert answer.get("fingerprint") == expected, (text, answer)


def drawn(strategy: st.SearchStrategy[Any], number: int) -> list[Any]:
    """So many examples of a strategy, the same in each run."""
    found: list[Any] = []

    @hypothesis.settings(
        max_examples=number, deadline=None, derandomize=True, database=None, phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(strategy)
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found


def as_json(schedule: Node | Document) -> str:
    return lrspec.dumps(schedule, format="json")


def test_golden_documents_have_their_fingerprints() -> None:
    names = golden()
    assert_same([as_json(CASES[name]) for name in names], list(names.values()))


def vectors() -> Iterator[tuple[str, str | None]]:
    """The document of each vector as JSON, and its fingerprint, or None where it is to be refused."""
    for file in sorted(VECTORS.glob("*/*.json")):
        for vector in json.loads(file.read_text(encoding="utf-8"))["vectors"]:
            if "document" in vector:
                wanted = vector.get("document_fingerprint", vector.get("fingerprint"))
                yield json.dumps(vector["document"]), None if "refused_by" in vector else wanted


def test_every_vector_has_its_fingerprint() -> None:
    texts, wanted = zip(*vectors(), strict=True)
    assert len(texts) > 900
    assert_same(list(texts), list(wanted))


def documents_of_the_pages() -> Iterator[str]:
    for page in sorted(DOCS.rglob("*.md")):
        for text in re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            with suppress(LrspecError):  # a part of a document, or one that is to be refused
                yield as_json(lrspec.loads(text))


def test_documents_of_the_pages_have_the_fingerprints_of_python() -> None:
    texts = list(documents_of_the_pages())
    assert len(texts) > 60
    assert_same(texts, [fingerprint(text) for text in texts])


def test_random_trees_have_the_fingerprints_of_python_or_are_refused() -> None:
    texts = [as_json(node) for node in drawn(st.one_of(nodes(), trees(depth=2)), 120)]
    assert_same(texts, [fingerprint(text) for text in texts])


def test_random_documents_have_the_fingerprints_of_python() -> None:
    texts = [as_json(document) for document in drawn(strategies.documents(), 60)]
    assert_same(texts, [fingerprint(text) for text in texts])


def test_random_presets_units_and_groups_mean_what_they_mean_in_python() -> None:
    texts = [json.dumps(document, ensure_ascii=number % 2 > 0) for number, document in enumerate(documents(120))]
    wanted = [fingerprint(text) for text in texts]
    assert 50 < sum(one is not None for one in wanted) < 110
    assert_same(texts, wanted)


def test_what_is_refused_is_what_python_refuses() -> None:
    valid = [as_json(CASES[name]) for name in golden() if not name.startswith(("repeat shrinking", "power of"))]
    sources = [text for text in [*valid, *map(json.dumps, documents(100))] if len(text) < 1500]
    texts = list(with_mistakes(sources, 250))
    wanted = [fingerprint(text) for text in texts]
    assert sum(one is None for one in wanted) > 150
    assert_same(texts, wanted)


@pytest.mark.parametrize("text", [
    '{"lrspec": 1}', '{"lrspec": 1, "lrspec": 1, "learning_rate": C}', '{"lrspec": 2, "learning_rate": C}',
    '{"lrspec": 1.0, "learning_rate": C}', '{"lrspec": true, "learning_rate": C}', '{"lrspec": 1, "learning_rate": C',
    '{"lrspec": 1, "learning_rate": C} 1', '{"lrspec": 1, "learning_rate": [C]}',
    '{"lrspec": 1, "learning_rate": {"kind": "constant", "value": 1e400}}', "[]", "1", "null",
    '{"lrspec": 1, "learning_rate": {"kind": "table", "values": [1], "period": 1e400}}',
    '{"lrspec": 1, "learning_rate": {"kind": "constant", "value": ' + "1" * 401 + "}}",
    '{"lrspec": 1, "learning_rate": ' + '{"kind": "affine", "part": ' * 33 + "C" + "}" * 34,
])  # fmt: skip
def test_a_text_that_is_no_document_is_refused(text: str) -> None:
    text = text.replace("C", '{"kind": "constant", "value": 0.5}')
    assert fingerprint(text) is None
    assert_same([text], [None])
