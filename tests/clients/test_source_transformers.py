"""The source of schedules for transformers, run: against the exact formula at every step."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import lrspec
from lrspec.writers import NativeSource, native_source
from source_cases import CASES, PAST, assert_near, assert_same_until, cut, defined, run


@pytest.mark.parametrize("name", CASES)
def test_the_code_gives_the_schedule(name: str) -> None:
    made = CASES[name]
    assert_near(rates(run(made, "transformers", "make"), made.stop + PAST).__getitem__, made, 1e-12)


def rates(make: Any, steps: int) -> list[float]:
    optimizer, scheduler = make([torch.zeros(1, requires_grad=True)])
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize(("name", "source"), cut("transformers"))
def test_the_code_gives_the_schedule_until_the_end_of_a_run(name: str, source: NativeSource) -> None:
    steps = source.until if "raises" in (source.afterwards or "") else 2 * CASES[name].stop + 2
    found = rates(defined(source, "make"), steps or 0)
    assert_same_until(found.__getitem__, name, source, 1e-12)


def test_a_cosine_is_the_librarys_own_until_the_end_of_a_run() -> None:
    schedule = lrspec.presets.warmup_cosine(peak_value=0.1, warmup_steps=10, decay_steps=70, end_value=0.001)
    source = native_source(schedule, "transformers", until=80)
    assert (
        "get_cosine_with_min_lr_schedule_with_warmup(optimizer, num_warmup_steps=10, num_training_steps=80,"
        in source.code
    )
    found = rates(defined(source, "make"), 80)
    assert found == pytest.approx([schedule.exact(step) for step in range(80)], rel=1e-12)


def test_cycles_until_the_end_of_a_run_are_whole_ones() -> None:
    schedule = lrspec.presets.cosine_restarts(peak_value=0.1, cycle_steps=10, warmup_steps=5)
    source = native_source(schedule, "transformers", until=32)
    assert "num_warmup_steps=5, num_training_steps=35, num_cycles=3)" in source.code
    found = rates(defined(source, "make"), 32)
    assert found == pytest.approx([schedule.exact(step) for step in range(32)], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("constant", "get_constant_schedule(optimizer)"),
        ("warmup_constant", "get_constant_schedule_with_warmup(optimizer, num_warmup_steps=10)"),
        ("warmup_linear", "get_linear_schedule_with_warmup(optimizer, num_warmup_steps=10, num_training_steps=80)"),
        ("warmup_cosine", "get_cosine_with_hard_restarts_schedule_with_warmup(optimizer, num_warmup_steps=10,"),
        ("cosine that rises again", "get_cosine_with_min_lr_schedule_with_warmup(optimizer, num_warmup_steps=0,"),
        ("cosine_restarts, three after a warmup", "num_warmup_steps=5, num_training_steps=35, num_cycles=3)"),
        ("warmup_polynomial", "lr_end=0.01, power=2)"),
        ("inverse_sqrt", "get_inverse_sqrt_schedule(optimizer, num_warmup_steps=16)"),
        ("wsd, one_minus_sqrt", "num_stable_steps=30, num_decay_steps=20, decay_type='1-sqrt')"),
        ("wsd, all above 0", "decay_type='linear', min_lr_ratio=0.1)"),
    ],
)
def test_the_functions_of_the_library(name: str, function: str) -> None:
    assert function in CASES[name].schedule.to_native_source("transformers")


def test_cycles_whose_first_step_floating_point_misses() -> None:
    """transformers finds a cycle by `num_cycles * progress % 1`, which at 49 * (1 / 49) is just below 1."""
    cycle = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=1)
    code = lrspec.Repeat(part=cycle, num_cycles=49).to_native_source("transformers")
    assert "get_" not in code


@pytest.mark.parametrize(
    "name",
    ["constant", "warmup_linear", "warmup_cosine", "cosine that rises again", "inverse_sqrt", "warmup_polynomial"],
)
def test_the_code_is_read_back_as_the_schedule(name: str) -> None:
    made = CASES[name]
    _, scheduler = run(made, "transformers", "make")([torch.zeros(1, requires_grad=True)])
    back = lrspec.from_native(scheduler)
    steps = range(made.stop + PAST)
    expected = [made.schedule.exact(step) for step in steps]
    assert [back.exact(step) for step in steps] == pytest.approx(expected, rel=1e-12, abs=1e-15)
