"""A `MultiOptimizer`: each of its optimizers has a rate and a counter, and its own are of no account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import lrspec
from lrspec.adapters.keras import lr_applied, lr_next, updates_applied
from lrspec.adapters.logging_keras import AppliedRate
from lrspec.adapters.plateau_keras import PlateauCallback
from lrspec.plateau import PlateauRule, ReduceOnPlateau

pytestmark = pytest.mark.skipif(
    not hasattr(keras.optimizers, "OptimizerMap"), reason="this Keras has no MultiOptimizer of this form"
)
FIRST = lrspec.Linear(init_value=1.0, end_value=0.0, steps=64)
SECOND = lrspec.Linear(init_value=0.0, end_value=2.0, steps=64)


class Probe(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """One weight whose gradient is -1."""

    def build(self, _: object) -> None:
        self.weight = self.add_weight(shape=(), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        return -inputs * self.weight


keras.saving.register_keras_serializable(package="tests")(Probe)


@keras.saving.register_keras_serializable(package="tests")  # type: ignore[untyped-decorator]  # keras is untyped
def mean(_: Any, y: Any) -> Any:
    return keras.ops.mean(y)


def several(first: Any, second: Any) -> Any:
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(first, {"second/.*": second}))


def chosen(first: Any, second: Any) -> Any:
    """The same by a function, so that nothing is known before it is built."""
    return keras.optimizers.MultiOptimizer(lambda weight: second if "second" in weight.path else first)


def sgd(schedule: lrspec.Schedule, accumulated: int | None = None) -> Any:
    rate = schedule.to_keras(gradient_accumulation_steps=accumulated or 1)
    return keras.optimizers.SGD(rate, gradient_accumulation_steps=accumulated)


def model_with(optimizer: Any) -> Any:
    inputs = keras.Input((1,))
    outputs = keras.layers.Add()([Probe(name=name)(inputs) for name in ("first", "second")])
    model = keras.Model(inputs, outputs)
    model.compile(optimizer, loss=mean)
    return model


def fit(model: Any, batches: int, **options: Any) -> Any:
    x = np.ones((batches, 1), np.float32)
    return model.fit(x, x, batch_size=1, verbose=0, **options).history


def weights(model: Any) -> list[float]:
    return [float(keras.ops.convert_to_numpy(weight)) for weight in model.trainable_variables]


@pytest.mark.parametrize("make", [several, chosen])
def test_each_weight_has_the_rate_of_its_optimizer(make: Any) -> None:
    model = model_with(make(sgd(FIRST), sgd(SECOND)))
    history = fit(model, 9, callbacks=[AppliedRate()])
    assert weights(model) == [sum(map(FIRST, range(9))), sum(map(SECOND, range(9)))]
    by_rate = {one._learning_rate.schedule: one for one in model.optimizer.optimizers}  # the order is Keras' own
    for schedule, optimizer in by_rate.items():
        assert history[f"lr_applied_{optimizer.name}"] == [schedule(8)]
        assert history[f"update_{optimizer.name}"] == [8]
        assert (updates_applied(optimizer), lr_applied(optimizer), lr_next(optimizer)) == (9, schedule(8), schedule(9))
    for question in (updates_applied, lr_applied, lr_next):
        with pytest.raises(lrspec.UnsupportedError, match=r"MultiOptimizer .* one of these"):
            question(model.optimizer)
    assert lrspec.check_clock(model, 9) == lrspec.position(model.optimizer).updates == 9
    assert [one.name for one in lrspec.position(model).candidates] == [
        "optimizers[0].iterations",
        "optimizers[1].iterations",
    ]


def test_optimizers_that_count_differently_are_no_one_position() -> None:
    model = model_with(several(sgd(FIRST), sgd(SECOND, 4)))
    fit(model, 8, callbacks=[AppliedRate()])
    assert weights(model) == [sum(map(FIRST, range(8))), SECOND(0) + SECOND(1)]
    with pytest.raises(lrspec.AmbiguousPositionError, match="not updated equally often"):
        lrspec.position(model)
    with pytest.raises(lrspec.ClockError):
        lrspec.check_clock(model)
    with pytest.raises(lrspec.UnsupportedError, match="accumulate different numbers"):
        lrspec.set_position(model, 5)
    assert sorted(lrspec.position(one).updates for one in model.optimizer.optimizers) == [2, 8]


@pytest.mark.parametrize("accumulated", [None, 4])
def test_all_are_moved_and_go_on(accumulated: int | None) -> None:
    optimizer = several(sgd(FIRST, accumulated), sgd(SECOND, accumulated))
    assert lrspec.set_position(optimizer, 10) is optimizer
    assert lrspec.check_clock(optimizer, 10) == 10
    model = model_with(optimizer)
    fit(model, 3 * (accumulated or 1))
    assert weights(model) == [sum(map(FIRST, range(10, 13))), sum(map(SECOND, range(10, 13)))]
    assert lrspec.check_clock(model, 13) == 13


def test_what_is_not_known_yet_is_said() -> None:
    optimizer = chosen(sgd(FIRST), sgd(SECOND))
    for question in (lrspec.position, lrspec.check_clock, lrspec.from_native, lambda it: lrspec.set_position(it, 3)):
        with pytest.raises(lrspec.UnsupportedError, match="when it is built"):
            question(optimizer)


def test_an_optimizer_without_weights_does_not_count() -> None:
    model = model_with(keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(sgd(SECOND), {".*": sgd(FIRST)})))
    history = fit(model, 5, callbacks=[AppliedRate()])
    assert history["lr_applied"] == [FIRST(4)]
    assert lrspec.check_clock(model, 5) == updates_applied(model.optimizer) == 5
    assert lrspec.from_native(model.optimizer) == FIRST


def test_an_optimizer_that_was_not_told_is_an_error_when_training_begins() -> None:
    inside = keras.optimizers.SGD(SECOND.to_keras(), gradient_accumulation_steps=4)
    with pytest.raises(lrspec.ClockError, match="give to_keras"):
        fit(model_with(several(sgd(FIRST), inside)), 1, callbacks=[AppliedRate()])


def test_one_schedule_in_all_of_them_is_read_and_several_are_refused() -> None:
    same, others = several(sgd(FIRST, 4), sgd(FIRST)), several(sgd(FIRST), sgd(SECOND))
    for native in (same, keras.optimizers.serialize(same), same.get_config()):
        assert lrspec.from_native(native) == FIRST
    for native in (others, keras.optimizers.serialize(others), others.get_config()):
        with pytest.raises(lrspec.UnsupportedError, match=r"MultiOptimizer .* different rates"):
            lrspec.from_native(native)
    config = {"class_name": "MultiOptimizer", "config": {"optimizer_map": {"class_name": "function", "config": "f"}}}
    with pytest.raises(lrspec.UnsupportedError, match="chosen by a function"):
        lrspec.from_native(config)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_plateau_refuses_it_also_inside_a_loss_scale(*, scaled: bool) -> None:
    optimizer = several(sgd(FIRST), sgd(SECOND))
    optimizer = keras.optimizers.LossScaleOptimizer(optimizer) if scaled else optimizer
    controller = ReduceOnPlateau(PlateauRule.keras())
    with pytest.raises(lrspec.UnsupportedError, match="MultiOptimizer"):
        fit(model_with(optimizer), 1, callbacks=[PlateauCallback(controller, 0.1, monitor="loss")])


@pytest.mark.parametrize("accumulated", [None, 2])
def test_a_saved_model_says_its_position(accumulated: int | None, tmp_path: Path) -> None:
    model = model_with(several(sgd(FIRST, accumulated), sgd(SECOND, accumulated)))
    fit(model, 6)
    model.save(tmp_path / "model.keras")
    updates = 6 // (accumulated or 1)
    assert lrspec.position(tmp_path / "model.keras").updates == updates
    restored = keras.models.load_model(tmp_path / "model.keras")
    assert lrspec.check_clock(restored, updates) == updates
    fit(restored, 6)
    assert weights(restored) == [sum(map(schedule, range(2 * updates))) for schedule in (FIRST, SECOND)]


def test_a_saved_model_of_different_clocks_is_refused(tmp_path: Path) -> None:
    model = model_with(several(sgd(FIRST), sgd(SECOND, 2)))
    fit(model, 6)
    model.save(tmp_path / "model.keras")
    with pytest.raises(lrspec.UnsupportedError, match="different numbers of batches"):
        lrspec.position(tmp_path / "model.keras")
