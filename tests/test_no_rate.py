"""Documents that schedule something, and no learning rate: what they can do, and what refuses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

import lrspec
from lrspec import SpecError, UnsupportedError
from lrspec.schema import generate

MOMENTUM = {"kind": "linear", "init_value": 0.5, "end_value": 1.0, "steps": 4}
DOCUMENT: dict[str, Any] = {"lrspec": 1, "other": {"ema_momentum": MOMENTUM}}


def test_a_document_of_an_ema_momentum_alone() -> None:
    document = lrspec.from_dict(DOCUMENT)
    assert list(document) == ["ema_momentum"]
    assert [document["ema_momentum"](t) for t in range(6)] == [
        float(min(Fraction(1), Fraction(1, 2) + Fraction(t, 8))) for t in range(6)
    ]
    assert lrspec.loads(lrspec.dumps(document)) == document
    assert document.fingerprint != document["ema_momentum"].fingerprint
    assert document.explain().name == "other.ema_momentum"
    assert document.lint() == []
    assert str(document) == "other.ema_momentum: linear init_value=0.5 end_value=1 steps=4"
    assert document._repr_svg_() is None
    assert document.group(None).keys() == {"ema_momentum"}


@pytest.mark.parametrize("key", ["momentum", "weight_decay"])
def test_a_document_of_another_hyperparameter(key: str) -> None:
    document = lrspec.from_dict(
        {"lrspec": 1, key: MOMENTUM, "groups": {"head": {key: {"kind": "step", "init_value": 1.0, "decay_period": 2}}}}
    )
    assert document[key](2) == 0.75
    assert document.group("head")[key](2) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "ask",
    [
        lambda document: document(0),
        lambda document: document.program,
        lambda document: document.exact(0),
        lambda document: document.values(0, 2),
    ],
)
def test_its_learning_rate_is_refused(ask: Callable[[lrspec.Document], object]) -> None:
    expected = r"learning_rate: found nothing, expected a learning rate: .* document\['ema_momentum'\] is one of them"
    with pytest.raises(SpecError, match=expected):
        ask(lrspec.from_dict(DOCUMENT))


def test_what_needs_a_learning_rate_refuses_it() -> None:
    document = lrspec.from_dict(DOCUMENT)
    for framework in ("torch", "keras", "optax", "transformers"):
        with pytest.raises(UnsupportedError, match=f"{framework}: .*ema_momentum.*no learning rate"):
            document.to_native_source(framework)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"other": {}}, "learning_rate: found nothing, expected a schedule"),
        ({"relative": True}, "learning_rate: found nothing, expected a schedule, because of `relative`"),
        ({"base_value": 0}, "learning_rate: found nothing, expected a schedule, because of `base_value`"),
        ({"base_value": 0.1}, "learning_rate: found nothing, expected a schedule, because of `base_value`"),
        (
            {"groups": [{"scale": 2.0}]},
            "learning_rate: found nothing, expected a schedule, because of `groups[0].scale`",
        ),
        (
            {"groups": {"head": {"learning_rate": MOMENTUM}}},
            "learning_rate: found nothing, expected a schedule, because of `groups.head.learning_rate`",
        ),
    ],
)
def test_what_is_of_a_learning_rate_needs_one(more: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as error:
        lrspec.from_dict(DOCUMENT | more)
    assert str(error.value) == message


def test_values_that_are_not_relative_need_no_learning_rate() -> None:
    assert lrspec.from_dict(DOCUMENT | {"relative": False}).fingerprint == lrspec.from_dict(DOCUMENT).fingerprint


def test_the_schema_asks_for_one_schedule() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft202012Validator(json.loads(json.dumps(generate())))
    assert check.is_valid(DOCUMENT)
    assert not check.is_valid({"lrspec": 1})
    assert check.is_valid({"lrspec": 1, "weight_decay": MOMENTUM})
