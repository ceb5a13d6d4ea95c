"""Systems that are known by name: the document that each refusal hands over is valid, and says what the system does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import lrspec
from lrspec.readers import known
from lrspec.readers.configs import load_config
from lrspec.readers.reading import exact_values
from lrspec.readers.registry import systems

FOLDER = Path(__file__).parent / "readers/known"
REFUSED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))["refused"]
COMPLETE = [file for file, expected in REFUSED.items() if "values" in expected]


def document_of(file: str) -> str:
    return message_of(file).split("to start from:\n\n")[1]


def message_of(file: str) -> str:
    with pytest.raises(lrspec.UnsupportedError) as caught:
        load_config(FOLDER / "files" / file)
    return str(caught.value)


@pytest.mark.parametrize("file", COMPLETE)
def test_a_complete_document_is_the_systems_own_schedule(file: str) -> None:
    values = REFUSED[file]["values"]
    found = exact_values(lrspec.loads(document_of(file)).node, list(map(int, values)))
    assert found == pytest.approx(list(values.values()), rel=1e-12, abs=1e-12 * max(values.values()))


@pytest.mark.parametrize("file", sorted(set(REFUSED) - set(COMPLETE)))
def test_a_document_names_what_is_still_to_be_said(file: str) -> None:
    text = document_of(file)
    named = re.findall(r"^# ([A-Z_]+): .+$", text, re.MULTILINE)
    assert named or re.search("there is none here|tokens", message_of(file))
    lists = {"BOUNDARIES": "[1, 2]", "LEVELS": "[1, 0.1, 0.01]"}
    filled = re.sub(r"\b[A-Z]{3,}\b", lambda word: lists.get(word[0], "7"), re.sub("(?m)^#.*$", "", text))
    filled = filled.replace("[7 epochs, 7 epochs]", "[7 epochs, 8 epochs]")
    document = lrspec.loads(filled)
    assert len(document.resolve(tokens_per_step=524_288, rounding="ceil").fingerprint) > 64


def test_each_system_has_two_files_of_its_own() -> None:
    owners = [re.match(r"\^([\w-]+):", expected["message"]) for expected in REFUSED.values()]
    names = [owner[1] for owner in owners if owner]
    assert {one.name for one in known.KNOWN} == {name for name in names if names.count(name) >= 2}
    assert all(not systems()[name].is_read for name in names)


def test_each_look_alike_is_among_the_files_of_the_system_that_it_looks_like() -> None:
    met = set()
    for path in FOLDER.parent.glob("*/expected.json"):
        for file, expected in json.loads(path.read_text(encoding="utf-8"))["refused"].items():
            options = {name: value for name, value in expected.get("options", {}).items() if name != "training_args"}
            with pytest.raises(lrspec.LrspecError) as caught:
                load_config(path.parent / "files" / file, **options)
            met.add(str(caught.value).partition(":")[0])
    assert {system.name for system in known.SYSTEMS} - met == set()


def test_every_document_of_every_system_is_valid() -> None:
    for one in known.KNOWN:
        for choice in one.documents:
            text = one.document({}, choice)
            assert re.search("^lrspec: 1$", text, re.MULTILINE)
            explained = set(re.findall(r"^# ([A-Z_]+):", text, re.MULTILINE))
            assert explained == set(re.findall(r"\b[A-Z_]{3,}\b", re.sub("(?m)^#.*$", "", text)))
