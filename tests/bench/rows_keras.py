"""Rows of Keras: training steps in a `tf.function`, under XLA, and by batches on its three backends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.measure import Pair, Row
from bench.rows_host import MILLION
from lrspec import presets

LENGTHS = (50_000, MILLION)


def both(steps: int) -> tuple[Any, Callable[[], Any]]:
    """Return our schedule, and what makes Keras' own."""
    import keras

    warm = steps // 100
    ours = presets.warmup_cosine(peak_value=0.1, warmup_steps=warm, decay_steps=steps - warm).to_keras()
    return ours, lambda: keras.optimizers.schedules.CosineDecay(0.0, steps - warm, warmup_target=0.1, warmup_steps=warm)


def _model() -> Any:
    import keras

    layers = [keras.Input((64,)), keras.layers.Dense(256, activation="tanh"), keras.layers.Dense(10)]
    return keras.Sequential(layers)


def _data() -> tuple[Any, Any]:
    import numpy as np

    random = np.random.default_rng(0)
    return random.normal(size=(128, 64)).astype("float32"), random.normal(size=(128, 10)).astype("float32")


def in_function(steps: int, *, xla: bool) -> Pair:
    """Train a small MLP in a `tf.function`."""
    import keras
    import tensorflow as tf

    x, y = (tf.constant(array) for array in _data())

    def run(schedule: Any) -> Callable[[], None]:
        model, optimizer = _model(), keras.optimizers.Adam(schedule)
        variables = model.trainable_variables
        optimizer.build(variables)

        @tf.function(jit_compile=xla)  # type: ignore[untyped-decorator]
        def step() -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
            optimizer.apply(tape.gradient(loss, variables), variables)

        def often() -> None:
            for _ in range(20):
                step()

        return often

    ours, native = both(steps)
    return Pair(run(ours), run(native()), run(native()), per=20)


def by_batches(steps: int) -> Pair:
    """Train a small MLP by batches on the current backend."""
    import keras

    x, y = _data()

    def run(schedule: Any) -> Callable[[], None]:
        model = _model()
        model.compile(keras.optimizers.Adam(schedule), loss="mse")

        def often() -> None:
            for _ in range(20):
                model.train_on_batch(x, y)

        return often

    ours, native = both(steps)
    return Pair(run(ours), run(native()), run(native()), per=20)


def graph_size(steps: int) -> Pair:
    """Count the operations of a graph of the schedule alone."""
    import tensorflow as tf

    def size(schedule: Any) -> int:
        graph = tf.function(lambda step: schedule(step)).get_concrete_function(tf.TensorSpec((), tf.int64)).graph  # noqa: PLW0108
        return len(graph.get_operations())

    ours, native = both(steps)
    return Pair(size(ours), size(native()))


_MODULES = {"tensorflow": ("keras", "tensorflow"), "jax": ("keras", "jax"), "torch": ("keras", "torch")}
_TF = _MODULES["tensorflow"]
ROWS = (
    *(
        row
        for steps in LENGTHS
        for row in (
            Row(
                f"keras tf.function train step {steps:,}", "CosineDecay", partial(in_function, steps, xla=False),
                _TF, unit="ms", backend="tensorflow",
            ),
            Row(
                f"keras jit_compile train step {steps:,}", "CosineDecay", partial(in_function, steps, xla=True),
                _TF, unit="ms", backend="tensorflow",
            ),
            Row(
                f"keras operations in a graph {steps:,}", "CosineDecay", partial(graph_size, steps),
                _TF, unit="", backend="tensorflow",
            ),
        )
    ),
    *(
        Row(
            f"keras train_on_batch on {backend}", "CosineDecay", partial(by_batches, LENGTHS[0]),
            modules, unit="ms", backend=backend,
        )
        for backend, modules in _MODULES.items()
    ),
)  # fmt: skip
