"""Sentences of docs/spec.md that were once silent, or other than the code: each with what it says, at its edge."""

from __future__ import annotations

import json
import math
import random
import time
from fractions import Fraction
from typing import Any

import pytest
import yaml

import lrspec
from lrspec import (
    Affine,
    Constant,
    Every,
    Freeze,
    Geometric,
    Linear,
    Logarithmic,
    LrspecError,
    Product,
    Sequence,
    SpecError,
    Table,
)
from lrspec.documents import yaml as text
from lrspec.documents.json import from_json
from lrspec.kinds import KINDS
from lrspec.presets import PRESETS
from lrspec.program import Program

LINE = "{kind: linear, init_value: previous, end_value: 0, steps: 3}"
FLAT = "{kind: constant, value: 1, steps: 3}"


def document(schedule: str, more: str = "") -> lrspec.Document:
    return lrspec.loads(f"{{lrspec: 1, learning_rate: {schedule}{more}}}")


def refusal(schedule: str, more: str = "") -> str:
    with pytest.raises(SpecError) as caught:
        document(schedule, more)
    return str(caught.value)


def affines(schedule: str, count: int) -> str:
    return "{kind: affine, scale: 1, offset: 1, part: " * count + schedule + "}" * count


# Text


@pytest.mark.parametrize("tag", ["!!str", "!!int", "!!float", "!!map", "!own", "!"])
def test_no_tag_is_read(tag: str) -> None:
    assert "expected a value without a tag" in refusal(f"{{kind: constant, value: {tag} 1}}")


def test_lists_and_mappings_count_as_values_too() -> None:
    """The document, its keys and values, those of the node, 99 lists of 1001 each, and the last list."""

    def lists(rest: int) -> str:
        inner = ["&a [" + ",".join("1" * 1000) + "]", *["*a"] * 98, "[" + ",".join("1" * rest) + "]"]
        return "{lrspec: 1, learning_rate: {kind: x, values: [" + ",".join(inner) + "]}}"

    rest = 100_000 - (1 + 2 + 2 + 2 + 2) - 99 * 1001 - 1
    with pytest.raises(SpecError, match=r"learning_rate.kind: found 'x'"):
        lrspec.loads(lists(rest))
    with pytest.raises(SpecError, match=r"stands for 100001 values"):
        lrspec.loads(lists(rest + 1))


def test_json_is_read_as_the_yaml_that_it_is() -> None:
    draw = random.Random(5)  # noqa: S311 - the same on every run

    def value(depth: int) -> Any:
        kinds = [1, -0.0, 1e300, 5e-324, "", "a", 'é\n\t\\"/', "\U0001f600", "1", "null", True, False, None, 2**70]
        if depth == 0 or draw.random() < 0.4:
            return draw.choice(kinds)
        if draw.random() < 0.5:
            return [value(depth - 1) for _ in range(draw.randrange(4))]
        return {draw.choice(["a", "é", "<<", "1", ""]) + str(i): value(depth - 1) for i in range(draw.randrange(4))}

    for _ in range(200):
        data = {"x": value(4)}
        for ascii_only in (True, False):
            source = json.dumps(data, ensure_ascii=ascii_only, indent=draw.choice([None, 1]))
            read = from_json(source)
            assert repr(read) == repr(data)
            assert repr(text.parse("# YAML\n" + source.replace("\t", " "))) == repr(read)


@pytest.mark.parametrize(
    "source",
    [
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": "\x7f"}',
        '{"a": "\u2028"}',
        '{"a": "\\ud800"}',
        '{"a": ' + "1" * 401 + "}",
        '{"a": ' + "[" * 100 + "]" * 100 + "}",
        '{"a": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"a": [' + ",".join(["1"] * 100_000) + "]}",
        '["a"]',
        "{a: 1}",
        '{"a": 1} x',
    ],
)
def test_what_json_alone_does_not_say_is_left_to_yaml(source: str) -> None:
    assert from_json(source) is None


