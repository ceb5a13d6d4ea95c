"""The conformance vectors in JavaScript: every value by the evaluator, every fingerprint by the second compiler."""

from __future__ import annotations

import json

import pytest

from lrspec.conformance import Vector, conformance, files
from under_node import run
from vectors.plain import Units, expanded

VECTORS = [vector for file in files() for vector in file.vectors]
COMPILED = [vector for vector in VECTORS if "document" in vector.data and not vector.is_refused]


def test_every_value_is_the_vector_s() -> None:
    found = conformance(backends=("node",))
    (row,) = found.results
    assert row.ok, (row.error, row.first_vector, row.first_difference, row.got, row.wanted)
    assert row.vectors == sum("program" in vector.data for vector in VECTORS)


def test_a_changed_program_is_noticed() -> None:
    (row,) = conformance(backends=("node",), kinds=("cosine",), corrupt=True).results
    assert row.differing > 1000
    assert row.first_vector is not None


def whole(vector: Vector) -> str:
    return str(vector.data.get("document_fingerprint", vector.data["fingerprint"]))


@pytest.mark.parametrize("group", sorted({vector.id.split("/")[0] for vector in COMPILED}))
def test_every_fingerprint_is_the_vector_s(group: str) -> None:
    chosen = [vector for vector in COMPILED if vector.id.startswith(f"{group}/")]
    documents = [expanded(vector.data["document"], Units(vector.data["document"])) for vector in chosen]
    found = run("compile.mjs", [json.dumps(document) for document in documents])
    differing = {
        vector.id: answer
        for vector, answer in zip(chosen, found, strict=True)
        if answer.get("fingerprint") != whole(vector)
    }
    assert not differing


def test_what_must_be_refused_is_refused() -> None:
    chosen = [vector for vector in VECTORS if vector.is_refused and "document" in vector.data]
    found = run("compile.mjs", [json.dumps(vector.data["document"]) for vector in chosen])
    assert [vector.id for vector, answer in zip(chosen, found, strict=True) if "error" not in answer] == []
