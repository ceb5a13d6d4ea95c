"""The table: Keras, on the backend that it runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from client_table import PLANS, SCHEDULE, Cells, Make, Plan, Rates, check, pairs, run

pytestmark = pytest.mark.long
CELLS: Cells = {
    "Keras on TensorFlow": {
        "fresh": "right",
        "accumulate": {
            "note": "native counts batches; ours is told how many make an update",
            "native": [1, 3, 5, 7, 9, 11],
        },
        "skip": "right",
        "groups": {"none": "an optimizer of Keras has one rate"},
        "tensor rate": {"none": "an optimizer of Keras keeps its rate itself"},
        "optimizer first": "right",
        "scheduler first": {"none": "a schedule has no state of its own"},
        "end": "right",
    },
    "Keras on JAX": {
        "fresh": "right",
        "accumulate": {
            "note": "native counts batches; ours is told how many make an update",
            "native": [1, 3, 5, 7, 9, 11],
        },
        "skip": "right",
        "groups": {"none": "an optimizer of Keras has one rate"},
        "tensor rate": {"none": "an optimizer of Keras keeps its rate itself"},
        "optimizer first": "right",
        "scheduler first": {"none": "a schedule has no state of its own"},
        "end": "right",
    },
    "Keras on PyTorch": {
        "fresh": "right",
        "accumulate": {
            "note": "native counts batches; ours is told how many make an update",
            "native": [1, 3, 5, 7, 9, 11],
        },
        "skip": "right",
        "groups": {"none": "an optimizer of Keras has one rate"},
        "tensor rate": {"none": "an optimizer of Keras keeps its rate itself"},
        "optimizer first": "right",
        "scheduler first": {"none": "a schedule has no state of its own"},
        "end": "right",
    },
}
CLIENT = {"tensorflow": "Keras on TensorFlow", "jax": "Keras on JAX", "torch": "Keras on PyTorch"}[
    keras.backend.backend()
]
register = keras.saving.register_keras_serializable("table")


@register
class Formula(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # keras is untyped
    """The schedule, as one writes it for Keras."""

    def __call__(self, step: Any) -> Any:
        step = keras.ops.cast(step, "float32")
        return keras.ops.where(step < 4, step / 4, (31 - 2 * (step - 4)) / 32)

    def get_config(self) -> dict[str, Any]:
        return {}


@register
class Probe(keras.layers.Layer):  # type: ignore[misc]
    """One weight whose gradient is -1 for an input of 1: each update adds the rate that it applied."""

    def build(self, _: object) -> None:
        self.weight = self.add_weight(shape=(), initializer="zeros", dtype="float32")

    def call(self, inputs: Any) -> Any:
        return keras.ops.cast(inputs, "float32") * -keras.ops.cast(self.weight, "float32")


@register  # type: ignore[untyped-decorator]
def mean(_: Any, found: Any) -> Any:
    return keras.ops.mean(found)


class Record(keras.callbacks.Callback):  # type: ignore[misc]
    """Takes the weight after each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[float] = []

    def on_train_batch_end(self, *_: object, **__: object) -> None:
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        self.weights.append(float(keras.ops.convert_to_numpy(self.model.trainable_variables[0].value)))


SCHEDULERS: dict[str, Make] = {
    "native": lambda _, __: Formula(),
    "lrspec": lambda plan, _: SCHEDULE.to_keras(
        **({"gradient_accumulation_steps": plan.accumulated} if plan.accumulated > 1 else {})
    ),
}


def made(plan: Plan, make: Make) -> Any:
    more = {"gradient_accumulation_steps": plan.accumulated} if plan.accumulated > 1 else {}
    optimizer: Any = keras.optimizers.SGD(make(plan, None), **more)
    if plan.skipped:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=4.0)
    model = keras.Sequential([keras.Input((1,)), Probe()])
    model.compile(optimizer, loss=mean)
    return model


def train(plan: Plan, make: Make, batches: range, folder: Path) -> tuple[list[Rates], None]:
    model = keras.saving.load_model(folder / "model.keras") if batches.start else made(plan, make)
    start = float(keras.ops.convert_to_numpy(model.trainable_variables[0].value))
    record = Record()
    x = np.array([[plan.factor(batch)] for batch in batches], np.float32)
    model.fit(x, x, batch_size=1, verbose=0, shuffle=False, callbacks=[record])
    moved = np.diff(np.array([start, *record.weights]))
    model.save(folder / "model.keras")
    ends = [place for place, batch in enumerate(batches) if plan.ends_update(batch) and batch not in plan.skipped]
    assert not any(moved[place] for place in range(len(batches)) if place not in ends)
    return [(float(moved[place]),) for place in ends], None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("client", "situation"), pairs({CLIENT: CELLS[CLIENT]}))
def test_cell(client: str, situation: str, tmp_path: Path) -> None:
    plan = PLANS[situation]
    native, ours = (run(train, plan, make, tmp_path / kind) for kind, make in SCHEDULERS.items())
    check(CELLS[client][situation], plan, native, ours)
