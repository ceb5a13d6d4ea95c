"""The source of schedules for torch, run: against the exact formula at every step, and read back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import torch

import lrspec
from lrspec.readers import read_native
from lrspec.writers import NativeSource, native_source
from source_cases import CASES, PAST, assert_near, assert_same_until, cut, defined, run

TOLERANCE = 1e-12
"""Relative to the largest value, in float64; torch's recursions carry the rounding of each step."""


def rates(make: Any, steps: int) -> list[float]:
    optimizer, scheduler = make([torch.zeros(1, requires_grad=True)])
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_code_gives_the_schedule(name: str) -> None:
    made = CASES[name]
    assert_near(rates(run(made, "torch", "make"), made.stop + PAST).__getitem__, made, TOLERANCE)


@pytest.mark.parametrize(("name", "source"), cut("torch"))
def test_the_code_gives_the_schedule_until_the_end_of_a_run(name: str, source: NativeSource) -> None:
    made, until = CASES[name], source.until or 0
    raises = re.search(r"raises ValueError \(from step (\d+) on\)", source.afterwards or "")
    found = rates(defined(source, "make"), until if raises else 2 * made.stop + 2)
    assert_same_until(found.__getitem__, name, source, TOLERANCE)
    if raises:
        rates(defined(source, "make"), int(raises[1]) - 1)
        with pytest.raises(ValueError, match="Tried to step"):
            rates(defined(source, "make"), int(raises[1]))


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].form("torch") == "native"])
def test_the_schedulers_are_read_back(name: str) -> None:
    made = CASES[name]
    _, scheduler = run(made, "torch", "make")([torch.zeros(1, requires_grad=True)])
    reading = read_native(scheduler)
    assert_near(reading.schedule.exact, made, TOLERANCE)


def test_a_framework_that_is_none() -> None:
    with pytest.raises(lrspec.SpecError, match="framework: found 'jax', expected one of torch, keras, optax"):
        lrspec.Constant(value=0.1).to_native_source("jax")  # type: ignore[arg-type]


def test_too_many_values() -> None:
    table = lrspec.Table(values=[0.001 * i for i in range(1002)])
    with pytest.raises(lrspec.UnsupportedError, match=r"torch: table is not supported: .* 1002 values, more than 1000"):
        table.to_native_source("torch")


def test_no_end() -> None:
    product = lrspec.Product(parts=[lrspec.Repeat(part=lrspec.Table(values=[0.5, 1.0])), lrspec.Constant(value=0.1)])
    with pytest.raises(lrspec.UnsupportedError, match=r"product with table is not supported: .*no end.*to_torch\(\)"):
        product.to_native_source("torch")


EXPONENTIAL = lrspec.Exponential(init_value=0.1, decay_rate=0.5, decay_period=10)
ENDLESS = {
    "product": lrspec.Product(parts=[lrspec.Table(values=[1.0, 0.9, 0.8]), EXPONENTIAL]),
    "minimum": lrspec.Minimum(parts=[lrspec.Table(values=[1.0, 0.09, 0.08]), EXPONENTIAL]),
    "minimum of an ended repeat": lrspec.Minimum(
        parts=[EXPONENTIAL, lrspec.Repeat(part=lrspec.Constant(value=0.09, steps=5), num_cycles=1)]
    ),
    "product that goes on": lrspec.Product(
        parts=[
            lrspec.Table(values=[1.0, 0.9, 0.8]),
            lrspec.Linear(init_value=1.0, end_value=0.5, steps=5, after="continue"),
        ]
    ),
}


@pytest.mark.parametrize("framework", ["torch", "keras", "optax"])
@pytest.mark.parametrize("name", ENDLESS)
def test_values_one_by_one_of_what_never_ends_are_refused(name: str, framework: str) -> None:
    with pytest.raises(lrspec.UnsupportedError, match="no end up to which its values could be"):
        native_source(ENDLESS[name], framework)


def test_a_constant_is_read_back_as_one() -> None:
    made = CASES["constant"]
    _, scheduler = run(made, "torch", "make")([torch.zeros(1, requires_grad=True)])
    assert lrspec.from_native(scheduler).fingerprint == made.schedule.fingerprint


def test_a_document_of_more() -> None:
    text = "{lrspec: 1, learning_rate: {kind: constant, value: 0.1}, momentum: {kind: constant, value: 0.9}}"
    with pytest.raises(lrspec.UnsupportedError, match=r"torch: momentum is not supported: .*to_native_source"):
        lrspec.loads(text).to_native_source("torch")


def test_a_document() -> None:
    text = "{lrspec: 1, learning_rate: {kind: linear, init_value: 0.1, end_value: 0, steps: 10}}"
    assert "LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=10)" in lrspec.loads(
        text
    ).to_native_source("torch")


def test_the_reason_is_told() -> None:
    code = CASES["warmup_cosine"].schedule.to_native_source("torch")
    assert code.startswith("# torch has no class for it (linear from 0, which LinearLR refuses, or")
    ended = CASES["linear with an end"].schedule.to_native_source("torch")
    assert "# In lrspec there is no value after step 29; here there is." in ended


@pytest.mark.parametrize("by", [1e-9, -1e-9])
def test_phases_that_do_not_meet_are_no_one_cycle(by: float) -> None:
    phases = lrspec.presets.one_cycle(peak_value=0.1, total_steps=40).parts  # type: ignore[attr-defined]
    assert "OneCycleLR" in lrspec.Sequence(parts=phases).to_native_source("torch")
    jumping = lrspec.Sequence(parts=[phases[0], replace(phases[1], init_value=0.1 * (1 + by))])
    assert "OneCycleLR" not in jumping.to_native_source("torch")


def test_a_table_up_to_the_end_of_a_run() -> None:
    endless = ENDLESS["product"]
    source = native_source(endless, "torch", until=20)
    assert (source.form, source.until) == ("table", 20)
    found = rates(defined(source, "make"), 20)
    assert found == [endless(step) for step in range(20)]
