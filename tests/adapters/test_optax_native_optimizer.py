"""The learning rate in an optimizer of Optax: found where it is all that scales the updates, and refused otherwise."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
import pytest

import lrspec
from lrspec.readers import read_native

pytestmark = [  # NumPy and Optax of 2024
    pytest.mark.filterwarnings("ignore:The value of the smallest subnormal"),
    pytest.mark.filterwarnings("ignore:invalid value encountered in divide"),
]
BASE = optax.cosine_decay_schedule(0.1, 100)
OTHER = optax.linear_schedule(0.0, 0.1, 10)
LABELS = {"x": "a", "y": "b"}


def applied(optimizer: Any, count: int = 30) -> list[float]:
    """Return what the optimizer takes from parameters whose gradients are 1, over some updates."""
    params = {"x": jnp.zeros(()), "y": jnp.zeros(())}
    state, found = optimizer.init(params), []
    for _ in range(count):
        updates, state = optimizer.update({name: jnp.ones(()) for name in params}, state, params)
        found.append(abs(float(updates["x"])))
    return found


@functools.wraps(BASE)
def half(count: Any) -> Any:
    return 0.5 * BASE(count)


def scaled(count: Any, factor: Any) -> Any:
    return 0.5 * factor(count)


REFUSED: dict[str, tuple[Any, str]] = {
    "weight decay": (optax.adamw(1e-3, weight_decay=BASE), "only of weight_decay; a fixed rate is a `constant`"),
    "momentum": (
        optax.inject_hyperparams(optax.sgd)(learning_rate=0.1, momentum=BASE),
        "no schedule of the learning rate in it, only of momentum",
    ),
    "batches of an update": (
        optax.MultiSteps(optax.sgd(0.1), optax.piecewise_constant_schedule(4, {10: 2})),
        "only of _every_k_schedule",
    ),
    "scale": (optax.chain(optax.sgd(BASE), optax.scale(0.1)), r"a factor 0\.1 is applied as well"),
    "scale of -0.5": (optax.chain(optax.scale_by_schedule(BASE), optax.scale(-0.5)), r"a factor -0\.5 is applied"),
    "scale, named": (
        optax.named_chain(("rate", optax.sgd(BASE)), ("scale", optax.scale(0.1))),
        r"a factor 0\.1 is applied",
    ),
    "scale by an array": (optax.chain(optax.sgd(BASE), optax.scale(jnp.float32(0.5))), r"a factor 0\.5 is applied"),
    "rate and schedule": (optax.chain(optax.sgd(0.5), optax.scale_by_schedule(BASE)), r"a factor -0\.5 is applied"),
    "injected rate and schedule": (
        optax.chain(optax.inject_hyperparams(optax.sgd)(learning_rate=0.5), optax.scale_by_schedule(BASE)),
        r"a factor 0\.5 is applied",
    ),
    "plateau": (
        optax.chain(optax.sgd(BASE), optax.contrib.reduce_on_plateau()),
        "a factor of reduce_on_plateau is applied",
    ),
    "the same twice": (optax.chain(optax.sgd(BASE), optax.sgd(BASE)), "2 schedules in it"),
    "groups, one with a fixed rate": (
        optax.multi_transform({"a": optax.sgd(BASE), "b": optax.sgd(0.1)}, LABELS),
        "its groups a, b do not have the same rate",
    ),
    "groups of two schedules": (
        optax.multi_transform({"a": optax.sgd(BASE), "b": optax.sgd(OTHER)}, LABELS),
        "its groups a, b do not have the same rate",
    ),
    "code in a partial": (optax.sgd(functools.partial(scaled, factor=BASE)), "partial is not supported: .* sample=N"),
    "code that wraps": (optax.sgd(half), "half is not supported: .* sample=N"),
    "code that wraps, injected": (
        optax.inject_hyperparams(optax.sgd)(learning_rate=half),
        "half is not supported: .* sample=N",
    ),
}


@pytest.mark.parametrize(("native", "message"), REFUSED.values(), ids=REFUSED)
def test_what_else_scales_the_updates_is_refused_by_name(native: Any, message: str) -> None:
    with pytest.raises(lrspec.UnsupportedError, match=message):
        lrspec.from_native(native)


MAKERS: dict[str, Callable[[Any], Any]] = {
    "sgd": optax.sgd,
    "momentum": lambda rate: optax.sgd(rate, momentum=0.9),
    "adam": optax.adam,
    "adamw": optax.adamw,
    "lion": optax.lion,
    "lamb": optax.lamb,
    "adafactor": optax.adafactor,
    "clipped": lambda rate: optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate)),
    "weight decay with a schedule": lambda rate: optax.chain(
        optax.inject_hyperparams(optax.add_decayed_weights)(weight_decay=OTHER), optax.sgd(rate)
    ),
    "scale of -1": lambda rate: optax.chain(optax.scale_by_adam(), optax.scale_by_schedule(rate), optax.scale(-1.0)),
    "rate of 1": lambda rate: optax.chain(optax.sgd(1.0), optax.scale_by_schedule(rate)),
    "MultiSteps": lambda rate: optax.MultiSteps(optax.adam(rate), 4),
    "MultiSteps with a schedule": lambda rate: optax.MultiSteps(
        optax.adam(rate), optax.piecewise_constant_schedule(4, {10: 2})
    ),
    "MultiSteps as a transformation": lambda rate: optax.MultiSteps(optax.adam(rate), 4).gradient_transformation(),
    "injected": lambda rate: optax.inject_hyperparams(optax.adam)(learning_rate=rate),
    "injected, with a momentum": lambda rate: optax.inject_hyperparams(optax.sgd)(learning_rate=rate, momentum=OTHER),
    "finite": lambda rate: optax.apply_if_finite(optax.adam(rate), 5),
    "masked": lambda rate: optax.masked(optax.sgd(rate), {"x": True, "y": False}),
    "groups alike": lambda rate: optax.multi_transform({"a": optax.sgd(rate), "b": optax.adam(rate)}, LABELS),
    "a frozen group": lambda rate: optax.multi_transform({"a": optax.sgd(rate), "b": optax.set_to_zero()}, LABELS),
    "named": lambda rate: optax.named_chain(("clip", optax.clip(1.0)), ("rate", optax.sgd(rate))),
    "compiled": lambda rate: optax.sgd(jax.jit(rate)),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_common_optimizers_have_their_schedule(make: Callable[[Any], Any]) -> None:
    assert lrspec.from_native(make(BASE)) == lrspec.from_native(BASE)


@pytest.mark.parametrize("name", ["sgd", "rate of 1", "injected, with a momentum", "groups alike", "a frozen group"])
def test_what_is_read_is_what_the_first_update_applies(name: str) -> None:
    optimizer = MAKERS[name](BASE)
    assert applied(optimizer, 1)[0] == pytest.approx(lrspec.from_native(optimizer)(0), rel=1e-6)


def test_another_schedule_in_the_optimizer_is_said() -> None:
    reading = read_native(MAKERS["injected, with a momentum"](BASE))
    assert any("the schedule of momentum in the optimizer was not read" in note for note in reading.conventions)


def test_a_function_that_wraps_a_schedule_is_code() -> None:
    with pytest.raises(lrspec.UnsupportedError, match=r"half is not supported: .* sample=N"):
        lrspec.from_native(half)
    for native in (half, jax.jit(half), optax.sgd(half)):
        read = lrspec.from_native(native, sample=3)
        assert read.values(0, 3).tolist() == [pytest.approx(float(BASE(step)) / 2) for step in range(3)]


class Halved:
    """A callable object that says that it wraps a schedule, as what `jax.jit` makes does."""

    def __call__(self, count: Any) -> Any:
        return 0.5 * BASE(count)


def test_an_object_that_wraps_a_schedule_is_compared_itself() -> None:
    native = functools.update_wrapper(Halved(), BASE)
    with pytest.raises(lrspec.LrspecError, match=r"0\.1 at step 0, where the object itself gives 0\.05"):
        lrspec.from_native(native)
    assert lrspec.from_native(jax.jit(BASE)) == lrspec.from_native(BASE)
