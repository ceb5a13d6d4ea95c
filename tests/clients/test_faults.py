"""Optax with checkpoints of Orbax: training that is killed 50 times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import faults
from faults import SCHEDULE, UPDATES


def train(folder: Path, note: Callable[[int, float], None]) -> None:
    import jax
    import jax.numpy as jnp
    import optax
    import orbax.checkpoint

    optimizer = optax.sgd(SCHEDULE.to_optax())
    state = optimizer.init(jnp.zeros(()))
    update = jax.jit(optimizer.update)
    with orbax.checkpoint.CheckpointManager(
        folder / "run",
        options=orbax.checkpoint.CheckpointManagerOptions(max_to_keep=2, enable_async_checkpointing=False),
    ) as manager:
        latest = manager.latest_step()
        if latest is not None:
            state = manager.restore(latest, args=orbax.checkpoint.args.StandardRestore(state))
        for step in range(latest or 0, UPDATES):
            updates, state = update(-jnp.ones((), jnp.float32), state)
            note(step, float(updates))
            if step % 4 == 3:
                manager.save(step + 1, args=orbax.checkpoint.args.StandardSave(state))


def test_a_run_that_is_killed_50_times_applies_every_rate_once(tmp_path: Path) -> None:
    faults.run(__file__, tmp_path, ["jax", "optax", "orbax.checkpoint"])
