"""Checkpoint folders of Orbax, from training whose updates the test counts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import optax
import pytest
from flax import nnx
from flax.training.train_state import TrainState
from orbax import checkpoint as orbax

import lrspec

PARAMS = {"a": jnp.ones(2), "b": jnp.ones(3)}
pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning")


def trained(updates: int, transformation: Any = None) -> TrainState:
    tx = transformation or optax.adam(optax.cosine_decay_schedule(0.1, 50))
    state = TrainState.create(apply_fn=None, params=PARAMS, tx=tx)
    for _ in range(updates):
        state = state.apply_gradients(grads=PARAMS)
    return state


def saved(folder: Path, state: Any) -> Path:
    with orbax.StandardCheckpointer() as writer:
        writer.save(folder, state)
    return folder


def managed(folder: Path, step: int, **items: Any) -> Path:
    with orbax.CheckpointManager(folder) as manager:
        if set(items) == {"default"}:
            manager.save(step, args=orbax.args.StandardSave(items["default"]))
        else:
            composite = {name: orbax.args.StandardSave(item) for name, item in items.items()}
            manager.save(step, args=orbax.args.Composite(**composite))
        manager.wait_until_finished()
    return folder / str(step)


def test_a_checkpoint(tmp_path: Path) -> None:
    folder = saved(tmp_path / "standard", trained(7))
    with orbax.PyTreeCheckpointer() as writer:
        writer.save(tmp_path / "tree", trained(7))
    for found in (folder, str(folder), tmp_path / "tree"):
        position = lrspec.position(found)
        assert position.updates == 7
        assert [counter.name for counter in position.candidates] == ["opt_state[0].count", "opt_state[1].count", "step"]


def test_the_state_of_an_optimizer_alone(tmp_path: Path) -> None:
    assert lrspec.position(saved(tmp_path / "a", trained(7).opt_state)).updates == 7
    assert lrspec.position(saved(tmp_path / "b", {"params": PARAMS, "optimizer": trained(3).opt_state})).updates == 3


def test_a_step_of_a_manager(tmp_path: Path) -> None:
    folder = managed(tmp_path / "run", 7, default=trained(7))
    for found in (folder, folder / "default"):
        position = lrspec.position(found)
        assert position.updates == 7
        assert "folder" in [counter.name for counter in position.candidates]
    with pytest.raises(lrspec.UnsupportedError, match="a folder of checkpoints; give one of them: 7"):
        lrspec.position(tmp_path / "run")


def test_a_step_with_items(tmp_path: Path) -> None:
    folder = managed(tmp_path / "one", 7, state=trained(7))
    assert lrspec.position(folder).updates == 7
    folder = managed(tmp_path / "two", 7, state=trained(7), params=PARAMS)
    with pytest.raises(lrspec.UnsupportedError, match="a step with the items params, state; give the folder"):
        lrspec.position(folder)
    assert lrspec.position(folder / "state").updates == 7
    with pytest.raises(lrspec.UnsupportedError, match="keeps no count"):
        lrspec.position(folder / "params")


def test_a_checkpoint_that_was_saved_under_another_step_is_reported(tmp_path: Path) -> None:
    """As where a loop saves step 100 after its 101st update."""
    folder = managed(tmp_path / "run", 6, default=trained(7))
    with pytest.raises(lrspec.AmbiguousPositionError, match="one apart") as caught:
        lrspec.position(folder)
    assert caught.value.candidates["folder"] == 6
    assert lrspec.position(folder, counter="opt_state[1].count").updates == 7


def test_accumulation_is_reported(tmp_path: Path) -> None:
    state = trained(6, optax.MultiSteps(optax.adam(0.1), 3).gradient_transformation())
    with pytest.raises(lrspec.AmbiguousPositionError, match="3 times as many"):
        lrspec.position(saved(tmp_path / "a", state))


@pytest.mark.parametrize("lost", ["manifest.ocdbt", "_METADATA", "d"])
def test_damaged_checkpoints_are_refused(lost: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / "a", trained(7))
    if lost == "d":
        shutil.rmtree(folder / lost)
    else:
        (folder / lost).unlink()
    with pytest.raises(lrspec.LrspecError):
        lrspec.position(folder)


@pytest.mark.parametrize("cut", ["manifest.ocdbt", "_METADATA"])
def test_truncated_checkpoints_are_refused(cut: str, tmp_path: Path) -> None:
    file = saved(tmp_path / "a", trained(7)) / cut
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(lrspec.LrspecError):
        lrspec.position(tmp_path / "a")


def of_nnx(updates: int, transformation: Any = None) -> tuple[Any, Any]:
    """Return a model and its optimizer after that many updates."""
    model = nnx.Linear(2, 2, rngs=nnx.Rngs(0))
    tx = transformation or optax.adam(optax.cosine_decay_schedule(0.1, 50))
    optimizer = nnx.Optimizer(model, tx, wrt=nnx.Param)
    gradient = nnx.grad(lambda model: model(jnp.ones((1, 2))).sum())
    for _ in range(updates):
        optimizer.update(model, gradient(model))
    return model, optimizer


FORMS: dict[str, Any] = {
    "the optimizer": lambda _, optimizer: nnx.state(optimizer),
    "both in a tuple": lambda model, optimizer: nnx.state((model, optimizer)),
    "both in a dictionary": lambda model, optimizer: {"model": nnx.state(model), "optimizer": nnx.state(optimizer)},
    "split": lambda _, optimizer: nnx.split(optimizer)[1],
    "a pure dictionary": lambda _, optimizer: nnx.to_pure_dict(nnx.state(optimizer)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_state_of_nnx(form: str, tmp_path: Path) -> None:
    state = FORMS[form](*of_nnx(7))
    folders = [saved(tmp_path / "standard", state), managed(tmp_path / "run", 7, default=state)]
    with orbax.PyTreeCheckpointer() as writer:
        writer.save(tmp_path / "tree", state)
    for found in (*folders, tmp_path / "tree"):
        position = lrspec.position(found)
        assert position.updates == 7
        assert position.counter.endswith("opt_state.0.count")
        assert {counter.value for counter in position.candidates} == {7}


def test_items_of_nnx_beside_each_other(tmp_path: Path) -> None:
    model, optimizer = of_nnx(7)
    folder = managed(tmp_path / "run", 7, model=nnx.state(model), optimizer=nnx.state(optimizer))
    assert lrspec.position(folder / "optimizer").updates == 7
    with pytest.raises(lrspec.UnsupportedError, match="keeps no count"):
        lrspec.position(folder / "model")


def test_an_optimizer_of_nnx_that_skipped_is_reported_wherever_it_stands(tmp_path: Path) -> None:
    model, optimizer = of_nnx(3, optax.apply_if_finite(optax.sgd(0.1), 5))
    optimizer.update(model, nnx.grad(lambda model: (model(jnp.ones((1, 2))) * jnp.nan).sum())(model))
    state = {"model": nnx.state(model), "optimizer": nnx.state(optimizer)}
    for found in (state, saved(tmp_path / "a", state)):
        with pytest.raises(lrspec.AmbiguousPositionError, match="apply_if_finite has skipped up to 1") as caught:
            lrspec.position(found)
        assert caught.value.candidates == {"optimizer.step": 4}


def test_an_abstract_optimizer_of_nnx_is_refused() -> None:
    optimizer = nnx.eval_shape(lambda: of_nnx(0)[1])
    for found in (optimizer, nnx.state(optimizer)):
        with pytest.raises(lrspec.LrspecError, match="a position is read on the host"):
            lrspec.position(found)


def test_huge_metadata_is_not_read(tmp_path: Path) -> None:
    folder = saved(tmp_path / "a", trained(7))
    with (folder / "_METADATA").open("r+b") as file:
        file.truncate(2**26 + 1)
    with pytest.raises(lrspec.LrspecError, match="_METADATA: the file is larger than"):
        lrspec.position(folder)
