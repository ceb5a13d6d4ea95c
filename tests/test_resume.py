"""Going on with a run: each policy against its formula, worked out by the oracle from the old and the new schedule."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import lrspec
import oracle
from cases import nodes
from lrspec import Constant, Cosine, Document, Exponential, FingerprintError, Linear, Node, Sequence, SpecError, resume

SETTINGS = settings(deadline=None, derandomize=True, database=None, max_examples=60)
STEPS = st.integers(1, 300)
RAMP = Linear(init_value=0.0, end_value=1.0, steps=100)
"""Its value is the fraction that has passed."""
OLD = lrspec.loads("""
lrspec: 1
learning_rate: {kind: warmup_cosine, peak_value: 0.5, warmup_steps: 5 epochs, decay_steps: 20 epochs}
momentum: {kind: constant, value: 0.75}
other: {dropout: {kind: linear, init_value: 0, end_value: 0.5, steps: 100}}
groups:
  backbone: {scale: 0.25}
  head: {weight_decay: {kind: linear, init_value: 0.5, end_value: 0.25, steps: 50}}
steps_per_epoch: 4
""")
NEW = lrspec.loads("""
lrspec: 1
learning_rate: {kind: linear, init_value: 1, end_value: 0, steps: 160}
momentum: {kind: linear, init_value: 0.5, end_value: 1, steps: 160}
other: {dropout: {kind: constant, value: 0.125}}
groups:
  head: {weight_decay: {kind: constant, value: 0.375}}
  tail: {scale: 2}
total_steps: 160
""")


def exact(node: Node, time: Fraction | int) -> Any:
    """The formula of a node at a time, by the oracle."""
    try:
        return oracle.value_at(node, Fraction(time))
    except oracle.NoValueError:  # it asks an `every` for the value after its part's end, for `previous`
        assume(False)  # noqa: FBT003 - hypothesis' own


def has_value(node: Node, step: int) -> bool:
    try:
        node(step)
    except (lrspec.StepError, SpecError):
        return False
    return True


def assert_follows(result: Document, expected: Callable[[int], Any], steps: list[int]) -> None:
    """The result's formula is the expected one, and its value one of the two float32 numbers around it."""
    steps = [step for step in steps if step <= result.program.last_step]
    largest = max(map(float, re.findall(r"\d[\d.e+-]*", json.dumps(result.to_dict()))))
    smallest = 2.0**-126 + 2.0**-100 * largest  # of the terms that are added
    for step in steps:
        number = oracle.rounded_to_double(expected(step))
        assert result.exact(step) == pytest.approx(number, rel=2**-51, abs=smallest)
        near = np.float32(number)
        around = (near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf)))
        assert result(step) in around or abs(number) <= smallest


def joined(old: Node, new: Node, step: int, policy: Callable[..., Document]) -> Document:
    """The result, where the two have a value there and their joint program is not too large."""
    assume(has_value(old, step) and has_value(new, step) and has_value(new, 0))
    try:
        return policy(old, new, step)
    except SpecError as error:
        assume("pieces" not in str(error) and "larger than" not in str(error) and "beyond" not in str(error))
        raise


