"""The JSON Schema: generated, equal to the committed file, and of one mind with the loader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

import lrspec
from lrspec import schema

NODE: dict[str, Any] = {"kind": "linear", "init_value": 0.0, "end_value": 0.1, "steps": 5}


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = Path(schema.__file__).with_name("v1.json").read_text(encoding="utf-8")
    assert committed == schema.text(), "run: python -m lrspec.schema > src/lrspec/schema/v1.json"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.generate())


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"steps": "5 epochs"}, True),
        ({"after": "continue"}, True),
        ({"kind": "sequence", "parts": [NODE]}, None),
        ({"steps": 0}, False),
        ({"steps": 5.5}, False),
        ({"steps": True}, False),
        ({"steps": None}, False),
        ({"init_value": "fast"}, False),
        ({"end_value": 1e39}, False),
        ({"after": "stop"}, False),
        ({"colour": "red"}, False),
        ({"kind": "square"}, False),
    ],
)
def test_schema_and_loader_agree(change: dict[str, Any], valid: bool | None) -> None:  # noqa: FBT001 - a table
    node = {"kind": "sequence", "parts": change["parts"]} if valid is None else NODE | change
    document = {"lrspec": 1, "learning_rate": node, "steps_per_epoch": 7}
    accepted = jsonschema.Draft202012Validator(schema.generate()).is_valid(document)
    assert accepted == (valid is not False)
    if accepted:
        lrspec.from_dict(document)
    else:
        with pytest.raises(lrspec.SpecError):
            lrspec.from_dict(document)
