"""Durations in every unit, their rounding, what is missing, and the parameter groups of a document."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, strategies as st

import lrspec
from lrspec import Affine, Constant, Document, Linear, SpecError


def document(steps: Any, **more: Any) -> Document:
    node = {"kind": "linear", "init_value": 1.0, "end_value": 0.0, "steps": steps}
    return lrspec.from_dict({"lrspec": 1, "learning_rate": node, **more})


@pytest.mark.parametrize(
    ("text", "quantities", "steps"),
    [
        (7, {}, 7),
        ("7 steps", {}, 7),
        ("1 step", {}, 1),
        ("5 epochs", {"steps_per_epoch": 1252}, 6260),
        ("2.4 epochs", {"steps_per_epoch": 625}, 1500),
        ("0.5epochs", {"steps_per_epoch": 10}, 5),
        ("2 epochs", {"steps_per_epoch": "1001/2"}, 1001),
        ("1e6 samples", {"batch_size": 256}, Fraction(15625, 4)),
        ("28.43 %", {"total_steps": 7038}, Fraction(10004517, 5000)),
        ("1024 samples", {"batch_size": 256}, 4),
        ("300e9 tokens", {"tokens_per_step": 3_200_000}, 93_750),
        ("375000000000 tokens", {"tokens_per_step": 500_000}, 750_000),
        ("15.6e12 tokens", {"tokens_per_step": 16_000_000}, 975_000),
        ("10 %", {"total_steps": 1000}, 100),
        ("12.5 %", {"total_steps": 1000}, 125),
        ("10%", {"total_steps": "90 epochs", "steps_per_epoch": 100}, 900),
        ("1 %", {"total_steps": "300e9 tokens", "tokens_per_step": 1_000_000}, 3000),
    ],
)
def test_a_duration_is_exactly_so_many_steps(text: Any, quantities: dict[str, Any], steps: int | Fraction) -> None:
    assert document(text, **quantities).node.length == steps
    assert document(text).resolve(**quantities).node.length == steps


@pytest.mark.parametrize(
    ("rounding", "text", "steps"),
    [
        ("floor", "1e6 samples", 3906),
        ("ceil", "1e6 samples", 3907),
        ("round", "1e6 samples", 3906),
        ("round", "384 samples", 2),
        ("round", "640 samples", 2),
        ("floor", "255 samples", None),
        ("ceil", "1 sample", 1),
    ],
)
def test_the_rounding_rule_is_a_field(rounding: str, text: str, steps: int | None) -> None:
    if steps is None:
        with pytest.raises(SpecError, match=r"learning_rate.steps: found 0, expected a whole number of steps from 1"):
            document(text, batch_size=256, rounding=rounding)
        assert document(text, batch_size=256, rounding=rounding, at_least_one=True).node.length == 1
    else:
        assert document(text, batch_size=256, rounding=rounding).node.length == steps


@given(st.integers(1, 10**15), st.integers(1, 10**9))
def test_big_counters_are_exact(tokens: int, per_step: int) -> None:
    exact = Fraction(tokens, per_step)
    if not 1 <= exact <= 2**31 - 1:
        return
    found = document(f"{tokens} tokens", tokens_per_step=per_step, rounding="floor").node.length
    assert found == tokens // per_step


def test_a_period_is_not_rounded() -> None:
    node = {"kind": "exponential", "init_value": 1.0, "decay_rate": 0.97, "decay_period": "2.4 epochs"}
    found = lrspec.from_dict({"lrspec": 1, "learning_rate": node, "steps_per_epoch": "62555/100"})
    assert found.node.decay_period == Fraction("2.4") * Fraction("625.55")  # type: ignore[attr-defined]


def test_boundaries_and_parts_have_units_too() -> None:
    text = """
    lrspec: 1
    learning_rate:
      kind: product
      parts:
        - {kind: piecewise_constant, boundaries: [30 epochs, 50 %], values: [1, 0.1, 0.01]}
        - {kind: warmup_cosine, peak_value: 1, warmup_steps: 5 %, decay_steps: 95 %}
    steps_per_epoch: 10
    total_steps: 1000
    """
    found = lrspec.loads(text)
    assert found.node.parts[0].boundaries == (300, 500)  # type: ignore[attr-defined]
    assert found.node.length == 1000
    assert lrspec.loads(lrspec.dumps(found)) == found
    assert "30 epochs" in lrspec.dumps(found)


def test_a_document_says_what_it_needs_and_where() -> None:
    found = document("5 epochs", momentum={"kind": "linear", "init_value": 0, "end_value": 1, "steps": "1e9 tokens"})
    assert found.missing == {"learning_rate.steps": "steps_per_epoch", "momentum.steps": "tokens_per_step"}
    with pytest.raises(SpecError) as caught:
        found(0)
    assert str(caught.value) == (
        "learning_rate.steps: found '5 epochs', expected `steps_per_epoch` in the document, or "
        "resolve(steps_per_epoch=...) (1 more durations need quantities)"
    )
    half = found.resolve(steps_per_epoch=10)
    assert half.missing == {"momentum.steps": "tokens_per_step"}
    whole = half.resolve(tokens_per_step=10**6)
    assert whole.missing == {}
    assert whole.node.length == 50
    assert whole == lrspec.loads(lrspec.dumps(whole))


def test_what_is_wrong_besides_is_found_before_the_quantities_are_known() -> None:
    product = "{kind: product, parts: [{kind: constant, value: 1, steps: 5 epochs, colour: 1}]}"
    with pytest.raises(SpecError, match=r"learning_rate\.parts\[0\]\.colour: found an unknown key"):
        lrspec.loads(f"{{lrspec: 1, learning_rate: {product}}}")
    with pytest.raises(SpecError, match=r"learning_rate\.value: found 'x', expected a number"):
        lrspec.loads("{lrspec: 1, learning_rate: {kind: constant, value: x, steps: 5 epochs}}")


def test_the_resolved_document_is_what_is_fingerprinted() -> None:
    written = document("5 epochs")
    assert written.resolve(steps_per_epoch=10).fingerprint == document(50).fingerprint
    assert written.resolve(steps_per_epoch=11).fingerprint != document(50).fingerprint


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"rounding": "up"}, "rounding: found 'up', expected one of exact, floor, ceil, round"),
        ({"batch_size": 0}, "batch_size: found 0, expected a positive number of steps"),
        ({"total_steps": "10 %"}, "total_steps: found '10 %', expected a length, not a share of itself"),
        ({"total_steps": 2**31}, "total_steps: found 2147483648, expected a whole number of steps from 1"),
        ({"at_least_one": 1}, "at_least_one: found 1, expected true or false"),
        ({"groups": 5}, "groups: found 5, expected a mapping of parameter groups, by name or as a list"),
        ({"groups": {"a": 5}}, "groups.a: found 5, expected a mapping with some of learning_rate"),
        ({"groups": {"a": {"rate": 5}}}, "groups.a.rate: found an unknown key, expected one of learning_rate"),
        ({"groups": [{"scale": "x"}]}, r"groups\[0\].scale: found 'x', expected a number"),
        ({"other": {"momentum": {"kind": "constant", "value": 1}}}, "other.momentum: found a name of its own"),
        ({"other": [1]}, r"other: found \[1\], expected a mapping of names and their schedules"),
        ({"base_value": "x"}, "base_value: found 'x', expected a number"),
        ({"groups": {"a": {"learning_rate": {"kind": "constant"}}}}, "groups.a.learning_rate.value: found nothing"),
    ],
)
def test_a_bad_key_is_refused_where_it_stands(more: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        document("5 epochs", **more).node  # noqa: B018 - it must raise


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(SpecError, match="steps_per_batch: found an unknown quantity, expected one of steps_per_epoch"):
        document("5 epochs").resolve(steps_per_batch=5)


GROUPED = """
lrspec: 1
learning_rate: {kind: linear, init_value: 1, end_value: 0, steps: 10}
weight_decay: {kind: constant, value: 0.1}
other:
  temperature: {kind: linear, init_value: 5, end_value: 1, steps: 10}
