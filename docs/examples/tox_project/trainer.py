"""A small library that trains in PyTorch, Keras or JAX: its one schedule stands in schedule.yaml."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lrspec

SCHEDULE = lrspec.load(Path(__file__).with_name("schedule.yaml"))
UPDATES = 130


def train_torch(watch: Callable[[Any], object]) -> None:
    """Train in PyTorch; `watch` is given the optimizer."""
    import torch

    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(model.parameters())
    scheduler = SCHEDULE.to_torch(optimizer)
    watch(optimizer)
    for _ in range(UPDATES):
        optimizer.zero_grad()
        (model(torch.ones(1, 1)) - 1).square().sum().backward()
        optimizer.step()
        scheduler.step()


def train_keras(callbacks: list[Any]) -> None:
    """Train in Keras."""
    import keras
    import numpy as np

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.AdamW(SCHEDULE.to_keras()), loss="mse")
    x = np.ones((UPDATES, 1), np.float32)
    model.fit(x, x, batch_size=1, epochs=1, verbose=0, callbacks=callbacks)


def train_optax(after: Callable[[Any], None]) -> None:
    """Train in JAX; `after` is called with the optimizer's state after each update."""
    import jax
    import jax.numpy as jnp
    import optax

    optimizer = optax.inject_hyperparams(optax.adamw)(SCHEDULE.to_optax())

    @jax.jit
    def update(weight: Any, state: Any) -> Any:
        gradient = jax.grad(lambda w: (w - 1) ** 2)(weight)
        updates, state = optimizer.update(gradient, state, weight)
        return optax.apply_updates(weight, updates), state

    weight = jnp.zeros(())
    state = optimizer.init(weight)
    for _ in range(UPDATES):
        weight, state = update(weight, state)
        after(state)
