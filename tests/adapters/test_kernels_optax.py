"""How many kernels XLA makes of a schedule: counted in the optimized program, whatever the speed of the machine."""

from __future__ import annotations

import re
from typing import Any

import jax
import numpy as np
import pytest
from jax import lax

import lrspec
from lrspec import presets
from lrspec.device import TABLE_LIMIT

NO_KERNEL = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast"}


def of_steps(n: int) -> dict[str, lrspec.Node]:
    """Return one schedule of each preset whose course takes `n` steps; one without an end is frozen there."""
    warmup: dict[str, Any] = {"peak_value": 0.1, "warmup_steps": n // 50}
    rise: dict[str, Any] = {"init_value": 0.01, "peak_value": 0.1, "up_steps": n // 10}
    bounds, rest = [n // 2, n * 3 // 4], n - n // 50
    schedules: dict[str, lrspec.Node] = {
        "warmup_constant": presets.warmup_constant(**warmup),
        "warmup_exponential": presets.warmup_exponential(**warmup, decay_rate=0.96, decay_period=n / 100),
        "warmup_multi_step": presets.warmup_multi_step(**warmup, boundaries=bounds),
        "step": presets.step(init_value=0.1, decay_period=n / 10),
        "multi_step": presets.multi_step(init_value=0.1, boundaries=bounds),
        "inverse_sqrt": presets.inverse_sqrt(**warmup),
        "noam": presets.noam(model_size=512, warmup_steps=n // 50),
        "triangular": presets.triangular(**rise),
        "triangular2": presets.triangular2(**rise),
        "cosine_restarts": presets.cosine_restarts(peak_value=0.1, cycle_steps=n // 10),
    }
    schedules = {name: lrspec.Freeze(part=node, steps=n) for name, node in schedules.items()}
    schedules |= {
        "warmup_cosine": presets.warmup_cosine(**warmup, decay_steps=rest),
        "warmup_linear": presets.warmup_linear(**warmup, decay_steps=rest),
        "warmup_polynomial": presets.warmup_polynomial(**warmup, decay_steps=rest, power=0.9),
        "wsd": presets.wsd(**warmup, stable_steps=n // 2, decay_steps=rest - n // 2),
        "one_cycle": presets.one_cycle(peak_value=0.1, total_steps=n),
        "one_cycle_momentum": presets.one_cycle_momentum(total_steps=n),
        "sigmoid": presets.sigmoid(init_value=0.0, end_value=1.0, steps=n),
        "exp_range": presets.exp_range(**rise, decay_rate=1 - 1 / n, total_steps=n),
    }
    return schedules


def kernels(function: Any, *arguments: Any) -> list[str]:
    """Return the operations of the optimized program that are run as kernels."""
    text = jax.jit(function).lower(*arguments).compile().as_text()
    entry = text[text.index("\nENTRY ") :]
    found = re.findall(r"^ .*? = \S+ ([\w-]+)\(", entry.split("\n}")[0], re.MULTILINE)
    return [name for name in found if name not in NO_KERNEL]


def test_the_presets_are_all() -> None:
    assert of_steps(1000).keys() == presets.PRESETS.keys()


def test_what_counts_kernels_finds_them() -> None:
    two = kernels(lambda x: lax.sort(x * 2), np.ones(5, np.float32))
    assert len(two) == 2
    assert "sort" in two or "call" in two


@pytest.mark.parametrize("name", presets.PRESETS)
def test_a_preset_of_50_000_steps_is_one_kernel(name: str) -> None:
    assert len(kernels(of_steps(50_000)[name].to_optax(), np.int32(3))) == 1


@pytest.mark.parametrize("name", presets.PRESETS)
def test_a_preset_of_a_million_steps_is_two_kernels_at_most(name: str) -> None:
    assert len(kernels(of_steps(1_000_000)[name].to_optax(), np.int32(3))) <= 2


def test_what_takes_many_segments_is_two_kernels_at_most() -> None:
    schedule = lrspec.Exponential(init_value=0.1, decay_rate=0.96, decay_period=1000)
    assert len(schedule.program.segments) > 300
    assert schedule.program.index_count > TABLE_LIMIT
    assert len(kernels(schedule.to_optax(), np.int32(3))) <= 2
