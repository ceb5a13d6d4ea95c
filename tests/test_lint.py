"""Each warning where it is due, at the step that hand calculation gives, and none on what is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lrspec
from lrspec import (
    Affine,
    Clamp,
    Constant,
    Cosine,
    Every,
    Exponential,
    Freeze,
    Linear,
    Maximum,
    Node,
    PiecewiseConstant,
    Product,
    Repeat,
    Sequence,
    Shift,
)
from lrspec.presets import noam, step, triangular2, warmup_cosine, warmup_linear, wsd

RECIPES = Path(__file__).parents[1] / "docs" / "recipes"
WARMUP = Linear(init_value=0.0, end_value=1.0, steps=10)


def found(schedule: lrspec.Schedule, total_steps: int | None = None) -> list[tuple[str, str, int]]:
    return [(finding.code, finding.path, finding.step) for finding in schedule.lint(total_steps=total_steps)]


FIRST = ("first_zero", "learning_rate", 0)
ROWS: dict[str, tuple[Node, int | None, list[tuple[str, str, int]]]] = {
    "clean": (warmup_cosine(peak_value=1.0, warmup_steps=10, decay_steps=90), 100, [FIRST]),
    "clean from the first step": (
        warmup_linear(peak_value=1.0, warmup_steps=10, decay_steps=90, warmup="(k+1)/W"),
        100,
        [],
    ),
    "stairs are meant": (step(init_value=1.0, decay_period=10), 300, []),
    "restarts are meant": (Repeat(part=Cosine(init_value=1.0, end_value=0.1, steps=10)), None, []),
    "halved triangles are meant": (triangular2(init_value=0.1, peak_value=1.0, up_steps=10), None, []),
    "noam": (noam(model_size=512, warmup_steps=400), None, []),
    "ends early": (
        warmup_cosine(peak_value=1.0, warmup_steps=10, decay_steps=90),
        120,
        [FIRST, ("ends_early", "learning_rate", 100)],
    ),
    "ends late": (
        warmup_cosine(peak_value=1.0, warmup_steps=10, decay_steps=90),
        80,
        [FIRST, ("ends_late", "learning_rate", 80)],
    ),
    "a jump between parts": (
        Sequence(parts=[WARMUP, Cosine(init_value=0.3, end_value=0.0, steps=90)]),
        None,
        [FIRST, ("jump", "learning_rate.parts[1]", 10)],
    ),
    "a jump in a nested, shifted part": (
        Shift(part=Sequence(parts=[Sequence(parts=[WARMUP, Constant(value=0.5, steps=5)]), Constant(value=0.5)]), by=3),
        None,
        [("jump", "learning_rate.part.parts[0].parts[1]", 7)],
    ),
    "a jump between epochs": (
        Every(part=Sequence(parts=[WARMUP, Constant(value=0.5)]), period=100),
        None,
        [FIRST, ("jump", "learning_rate.part.parts[1]", 1000)],
    ),
    "a jump at the first step": (
        Sequence(parts=[Constant(value=1.0, steps=1), Constant(value=0.5)]),
        None,
        [("jump", "learning_rate.parts[1]", 1)],
    ),
    "a jump in what is repeated": (
        Repeat(part=Sequence(parts=[Constant(value=1.0, steps=4), Constant(value=0.5, steps=4)]), num_cycles=3),
        None,
        [("jump", "learning_rate.part.parts[1]", 4)],
    ),
    "a steep warmup is no jump": (warmup_cosine(peak_value=1.0, warmup_steps=1, decay_steps=99), None, [FIRST]),
    "stairs that end where the next part begins": (
        Sequence(parts=[Freeze(part=step(init_value=1.0, decay_period=10), steps=30), Constant(value=0.001)]),
        None,
        [],
    ),
    "jumps that make up for one another": (
        Product(
            parts=[
                Sequence(parts=[Constant(value=1.0, steps=5), Constant(value=0.5)]),
                Sequence(parts=[Constant(value=0.5, steps=5), Constant(value=1.0)]),
            ]
        ),
        None,
        [],
    ),
    "declared boundaries are meant": (PiecewiseConstant(boundaries=[10, 20], values=[1, 0.1, 0.01]), 30, []),
    "a boundary that never comes": (
        PiecewiseConstant(boundaries=[10, 20, 30], values=[1, 0.1, 0.01, 0.001]),
        20,
        [("ends_late", "learning_rate.boundaries[1]", 20)],
    ),
    "a part that never comes": (
        Sequence(parts=[Linear(init_value=0.5, end_value=1, steps=10), Constant(value=1)]),
        10,
        [("ends_late", "learning_rate.parts[1]", 10)],
    ),
    "a warmup that holds ends nothing": (Linear(init_value=0.5, end_value=1.0, steps=10), 20, []),
    "what no longer changes may last": (
        Sequence(parts=[Linear(init_value=1, end_value=0.5, steps=10), Constant(value=0.5, steps=90)]),
        20,
        [],
    ),
    "steps that may be epochs": (
        Cosine(init_value=1.0, end_value=0.0, steps=90),
        112_680,
        [("ends_early", "learning_rate", 90), ("epochs_as_steps", "learning_rate", 90)],
    ),
    "a maximum above everything": (
        Maximum(parts=[Constant(value=0.5), Cosine(init_value=0.1, end_value=0.01, steps=9)]),
        None,
        [("minimum_above_peak", "learning_rate.parts[0]", 0)],
    ),
    "a decay that rises": (
        warmup_cosine(peak_value=1e-3, warmup_steps=10, decay_steps=90, end_value=1e-2),
        None,
        [FIRST, ("minimum_above_peak", "learning_rate.parts[1]", 10)],
    ),
    "a floor above everything": (
        Clamp(part=Cosine(init_value=0.1, end_value=0.01, steps=9), min_value=0.5),
        None,
        [("minimum_above_peak", "learning_rate.min_value", 0)],
    ),
    "negative rates": (
        Freeze(part=Linear(init_value=1.0, end_value=0.0, steps=10, after="continue"), steps=20),
        None,
        [("negative", "learning_rate", 11)],
    ),
    "underflow": (
        Freeze(part=Exponential(init_value=1.0, decay_rate=0.5, decay_period=1), steps=200),
        None,
        [("underflow", "learning_rate", 127)],
    ),
    "underflow before the total": (step(init_value=1.0, decay_period=10), 400, [("underflow", "learning_rate", 380)]),
    "negative at the last step alone": (
        Linear(init_value=10.0, end_value=0.0, steps=10, after="continue"),
        12,
        [("ends_early", "learning_rate", 10), ("negative", "learning_rate", 11)],
    ),
    "not negative before the total": (Linear(init_value=10.0, end_value=0.0, steps=10, after="continue"), 10, []),
    "scaled to nothing": (
        Affine(part=Constant(value=1e-30), scale=1e-30),
        None,
        [FIRST, ("underflow", "learning_rate", 0)],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_warning_is_given_where_it_is_due(name: str) -> None:
    schedule, total_steps, expected = ROWS[name]
    assert found(schedule, total_steps) == expected


def test_the_known_jumps_of_published_recipes_are_found() -> None:
    assert ("jump", "learning_rate.parts[1]", 10_000) in found(lrspec.load(RECIPES / "bert.yaml"))
    assert ("jump", "learning_rate.part.parts[1]", 2000) in found(lrspec.load(RECIPES / "bert_lamb.yaml"))


def test_what_lint_says_of_a_jump_can_be_chosen() -> None:
    bert = lrspec.load(RECIPES / "bert.yaml")
    before, after = 1e-4 * 9_999 / 10_000, 1e-4 * (1 - 10_000 / 1_000_000)
    (jump,) = (finding for finding in bert.lint(jump=0.0099) if finding.code == "jump")  # it is 0.990099 %
    assert jump.values == pytest.approx((before, after), rel=1e-7)
    assert [finding.code for finding in bert.lint(jump=0.00991)] == ["first_zero"]


EPOCHS = """
    lrspec: 1
    learning_rate:
      kind: sequence
      parts:
        - {kind: linear, init_value: 0.1, end_value: 1, steps: 5}
        - {kind: every, part: {kind: cosine, init_value: 1, end_value: 0, steps: 90}, period: 1 epochs}
    steps_per_epoch: 1252
    """


def epochs(text: str, **options: int) -> list[str]:
    return [finding.path for finding in lrspec.loads(text).lint(**options) if finding.code == "epochs_as_steps"]


def test_lengths_that_may_have_been_meant_as_epochs() -> None:
    assert epochs(EPOCHS) == ["learning_rate.parts[0].steps"]
    assert epochs(EPOCHS.replace("steps: 5}", "steps: 5 epochs}")) == []
    assert epochs(EPOCHS.replace("steps: 5}", "steps: 5 steps}")) == []
    assert epochs(EPOCHS.replace("steps: 5}", "steps: 1}")) == []
    assert epochs(EPOCHS.replace("steps: 5}", "steps: 1252}")) == []
    assert epochs(EPOCHS, epochs=4) == []


@pytest.mark.parametrize(("steps", "expected"), [(90, 1), (91, 0)])
def test_a_length_for_which_there_is_no_room_was_not_meant_as_epochs(steps: int, expected: int) -> None:
    text = EPOCHS.replace("steps: 5}", f"steps: {steps}}}") + "total_steps: 90 epochs"
    assert len(epochs(text)) == expected


def test_boundaries_periods_presets_and_groups_may_have_been_meant_as_epochs() -> None:
    text = """
    lrspec: 1
    learning_rate: {kind: warmup_multi_step, peak_value: 1, warmup_steps: 5, boundaries: [30, 60]}
    momentum: {kind: exponential, init_value: 0.9, decay_rate: 0.5, decay_period: 30}
    groups: [{weight_decay: {kind: linear, init_value: 1, end_value: 0, steps: 80}}]
    steps_per_epoch: 5004
    """
    assert epochs(text) == [
        "groups[0].weight_decay.steps",
        "learning_rate.boundaries[0]",
        "learning_rate.boundaries[1]",
        "learning_rate.warmup_steps",
        "momentum.decay_period",
    ]


def test_a_document_brings_its_own_total_and_every_schedule() -> None:
    text = """
    lrspec: 1
    learning_rate: {kind: warmup_constant, peak_value: 1, warmup_steps: 10 %}
    momentum: {kind: linear, init_value: 1, end_value: 0, steps: 50 %}
    other: {beta: {kind: linear, init_value: 1, end_value: 0, steps: 2000}}
    total_steps: 1000
    """
    assert found(lrspec.loads(text)) == [FIRST, ("ends_early", "momentum", 500), ("ends_late", "other.beta", 1000)]
    assert found(lrspec.loads(text), 2000) == [FIRST, ("ends_early", "momentum", 500)]


def test_a_group_is_looked_at_for_what_is_its_own() -> None:
    text = """
    lrspec: 1
    learning_rate: {kind: warmup_constant, peak_value: 1, warmup_steps: 10}
    groups:
      flipped: {scale: -1}
      own: {learning_rate: {kind: linear, init_value: 0, end_value: 1, steps: 10}, scale: 2}
    """
    assert found(lrspec.loads(text)) == [
        ("first_zero", "groups.own.learning_rate", 0),
        FIRST,
        ("negative", "groups.flipped.learning_rate", 1),
    ]


def test_a_finding_reads_as_one_line() -> None:
    finding = Sequence(parts=[WARMUP, Constant(value=0.5)]).lint()[1]
    assert str(finding) == "learning_rate.parts[1]: step 10: a jump from 0.9 to 0.5, 44.4 % of the larger [jump]"


def test_a_schedule_of_a_thousand_million_steps_takes_few_evaluations(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated = []
    call = Node.__call__

    def counted(node: Node, step: int) -> float:
        evaluated.append(step)
        return call(node, step)

    monkeypatch.setattr(Node, "__call__", counted)
    schedule = wsd(peak_value=1.0, warmup_steps=10**6, stable_steps=8 * 10**8, decay_steps=2 * 10**8)
    assert found(schedule, total_steps=10**9 + 10**6) == [FIRST]
    assert 0 < len(evaluated) < 1000


LAW = {"kind": "power_law", "init_value": 1.0, "power": 0.5, "timescale": 100}
RISE = {"kind": "linear", "init_value": 0.01, "end_value": 1.0, "steps": 100}


@pytest.mark.parametrize(
    ("bounded", "codes"),
    [
        ({"kind": "clamp", "part": LAW, "min_value": 0.1}, []),
        ({"kind": "maximum", "parts": [LAW, {"kind": "constant", "value": 0.1}]}, []),
        ({"kind": "clamp", "part": LAW, "min_value": 5.0}, ["minimum_above_peak"]),
    ],
)
@pytest.mark.parametrize("around", ["global", "shift"])
def test_a_bounded_part_is_looked_at_from_where_it_begins(around: str, bounded: Any, codes: list[str]) -> None:
    """By itself the part has no value at time 0."""
    node: dict[str, Any] = {"kind": "sequence", "time": "global", "parts": [RISE, bounded]}
    node = node if around == "global" else {"kind": "shift", "by": 100, "part": bounded}
    found = [one.code for one in lrspec.from_dict({"lrspec": 1, "learning_rate": node}).lint()]
    assert [code for code in found if code != "jump"] == codes


def test_a_warmup_of_two_slopes_that_is_a_sequence_of_its_own() -> None:
    slopes = {"kind": "sequence", "parts": [RISE, {"kind": "linear", "init_value": 1.0, "end_value": 3.0, "steps": 9}]}
    decay = {"kind": "cosine", "init_value": 3.0, "end_value": 0.0, "steps": 50}
    assert lrspec.from_dict({"lrspec": 1, "learning_rate": {"kind": "sequence", "parts": [slopes, decay]}}).lint() == []
    alone = lrspec.from_dict({"lrspec": 1, "learning_rate": slopes}).lint()
    assert [one.code for one in alone] == ["minimum_above_peak"]
