"""The source of schedules for torch, run: against the exact formula at every step, and read back."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import lrspec
from lrspec.readers import read_native
from lrspec.writers import native_source
from source_cases import CASES, PAST, Case, assert_near, run

TOLERANCE = 1e-12
"""Relative to the largest value, in float64; torch's recursions carry the rounding of each step."""


def rates(made: Case) -> tuple[list[float], Any]:
    optimizer, scheduler = run(made, "torch", "make")([torch.zeros(1, requires_grad=True)])
    found = []
    for _ in range(made.stop + PAST):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found, scheduler


@pytest.mark.parametrize("name", CASES)
def test_the_code_gives_the_schedule(name: str) -> None:
    assert_near(rates(CASES[name])[0].__getitem__, CASES[name], TOLERANCE)


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
