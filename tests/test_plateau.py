"""The plateau rule and its state machine, without a framework."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import plateau_cases
from lrspec.errors import LrspecError, SpecError
from lrspec.plateau import PlateauRule, ReduceOnPlateau, _nearest

PRESETS: dict[str, Any] = {"torch": PlateauRule.torch, "keras": PlateauRule.keras, "optax": PlateauRule.optax}
RULES = [preset(patience=1, factor=0.5, cooldown=c) for preset in PRESETS.values() for c in (0, 2)]
RULES += [PlateauRule.optax(patience=1, accumulation_size=3), PlateauRule.optax(mode="max", arithmetic="float64")]
GOLDEN = "sha256:b8280286b8f17e5b246d8db5e76c658b0a7608cff968bd639704c32856430aca"
METRICS = st.lists(st.floats() | st.integers(-3, 3).map(float), max_size=30)


def _tie(pair: tuple[float, int]) -> Fraction:
    """Return a number halfway between two float32 numbers, or off it by less than float64 can tell."""
    number, side = pair
    above = float(np.nextafter(np.float32(number), np.float32(0)))
    return (Fraction(number) + Fraction(above)) / 2 * (1 + Fraction(max(-1, min(1, side)), 2**80))


def course(rule: PlateauRule, metrics: list[float]) -> list[int]:
    """Return the calls, from 1, at which the rule reduces."""
    controller, calls = ReduceOnPlateau(rule), []
    for call, metric in enumerate(metrics, start=1):
        before = controller.reductions
        controller.update(metric)
        if controller.reductions > before:
            calls.append(call)
    return calls


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("torch", {"patience": 3}, [5, 9, 13]),
        ("keras", {"patience": 3}, [4, 7, 10, 13]),
        ("optax", {"patience": 3}, [4, 7, 10, 13]),
        ("torch", {"patience": 2, "cooldown": 2}, [4, 9, 14]),
        ("keras", {"patience": 2, "cooldown": 2}, [3, 6, 9, 12]),
        ("optax", {"patience": 2, "cooldown": 2}, [3, 7, 11]),
        ("torch", {"patience": 0}, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]),
        ("keras", {"patience": 0}, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]),
        ("optax", {"patience": 0}, [1]),
    ],
)
def test_when_a_constant_metric_reduces(name: str, arguments: dict[str, int], expected: list[int]) -> None:
    assert course(PRESETS[name](**arguments), [1.0] * 14) == expected


def test_a_constant_negative_metric_improves_where_the_threshold_is_relative() -> None:
    negative = [-1.0] * 14
    assert course(PlateauRule.torch(patience=3), negative) == course(PlateauRule.optax(patience=3), negative) == []
    assert course(PlateauRule.keras(patience=3), negative) == [4, 7, 10, 13]


def test_what_a_nan_does() -> None:
    metrics = [math.nan, 1.0, 0.5, 0.25]
    assert course(PlateauRule.torch(patience=0), metrics) == [1]
    assert course(PlateauRule.keras(patience=1), metrics) == [2, 3, 4]  # it is the best for ever
    assert course(PlateauRule.keras(patience=1, nan="worse"), metrics) == [1]
    controller = ReduceOnPlateau(PlateauRule.torch(nan="error"))
    before = controller.state_dict()
    with pytest.raises(SpecError, match="metric: found nan, expected a number, as the rule has nan: error"):
        controller.update(math.nan)
    assert controller.state_dict() == before


@pytest.mark.parametrize("metric", ["1.0", None, True, b"1", 1j])
def test_a_metric_that_is_no_number_is_refused(metric: Any) -> None:
    with pytest.raises(SpecError, match=r"^metric: found .*, expected a number$"):
        ReduceOnPlateau(PlateauRule()).update(metric)


def test_the_defaults_are_torchs() -> None:
    assert PlateauRule() == PlateauRule.torch()


def test_a_rule_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        PlateauRule().patience = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factor": 1.0}, "factor: found 1.0, expected a number up to 1"),
        ({"factor": 0}, "factor: found 0, expected a number above 0"),
        ({"patience": -1}, "patience: found -1, expected a whole number of steps from 0"),
        ({"patience": 1.5}, "patience: found 1.5, expected a whole number"),
        ({"patience": True}, "patience: found True"),
        ({"patience_test": ">>"}, "patience_test: found '>>', expected one of >, >=, =="),
        ({"mode": "auto"}, "mode: found 'auto', expected one of min, max"),
        ({"relative": -0.1}, "relative: found -0.1, expected a number from 0"),
        ({"absolute": math.nan}, "absolute: found nan, expected a finite number"),
        ({"average": 0}, "average: found 0"),
        ({"floor": "0"}, "floor: found '0', expected a number"),
        ({"last_cooldown_counts": 1}, "last_cooldown_counts: found 1, expected true or false"),
        ({"threshold_on": "metric"}, "relative: found 0.0001, expected 0 with threshold_on: metric"),
        ({"nan": "best_if_first"}, "nan: found 'best_if_first', expected worse or error with first: compare"),
        ({"reduces": "scale"}, "min_change: found 1e-08, expected 0 with reduces: scale"),
        ({"reduces": "scale", "min_change": 0, "floor": 2}, "floor: found 2.0, expected a scale up to 1"),
    ],
)
def test_a_field_that_is_not_allowed_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=f"^{message}"):
        PlateauRule(**arguments)


def test_a_preset_refuses_what_it_has_no_field_for() -> None:
    with pytest.raises(SpecError, match=r"floor: found \[0.1, 0.2\], expected a number"):
        PlateauRule.torch(min_lr=[0.1, 0.2])  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="threshold_mode: found 'absolute', expected one of rel, abs"):
        PlateauRule.torch(threshold_mode="absolute")  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="mode: found 'auto'"):
        PlateauRule.keras(mode="auto")  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_plain_data(rule: PlateauRule) -> None:
    data = json.loads(json.dumps(rule.to_dict(), allow_nan=False))
    assert PlateauRule.from_dict(data) == rule
    assert PlateauRule.from_dict(data).fingerprint == rule.fingerprint


def test_fingerprints_tell_rules_apart_and_stay() -> None:
    assert len({rule.fingerprint for rule in RULES}) == len(RULES)
    assert PlateauRule.torch(min_lr=0).fingerprint == PlateauRule.torch(min_lr=-0.0).fingerprint
    assert PlateauRule().fingerprint == GOLDEN


@pytest.mark.parametrize("data", [None, [], "torch", {"patient": 3}, {3: 4}])
def test_other_data_is_refused(data: Any) -> None:
    with pytest.raises(SpecError):
        PlateauRule.from_dict(data)


@pytest.mark.parametrize("rule", RULES)
@given(metrics=METRICS, more=METRICS)
@settings(max_examples=60, deadline=None)
def test_a_run_from_a_checkpoint_goes_on_as_if_it_had_not_stopped(
    rule: PlateauRule, metrics: list[float], more: list[float]
) -> None:
    first, second = ReduceOnPlateau(rule), ReduceOnPlateau(rule)
    for metric in metrics:
        first.update(metric)
    state = json.loads(json.dumps(first.state_dict(), allow_nan=False))
    second.load_state_dict(state)
    assert second.state_dict() == state
    for metric in more:
        assert first.update(metric) == second.update(metric)
        assert first.rate(0.1) == second.rate(0.1)
    assert first.state_dict() == second.state_dict()


def test_a_checkpoint_of_another_rule_is_refused() -> None:
    state = ReduceOnPlateau(PlateauRule.torch()).state_dict()
    with pytest.raises(LrspecError, match=r"a checkpoint of plateau rule sha256:\w+: expected one of rule sha256:"):
        ReduceOnPlateau(PlateauRule.torch(patience=3)).load_state_dict(state)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"best": "low"}, "state.best"),
        ({"best": [1.0]}, "state.best"),
        ({"mean": None}, "state.mean"),
        ({"count": -1}, "state.count"),
        ({"count": 1.0}, "state.count"),
        ({"cooldown": 4}, "state.cooldown"),
        ({"reductions": True}, "state.reductions"),
        ({"reductions": 2**31}, "state.reductions"),
        ({"averaged": 1}, "state.averaged"),
        ({"more": 1}, "state"),
    ],
)
def test_a_corrupt_checkpoint_is_refused_and_changes_nothing(change: dict[str, Any], path: str) -> None:
    controller = ReduceOnPlateau(PlateauRule.keras(cooldown=3))
    for metric in (3.0, 2.0):
        controller.update(metric)
    before = controller.state_dict()
    with pytest.raises(SpecError) as caught:
        controller.load_state_dict(before | change)
    assert caught.value.path == path
    broken: Any
    for broken in ({}, None, [before]):
        with pytest.raises(SpecError, match=r"^state: found "):
            controller.load_state_dict(broken)
    assert controller.state_dict() == before


@given(factor=st.floats(0.01, 0.999), value=st.floats(0, 100, width=32), reductions=st.integers(0, 12))
@settings(deadline=None)
def test_with_a_scale_the_rate_is_the_product_rounded_once(factor: float, value: float, reductions: int) -> None:
    controller = ReduceOnPlateau(PlateauRule.optax(patience=1, factor=factor))
    for _ in range(reductions + 1):
        controller.update(1.0)
    assert controller.reductions == reductions
    rate = controller.rate(value)
    exact = Fraction(value) * Fraction(controller.scale)
    assert rate == (float(np.float32(float(exact))) if exact >= Fraction(2) ** -126 else 0)


def test_the_floor_stops_reductions_and_never_raises_a_rate() -> None:
    for rule in (PlateauRule.torch(patience=0, min_lr=0.01), PlateauRule.keras(patience=0, min_lr=0.01)):
        controller = ReduceOnPlateau(rule)
        for _ in range(9):
            controller.update(1.0)
        assert controller.rate(0.1) == controller.rate(0.5) == float(np.float32(0.01))
        assert controller.rate(0.001) == float(np.float32(0.001))
        assert controller.rate(0.0) == 0.0


def test_a_reduction_that_cannot_lower_the_rate_does_not_count() -> None:
    arguments: dict[str, Any] = {"patience": 2, "min_lr": 0.1, "cooldown": 1, "factor": 0.5}
    torch, keras = ReduceOnPlateau(PlateauRule.torch(**arguments)), ReduceOnPlateau(PlateauRule.keras(**arguments))
    for _ in range(5):
        torch.update(1.0, 0.05)
        keras.update(1.0, 0.05)
    assert torch.reductions == keras.reductions == 0
    assert (torch.state_dict()["count"], keras.state_dict()["count"]) == (0, 4)  # Keras waits at the floor
    for _ in range(3):
        torch.update(1.0, 0.5)
        keras.update(1.0, 0.5)
    assert torch.reductions == 1
    assert keras.reductions == 2  # one at once, one after its patience


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e39, "0.1"])
def test_a_rate_that_is_no_float32_is_refused(value: Any) -> None:
    controller = ReduceOnPlateau(PlateauRule())
    with pytest.raises(SpecError, match=r"^value: found "):
        controller.rate(value)
    with pytest.raises(SpecError, match=r"^value: found "):
        controller.update(1.0, value)


@given(st.fractions(-(2**99), 2**99) | st.tuples(st.floats(-(2.0**99), 2.0**99, width=32), st.integers()).map(_tie))
@settings(max_examples=300, deadline=None)
def test_an_exact_number_is_rounded_once(exact: Fraction) -> None:
    got = _nearest(exact)
    above, below = (Fraction(float(np.nextafter(np.float32(got), np.float32(end)))) for end in (math.inf, -math.inf))
    distance = abs(exact - Fraction(got))
    if abs(exact) >= Fraction(2) ** -126 and math.isfinite(got):
        assert distance <= min(abs(exact - above), abs(exact - below))
        if distance == min(abs(exact - above), abs(exact - below)):
            assert struct.pack("<f", got)[0] & 1 == 0


@pytest.mark.parametrize("name", PRESETS)
def test_max_mirrors_min(name: str) -> None:
    rule = PRESETS[name](patience=1)
    for arguments, metrics in plateau_cases.adversarial():
        least = replace(rule, patience=arguments["patience"], relative=0.0, absolute=0.25)
        assert course(least, metrics) == course(replace(least, mode="max"), [-metric for metric in metrics])
