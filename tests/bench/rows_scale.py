"""Rows of scale: sweeps of thousands, thousands of schedulers in one process, and a run of 10^9 updates."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

import lrspec
from bench.measure import Pair, Row
from bench.rows_torch import optimizer
from lrspec import presets

_WARM = 500
_PEAKS = 64
SWEEP = 4096


@cache
def sweep(size: int, steps: int) -> list[lrspec.Node]:
    """Return so many schedules of one shape and of 64 peaks: a device does not know that others are like them."""
    peaks = np.linspace(0.01, 0.2, _PEAKS).tolist()
    nodes = [presets.warmup_cosine(peak_value=p, warmup_steps=_WARM, decay_steps=steps - _WARM) for p in peaks]
    return [nodes[k % _PEAKS] for k in range(size)]


def closures(peaks: Any, steps: int) -> Callable[[Any], Any]:
    """Return a sweep in Optax' own functions; its `warmup_cosine_decay_schedule` takes no traced peak."""
    import jax
    import optax

    def one(peak: Any, count: Any) -> Any:
        parts = [optax.linear_schedule(0.0, peak, _WARM), optax.cosine_decay_schedule(peak, steps - _WARM)]
        return optax.join_schedules(parts, [_WARM])(count)

    return lambda count: jax.vmap(one, in_axes=(0, None))(peaks, count)


