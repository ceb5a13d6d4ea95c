"""The step is the number of updates applied: accumulated gradients, skipped updates, several calls of `fit`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import lrspec
from lrspec.adapters.keras import lr_applied, lr_next, updates_applied
from lrspec.adapters.logging_keras import AppliedRate

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)


class Probe(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """One weight whose gradient is -1 for an input of 1: each update adds the rate that it applied."""

    def build(self, _: object) -> None:
        self.weight = self.add_weight(shape=(), initializer="zeros", dtype="float32")

    def call(self, inputs: Any) -> Any:
        return keras.ops.cast(inputs, "float32") * -keras.ops.cast(self.weight, "float32")


class Record(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Takes the weight after each batch, and puts it back to 0."""

    def __init__(self) -> None:
        super().__init__()
        self.added: list[float] = []

    def on_train_batch_end(self, *_: object, **__: object) -> None:
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        weight = self.model.trainable_variables[0]
        self.added.append(float(keras.ops.convert_to_numpy(weight.value)))


def model_with(optimizer: Any, *, jit_compile: bool = False) -> Any:
    model = keras.Sequential([keras.Input((1,)), Probe()])
    model.compile(optimizer, loss=lambda _, y: keras.ops.mean(y), jit_compile=jit_compile)
    return model


def fit(model: Any, inputs: list[float], **options: Any) -> tuple[list[float], Any]:
    """Train on one input per batch; return the weight after each batch, and the history."""
    record = Record()
    x = np.array(inputs, np.float32)[:, None]
    callbacks = [AppliedRate(), record, *options.pop("callbacks", [])]
    history = model.fit(x, x, batch_size=1, verbose=0, shuffle=False, callbacks=callbacks, **options)
    return record.added, history.history


def sums(steps: range) -> list[float]:
    values = np.array([SCHEDULE(step) for step in steps], np.float32)
    return [float(value) for value in np.cumsum(values, dtype=np.float32)]


@pytest.mark.parametrize(
    ("accumulated", "jit_compile"),
    [
        (1, False),
        (3, False),
        (3, True),
        pytest.param(1, True, marks=pytest.mark.long),
        pytest.param(4, False, marks=pytest.mark.long),
        pytest.param(4, True, marks=pytest.mark.long),
    ],
)
def test_each_update_has_the_rate_of_its_index(accumulated: int, *, jit_compile: bool) -> None:
    options = {} if accumulated == 1 else {"gradient_accumulation_steps": accumulated}
    optimizer = keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras(**options), **options)
    added, history = fit(model_with(optimizer, jit_compile=jit_compile), [1.0] * accumulated * 25)
    assert added[accumulated - 1 :: accumulated] == sums(range(25))
    assert updates_applied(optimizer) == 25
    assert (lr_applied(optimizer), lr_next(optimizer)) == (SCHEDULE(24), SCHEDULE(25))
    assert float(keras.ops.convert_to_numpy(optimizer.learning_rate)) == SCHEDULE(25)
    assert (history["lr_applied"], history["update"]) == ([SCHEDULE(24)], [24])


def test_a_schedule_that_counts_batches_is_an_error_when_training_begins() -> None:
    optimizer = keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras(), gradient_accumulation_steps=4)
    with pytest.raises(
        lrspec.ClockError, match=r"gradient_accumulation_steps=4 and a schedule that was made with .*=1"
    ):
        fit(model_with(optimizer), [1.0])
    with pytest.raises(lrspec.ClockError, match="give to_keras"):
        updates_applied(optimizer)
    with pytest.raises(lrspec.SpecError, match="gradient_accumulation_steps: found 0, expected a whole number"):
        SCHEDULE.to_keras(gradient_accumulation_steps=0)


def test_the_number_of_gradients_is_kept_in_a_saved_model(tmp_path: Any) -> None:
    options = {"gradient_accumulation_steps": 4}
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras(**options), **options), loss="mse")
    model.fit(np.ones((24, 1)), np.ones((24, 1)), batch_size=1, verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.models.load_model(tmp_path / "model.keras")
    assert updates_applied(restored.optimizer) == 6
    assert float(restored.optimizer.learning_rate) == SCHEDULE(6)


def test_fit_goes_on_where_it_was_and_initial_epoch_changes_nothing() -> None:
    optimizer = keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras())
    model = model_with(optimizer)
    first, _ = fit(model, [1.0] * 7, epochs=2)
    again, _ = fit(model, [1.0] * 7, epochs=4, initial_epoch=2)
    assert first + again == sums(range(28))
    assert lrspec.check_clock(optimizer, 28) == 28
    with pytest.raises(lrspec.ClockError, match="iterations is 28: expected 27 updates"):
        lrspec.check_clock(optimizer, 27)


