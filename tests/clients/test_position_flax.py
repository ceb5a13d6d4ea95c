"""States of Flax, linen and NNX, and its msgpack files, from training whose updates the test counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx, serialization
from flax.training.train_state import TrainState

import lrspec
from lrspec.cli import main

SCHEDULE = lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90)
PARAMS = {"a": jnp.ones(2), "step": {"count": jnp.ones(3)}}


def trained(transformation: Any, updates: int) -> TrainState:
    state = TrainState.create(apply_fn=None, params=PARAMS, tx=transformation)
    for _ in range(updates):
        state = state.apply_gradients(grads=PARAMS)
    return state


def test_a_train_state_and_its_file(tmp_path: Path) -> None:
    state = trained(optax.adam(SCHEDULE.to_optax()), 7)
    (tmp_path / "state.msgpack").write_bytes(serialization.to_bytes(state))
    (tmp_path / "checkpoint_7").write_bytes(serialization.to_bytes(state))
    restored = serialization.msgpack_restore((tmp_path / "checkpoint_7").read_bytes())
    for found in (state, state.opt_state, restored, tmp_path / "state.msgpack", tmp_path / "checkpoint_7"):
        position = lrspec.position(found)
        assert position.updates == 7
        assert {counter.value for counter in position.candidates} == {7}
    names = [counter.name for counter in lrspec.position(state).candidates]
    assert names == ["opt_state[0].count", "opt_state[1].count", "step"]


def test_a_train_state_of_an_optimizer_without_a_count(tmp_path: Path) -> None:
    state = trained(optax.sgd(0.1), 7)
    (tmp_path / "state.msgpack").write_bytes(serialization.to_bytes(state))
    for found in (state, tmp_path / "state.msgpack"):
        position = lrspec.position(found)
        assert (position.updates, position.counter) == (7, "step")


def test_a_train_state_whose_optimizer_skipped_is_reported(tmp_path: Path) -> None:
    state = trained(optax.apply_if_finite(optax.sgd(0.1), 5), 7)
    assert (lrspec.position(state).updates, lrspec.position(state).counter) == (7, "step")
    state = state.apply_gradients(grads=jax.tree.map(lambda x: x * jnp.nan, PARAMS))
    (tmp_path / "state.msgpack").write_bytes(serialization.to_bytes(state))
    for found in (state, tmp_path / "state.msgpack"):
        with pytest.raises(lrspec.AmbiguousPositionError, match="apply_if_finite has skipped up to 1") as error:
            lrspec.position(found)
        assert error.value.candidates == {"step": 8}


def test_a_train_state_that_counts_micro_batches_is_reported(tmp_path: Path) -> None:
    state = trained(optax.MultiSteps(optax.adam(0.1), 3).gradient_transformation(), 6)
    (tmp_path / "state.msgpack").write_bytes(serialization.to_bytes(state))
    for found in (state, tmp_path / "state.msgpack"):
        with pytest.raises(
            lrspec.AmbiguousPositionError, match="3 times as many, as with a step per process or"
        ) as error:
            lrspec.position(found)
        assert error.value.candidates["step"] == 6
        assert lrspec.position(found, counter="opt_state.gradient_step").updates == 2


def test_a_train_state_is_moved() -> None:
    state = trained(optax.inject_hyperparams(optax.adam)(SCHEDULE.to_optax()), 0)
    moved = lrspec.set_position(state, 40)
    assert (lrspec.position(moved).updates, lrspec.position(state).updates) == (40, 0)
    assert (moved.step, moved.params is state.params, moved.tx is state.tx) == (40, True, True)
    moved = moved.apply_gradients(grads=PARAMS)
    assert lrspec.position(moved).updates == 41
    assert np.float32(moved.opt_state.hyperparams["learning_rate"]) == SCHEDULE(40)


def optimizer_of_nnx(updates: int) -> nnx.Optimizer[Any]:
    model = nnx.Linear(2, 2, rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.inject_hyperparams(optax.adam)(SCHEDULE.to_optax()), wrt=nnx.Param)
    gradient = nnx.grad(lambda model: model(jnp.ones((1, 2))).sum())
    for _ in range(updates):
        optimizer.update(model, gradient(model))
    return optimizer


def test_an_optimizer_of_nnx() -> None:
    optimizer = optimizer_of_nnx(7)
    for found in (optimizer, nnx.state(optimizer), nnx.to_pure_dict(nnx.state(optimizer))):
        assert lrspec.position(found).updates == 7


def test_an_optimizer_of_nnx_is_moved() -> None:
    optimizer = optimizer_of_nnx(0)
    with pytest.raises(lrspec.UnsupportedError, match=r"nnx\.update\(optimizer, lrspec\.set_position"):
        lrspec.set_position(optimizer, 40)
    nnx.update(optimizer, lrspec.set_position(nnx.state(optimizer), 40))
    assert lrspec.position(optimizer).updates == 40
    assert optimizer.opt_state.count.dtype == jnp.int32


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    content = serialization.to_bytes(trained(optax.adam(0.1), 3))
    file = tmp_path / "state.msgpack"
    for length in (*range(0, len(content), 23), len(content) - 1):
        file.write_bytes(content[:length])
        with pytest.raises(lrspec.LrspecError, match=r"state\.msgpack"):
            lrspec.position(file)
    file.write_bytes(content + b"more")
    with pytest.raises(lrspec.LrspecError, match=r"state\.msgpack"):
        lrspec.position(file)


@pytest.mark.parametrize("dtype", ["int32,(", "int32, f4", "int7", "int32" * 1000, "uint32\0"])
def test_types_that_numpy_would_parse_are_no_counters(dtype: str, tmp_path: Path) -> None:
    import msgpack

    leaf = msgpack.ExtType(1, msgpack.packb(((), dtype, np.int32(7).tobytes())))
    (tmp_path / "state.msgpack").write_bytes(msgpack.packb({"count": leaf}))
    with pytest.raises(lrspec.LrspecError):
        lrspec.position(tmp_path / "state.msgpack")


def test_lengths_that_are_not_there_are_not_believed(tmp_path: Path) -> None:
    """An array's length is set aside before its parts are read: 500 of a million each took 4 GB."""
    file = tmp_path / "state.msgpack"
    file.write_bytes(b"\x81\xa1a" + b"\xdd\x00\x0f\x42\x40" * 500 + bytes(2**20))
    with pytest.raises(lrspec.LrspecError, match=r"state\.msgpack"):
        lrspec.position(file)


def test_a_file_of_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.msgpack").write_bytes(serialization.to_bytes({"kernel": jnp.ones((2, 2), jnp.bfloat16)}))
    with pytest.raises(lrspec.UnsupportedError, match="keeps no count"):
        lrspec.position(tmp_path / "weights.msgpack")


def test_the_command_prints_code_that_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document, checkpoint = tmp_path / "schedule.yaml", tmp_path / "state.msgpack"
    lrspec.dump(SCHEDULE, document)
    checkpoint.write_bytes(serialization.to_bytes(trained(optax.adam(0.1), 23)))
    assert main(["migrate", str(checkpoint), "--schedule", str(document), "--to", "optax"]) == 0
    scope: dict[str, Any] = {"params": PARAMS}
    exec(capsys.readouterr().out, scope)  # noqa: S102 - what the command printed
    assert lrspec.position(scope["opt_state"]).updates == 23
    assert jax.tree.structure(scope["opt_state"]) == jax.tree.structure(scope["optimizer"].init(PARAMS))
