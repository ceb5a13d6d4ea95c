"""User functions as tables: every value exactly, and programs that stay short where the function is."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

import lrspec
from lrspec import SpecError, Table, UnsupportedError


def exactly(table: Table, expected: list[float]) -> None:
    found = table.values(0, len(expected))
    np.testing.assert_array_equal(found.view(np.int32), np.array(expected, np.float32).view(np.int32))


FUNCTIONS: dict[str, Any] = {
    "smooth": lambda step: 0.1 * math.exp(-step / 777) * (1 + math.cos(step / 500)),
    "steps": lambda step: 0.1 * 0.5 ** (step // 300),
    "noise": lambda step: random.Random(step).uniform(1e-4, 1e-1),  # noqa: S311 - not for secrets
    "smooth, steps and single values": lambda step: (
        0.3 if step % 500 == 0 else 0.1 if step < 900 else 1e-3 * (3000 - step) ** 2
    ),
    "signs": lambda step: (-1) ** step * 0.25,
    "zero": lambda _: 0,
    "near zero": lambda step: 1e-37 * (2999 - step),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_value_is_the_nearest_float32(name: str) -> None:
    function = FUNCTIONS[name]
    table = lrspec.sample(function, 3000)
    exactly(table, [function(step) for step in range(3000)])
    assert table(10**9) == table(2999)


@pytest.mark.parametrize(("name", "most"), [("smooth", 80), ("steps", 12), ("zero", 2)])
def test_a_regular_function_has_a_short_program(name: str, most: int) -> None:
    assert len(lrspec.sample(FUNCTIONS[name], 3000).program.segments) <= most


def test_a_value_per_epoch_holds_for_the_epoch() -> None:
    table = lrspec.sample(lambda epoch: 0.1 * 0.9**epoch, 30, period=625.5)
    exactly(table, [0.1 * 0.9 ** min(29, int(step / 625.5)) for step in range(20_000)])


@pytest.mark.long
def test_the_longest_table_works() -> None:
    table = lrspec.sample(lambda step: math.sin(step) + 2, 65_536)
    exactly(table, [math.sin(step) + 2 for step in range(65_536)])


def test_the_document_says_where_the_values_are_from() -> None:
    def my_rates(step: int) -> float:
        return 1.0 / (1 + step)

    table = lrspec.sample(my_rates, 20)
    assert table.source == f"{__name__}.{my_rates.__qualname__}, sampled at 20 steps"
    assert lrspec.loads(lrspec.dumps(table)) == table
    assert "sampled at 20 steps" in lrspec.dumps(table)


@pytest.mark.parametrize(
    ("function", "steps", "message"),
    [
        (
            lambda step: 1 / (step - 2) if step != 2 else math.inf,
            5,
            r"values\[2\]: found inf, expected a finite number",
        ),
        (lambda _: 1.0, 0, "steps: found 0, expected 1 to 65536 values"),
        (lambda _: 1.0, 65_537, "steps: found 65537, expected 1 to 65536 values"),
        (lambda _: 1e-40, 5, r"values\[0\]: found 1e-40, expected 0 or a number that float32 can hold"),
    ],
)
def test_what_is_not_a_schedule_is_refused(function: Any, steps: int, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        lrspec.sample(function, steps)


@pytest.mark.parametrize("steps", [0, -3, True, "3", 2.0])
def test_what_is_no_number_of_steps_is_refused(steps: Any) -> None:
    with pytest.raises(SpecError, match=r"sample: found .* expected a number of steps, 1 or above"):
        lrspec.from_native(lambda _: 0.1, sample=steps)


def test_code_that_fails_is_refused_with_the_step() -> None:
    with pytest.raises(UnsupportedError, match="fails at step 2: ZeroDivisionError"):
        lrspec.from_native(lambda step: 0.1 / (2 - step), sample=3)