def test_a_large_json_document_is_read_at_once() -> None:
    """As many values as a quarter of a megabyte holds; PyYAML took seconds, 30 times as long as its twin in YAML."""
    table = {"lrspec": 1, "learning_rate": {"kind": "table", "values": [1 + k / 65536 for k in range(13_000)]}}
    source = json.dumps(table)
    began = time.perf_counter()
    lrspec.loads(source)
    quick = time.perf_counter() - began
    began = time.perf_counter()
    yaml.safe_load(source[: len(source) // 4].rpartition(",")[0] + "]}}")
    assert quick < time.perf_counter() - began


# previous


@pytest.mark.parametrize(
    ("schedule", "path"),
    [
        (LINE, "init_value"),
        (f"{{kind: sequence, parts: [{LINE}, {FLAT}]}}", "parts[0].init_value"),
        (f"{{kind: product, parts: [{FLAT}, {LINE}]}}", "parts[1].init_value"),
        (f"{{kind: sequence, parts: [{FLAT}, {{kind: product, parts: [{LINE}]}}]}}", "parts[1].parts[0].init_value"),
        (f"{{kind: sequence, parts: [{FLAT}, {{kind: affine, part: {LINE}}}]}}", "parts[1].part.init_value"),
        (f"{{kind: sequence, parts: [{FLAT}, {{kind: shift, by: 1, part: {LINE}}}]}}", "parts[1].part.init_value"),
        (f"{{kind: sequence, parts: [{FLAT}, {{kind: repeat, part: {LINE}}}]}}", "parts[1].part.init_value"),
        (f"{{kind: clamp, min_value: 0, part: {LINE}}}", "part.init_value"),
        (f"{{kind: freeze, steps: 2, part: {LINE}}}", "part.init_value"),
        (f"{{kind: every, period: 2, part: {LINE}}}", "part.init_value"),
    ],
)
def test_a_misplaced_previous_is_found_by_the_reader(schedule: str, path: str) -> None:
    expected = f"learning_rate.{path}: found previous, expected a number, because no part of a sequence comes before"
    assert refusal(schedule) == expected


@pytest.mark.parametrize("around", ["{}", "{{kind: sequence, parts: [{}]}}", "{{kind: freeze, steps: 2, part: {}}}"])
def test_a_previous_of_any_sign_is_read(around: str) -> None:
    """Whether it is right for its field is found from the number itself, not from another one in its place."""
    curve = "{kind: geometric, init_value: previous, end_value: -2, steps: 2}"
    flat = "{kind: constant, value: -8, steps: 3}"
    schedule = document(f"{{kind: sequence, parts: [{flat}, {around.format(curve)}]}}")
    assert [schedule(step) for step in (3, 4, 5)] == [-8, -4, -2]


# Nesting


@pytest.mark.parametrize(
    ("preset", "inner"),
    [
        ("{kind: warmup_cosine, peak_value: 1, warmup_steps: 9, decay_steps: 9, warmup: (k+1)/W}", 3),
        ("{kind: step, init_value: 1, decay_period: 9}", 0),
        ("{kind: triangular, init_value: 0, peak_value: 1, up_steps: 9}", 2),
        ("{kind: exp_range, init_value: 0, peak_value: 1, up_steps: 9, decay_rate: 0.9, total_steps: 99}", 5),
    ],
)
def test_a_preset_counts_as_its_tree(preset: str, inner: int) -> None:
    document(affines(preset, 32 - inner))
    name = preset.split()[1].rstrip(",")
    message = refusal(affines(preset, 33 - inner))
    extra = f", with those that {name} stands for" if inner else ""
    path = ".".join(["learning_rate", *["part"] * (33 - inner)])
    assert message == f"{path}: found schedules nested 33 deep{extra}, expected at most 32"


@pytest.mark.parametrize(
    "more", [", relative: true, base_value: 2", ", groups: {a: {scale: 2}}", ", groups: [{scale: 1}, {scale: 2}]"]
)
def test_the_factors_of_a_document_count_too(more: str) -> None:
    schedule = document(affines(FLAT, 31), more)
    assert [math.isfinite(schedule.group(name)["learning_rate"](0)) for name in (None, *schedule.groups)]
    assert refusal(affines(FLAT, 32), more) == (
        "learning_rate: found schedules nested 33 deep, with `base_value` and `scale`, expected at most 32"
    )


# Rules that go together


def test_after_without_an_end_may_only_be_hold() -> None:
    document(f"{{kind: repeat, part: {FLAT}, after: hold}}")
    assert "no `after` where there are no `num_cycles`" in refusal(f"{{kind: repeat, part: {FLAT}, after: error}}")


def test_a_floor_of_all_may_only_be_0() -> None:
    document(f"{{kind: repeat, part: {FLAT}, floor_value: 0}}")
    assert "no such key with `scaling: all`" in refusal(f"{{kind: repeat, part: {FLAT}, floor_value: 1}}")


def test_a_list_of_groups_has_an_item() -> None:
    assert refusal(FLAT, ", groups: []") == "groups: found 0 items, expected 1 to 1024 items, or no such key"
    plain = document(FLAT)
    assert document(FLAT, ", groups: {}, other: {}").fingerprint == plain.fingerprint == plain.program.fingerprint


@pytest.mark.parametrize("names", ["1: {scale: 1}", "'': {scale: 1}", "true: {scale: 1}", "1.5: {scale: 1}"])
def test_names_are_texts_that_are_not_empty(names: str) -> None:
    assert refusal(FLAT, f", groups: {{{names}}}").endswith("expected a text")
    assert refusal(FLAT, f", other: {{{names.replace('{scale: 1}', FLAT)}}}").endswith("expected a text")


def test_inherited_hyperparameters_are_in_the_fingerprint() -> None:
    own = document(FLAT, f", groups: [{{momentum: {FLAT}}}]")
    inherited = document(FLAT, f", momentum: {FLAT}, groups: [{{}}]")
    assert own.fingerprint != inherited.fingerprint != document(FLAT, f", momentum: {FLAT}").fingerprint


# Durations


@pytest.mark.parametrize("blank", [" ", "\\t", "\\n", "\\r", " \\n\\t"])
def test_blanks_around_a_duration(blank: str) -> None:
    line = '{{kind: linear, init_value: 1, end_value: 0, steps: "{0}5  steps{0}"}}'
    assert document(line.format(blank)).node.length == 5


@pytest.mark.parametrize(
    "steps",
    ["\\u00a05 steps", "5 steps\\u2003", "5\\tsteps", "\\v5 steps", " 59/2", "59 /2", "5 Steps", "\\u0665 steps"],
)
def test_no_other_text_is_a_duration(steps: str) -> None:
    assert refusal(f'{{kind: linear, init_value: 1, end_value: 0, steps: "{steps}"}}').startswith(
        "learning_rate.steps: "
    )


@pytest.mark.parametrize(("digits", "is_read"), [(4000, True), (4001, False)])
def test_the_digits_of_a_fraction(digits: int, is_read: bool) -> None:  # noqa: FBT001 - a parameter
    steps = f"'{'1' * digits}/{'1' * digits}'"
    line = f"{{kind: linear, init_value: 1, end_value: 0, steps: {steps}}}"
    assert document(line).node.length == 1 if is_read else refusal(line).startswith("learning_rate.steps: ")


# Quantities


@pytest.mark.parametrize("quantity", ["steps_per_epoch", "batch_size", "tokens_per_step"])
@pytest.mark.parametrize(
    ("given", "is_read"),
    [
        ("2147483647", True),
        ("2147483648", False),
        ("'4294967293/2'", True),
        ("'4294967295/2'", False),
        (f"'1/{2**63 - 1}'", True),
        (f"'1/{2**63}'", False),
        (f"'2/{2**64 - 2}'", True),
        ("0", False),
        ("-1", False),
        ("0.1", True),
        ("1 epochs", False),
    ],
)
def test_the_range_of_quantities(quantity: str, given: str, is_read: bool) -> None:  # noqa: FBT001 - a parameter
    if is_read:
        assert document(FLAT, f", {quantity}: {given}").quantities[quantity] == Fraction(given.strip("'"))
    else:
        assert refusal(FLAT, f", {quantity}: {given}").startswith(quantity)


@pytest.mark.parametrize(
    ("given", "is_read"), [("1", True), ("2147483647", True), ("2147483648", False), ("0", False), ("1.0", False)]
)
def test_the_range_of_the_total(given: str, is_read: bool) -> None:  # noqa: FBT001 - a parameter
    if is_read:
        assert document(FLAT, f", total_steps: {given}").total_steps == int(given)
    else:
        assert refusal(FLAT, f", total_steps: {given}").startswith("total_steps")


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ("{kind: geometric, init_value: 1, end_value: -1, steps: 3}", "init_value"),
        ("{kind: polynomial, init_value: 1, end_value: 0, steps: 3, power: 0.5, after: continue}", "after"),
        ("{kind: linear, init_value: 1, end_value: 0, steps: -3}", "steps"),
        ("{kind: piecewise_constant, boundaries: [5, 5], values: [1, 2, 3]}", "boundaries[1]"),
        ("{kind: warmup_cosine, peak_value: 1, warmup_steps: 5, decay_steps: 0}", "decay_steps"),
        ("{kind: exponential, init_value: 1, decay_rate: 0.5, decay_period: 0.5, staircase: true}", "decay_period"),
    ],
)
def test_what_needs_no_quantity_is_checked_without_it(wrong: str, path: str) -> None:
    late = "{kind: linear, init_value: 1, end_value: 0, steps: 5 epochs}"
    for around in (
        "{{kind: minimum, parts: [{0}, {1}]}}",
        "{{kind: minimum, parts: [{1}, {{kind: clamp, max_value: 1, part: {0}}}]}}",
    ):
        message = refusal(around.format(late, wrong))
        assert message.startswith("learning_rate.parts[")
        assert f".{path}: " in message


