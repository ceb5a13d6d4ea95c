"""Keras' counters, from training whose batches the test counts, and the files that Keras writes of it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import lrspec
from lrspec.cli import main

SCHEDULE = lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90)


def trained(optimizer: Any, batches: int) -> Any:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer, "mse")
    model.fit(np.ones((batches, 2)), np.zeros((batches, 1)), batch_size=1, shuffle=False, verbose=0)
    return model


def optimizers(**arguments: Any) -> dict[str, Any]:
    return {
        "adam": keras.optimizers.Adam(0.1, **arguments),
        "schedule": keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 50), **arguments),
        "lrspec": keras.optimizers.SGD(SCHEDULE.to_keras(**arguments), **arguments),
        "loss scale": keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1, **arguments)),
    }


@pytest.mark.parametrize("name", optimizers())
def test_without_accumulation(name: str, tmp_path: Path) -> None:
    model = trained(optimizers()[name], 11)
    files = [tmp_path / "model.keras", tmp_path / "model.h5", tmp_path / "model.weights.h5"]
    model.save(files[0])
    model.save(files[1])
    model.save_weights(files[2])
    for found in (model, model.optimizer, files[0], files[1]):
        position = lrspec.position(found)
        assert (position.updates, position.counter) == (11, "iterations")
        assert "not accumulated" in position.reason
    with pytest.raises(lrspec.AmbiguousPositionError, match=r"gradient_accumulation_steps=N, 1 if") as caught:
        lrspec.position(files[2])
    assert caught.value.candidates == {"iterations": 11}
    assert lrspec.position(files[2], gradient_accumulation_steps=1).updates == 11
    assert lrspec.position(files[2], counter="iterations").updates == 11


@pytest.mark.parametrize("name", optimizers())
def test_with_accumulation(name: str, tmp_path: Path) -> None:
    """11 batches, 4 of them to an update: 2 updates are applied."""
    model = trained(optimizers(gradient_accumulation_steps=4)[name], 11)
    files = [tmp_path / "model.keras", tmp_path / "model.h5", tmp_path / "model.weights.h5"]
    model.save(files[0])
    model.save(files[1])
    model.save_weights(files[2])
    for found in (model, model.optimizer, files[0], files[1]):
        if name == "lrspec" and found is not files[1]:  # it was told, and its config says so
            assert lrspec.position(found).updates == 2
            continue
        with pytest.raises(lrspec.AmbiguousPositionError, match="2 updates have been applied, and 11") as caught:
            lrspec.position(found)
        assert caught.value.candidates == {"iterations": 2, "_iterations": 11}
        assert lrspec.position(found, counter="iterations").updates == 2
        assert lrspec.position(found, counter="_iterations").updates == 11
    with pytest.raises(lrspec.AmbiguousPositionError):
        lrspec.position(files[2], gradient_accumulation_steps=4)
    found = lrspec.position(files[2], gradient_accumulation_steps=4, counter="iterations")
    assert found.updates == 2
    with pytest.raises(lrspec.LrspecError, match="the file says 4"):
        lrspec.position(files[1], gradient_accumulation_steps=2)


def test_a_schedule_that_was_not_told_of_accumulation_is_reported(tmp_path: Path) -> None:
    model = trained(keras.optimizers.SGD(SCHEDULE.to_keras(), gradient_accumulation_steps=4), 28)
    model.save(tmp_path / "model.keras")
    for found in (model, model.optimizer, tmp_path / "model.keras"):
        with pytest.raises(lrspec.AmbiguousPositionError, match="iterations says 7 and schedule says 28: 4 times"):
            lrspec.position(found)


def test_overflows_that_a_loss_scale_skips_are_no_updates() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)), "mse")
    batches = np.ones((6, 2))
    batches[3] = np.inf
    model.fit(batches, np.zeros((6, 1)), batch_size=1, shuffle=False, verbose=0)
    assert lrspec.position(model).updates == 5


@pytest.mark.parametrize("accumulation", [None, 3])
def test_an_optimizer_is_moved(accumulation: int | None) -> None:
    rate = SCHEDULE.to_keras(gradient_accumulation_steps=accumulation or 1)
    optimizer = keras.optimizers.SGD(rate, gradient_accumulation_steps=accumulation)
    assert lrspec.set_position(optimizer, 40) is optimizer
    assert int(optimizer.iterations) == 40
    assert lrspec.position(optimizer, counter="iterations").updates == 40
    model = trained(optimizer, 6)
    assert int(model.optimizer.iterations) == (46 if accumulation is None else 42)


def test_a_loss_scale_and_a_model_are_moved() -> None:
    model = trained(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)), 3)
    assert lrspec.set_position(model, 40) is model
    assert lrspec.position(model).updates == 40
    model.fit(np.ones((2, 2)), np.zeros((2, 1)), batch_size=1, verbose=0)
    assert lrspec.position(model).updates == 42


def test_a_moved_optimizer_goes_on_with_the_schedules_bits() -> None:
    optimizer = keras.optimizers.SGD(SCHEDULE.to_keras())
    lrspec.set_position(optimizer, 40)
    assert np.float32(optimizer.learning_rate) == SCHEDULE(40)
    trained(optimizer, 2)
    assert np.float32(optimizer.learning_rate) == SCHEDULE(42)


def test_files_without_an_optimizer_are_refused(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    model.save(tmp_path / "model.h5")
    model.save_weights(tmp_path / "model.weights.h5")
    for name in ("model.keras", "model.h5", "model.weights.h5"):
        with pytest.raises(lrspec.UnsupportedError, match="holds no optimizer"):
            lrspec.position(tmp_path / name)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    model = trained(keras.optimizers.Adam(0.1), 3)
    for name in ("model.keras", "model.h5", "model.weights.h5"):
        good, bad = tmp_path / name, tmp_path / f"bad.{name}"
        model.save_weights(good) if "weights" in name else model.save(good)
        content = good.read_bytes()
        for length in (0, 1, 8, 100, len(content) // 2, len(content) - 30):
            bad.write_bytes(content[:length])
            with pytest.raises(lrspec.LrspecError, match=f"bad.{name}"):
                lrspec.position(bad)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_file_with_changed_bytes_is_read_or_refused(name: str, tmp_path: Path) -> None:
    trained(keras.optimizers.Adam(0.1), 3).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(200):
        changed = bytearray(content)
        for place in rng.integers(0, len(content), 5):
            changed[place] = rng.integers(256)
        (tmp_path / name).write_bytes(changed)
        try:
            lrspec.position(tmp_path / name)
        except lrspec.LrspecError:
            refused += 1
    assert refused


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("config.json", "{}")
    (tmp_path / "a.keras").write_bytes(content.getvalue())
    with pytest.raises(lrspec.LrspecError, match="damaged, or has no optimizer"):
        lrspec.position(tmp_path / "a.keras")
    np.savez(tmp_path / "a.npz", a=np.zeros(2))
    with pytest.raises(lrspec.UnsupportedError, match="neither torch nor Keras"):
        lrspec.position(tmp_path / "a.npz")


def test_an_accumulation_that_is_none_is_refused(tmp_path: Path) -> None:
    model = trained(keras.optimizers.Adam(0.1), 3)
    model.save_weights(tmp_path / "model.weights.h5")
    for steps in (0, -1, 2.0, True):
        with pytest.raises(lrspec.LrspecError, match="expected an integer from 1"):
            lrspec.position(tmp_path / "model.weights.h5", gradient_accumulation_steps=steps)  # type: ignore[arg-type]
    with pytest.raises(lrspec.LrspecError, match="is for a weights file"):
        lrspec.position(model, gradient_accumulation_steps=2)


def test_the_command_prints_code_that_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document, checkpoint = tmp_path / "schedule.yaml", tmp_path / "model.keras"
    lrspec.dump(SCHEDULE, document)
    trained(keras.optimizers.Adam(0.1), 23).save(checkpoint)
    assert main(["migrate", str(checkpoint), "--schedule", str(document), "--to", "keras"]) == 0
    scope: dict[str, Any] = {"model": keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])}
    exec(capsys.readouterr().out, scope)  # noqa: S102 - what the command printed
    assert np.float32(scope["optimizer"].learning_rate) == SCHEDULE(23)
    assert lrspec.check_clock(scope["optimizer"], 23) == 23
