"""The document as a JSON Schema (draft 2020-12), generated from the nodes: the same contract for other languages.

`v1.json` beside this file is what `python -m lrspec.schema` prints; a test keeps the two equal. A schema cannot say how
fields fit together (a part that another one follows needs `steps`); loading a document checks that too.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from lrspec.document import HYPERPARAMETERS
from lrspec.fields import LAST_STEP
from lrspec.kinds import KINDS
from lrspec.plain import key_of
from lrspec.spec import SPEC_VERSION, Node, is_required, rule_of

_DURATION = r"^\s*[0-9]{1,18}(\.[0-9]{1,18})? *(step|epoch)s?\s*$"
_FRACTION = r"^[0-9]+/[0-9]+$"


def generate() -> dict[str, Any]:
    """Return the JSON Schema of documents of this version.

    Example:
        >>> generate()["required"]
        ['lrspec', 'learning_rate']
    """
    node = {"$ref": "#/$defs/node"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"lrspec document, version {SPEC_VERSION}",
        "type": "object",
        "properties": {
            "lrspec": {"const": SPEC_VERSION},
            **dict.fromkeys(HYPERPARAMETERS, node),
            "steps_per_epoch": {"$ref": "#/$defs/period"},
        },
        "required": ["lrspec", "learning_rate"],
        "additionalProperties": False,
        "$defs": {
            "steps": {"oneOf": [_whole_steps(), {"type": "string", "pattern": _DURATION}]},
            "period": {
                "oneOf": [
                    {"type": "number", "exclusiveMinimum": 0, "maximum": LAST_STEP},
                    {"type": "string", "pattern": f"{_DURATION}|{_FRACTION}"},
                ]
            },
            "node": {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in KINDS]},
            **{kind: _kind(kind, node_type) for kind, node_type in KINDS.items()},
        },
    }


def _whole_steps() -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": LAST_STEP}


def _kind(kind: str, node_type: type[Node]) -> dict[str, Any]:
    entries = {key_of(entry.name, entry.metadata): entry for entry in fields(node_type)}  # type: ignore[arg-type]
    return {
        "type": "object",
        "description": (node_type.__doc__ or "").splitlines()[0],
        "properties": {"kind": {"const": kind}, **{key: rule_of(entry).schema() for key, entry in entries.items()}},
        "required": ["kind", *(key for key, entry in entries.items() if is_required(entry))],
        "additionalProperties": False,
    }


def text() -> str:
    """Return the schema as the text of `v1.json`."""
    return json.dumps(generate(), indent=2) + "\n"