def test_a_part_that_another_follows_needs_a_length_also_without_a_quantity() -> None:
    late = "{kind: linear, init_value: 1, end_value: 0, steps: 5 epochs}"
    for first in ("{kind: constant, value: 1}", "{kind: step, init_value: 1, decay_period: 3}"):
        assert refusal(f"{{kind: sequence, parts: [{first}, {late}]}}") == (
            "learning_rate.parts[0].steps: found nothing, expected a length, because another part follows"
        )
    flat = "{kind: constant, value: 1, steps: 3, after: error}"
    assert "parts[0].after: found 'error'" in refusal(f"{{kind: sequence, parts: [{flat}, {late}]}}")
    assert document(f"{{kind: sequence, parts: [{late}, {FLAT}, {late}]}}").missing


def test_the_fields_beside_a_missing_quantity_are_checked() -> None:
    late = "{{kind: piecewise_constant, boundaries: [{}, 5 epochs], values: [1, 2, 3]{}}}"
    assert document(late.format(4, "")).missing == {"learning_rate.boundaries[1]": "steps_per_epoch"}
    assert refusal(late.format(-4, "")).startswith("learning_rate.boundaries[0]: ")
    assert refusal(late.format(4, ", steps: 0")).startswith("learning_rate.steps: ")


# Messages


