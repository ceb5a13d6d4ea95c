"""A run with a framework's own schedule stops, and goes on under lrspec in another framework: all six directions.

The framework's own schedule is read; its own checkpoint is saved, and asked where the run stood. From there on, the
rates that the other framework really applies are those of the one schedule, which were it never interrupted.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lrspec
from command import run, run_process
from conftest import FRAMEWORKS, is_installed

STOP, END = 37, 130
ALL_INSTALLED = all(map(is_installed, FRAMEWORKS))
pytestmark = pytest.mark.skipif(not ALL_INSTALLED, reason="the environment with every framework runs this")


def train_torch(folder: Path) -> tuple[lrspec.Schedule, list[float], Path]:
    import torch
    from torch.optim import lr_scheduler

    held = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([held], lr=0.1)
    parts = [lr_scheduler.LinearLR(optimizer, 0.01, total_iters=10), lr_scheduler.CosineAnnealingLR(optimizer, 110)]
    scheduler = lr_scheduler.SequentialLR(optimizer, parts, milestones=[10])
    applied = []
    for _ in range(STOP):
        with torch.no_grad():
            held.zero_()
        held.grad = -torch.ones_like(held)
        optimizer.step()
        applied.append(float(held.detach()))
        scheduler.step()
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, folder / "run.pt")
    return lrspec.from_native(scheduler), applied, folder / "run.pt"


def train_keras(folder: Path) -> tuple[lrspec.Schedule, list[float], Path]:
    import keras

    schedule = keras.optimizers.schedules.CosineDecay(0.01, 110, alpha=0.05, warmup_target=0.1, warmup_steps=10)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(schedule), loss=lambda _, y: -keras.ops.mean(y))
    applied = []
    for _ in range(STOP):
        model.set_weights([np.zeros((1, 1), np.float32)])
        model.fit(np.ones((1, 1)), np.ones((1, 1)), verbose=0)
        applied.append(float(model.get_weights()[0][0, 0]))
    model.save(folder / "run.keras")
    return lrspec.from_native(model.optimizer), applied, folder / "run.keras"


def train_optax(folder: Path) -> tuple[lrspec.Schedule, list[float], Any]:
    import jax
    import jax.numpy as jnp
    import optax

    del folder
    optimizer = optax.sgd(optax.warmup_cosine_decay_schedule(0.001, 0.1, 10, 120, 0.005))
    state = optimizer.init(jnp.zeros(()))
    update = jax.jit(optimizer.update)
    applied = []
    for _ in range(STOP):
        added, state = update(-jnp.ones((), jnp.float32), state)
        applied.append(float(added))
    return lrspec.from_native(optimizer), applied, jax.tree.map(np.asarray, state)


def resume_torch(schedule: lrspec.Schedule, step: int) -> list[float]:
    import torch

    held = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([held], lr=1.0)
    scheduler = schedule.to_torch(optimizer, step=step)
    applied = []
    for _ in range(step, END):
        with torch.no_grad():
            held.zero_()
        held.grad = -torch.ones_like(held)
        optimizer.step()
        applied.append(float(held.detach()))
        scheduler.step()
    return applied


def resume_keras(schedule: lrspec.Schedule, step: int) -> list[float]:
    import keras

    variable = keras.Variable(np.zeros(1, np.float32))
    optimizer = keras.optimizers.SGD(schedule.to_keras())
    optimizer.build([variable])
    lrspec.set_position(optimizer, step)
    applied = []
    for _ in range(step, END):
        variable.assign(np.zeros(1, np.float32))
        optimizer.apply([keras.ops.convert_to_tensor(-np.ones(1, np.float32))])
        applied.append(float(keras.ops.convert_to_numpy(variable.value)[0]))
    return applied


def resume_optax(schedule: lrspec.Schedule, step: int) -> list[float]:
    import jax
    import jax.numpy as jnp
    import optax

    optimizer = optax.sgd(schedule.to_optax())
    state = lrspec.set_position(optimizer.init(jnp.zeros(())), step)
    update = jax.jit(optimizer.update)
    applied = []
    for _ in range(step, END):
        added, state = update(-jnp.ones((), jnp.float32), state)
        applied.append(float(added))
    return applied


TRAIN: dict[str, Callable[[Path], tuple[lrspec.Schedule, list[float], Any]]] = {
    "torch": train_torch,
    "keras": train_keras,
    "optax": train_optax,
}
COUNTER = {"torch": "scheduler.last_epoch"}
"""SGD keeps no count, so that the choice is ours: this run called its scheduler after each update."""
RESUME = {"torch": resume_torch, "keras": resume_keras, "optax": resume_optax}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("source", "target"), permutations(TRAIN, 2))
def test_a_run_goes_on_in_another_framework(source: str, target: str, tmp_path: Path) -> None:
    schedule, before, checkpoint = TRAIN[source](tmp_path)
    step = lrspec.position(checkpoint, counter=COUNTER.get(source)).updates
    assert step == STOP
    after = RESUME[target](schedule, step)
    assert after == [schedule(t) for t in range(STOP, END)]
    # what the framework's own schedule applied before is the same formula, in its own rounding
    assert before == pytest.approx([schedule.exact(t) for t in range(STOP)], rel=1e-5)


@pytest.mark.parametrize("target", RESUME)
def test_the_command_prints_code_that_goes_on(target: str, tmp_path: Path) -> None:
    schedule, _, checkpoint = train_torch(tmp_path)
    lrspec.dump(schedule, tmp_path / "schedule.yaml")
    arguments = ("migrate", checkpoint, "--schedule", tmp_path / "schedule.yaml", "--to", target)
    result = run(*arguments)
    assert (result.returncode, "choose with --counter: scheduler.last_epoch (37)" in result.stderr) == (2, True)
    result = run(*arguments, "--counter", "scheduler.last_epoch")
    assert result.returncode == 0, result.stderr
    assert (
        f"{STOP} updates applied, by scheduler.last_epoch: calls of scheduler.step(); chosen by the caller"
        in result.stdout
    )
    assert f"has the learning_rate {schedule(STOP)!r}" in result.stdout
    namespace: dict[str, Any] = {}
    if target == "torch":
        import torch

        namespace["model"] = torch.nn.Linear(1, 1)
    elif target == "keras":
        import keras

        namespace["model"] = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    else:
        namespace["params"] = np.zeros(1, np.float32)
    exec(compile(result.stdout, "printed", "exec"), namespace)  # noqa: S102 - what the command prints is under test
    made = namespace["opt_state"] if target == "optax" else namespace["optimizer"]
    counted = namespace["scheduler"] if target == "torch" else made
    assert lrspec.position(counted).updates == STOP
    if target != "optax":
        rate = made.param_groups[0]["lr"] if target == "torch" else float(np.asarray(made.learning_rate))
        assert rate == schedule(STOP)


def test_the_command_says_which_counters_disagree(tmp_path: Path) -> None:
    import torch

    lrspec.dump(lrspec.Constant(value=0.5), tmp_path / "schedule.yaml")
    state = {"state": {0: {"step": torch.tensor(60.0)}}, "param_groups": []}
    torch.save({"optimizer": state, "scheduler": {"last_epoch": 6, "_step_count": 7}}, tmp_path / "run.pt")
    arguments = ("migrate", tmp_path / "run.pt", "--to", "optax", "--schedule", tmp_path / "schedule.yaml")
    result = run(*arguments)
    assert (
        result.returncode,
        "optimizer.step says 60 and scheduler.last_epoch says 6: far fewer, as with a step per epoch" in result.stderr,
    ) == (2, True)
    result = run_process(*arguments, "--counter", "optimizer.step")
    assert result.returncode == 0, result.stderr
    assert "60 updates applied, by optimizer.step: " in result.stdout


def test_the_code_for_optax_applies_momentum_and_weight_decay(tmp_path: Path) -> None:
    """Beside PyTorch's own scheduler of the same document, at every update after the switch."""
    import jax.numpy as jnp
    import torch

    text = (
        "lrspec: 1\n"
        "learning_rate: {kind: cosine, init_value: 0.1, end_value: 0.001, steps: 100}\n"
        "momentum: {kind: linear, init_value: 0.95, end_value: 0.85, steps: 100}\n"
        "weight_decay: {kind: linear, init_value: 0.1, end_value: 0, steps: 100}\n"
    )
    (tmp_path / "run.yaml").write_text(text)
    document = lrspec.load(tmp_path / "run.yaml")
    optimizer = torch.optim.AdamW([torch.ones(2, requires_grad=True)], lr=0.1, betas=(0.9, 0.99))
    scheduler = document.to_torch(optimizer)
    for _ in range(STOP):
        optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
        optimizer.step()
        scheduler.step()
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, tmp_path / "run.pt")
    result = run_process("migrate", tmp_path / "run.pt", "--to", "optax", "--schedule", tmp_path / "run.yaml")
    assert result.returncode == 0, result.stderr
    params = {"w": jnp.ones(2)}
    scope: dict[str, Any] = {"params": params}
    exec(compile(result.stdout, "printed", "exec"), scope)  # noqa: S102 - what the command prints is under test
    state = scope["opt_state"]
    assert lrspec.check_clock(state, STOP) == STOP
    for step in range(STOP, STOP + 40):
        _, state = scope["optimizer"].update({"w": jnp.ones(2)}, state, params)
        found = state.inner_states["default"].inner_state.hyperparams
        names = {"learning_rate": "learning_rate", "momentum": "b1", "weight_decay": "weight_decay"}
        assert {name: float(found[there]) for name, there in names.items()} == {
            name: document[name](step) for name in names
        }
    assert "b2=0.99" in result.stdout
