"""Each warning where it is due, at the step that hand calculation gives, and none on what is meant."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import lrspec
from lrspec import Affine, Clamp, Constant, Cosine, Every, Exponential, Freeze, Linear, Node, Repeat, Sequence, Shift
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


def test_lengths_that_may_have_been_meant_as_epochs() -> None:
    text = """
    lrspec: 1
    learning_rate:
      kind: sequence
      parts:
        - {kind: linear, init_value: 0.1, end_value: 1, steps: 5}
        - {kind: every, part: {kind: cosine, init_value: 1, end_value: 0, steps: 90}, period: 1 epochs}
    steps_per_epoch: 1252
    """
    document = lrspec.loads(text)
    assert ("epochs_as_steps", "learning_rate.parts[0].steps", 0) in found(document)
    assert not any("parts[1]" in path for code, path, _ in found(document) if code == "epochs_as_steps")
    assert found(lrspec.loads(text.replace("steps: 5}", "steps: 5 epochs}"))) == []


def test_a_document_brings_its_own_total_and_every_schedule() -> None:
    text = """
    lrspec: 1
    learning_rate: {kind: warmup_constant, peak_value: 1, warmup_steps: 10 %}
    momentum: {kind: linear, init_value: 0, end_value: 1, steps: 50 %}
    total_steps: 1000
    """
    assert found(lrspec.loads(text)) == [FIRST, ("ends_early", "momentum", 500)]


def test_a_finding_reads_as_one_line() -> None:
    finding = Sequence(parts=[WARMUP, Constant(value=0.5)]).lint()[1]
    assert str(finding) == "learning_rate.parts[1]: step 10: a jump from 0.9 to 0.5, 44.4 % of the larger [jump]"


def test_a_schedule_of_a_thousand_million_steps_takes_no_time() -> None:
    schedule = wsd(peak_value=1.0, warmup_steps=10**6, stable_steps=8 * 10**8, decay_steps=2 * 10**8)
    start = time.perf_counter()
    assert found(schedule, total_steps=10**9 + 10**6) == [FIRST]
    assert time.perf_counter() - start < 20  # a thousand million evaluations would take half an hour
