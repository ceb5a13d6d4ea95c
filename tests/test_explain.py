"""What `explain` and `str` say, against tables written by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

import lrspec
from lrspec import (
    Clamp,
    Constant,
    Cosine,
    Every,
    Exponential,
    InverseTime,
    Linear,
    Node,
    PiecewiseConstant,
    Product,
    Repeat,
    Sequence,
    Shift,
    StepError,
    Stretch,
)
from lrspec.presets import warmup_cosine
from lrspec.views.explain import explain, tree
from lrspec.views.timeline import schedules

DOCUMENT = """
lrspec: 1
learning_rate:
  kind: sequence
  parts:
    - {kind: linear, init_value: 0, end_value: 0.5, steps: 10}
    - kind: repeat
      part: {kind: cosine, init_value: 0.5, end_value: 0.25, steps: 20}
      num_cycles: 3
    - {kind: constant, value: 0.25}
weight_decay: {kind: constant, value: 0.125}
"""


def test_each_phase_has_its_steps_and_the_values_there() -> None:
    phases = explain(lrspec.loads(DOCUMENT)).phases
    seen = [(p.path, p.depth, p.kind, p.first_step, p.last_step, p.steps, p.first_value) for p in phases]
    assert seen == [
        ("learning_rate", 0, "sequence", 0, None, None, 0.0),
        ("learning_rate.parts[0]", 1, "linear", 0, 9, 10, 0.0),
        ("learning_rate.parts[1]", 1, "repeat", 10, 69, 60, 0.5),
        ("learning_rate.parts[1].part", 2, "cosine", None, None, None, None),
        ("learning_rate.parts[2]", 1, "constant", 70, None, None, 0.25),
    ]
    assert phases[1].last_value == pytest.approx(0.45)
    assert [phase.formula for phase in phases[1:4]] == [
        "0 + (0.5 - 0) * t / 10",
        "3 cycles of 20 steps",
        "0.25 + (0.5 - 0.25) * ((1 + cos(pi * (t / 20))) / 2)",
    ]
    assert [phase.time for phase in phases] == [""] * 5


HALVES = Repeat(part=Linear(init_value=1, end_value=0, steps=8), cycle_mult=2, peak_mult=0.5, peak_power=1)
FORMULAS = {
    "stairs": (
        Exponential(init_value=0.1, decay_rate=0.96, decay_period=100, staircase=True),
        "0.1 * 0.96 ** floor(t / 100)",
    ),
    "a smooth decay": (Exponential(init_value=0.1, decay_rate=0.96, decay_period=100), "0.1 * 0.96 ** (t / 100)"),
    "stairs of 1 / t": (
        InverseTime(init_value=0.1, decay_rate=2, decay_period=Fraction(3, 2), staircase=True),
        "0.1 / (1 + 2 * floor(t / 1.5))",
    ),
    "a fraction": (Linear(init_value=0, end_value=-1, steps=Fraction(1000, 3)), "0 + ((-1) - 0) * t / (1000/3)"),
    "a lower bound": (Clamp(part=Constant(value=1), min_value=0.5), "at least 0.5"),
    "two bounds": (Clamp(part=Constant(value=1), min_value=0.5, max_value=2), "at least 0.5, at most 2"),
    "cycles": (HALVES, "endless cycles of 8 steps * 2 ** i, all * 0.5 ** i * (i + 1) ** -1"),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_has_the_numbers_of_its_fields(name: str) -> None:
    node, expected = FORMULAS[name]
    assert explain(node).phases[0].formula == expected


def phases_of(node: Node) -> list[tuple[str, str, int | None, int | None, float | None]]:
    return [(p.kind, p.time, p.first_step, p.last_step, p.first_value) for p in explain(node).phases]


UP_AND_DOWN = Sequence(
    parts=[Linear(init_value=0, end_value=1, steps=4), Linear(init_value="previous", end_value=0, steps=8)]
)


def test_what_is_inside_a_shift_has_the_steps_of_the_schedule() -> None:
    assert phases_of(Shift(part=UP_AND_DOWN, by=1)) == [
        ("shift", "", 0, 10, 0.25),
        ("sequence", "", 0, 10, 0.25),
        ("linear", "t = step + 1", 0, 2, 0.25),
        ("linear", "", 3, 10, 1.0),
    ]


def test_what_is_inside_every_and_stretch_says_what_its_time_is() -> None:
    assert phases_of(Every(part=UP_AND_DOWN, period=10))[2:] == [
        ("linear", "t = floor(step / 10)", 0, 39, 0.0),
        ("linear", "t = floor((step - 40) / 10)", 40, 119, 1.0),
    ]
    assert phases_of(Stretch(part=UP_AND_DOWN, factor=Fraction(5, 2)))[2:] == [
        ("linear", "t = step / 2.5", 0, 9, 0.0),
        ("linear", "t = (step - 10) / 2.5", 10, 29, 1.0),
    ]
    assert (
        phases_of(Every(part=Shift(part=UP_AND_DOWN, by=Fraction(1, 2)), period=10))[3][1] == "t near (step + 5) / 10"
    )


def test_the_factors_of_a_product_have_their_own_values_and_steps() -> None:
    drops = PiecewiseConstant(boundaries=[4], values=[8, 4])
    assert phases_of(Product(parts=[UP_AND_DOWN, drops])) == [
        ("product", "", 0, 11, 0.0),
        ("sequence", "", 0, 11, 0.0),
        ("linear", "", 0, 3, 0.0),
        ("linear", "", 4, 11, 1.0),
        ("piecewise_constant", "", 0, None, 8.0),
    ]


def test_the_parts_of_a_global_sequence_say_that_their_time_is_the_step() -> None:
    bert = explain(lrspec.load(Path(__file__).parents[1] / "docs" / "recipes" / "bert.yaml"))
    assert [(p.formula, p.time, p.first_step, p.last_step) for p in bert.phases[1:]] == [
        ("0 + (0.0001 - 0) * t / 10000", "", 0, 9_999),
        ("0.0001 + (0 - 0.0001) * t / 1000000", "t = step", 10_000, 999_999),
    ]
    assert bert.phases[2].first_value == pytest.approx(1e-4 * (1 - 10_000 / 1_000_000), rel=1e-7)
    assert bert.phases[2].last_value == pytest.approx(1e-10, rel=1e-7)


def test_a_document_explains_its_groups() -> None:
    document = lrspec.loads("""{lrspec: 1, learning_rate: {kind: constant, value: 1}, base_value: 0.5, relative: true,
        groups: {head: {scale: 0.5, weight_decay: {kind: constant, value: 0.25}}}}""")
    found = {path: explain(document, path).highest[0] for path in schedules(document)}
    assert found == {
        "learning_rate": 0.5,
        "groups.head.weight_decay": 0.25,
        "groups.head.learning_rate": 0.25,
    }
    with pytest.raises(KeyError):
        explain(document, "momentum")


def test_the_totals_say_what_comes_after() -> None:
    found = explain(warmup_cosine(peak_value=0.5, warmup_steps=10, decay_steps=90, end_value=0.125))
    assert (found.length, found.after) == (100, "0.125 is held")
    assert found.lowest == (0.0, 0)
    assert found.highest == (0.5, 10)
    assert explain(Linear(init_value=1, end_value=0, steps=10, after="error")).after == "no value"
    assert explain(Linear(init_value=1, end_value=0, steps=10, after="continue")).after == "goes on"
    wave = Cosine(init_value=1, end_value=0, steps=8, after="continue")
    assert explain(wave).after == "goes on"  # though the last step of all has the value that step 8 has
    assert explain(lrspec.loads(DOCUMENT), "weight_decay").length is None


def test_a_global_sequence_and_a_refusing_end_have_their_own_steps() -> None:
    line = Linear(init_value=1, end_value=0, steps=100, after="error")
    found = explain(Sequence(parts=[Linear(init_value=0, end_value=1, steps=10), line], time="global"))
    assert [(p.first_step, p.last_step) for p in found.phases[1:]] == [(0, 9), (10, 99)]
    with pytest.raises(StepError):
        line(100)


def test_text_is_a_table_and_a_tree() -> None:
    schedule = Shift(
        part=Sequence(
            parts=[Linear(init_value=0, end_value=1, steps=4), Repeat(part=Cosine(init_value=1, end_value=0, steps=4))]
        ),
        by=1,
    )
    assert str(schedule).splitlines() == [
        "shift by=1",
        "`- sequence",
        "   +- linear init_value=0 end_value=1 steps=4",
        "   `- repeat",
        "      `- cosine init_value=1 end_value=0 steps=4",
    ]
    assert tree(lrspec.loads(DOCUMENT)).splitlines()[-1] == "weight_decay: constant value=0.125"
    lines = str(lrspec.loads(DOCUMENT).explain()).splitlines()
    assert lines[0] == "learning_rate:"
    assert " ".join(lines[3].split()) == "linear 0 + (0.5 - 0) * t / 10 0 9 10 0 0.449999988"
    assert lines[-3] == "without end"


def test_the_rows_inside_a_shift_back_begin_with_it() -> None:
    parts = [
        lrspec.Linear(init_value=0.0, end_value=1.0, steps=10),
        lrspec.Cosine(init_value=1.0, end_value=0.0, steps=5),
    ]
    found = lrspec.Shift(part=lrspec.Sequence(parts=parts), by=-1).explain()
    assert [(phase.kind, phase.first_step, phase.last_step) for phase in found.phases] == [
        ("shift", 0, 15),
        ("sequence", 0, 15),
        ("linear", 0, 10),
        ("cosine", 11, 15),
    ]
