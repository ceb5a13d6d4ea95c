"""What float32 explains of Optax' schedules, with objects that are off by more at one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optax
import pytest

import lrspec
from lrspec.readers.optax import objects
from lrspec.readers.reading import Own, Reading, called

MAKES: dict[str, Callable[[], Any]] = {
    "linear": lambda: optax.linear_schedule(0.1, 0.001, 40),
    "polynomial": lambda: optax.polynomial_schedule(0.1, 0.001, 0.5, 40),
    "exponential": lambda: optax.exponential_decay(0.1, 30, 0.9),
    "cosine": lambda: optax.cosine_decay_schedule(0.1, 40, exponent=0.5),
    "warmup, cosine": lambda: optax.warmup_cosine_decay_schedule(0.0, 0.1, 3, 40),
    "one cycle": lambda: optax.cosine_onecycle_schedule(40, 0.1),
    "joined with one of ours": lambda: optax.join_schedules(
        [lrspec.Linear(init_value=0.0, end_value=0.1, steps=2).to_optax(), optax.constant_schedule(0.1)], [2]
    ),
}


@pytest.mark.parametrize("name", MAKES)
def test_an_object_that_is_off_by_a_hundredth_at_one_step_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def off(reading: Reading, own: Own, call: Callable[[int], float], *more: int) -> Reading:
        return called(reading, own, lambda step: call(step) * (1.01 if step == 5 else 1.0), *more)

    lrspec.read_native(MAKES[name]())
    monkeypatch.setattr(objects, "called", off)
    with pytest.raises(lrspec.MismatchError, match="at step 5, where the object itself gives"):
        lrspec.read_native(MAKES[name]())
