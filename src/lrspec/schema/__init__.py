"""The document as a JSON Schema (draft 2020-12), generated from the nodes: the same contract for other languages.

`v1.json` beside this file is what `python -m lrspec.schema` prints; a test keeps the two equal. A schema cannot say how
fields fit together (a part that another one follows needs `steps`); loading a document checks that too.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from lrspec.documents.durations import ROUNDINGS
from lrspec.documents.layout import HYPERPARAMETERS, MAX_GROUPS
from lrspec.documents.plain import key_of
from lrspec.fields import LAST_STEP, Number
from lrspec.kinds import KINDS
from lrspec.presets import PRESETS, Preset
from lrspec.spec import SPEC_VERSION, Node, is_required, rule_of

_NUMBER = r"[0-9]{1,18}(\.[0-9]{1,18})?([eE]\+?[0-9]{1,2})?"
_DURATION = rf"^[ \t\r\n]*{_NUMBER} *(step|epoch|sample|token|%)s?[ \t\r\n]*$"
_FRACTION = r"^[0-9]+/[0-9]+$"
_SIGNED_FRACTION = r"^-?[0-9]+/[0-9]+$"


def generate() -> dict[str, Any]:
    """Return the JSON Schema of documents of this version.

    Example:
        >>> generate()["required"]
        ['lrspec']
    """
    node = {"$ref": "#/$defs/node"}
    hyperparameters = {**dict.fromkeys(HYPERPARAMETERS, node), "other": _named(node)}
    group = _object({**hyperparameters, "scale": {"type": "number"}})
    factor, flag = {"$ref": "#/$defs/factor"}, {"type": "boolean"}
    properties = {
        "lrspec": {"const": SPEC_VERSION},
        **hyperparameters,
        "groups": {"oneOf": [_named(group), {"type": "array", "items": group, "minItems": 1, "maxItems": MAX_GROUPS}]},
        "relative": flag,
        "base_value": Number().schema(),
        "steps_per_epoch": factor,
        "batch_size": factor,
        "tokens_per_step": factor,
        "total_steps": {"$ref": "#/$defs/steps"},
        "rounding": {"enum": list(ROUNDINGS)},
        "at_least_one": flag,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"lrspec document, version {SPEC_VERSION}",
        **_object(properties, ["lrspec"]),
        "anyOf": [{"required": [name]} for name in (*HYPERPARAMETERS, "other")],
        "$defs": {
            "steps": _one_of(_whole(1), _text(_DURATION)),
            "length": _one_of(_whole(1), _text(f"{_DURATION}|{_FRACTION}")),
            "length_or_none": _one_of(_whole(0), _text(f"{_DURATION}|{_FRACTION}")),
            "period": _one_of(_positive(), _text(f"{_DURATION}|{_FRACTION}")),
            "factor": _one_of(_positive(), _text(_FRACTION)),
            "any_steps": _one_of({"type": "number", "maximum": LAST_STEP}, _text(f"{_DURATION}|{_SIGNED_FRACTION}")),
            "node": {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in (*KINDS, *PRESETS)]},
            **{kind: _kind(kind, node_type) for kind, node_type in KINDS.items()},
            **{name: _preset(name, preset) for name, preset in PRESETS.items()},
        },
    }


def _one_of(*schemas: dict[str, Any]) -> dict[str, Any]:
    return {"oneOf": list(schemas)}


def _text(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern}


def _positive() -> dict[str, Any]:
    return {"type": "number", "exclusiveMinimum": 0, "maximum": LAST_STEP}


def _whole(least: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": LAST_STEP}


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    extra = {"required": required} if required else {}
    return {"type": "object", "properties": properties, **extra, "additionalProperties": False}


def _named(inner: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": inner, "maxProperties": MAX_GROUPS}


def _preset(name: str, preset: Preset) -> dict[str, Any]:
    properties = {"kind": {"const": name}, **{key: rule.schema() for key, rule in preset.rules.items()}}
    description = (preset.function.__doc__ or "").splitlines()[0]
    return {"description": description, **_object(properties, ["kind", *preset.required])}


def _kind(kind: str, node_type: type[Node]) -> dict[str, Any]:
    entries = {key_of(entry.name, entry.metadata): entry for entry in fields(node_type)}  # type: ignore[arg-type]
    properties = {"kind": {"const": kind}, **{key: rule_of(entry).schema() for key, entry in entries.items()}}
    required = ["kind", *(key for key, entry in entries.items() if is_required(entry))]
    return {"description": (node_type.__doc__ or "").splitlines()[0], **_object(properties, required)}


def text() -> str:
    """Return the schema as the text of `v1.json`."""
    return json.dumps(generate(), indent=2) + "\n"