def sweeping(size: int, steps: int) -> Pair:
    """Evaluate a sweep at one step after another, in one compiled function, beside Optax' functions under `vmap`."""
    import jax
    import jax.numpy as jnp

    batch = lrspec.optax.batch(sweep(size, steps))
    ours = jax.jit(lambda batch, count: batch(count))
    native = jax.jit(closures(jnp.linspace(0.01, 0.2, size, dtype=jnp.float32), steps))
    counts = [jnp.int32(k * steps // 10) for k in range(10)]

    def over(function: Callable[[Any], Any]) -> Callable[[], None]:
        def run() -> None:
            for count in counts:
                function(count).block_until_ready()

        return run

    return Pair(over(partial(ours, batch)), over(native), over(native), per=len(counts))


def population(size: int) -> Pair:
    """Train a population of small models, each with its own rate, in one compiled step."""
    import jax
    import jax.numpy as jnp

    steps = 50_000
    x = jax.random.normal(jax.random.key(0), (32, 16))
    params = jax.random.normal(jax.random.key(1), (size, 16, 8)) / 4

    def run(rates: Callable[[Any], Any]) -> Callable[[], None]:
        @jax.jit  # type: ignore[untyped-decorator]  # jax is untyped
        def step(params: Any, count: Any) -> tuple[Any, Any]:
            gradients = jax.vmap(jax.grad(lambda p: jnp.mean(jnp.tanh(x @ p) ** 2)))(params)
            return params - rates(count)[:, None, None] * gradients, count + 1

        held = [step(params, jnp.int32(0))]

        def often() -> None:
            for _ in range(5):
                held[0] = step(*held[0])
            jax.block_until_ready(held[0])

        return often

    peaks = jnp.linspace(0.01, 0.2, size, dtype=jnp.float32)
    native = partial(closures, peaks, steps)
    return Pair(run(lrspec.optax.batch(sweep(size, steps))), run(native()), run(native()), per=5)


def compiling(size: int, steps: int) -> Pair:
    """Trace, lower and compile a sweep."""
    import jax
    import jax.numpy as jnp

    batch = lrspec.optax.batch(sweep(size, steps))
    peaks = jnp.linspace(0.01, 0.2, size, dtype=jnp.float32)

    def fresh() -> None:
        jax.jit(lambda batch, count: batch(count)).lower(batch, jnp.int32(0)).compile()

    def native() -> None:
        jax.jit(lambda peaks, count: closures(peaks, steps)(count)).lower(peaks, jnp.int32(0)).compile()

    return Pair(fresh, native)


def torch_rates(size: int) -> Pair:
    """Evaluate a batch on PyTorch at a step, beside a list of Python functions made a tensor."""
    import math

    import torch

    batch = lrspec.torch.batch(sweep(size, 50_000))

    def cosine(peak: float, step: int) -> float:
        return 0.5 * peak * (1 + math.cos(math.pi * (step - _WARM) / (50_000 - _WARM)))

    functions = [partial(cosine, peak) for peak in np.linspace(0.01, 0.2, size).tolist()]
    return Pair(lambda: batch(20_000), lambda: torch.tensor([function(20_000) for function in functions]))


def schedulers(count: int) -> Pair:
    """Step so many schedulers in turn, each of its own optimizer and schedule, beside as many `LambdaLR`s."""
    ours, native = _many(count, ours=True), _many(count, ours=False)

    def over(each: list[Any], *, ours: bool) -> None:
        for scheduler in each:
            if ours:
                scheduler._clock.count = 1  # as an update does
            scheduler.step()

    return Pair(partial(over, ours, ours=True), partial(over, native, ours=False), per=count)


def _many(count: int, *, ours: bool) -> list[Any]:
    from torch.optim.lr_scheduler import LambdaLR

    made = []
    for k in range(count):
        each = optimizer(1)
        rate = 0.1 + k / 2**20  # of stairs, which compile in no time
        stairs = lrspec.PiecewiseConstant(boundaries=[1000, 500_000], values=[rate, rate / 2, 0.0])
        made.append(stairs.to_torch(each) if ours else LambdaLR(each, lambda step: 1.0 - step / 1_000_000))
        each.step()
    return made


def memory_of_schedulers(count: int) -> Pair:
    """Count the bytes of a scheduler with its schedule, after 2,000 updates, as Python allocates them."""

    def size(*, ours: bool) -> float:
        tracemalloc.start()
        made = _many(count, ours=ours)
        for _ in range(2_000):
            for scheduler in made:
                if ours:
                    scheduler._clock.count = 1
                scheduler.step()
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return used / count

    size(ours=False)  # what is imported or kept once
    size(ours=True)
    return Pair(size(ours=True), size(ours=False))


def long_run(updates: int) -> Pair:
    """Walk through a run in blocks of values, beside the blocks of one expression of NumPy; of 10^9 updates a part."""
    schedule = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=1_000_000_000)
    block = 1 << 16

    def blocks(values: Callable[[int, int], Any]) -> float:
        total = 0.0
        for start in range(0, updates, block):
            total += float(values(start, start + block)[-1])
        return total

    def formula(start: int, stop: int) -> Any:
        return (0.05 * (1 + np.cos(np.arange(start, stop) * (np.pi / 1_000_000_000)))).astype(np.float32)

    schedule.values(0, 1)
    return Pair(partial(blocks, schedule.values), partial(blocks, formula), per=updates)


_JAX, _TORCH = ("jax", "optax"), ("torch",)
ROWS = (
    *(
        Row(f"scale jax rates of {SWEEP:,} schedules {steps:,}", "vmap of Optax", partial(sweeping, SWEEP, steps), _JAX)
        for steps in (2_000, 50_000)
    ),
    Row("scale jax rates of 64 schedules 50,000", "vmap of Optax", partial(sweeping, 64, 50_000), _JAX),
    Row(f"scale jax train step of {SWEEP:,} models", "vmap of Optax", partial(population, SWEEP), _JAX, unit="ms"),
    Row(
        "scale jax compile a sweep", "vmap of Optax", partial(compiling, SWEEP, 50_000), _JAX, unit="ms", budget=2.0,
        repeats=0.6,
    ),
    Row("scale torch rates of 1,000 schedules", "functions in Python", partial(torch_rates, 1000), _TORCH),
    Row("scale torch 10,000 schedulers, a step", "LambdaLR", partial(schedulers, 10_000), _TORCH, repeats=0.5),
    Row("scale torch bytes of a scheduler", "LambdaLR", partial(memory_of_schedulers, 30), _TORCH, unit="", budget=4.0),
    Row("scale a step of a run of 10^9, in blocks", "NumPy in blocks", partial(long_run, 1 << 20), unit="ns"),
)  # fmt: skip
