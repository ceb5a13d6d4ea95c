"""Rows of JAX: every schedule of Optax that lrspec reads, compiled, counted, and inside `scan`; training steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from itertools import cycle
from typing import Any

import lrspec
from bench.measure import Pair, Row
from bench.rows_host import COSINE, MILLION
from lrspec import device

_SCANNED = 20_000
_MOVES = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "copy"}
"""Instructions of an optimized program that launch no kernel."""


def natives(steps: int, peak: float = 0.1) -> dict[str, Callable[[], Any]]:
    """Return what makes each of Optax' schedules with so many steps."""
    import optax

    warm = steps // 100
    return {
        "constant": lambda: optax.constant_schedule(peak),
        "linear": lambda: optax.linear_schedule(peak, 0.0, steps),
        "polynomial": lambda: optax.polynomial_schedule(peak, 0.0, 2, steps),
        "cosine": lambda: optax.cosine_decay_schedule(peak, steps),
        "exponential": lambda: optax.exponential_decay(peak, steps // 50, 0.9, end_value=peak * 0.9**50),
        "staircase": lambda: optax.exponential_decay(peak, steps // 50, 0.9, staircase=True, end_value=peak * 0.9**50),
        "multi_step": lambda: optax.piecewise_constant_schedule(peak, {steps // 2: 0.1, steps * 3 // 4: 0.1}),
        "warmup_constant": lambda: optax.warmup_constant_schedule(0.0, peak, warm),
        "warmup_linear": lambda: optax.join_schedules(
            [optax.linear_schedule(0.0, peak, warm), optax.linear_schedule(peak, 0.0, steps - warm)], [warm]
        ),
        "warmup_cosine": lambda: optax.warmup_cosine_decay_schedule(0.0, peak, warm, steps),
        "warmup_exponential": lambda: optax.warmup_exponential_decay_schedule(
            0.0, peak, warm, steps // 50, 0.9, end_value=peak * 0.01
        ),
        "one_cycle": lambda: optax.cosine_onecycle_schedule(steps, peak),
        "linear one_cycle": lambda: optax.linear_onecycle_schedule(steps, peak),
        "cosine_restarts": lambda: optax.sgdr_schedule(
            [{"init_value": 0.0, "peak_value": peak, "warmup_steps": warm, "decay_steps": steps // 4} for _ in range(4)]
        ),
    }


NAMES = (
    "constant", "linear", "polynomial", "cosine", "exponential", "staircase", "multi_step", "warmup_constant",
    "warmup_linear", "warmup_cosine", "warmup_exponential", "one_cycle", "linear one_cycle", "cosine_restarts",
)  # fmt: skip
LENGTHS = (50_000, MILLION)


def read(native: Any) -> Any:
    """Return our schedule that is one of Optax', read from it."""
    return lrspec.from_native(native).to_optax()


def compiled(schedule: Any) -> Any:
    """Return a schedule compiled anew."""
    import jax
    import jax.numpy as jnp

    return jax.jit(lambda count: schedule(count)).lower(jnp.zeros((), jnp.int32)).compile()  # noqa: PLW0108


def forget() -> None:
    """Empty what evaluating on devices keeps, so that a table is filled again."""
    for kept in vars(device).values():
        if hasattr(kept, "cache_clear"):
            kept.cache_clear()


def compiling(name: str, steps: int) -> Pair:
    """Trace, lower and compile `jit(schedule)`, of two peaks in turns."""
    made = [natives(steps, peak)[name]() for peak in (0.1, 0.07)]
    schedules = [read(native) for native in made]
    for schedule in schedules:
        _ = schedule.schedule.program  # a row of the host
    ours, theirs = cycle(schedules), cycle(made)

    def fresh() -> None:
        forget()
        compiled(next(ours))

    return Pair(fresh, lambda: compiled(next(theirs)))


def kernels(executable: Any) -> int:
    """Return how many kernels an optimized program launches for its result."""
    entry = executable.as_text().partition("\nENTRY ")[2].partition("\n}")[0]
    operations = re.findall(r"^ *(?:ROOT )?\S+ = .*?[\]})] ([\w-]+)\(", entry, re.MULTILINE)
    return sum(operation not in _MOVES for operation in operations)


def counting(name: str, steps: int) -> Pair:
    """Count kernels."""
    native = natives(steps)[name]()
    return Pair(kernels(compiled(read(native))), max(1, kernels(compiled(native))))


def scanning(name: str, steps: int) -> Pair:
    """Take steps of the schedule inside `lax.scan`, and sum the rates up."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    def loop(schedule: Any) -> Callable[[], Any]:
        def body(carry: Any, _: None) -> tuple[Any, None]:
            count, total = carry
            return (count + 1, total + schedule(count)), None

        run = jax.jit(lambda start: lax.scan(body, (start, jnp.float32(0)), None, length=_SCANNED)[0][1])
        start = jnp.int32(steps // 3)
        return lambda: run(start).block_until_ready()

    native = natives(steps)[name]()
    return Pair(loop(read(native)), loop(native), per=_SCANNED)


def _step(schedule: Any) -> tuple[Any, Any, Any]:
    """Return a training step of a small MLP with Adam, its parameters and its state."""
    import jax
    import jax.numpy as jnp
    import optax

    key = jax.random.key(0)
    params = {"a": jax.random.normal(key, (64, 256)), "b": jax.random.normal(key, (256, 10))}
    x, y = jax.random.normal(key, (128, 64)), jax.random.normal(key, (128, 10))
    optimizer = optax.adam(schedule)

    def step(params: Any, state: Any) -> tuple[Any, Any]:
        gradients = jax.grad(lambda p: jnp.mean((jnp.tanh(x @ p["a"]) @ p["b"] - y) ** 2))(params)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(params, updates), state

    return step, params, optimizer.init(params)


def training(steps: int) -> Pair:
    """Train a small MLP."""
    import jax

    def run(schedule: Any) -> Callable[[], None]:
        step, *first = _step(schedule)
        jitted = jax.jit(step)
        held = [jitted(*first)]

        def often() -> None:
            for _ in range(20):
                held[0] = jitted(*held[0])
            jax.block_until_ready(held[0])

        return often

    native = natives(steps)["warmup_cosine"]
    return Pair(run(read(native())), run(native()), run(native()), per=20)


def compiling_step() -> Pair:
    """Trace and compile a training step."""
    import jax
    import optax

    def run(schedule: Any) -> Callable[[], Any]:
        def once() -> None:
            step, params, state = _step(schedule)
            jax.jit(step).lower(params, state).compile()

        return once

    native = optax.cosine_decay_schedule(0.1, MILLION)
    return Pair(run(COSINE.to_optax()), run(native), run(native))


_JAX = ("jax", "optax")
ROWS = (
    *(
        row
        for steps in LENGTHS
        for name in NAMES
        for row in (
            Row(
                f"jax compile {name} {steps:,}", "Optax", partial(compiling, name, steps), _JAX,
                budget=1.0 if steps == LENGTHS[0] else 2.0, unit="ms", repeats=0.6,
            ),
            Row(
                f"jax kernels {name} {steps:,}", "Optax", partial(counting, name, steps), _JAX,
                budget=1.0 if steps == LENGTHS[0] else 2.0, unit="",
            ),
            Row(
                f"jax scan {name} {steps:,}", "Optax", partial(scanning, name, steps), _JAX,
                budget=1.0 if steps == LENGTHS[0] else 8.0, unit="ns",
            ),
        )
    ),
    *(Row(f"jax train step {steps:,}", "Optax", partial(training, steps), _JAX, unit="ms") for steps in LENGTHS),
    Row("jax compile train step", "Optax", compiling_step, _JAX, unit="ms", budget=1.5, repeats=0.6),
)  # fmt: skip