groups:
  backbone: {scale: 0.1}
  head:
    learning_rate: {kind: constant, value: 0.5}
    other: {temperature: {kind: constant, value: 2}}
"""


def test_groups_have_their_own_schedules_and_the_documents_for_the_rest() -> None:
    found = lrspec.loads(GROUPED)
    line = Linear(init_value=1, end_value=0, steps=10)
    assert list(found) == ["learning_rate", "weight_decay", "temperature"]
    assert found.groups == ["backbone", "head"]
    assert found.group("backbone")["learning_rate"] == Affine(part=line, scale=0.1)
    assert found.group("backbone")["weight_decay"] == Constant(value=0.1)
    assert found.group("head")["learning_rate"](3) == 0.5
    assert found.group("head")["temperature"](3) == 2.0
    assert found.group("another")["learning_rate"] == found.group(None)["learning_rate"] == line
    assert found["temperature"](0) == 5.0
    assert lrspec.loads(lrspec.dumps(found)) == found


def test_groups_may_be_listed() -> None:
    found = lrspec.loads("{lrspec: 1, learning_rate: {kind: constant, value: 1}, groups: [{scale: 2}, {}]}")
    assert found.groups == [0, 1]
    assert found.group(0)["learning_rate"](0) == 2.0
    assert found.group(1)["learning_rate"](0) == 1.0


def test_the_fingerprint_covers_every_schedule() -> None:
    found = lrspec.loads(GROUPED)
    changed = [
        lrspec.loads(GROUPED.replace(old, new))
        for old, new in (("scale: 0.1", "scale: 0.2"), ("value: 0.1", "value: 0.2"), ("value: 2", "value: 3"))
    ]
    assert len({document.fingerprint for document in (found, *changed)}) == 4
    assert found.fingerprint == lrspec.loads(lrspec.dumps(found, format="json")).fingerprint


def test_a_relative_document_needs_the_rate_that_it_is_relative_to() -> None:
    found = document(10, relative=True, weight_decay={"kind": "constant", "value": 0.5})
    with pytest.raises(SpecError, match="base_value: found nothing, expected the rate that the values are relative to"):
        found(0)
    resolved = found.resolve(base_value=0.25)
    assert (resolved(0), resolved(5), resolved["weight_decay"](0)) == (0.25, 0.125, 0.5)


def test_a_preset_is_dumped_as_it_was_written() -> None:
    text = "{lrspec: 1, learning_rate: {kind: wsd, peak_value: 1, warmup_steps: 5, stable_steps: 0, decay_steps: 5}}"
    found = lrspec.loads(text)
    assert found.to_dict()["learning_rate"]["kind"] == "wsd"
    assert found.node == lrspec.presets.wsd(peak_value=1.0, warmup_steps=5, stable_steps=0, decay_steps=5)
    assert lrspec.loads(lrspec.dumps(found)).fingerprint == found.fingerprint


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ("kind: wsd, peak_value: 1", "learning_rate.warmup_steps: found nothing, expected this key, which kind wsd"),
        ("kind: step, init_value: x, decay_period: 1", "learning_rate.init_value: found 'x', expected a number"),
        ("kind: one_cycle, peak_value: 1, total_steps: 3", "learning_rate.pct_start: found 0.3, expected phases"),
        ("kind: warmup_cosin", "learning_rate.kind: found 'warmup_cosin', expected warmup_cosine or warmup_constant"),
        ("kind: noam, model_size: 512, warmup_steps: 0", "learning_rate.warmup_steps: found 0, expected"),
        (
            "kind: warmup_constant, peak_value: 1, warmup_steps: 1, warmup: k",
            "learning_rate.warmup: found 'k', expected one of k/W",
        ),
    ],
)
def test_a_preset_with_a_bad_argument_is_refused(node: str, message: str) -> None:
    with pytest.raises(SpecError, match=message.replace("(", r"\(")):
        lrspec.loads(f"{{lrspec: 1, learning_rate: {{{node}}}}}")
