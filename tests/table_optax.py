"""Optax in the table client x situation: the schedules, the transformation of a situation, and a hand-written loop."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax

from client_table import GROUPED, SCHEDULE, Make, Plan, Rates

NAMES = ("whole", "half")


def _formula(scale: float) -> Any:
    return lambda count: scale * jnp.where(count < 4, count / 4, (31 - 2 * (count - 4)) / 32)


def _labels(whole: str) -> Any:
    """Return what labels a tree of parameters, by their names, which also flax has as keys."""

    def label(path: Any, leaf: Any) -> str:
        del leaf
        return "half" if any(getattr(key, "key", None) == "half" for key in path) else whole

    return lambda params: jax.tree_util.tree_map_with_path(label, params)


def _native(plan: Plan, make: Any) -> Any:
    if len(plan.scales) == 1:
        return make(learning_rate=_formula(1.0))
    return optax.multi_transform(
        {"whole": make(learning_rate=_formula(1.0)), "half": make(learning_rate=_formula(0.5))}, _labels("whole")
    )


def _ours(plan: Plan, make: Any) -> Any:
    if len(plan.scales) == 1:
        return make(learning_rate=SCHEDULE.to_optax())
    from lrspec.adapters.groups_optax import grouped

    return grouped(GROUPED, make, _labels("default"))


SCHEDULERS: dict[str, Make] = {"native": _native, "lrspec": _ours}


def transformation(plan: Plan, make: Make) -> Any:
    """Return the optimizer of a situation."""
    kind = optax.inject_hyperparams(optax.sgd) if plan.is_tensor else optax.sgd
    made = make(plan, kind)
    if plan.skipped:
        made = optax.apply_if_finite(made, 100)
    return optax.MultiSteps(made, plan.accumulated) if plan.accumulated > 1 else made


def zeros(plan: Plan) -> dict[str, Any]:
    return {name: jnp.zeros((), jnp.float32) for name in NAMES[: len(plan.scales)]}


def taken(plan: Plan, batch: int, params: Any) -> list[Rates]:
    """Return what an update added to the parameters, if there was one: with a gradient of -1, the rates."""
    if batch in plan.skipped or not plan.ends_update(batch):
        assert all(float(value) == 0.0 for value in params.values())
        return []
    return [tuple(float(params[name]) for name in params)]


def keep(folder: Path, state: Any) -> None:
    (folder / "state").write_bytes(pickle.dumps(jax.device_get(state)))


def bring(folder: Path, fresh: Any) -> Any:
    del fresh
    return pickle.loads((folder / "state").read_bytes())  # noqa: S301 - of this test


def trainer(save: Callable[[Path, Any], None] = keep, load: Callable[[Path, Any], Any] = bring) -> Any:
    """Return a client: a jitted loop, whose state is saved and loaded in a way."""

    def client(plan: Plan, make: Make, batches: range, folder: Path) -> tuple[list[Rates], None]:
        optimizer = transformation(plan, make)
        state = optimizer.init(zeros(plan))
        if batches.start:
            state = load(folder / str(batches.start), state)

        @jax.jit  # type: ignore[untyped-decorator]
        def update(state: Any, gradient: Any) -> Any:
            params = zeros(plan)
            gradients = jax.tree.map(lambda leaf: jnp.full_like(leaf, -1.0) * gradient, params)
            updates, state = optimizer.update(gradients, state, params)
            return optax.apply_updates(params, updates), state

        applied: list[Rates] = []
        for batch in batches:
            params, state = update(state, plan.factor(batch))
            applied += taken(plan, batch, {name: params[name] for name in zeros(plan)})
        if plan.order:
            place = folder / str(batches.stop)
            place.mkdir(parents=True)
            save(place, state)
        return applied, None

    return client