def test_the_errors_of_exact_say_where() -> None:
    schedule = document("{kind: power_law, init_value: 1, power: 0.5, timescale: 3}")
    with pytest.raises(SpecError, match=r"^learning_rate\.offset: found a time of 0"):
        schedule.exact(0)
    assert schedule.exact(3) == 1


def test_exact_values_go_beyond_float32() -> None:
    """`exact` needs no program: binary64, down to its smallest number, and an error beyond its largest."""
    small = Affine(part=Constant(value=2.0**-126), scale=2.0**-948)
    assert small.exact(0) == 5e-324
    large = Affine(part=Constant(value=2.0**100), scale=2.0**923)
    assert large.exact(0) == 2.0**1023
    with pytest.raises(OverflowError):
        Affine(part=Constant(value=2.0**101), scale=2.0**923).exact(0)
    with pytest.raises(LrspecError, match="expected a step from 0 to 2"):
        Freeze(part=Constant(value=1.0), steps=3, after="error").exact(3)


def test_a_constant_beyond_float32_is_not_told_to_end() -> None:
    with pytest.raises(SpecError) as caught:
        document("{kind: affine, scale: 1e300, part: {kind: constant, value: 1}}")(0)
    assert str(caught.value).endswith("expected values up to 3.4e+38")


def test_an_unknown_kind_is_answered_in_a_line() -> None:
    assert refusal("{kind: foo}") == (
        f"learning_rate.kind: found 'foo', expected one of the {len(KINDS) + len(PRESETS)} kinds and presets, "
        "such as constant, linear, cosine, sequence or warmup_cosine"
    )
    assert refusal("{kind: cosin}").startswith("learning_rate.kind: found 'cosin', expected cosine")
    assert len(refusal("{kind: warmup_cosin}")) < 160


# Programs


@pytest.mark.parametrize("steps", [100, 4096, 5000, 10**6])
def test_only_the_stairs_that_are_reached_are_written_out(steps: int) -> None:
    """A warmup beside a curve by epochs: up to its end there are 9 stairs, whatever comes after."""
    warmup = Logarithmic(init_value=0.6, end_value=1.0, steps=17)
    slow = Every(part=Linear(init_value=0.5, end_value=0.06, steps=steps), period=2)
    both = Product(parts=[warmup, slow])
    for step in (0, 1, 16, 17, 18, 2 * steps - 1, 2 * steps, 2**31 - 1):
        level = Fraction(0.5) + (Fraction(0.06) - Fraction(0.5)) * min(step // 2, steps) / steps
        assert both.exact(step) == pytest.approx(float(level) * warmup.exact(step), rel=1e-15)
    assert len(both.program.segments) < 60


def test_a_table_longer_than_all_steps_leaves_no_segment_without_a_step() -> None:
    program = Table(values=[1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0], period=2**29).program
    assert [segment.start for segment in program.segments] == [0, 3]
    assert Program.from_bytes(program.to_bytes()) == program


@pytest.mark.parametrize("word", [3, 4, 5])  # the start, base and period of the first phase
def test_no_row_of_a_phase_is_negative(word: int) -> None:
    data = bytearray(Constant(value=1.0).program.to_bytes())
    data[17 + 8 * word : 25 + 8 * word] = (-1).to_bytes(8, "little", signed=True)
    with pytest.raises(LrspecError, match="not a program"):
        Program.from_bytes(bytes(data))


def test_a_sequence_of_geometrics_below_0_goes_on_from_each_other() -> None:
    parts = [
        Geometric(init_value=-16.0, end_value=-4.0, steps=2),
        Geometric(init_value="previous", end_value=-1.0, steps=2),
    ]
    assert [Sequence(parts=parts)(step) for step in range(5)] == [-16, -8, -4, -2, -1]