@SETTINGS
@given(nodes(), nodes(), STEPS, st.integers(0, 500))
def test_replace_is_the_old_schedule_and_then_the_new_one_on_the_same_clock(
    old: Node, new: Node, step: int, more: int
) -> None:
    result = joined(old, new, step, resume.replace)
    steps = [0, step // 2, step - 1, step, step + 1, step + more]
    assert_follows(result, lambda t: exact(old, t) if t < step else exact(new, t), steps)


@SETTINGS
@given(nodes(), nodes(), STEPS, st.integers(0, 500))
def test_fork_begins_the_new_schedule_at_its_step_0(old: Node, new: Node, step: int, more: int) -> None:
    result = joined(old, new, step, resume.fork)
    steps = [0, step // 2, step - 1, step, step + 1, step + more]
    assert_follows(result, lambda t: exact(old, t) if t < step else exact(new, t - step), steps)


@SETTINGS
@given(nodes(), nodes(), STEPS, st.integers(0, 500))
def test_continue_from_value_scales_the_new_schedule_and_does_not_jump_by_a_bit(
    old: Node, new: Node, step: int, more: int
) -> None:
    assume(has_value(old, step) and has_value(new, step) and old(step) * new(step) > 0 and abs(old(step)) > 1e-30)
    # where its terms cancel, the formula itself is not known to all digits: docs/spec.md, Accuracy
    assume(abs(oracle.real(new(step)) - exact(new, step)) <= abs(exact(new, step)) / 2**20)
    result = joined(old, new, step, resume.continue_from_value)
    assert result(step) == old(step)
    scale = oracle.real(float(Fraction(old(step)) / Fraction(oracle.rounded_to_double(exact(new, step)))))
    steps = [0, step // 2, step - 1, step, step + 1, step + more]
    assert_follows(result, lambda t: exact(old, t) if t < step else scale * exact(new, t), steps)


@SETTINGS
@given(nodes(), STEPS, st.integers(1, 400), st.integers(1, 900), st.integers(0, 1000))
def test_stretch_is_the_old_schedule_on_a_clock_that_does_not_jump(
    old: Node, step: int, left: int, left_now: int, more: int
) -> None:
    horizon, total = step + left, step + left_now
    document = Document({**lrspec.to_dict(old), "total_steps": horizon})

    def policy(_: Node, __: Node, step: int) -> Document:
        return resume.stretch(document, total, step)

    result = joined(old, old, step, policy)
    assert result(step) == old(step)
    assert result.total_steps == total

    def time(t: int) -> Fraction:
        if t < step or left == left_now:
            return Fraction(t)
        return Fraction(min(t, total) - step) * left / left_now + step

    steps = [0, step - 1, step, step + 1, (step + total) // 2, total - 1, total, step + more]
    assert_follows(result, lambda t: exact(old, time(t)), steps)


@pytest.mark.parametrize(("step", "total"), [(40, 300), (40, 60), (0, 250), (99, 100_000), (60, 100)])
def test_stretch_keeps_the_fraction_that_has_passed(step: int, total: int) -> None:
    result = resume.stretch(RAMP, total, step)
    for t in range(step + 1):
        assert result.exact(t) == float(Fraction(t, 100))
    for t in (step, step + 1, (step + total) // 2, total - 1):
        fraction = Fraction(step, 100) + Fraction(t - step, total - step) * (1 - Fraction(step, 100))
        assert result.exact(t) == float(fraction)
    assert result.exact(total) == result.exact(total + 1000) == 1.0
    assert result.node.length == result.total_steps == total


def test_policies_by_hand() -> None:
    old, new = Linear(init_value=8.0, end_value=0.0, steps=8), Linear(init_value=0.0, end_value=16.0, steps=8)
    assert resume.replace(old, new, 3).values(0, 9).tolist() == [8, 7, 6, 6, 8, 10, 12, 14, 16]
    assert resume.fork(old, new, 3).values(0, 12).tolist() == [8, 7, 6, 0, 2, 4, 6, 8, 10, 12, 14, 16]
    assert resume.continue_from_value(old, new, 2).values(0, 9).tolist() == [8, 7, 6, 9, 12, 15, 18, 21, 24]
    assert resume.stretch(old, 14, 2).values(0, 15).tolist() == [8, 7, *(6 - k / 2 for k in range(13))]
    assert resume.stretch(old, 5, 2).values(0, 6).tolist() == [8, 7, 6, 4, 2, 0]


def test_at_step_0_the_past_is_empty() -> None:
    new = Constant(value=0.5)
    assert resume.replace(RAMP, new, 0).node == new == resume.fork(RAMP, new, 0).node
    assert resume.stretch(RAMP, 200, 0).node == lrspec.Stretch(part=RAMP, factor=2)
    assert resume.stretch(RAMP, 100, 30).node == RAMP


def test_a_cooldown_starts_from_the_value_that_the_run_has() -> None:
    stable = Sequence(parts=[Linear(init_value=0.0, end_value=0.5, steps=10), Constant(value=0.5)])
    cooldown = Linear(init_value="previous", end_value=0.0, steps=4)
    assert resume.fork(stable, cooldown, 20).values(18, 26).tolist() == [0.5, 0.5, 0.5, 0.375, 0.25, 0.125, 0.0, 0.0]
    assert resume.fork(stable, cooldown, 5).values(3, 10).tolist() == pytest.approx(
        [0.15, 0.2, 0.25, 0.1875, 0.125, 0.0625, 0.0]
    )
    for policy in (resume.replace, resume.continue_from_value):
        with pytest.raises(SpecError, match=r"^learning_rate\.init_value: found previous"):
            policy(stable, cooldown, 20)


def test_many_forks_stay_flat() -> None:
    document, levels = resume.fork(RAMP, Constant(value=1.0), 1), [1.0]
    for step in range(2, 60):
        levels.append(step / 64)
        document = resume.fork(document, Constant(value=step / 64), step)
    assert document.values(1, 61).tolist() == [*levels, levels[-1]]
    assert document.node.depth < 6
    back = resume.fork(document, Constant(value=2.0), 1)
    assert isinstance(back.node, Sequence)
    assert back.node.parts == (lrspec.Freeze(part=RAMP, steps=1), Constant(value=2.0))
    frozen = lrspec.Freeze(part=RAMP, steps=50)
    assert resume.fork(frozen, Constant(value=2.0), 80).values(49, 81).tolist() == [RAMP(49), *([0.5] * 30), 2.0]
    assert resume.fork(frozen, Constant(value=2.0), 30).values(29, 31).tolist() == [RAMP(29), 2.0]


def test_endless_stairs_and_cycles_are_stretched() -> None:
    stairs = Exponential(init_value=1.0, decay_rate=0.5, decay_period=30, staircase=True)
    result = resume.stretch(Document({**lrspec.to_dict(stairs), "total_steps": 90}), 170, 10)
    assert result.values(0, 200).tolist() == [1.0] * 50 + [0.5] * 60 + [0.25] * 60 + [0.125] * 30
    waves = Cosine(init_value=1.0, end_value=0.0, steps=100, after="continue")
    assert resume.stretch(waves, 301, 25)(301) == resume.stretch(waves, 301, 25)(10_000) == 0.0


@pytest.mark.parametrize("policy", [resume.replace, resume.fork, resume.continue_from_value])
def test_every_schedule_of_a_document_follows(policy: Callable[..., Document]) -> None:
    step = 30
    result = policy(OLD, NEW, step)
    shift = step if policy is resume.fork else 0
    assert list(result) == ["learning_rate", "momentum", "dropout"]
    assert result.groups == ["backbone", "head", "tail"]
    for group in (None, "backbone", "head", "tail", "unknown"):
        before, after, found = OLD.group(group), NEW.group(group), result.group(group)
        assert found.keys() == before.keys() == after.keys()
        for name, node in found.items():
            scale = 1.0
            if policy is resume.continue_from_value:
                scale = before[name](step) / after[name].exact(step)
                assert node(step) == before[name](step)
            assert [node(t) for t in range(step)] == [before[name](t) for t in range(step)]
            expected = [scale * after[name].exact(t - shift) for t in range(step, 200)]
            assert [node.exact(t) for t in range(step, 200)] == pytest.approx(expected, rel=1e-15)


def test_stretch_has_one_horizon_for_every_schedule() -> None:
    result = resume.stretch(OLD, 180, 20)  # the dropout's 100 steps are the longest
    assert result.total_steps == 180
    for group in (None, "backbone", "head"):
        for name, node in result.group(group).items():
            before = OLD.group(group)[name]
            assert [node(t) for t in range(21)] == [before(t) for t in range(21)]
            assert node.exact(20 + 2 * 15) == before.exact(20 + 15)
            assert node.exact(180) == before.exact(100)
    assert result["momentum"] == Constant(value=0.75)


def test_results_are_ordinary_documents() -> None:
    results = [policy(OLD, NEW, 30) for policy in (resume.replace, resume.fork, resume.continue_from_value)]
    for result in (*results, resume.stretch(OLD, 180, 30)):
        for form in ("yaml", "json"):
            again = lrspec.loads(lrspec.dumps(result, format=form))
            assert again == result
            assert again.fingerprint == result.fingerprint
    assert [result.total_steps for result in results] == [160, 190, 160]
    assert len({result.fingerprint for result in results}) == 3


def test_groups_that_are_listed_stay_listed() -> None:
    half, third = (
        {"lrspec": 1, "learning_rate": {"kind": "constant", "value": 1.0}, "groups": scales}
        for scales in ([{"scale": 0.5}, {}], [{}, {}, {"scale": 0.25}])
    )
    result = resume.fork(Document(half), Document(third), 7)
    rates = [[result.group(place)["learning_rate"](t) for t in (6, 7)] for place in (0, 1, 2, 3)]
    assert rates == [[0.5, 1.0], [1.0, 1.0], [1.0, 0.25], [1.0, 1.0]]
    assert isinstance(result.to_dict()["groups"], list)
    with pytest.raises(SpecError, match=r"^groups: found names in one document, a list in the other"):
        resume.fork(Document(half), Document({**half, "groups": {"head": {}}}), 7)


def test_relative_rates_stay_relative_where_no_base_is_needed() -> None:
    relative = Document({**lrspec.to_dict(RAMP), "relative": True})
    result = resume.fork(relative, relative, 10)
    assert result.relative
    assert result.resolve(base_value=0.5).values(9, 12).tolist() == pytest.approx([0.045, 0.0, 0.005])
    assert resume.stretch(relative, 200, 10).resolve(base_value=2.0).exact(200) == 2.0
    absolute = resume.replace(relative.resolve(base_value=2.0), RAMP, 50)
    assert not absolute.relative
    assert absolute.values(49, 52).tolist() == pytest.approx([0.98, 0.5, 0.51])
    for policy, new in ((resume.replace, RAMP), (resume.continue_from_value, relative)):
        with pytest.raises(SpecError, match=r"^base_value: found nothing"):
            policy(relative, new, 5)


SCALED = "expected two values of one sign, which a scale makes equal"
ONE = lrspec.to_dict(Constant(value=0.5))
ENDS = Constant(value=0.5, steps=10, after="error")


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (
            lambda: resume.fork(OLD, RAMP, 5),
            "momentum: found a schedule in the old document alone, expected one in both",
        ),
        (
            lambda: resume.fork(RAMP, NEW, 5),
            "momentum: found a schedule in the new document alone, expected one in both",
        ),
        (
            lambda: resume.fork(
                Document(ONE), Document({**ONE, "groups": {"a": {"other": {"x": ONE["learning_rate"]}}}}), 5
            ),
            "groups.a.other.x: found a schedule in the new document alone, expected one in both",
        ),
        (lambda: resume.fork(RAMP, RAMP, -1), "step: found -1, expected a whole number of steps from 0 to 2147483647"),
        (lambda: resume.fork(RAMP, RAMP, cast("int", "7")), "step: found '7', expected a whole number of steps"),
        (
            lambda: resume.replace(RAMP, ENDS, 10),
            "learning_rate: found no value at step 10, expected a schedule that has one there",
        ),
        (
            lambda: resume.fork(ENDS, RAMP, 11),
            "learning_rate: found no value at step 11, expected a schedule that has one there",
        ),
        (lambda: resume.stretch(ENDS, 20, 10), "step: found 10, expected a step below 10, where the run ends"),
        (lambda: resume.stretch(RAMP, 50, 50), "step: found 50, expected a step below 50, where the run ends"),
        (
            lambda: resume.stretch(Constant(value=0.5), 20, 10),
            "total_steps: found nothing, expected the number of steps, as no schedule here has an end",
        ),
        (
            lambda: resume.continue_from_value(Constant(value=0.5), RAMP, 0),
            f"learning_rate: found 0.5 at step 0, where the new schedule has 0.0, {SCALED}",
        ),
        (
            lambda: resume.continue_from_value(Constant(value=0.0), Constant(value=0.5), 3),
            f"learning_rate: found 0.0 at step 3, where the new schedule has 0.5, {SCALED}",
        ),
        (
            lambda: resume.continue_from_value(Constant(value=-0.5), Constant(value=0.5), 3),
            f"learning_rate: found -0.5 at step 3, where the new schedule has 0.5, {SCALED}",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused_by_name(attempt: Callable[[], Document], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        attempt()
    assert str(caught.value) == message


def test_a_missing_quantity_is_refused() -> None:
    document = lrspec.loads("{lrspec: 1, learning_rate: {kind: constant, value: 1, steps: 2 epochs}}")
    needed = r"^learning_rate\.steps: found '2 epochs', expected `steps_per_epoch`"
    with pytest.raises(SpecError, match=needed):
        resume.fork(document, RAMP, 1)
    with pytest.raises(SpecError, match=needed):
        resume.resolved(document)
    with pytest.raises(SpecError, match=needed):
        resume.stretch(document, 9, 1)


def test_where_both_are_0_nothing_jumps() -> None:
    result = resume.continue_from_value(Constant(value=0.0), RAMP, 0)
    assert result.node == RAMP


def test_a_resolved_document_means_the_same_in_steps() -> None:
    found = resume.resolved(OLD)
    assert found.fingerprint == OLD.fingerprint
    assert found == OLD
    assert "epochs" not in json.dumps(found.to_dict())
    assert "warmup_cosine" not in json.dumps(found.to_dict())
    assert found.to_dict()["groups"]["backbone"] == {"scale": 0.25}
    relative = Document({**ONE, "relative": True, "base_value": 0.25, "groups": [{}, {"scale": 3}]})
    assert resume.resolved(relative) == relative


def test_differences_have_paths() -> None:
    longer = OLD.resolve(steps_per_epoch=8)
    assert resume.differences(OLD, OLD) == resume.differences(RAMP, Document(lrspec.to_dict(RAMP))) == []
    assert resume.differences(OLD, longer) == [
        "learning_rate.parts[0].steps: 20 -> 40",
        "learning_rate.parts[1].steps: 80 -> 160",
    ]
    assert resume.differences(RAMP, Cosine(init_value=0.0, end_value=1.0, steps=100, after="continue")) == [
        "learning_rate.kind: 'linear' -> 'cosine'",
        "learning_rate.after: nothing -> 'continue'",
    ]
    lines = resume.differences(OLD, NEW)
    assert "groups.backbone.scale: 0.25 -> nothing" in lines
    assert "groups.tail.scale: nothing -> 2" in lines
    assert "other.dropout.value: nothing -> 0.125" in lines
    short = lrspec.loads("{lrspec: 1, learning_rate: {kind: constant, value: 1, steps: 2 epochs}}")
    assert resume.differences(short, short.resolve(steps_per_epoch=3))[0] == "learning_rate.value: 1 -> 1.0"


def test_a_state_is_plain_data_and_comes_back() -> None:
    state = json.loads(json.dumps(resume.state(OLD, 41)))
    assert resume.check(state, OLD) == resume.check(state, resume.resolved(OLD)) == 41
    assert lrspec.loads(state["spec"]) == OLD
    assert state["fingerprint"] == OLD.fingerprint


def test_a_state_of_another_schedule_is_refused_and_shows_both() -> None:
    state = resume.state(RAMP, 41)
    new = Linear(init_value=0.0, end_value=1.0, steps=300)
    with pytest.raises(FingerprintError) as caught:
        resume.check(state, new)
    error = caught.value
    assert str(error).splitlines() == [
        f"a checkpoint of schedule {RAMP.fingerprint} at step 41: expected one of schedule {new.fingerprint}",
        "  learning_rate.steps: 100 -> 300",
        (
            "To go on, build the document that is to follow with lrspec.resume: "
            "replace, fork, continue_from_value or stretch"
        ),
    ]
    assert error.old == RAMP
    assert error.new == new
    assert error.step == 41
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert str(again) == str(error)
    assert (again.old, again.new, again.step) == (RAMP, new, 41)
    document = resume.stretch(RAMP, 300, error.step)
    moved = resume.restated({**state, "more": 1}, document)
    assert resume.check(moved, document) == 41
    assert moved["more"] == 1
    assert state == resume.state(RAMP, 41)


def test_a_long_list_of_differences_is_cut() -> None:
    one, two = (lrspec.Table(values=[float(k + more) for k in range(50)], period=1) for more in (1, 2))
    with pytest.raises(FingerprintError) as caught:
        resume.check(resume.state(one, 3), two)
    lines = str(caught.value).splitlines()
    assert len(lines) == 23
    assert lines[-2] == "  and 30 more"
    assert caught.value.differences is not None
    assert len(caught.value.differences) == 50


@pytest.mark.parametrize("spec", [None, 7, "{lrspec: 2, learning_rate: {kind: constant, value: 1}}", "{", "[1]"])
def test_a_state_whose_schedule_cannot_be_read_is_refused_without_it(spec: Any) -> None:
    with pytest.raises(FingerprintError, match="the checkpoint does not show its schedule") as caught:
        resume.check({"step": 3, "fingerprint": "sha256:0", "spec": spec}, RAMP)
    assert caught.value.old is None
    assert caught.value.differences is None


def test_documents_that_are_alike_and_have_other_programs_are_refused_with_the_reason() -> None:
    with pytest.raises(FingerprintError, match="the documents are alike: other base rates"):
        resume.check({**resume.state(RAMP, 3), "fingerprint": "sha256:0"}, RAMP)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "fingerprint: found None, expected the fingerprint of a schedule"),
        ({"fingerprint": 7}, "fingerprint: found 7, expected the fingerprint of a schedule"),
        ({"fingerprint": RAMP.fingerprint}, "step: found None, expected a whole number of steps"),
        ({"fingerprint": RAMP.fingerprint, "step": -1}, "step: found -1, expected a whole number of steps"),
        ({"fingerprint": RAMP.fingerprint, "step": 1.0}, "step: found 1.0, expected a whole number of steps"),
    ],
)
def test_what_is_no_state_is_refused(state: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=f"^{message}"):
        resume.check(state, RAMP)