def test_an_update_that_loss_scaling_skips_does_not_count() -> None:
    inner = keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras())
    optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0**10)
    inputs = [3e38 if i < 2 or i % 7 == 5 else 1.0 for i in range(40)]  # times the scale, an infinity
    added, _ = fit(model_with(optimizer), inputs)
    applied = [weight for weight, given in zip(added, inputs, strict=True) if given == 1.0]
    assert applied == sums(range(len(applied)))
    assert updates_applied(optimizer) == len(applied) == inputs.count(1.0)
    assert lr_applied(optimizer) == SCHEDULE(len(applied) - 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda rate: keras.optimizers.SGD(rate, weight_decay=0.0, use_ema=True, ema_momentum=0.5),
        lambda rate: keras.optimizers.SGD(rate, momentum=0.0, nesterov=True),
    ],
    ids=["decay and average", "nesterov"],
)
def test_other_options_of_optimizers_leave_the_rate(make: Any) -> None:
    added, _ = fit(model_with(make(SCHEDULE.to_keras())), [1.0] * 20)
    assert added == sums(range(20))


class Own(keras.Sequential):  # type: ignore[misc]  # keras is untyped
    """A model with a training step of its own, on TensorFlow."""

    def train_step(self, data: Any) -> Any:
        import tensorflow as tf

        x, _ = data
        with tf.GradientTape() as tape:
            loss = keras.ops.mean(self(x, training=True))
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the training step is of TensorFlow")
def test_a_training_step_of_ones_own_and_a_cloned_model() -> None:
    model = Own([keras.Input((1,)), Probe()])
    model.compile(keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras()))
    assert fit(model, [1.0] * 20)[0] == sums(range(20))
    cloned = keras.models.clone_model(model)
    cloned.compile(keras.optimizers.SGD.from_config(model.optimizer.get_config()), loss=lambda _, y: keras.ops.mean(y))
    assert fit(cloned, [1.0] * 20)[0] == sums(range(20))


def test_mixed_precision_applies_the_bits() -> None:
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = model_with(keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras()))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert type(model.optimizer).__name__ == "LossScaleOptimizer"
    model.optimizer.dynamic_growth_steps = 10**6
    added, _ = fit(model, [1.0] * 20)
    assert updates_applied(model.optimizer) == 20
    assert added == sums(range(20))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the reader of events is TensorFlow's")
def test_tensorboard_has_the_rates_applied(tmp_path: Any) -> None:
    import tensorflow as tf

    model = model_with(keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras()))
    fit(model, [1.0] * 7, epochs=3, callbacks=[keras.callbacks.TensorBoard(tmp_path, write_graph=False)])
    (written,) = (tmp_path / "train").glob("events.*")
    values = [value for event in tf.compat.v1.train.summary_iterator(str(written)) for value in event.summary.value]
    rates = [float(tf.make_ndarray(value.tensor)) for value in values if value.tag == "epoch_lr_applied"]
    assert rates == [SCHEDULE(6), SCHEDULE(13), SCHEDULE(20)]


class Ask(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Asks after each batch, where JAX may have the counters elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[int] = []

    def on_train_batch_end(self, *_: object, **__: object) -> None:
        self.found.append(lrspec.check_clock(self.model))
        assert lrspec.position(self.model.optimizer).updates == self.found[-1]


def test_a_callback_that_asks_is_told() -> None:
    ask = Ask()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(SCHEDULE.to_keras()), "mse")
    model.fit(np.ones((5, 2)), np.zeros((5, 1)), batch_size=1, epochs=2, verbose=0, callbacks=[ask])
    assert ask.found == list(range(1, 11))


def test_a_negative_counter_is_refused() -> None:
    optimizer = keras.optimizers.SGD(SCHEDULE.to_keras())
    optimizer.iterations.assign(-3)
    for question in (lrspec.position, lrspec.check_clock):
        with pytest.raises(lrspec.ClockError, match="is -3: expected 0 or more"):
            question(optimizer)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="there every counter has a value")
def test_a_counter_without_a_value_is_refused() -> None:
    optimizer = keras.optimizers.SGD(SCHEDULE.to_keras())
    optimizer.build([keras.Variable([0.0])])
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with pytest.raises(lrspec.UnsupportedError, match="within a compiled function"):
            tf.function(lambda: lrspec.position(optimizer), autograph=False)()
        return
    import jax

    def traced(count: Any) -> Any:
        with keras.StatelessScope(state_mapping=[(optimizer._iterations, count)]):
            lrspec.position(optimizer)

    with pytest.raises(lrspec.UnsupportedError, match="within a compiled function"):
        jax.jit(traced)(3)
    optimizer._iterations._value = None  # as `fit` does to spare memory; the variable then says 0
    with pytest.raises(lrspec.UnsupportedError, match=r"jax_state_sync\(\)"):
        lrspec.position(optimizer)
