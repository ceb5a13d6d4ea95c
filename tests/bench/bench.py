"""The budgets, measured beside the native objects in one process: `python tests/bench/bench.py`.

Medians of repeats that alternate between ours and the native one, so that a busy machine slows both. No test asserts a
time: the table says what was met and what was missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import lrspec
from lrspec import Cosine, Exponential, presets
from lrspec.compiler.compile import compile_node

MILLION = 1_000_000
COSINE = Cosine(init_value=0.1, end_value=0.0, steps=MILLION)
WARMUP_COSINE = presets.warmup_cosine(peak_value=0.1, warmup_steps=10_000, decay_steps=990_000)

COMPILED: dict[str, lrspec.Node] = {
    "constant": lrspec.Constant(value=0.1),
    "linear": lrspec.Linear(init_value=0.1, end_value=0.0, steps=MILLION),
    "polynomial 2": lrspec.Polynomial(init_value=0.1, end_value=0.0, steps=MILLION, power=2),
    "polynomial 0.5": lrspec.Polynomial(init_value=0.1, end_value=0.0, steps=MILLION, power=0.5),
    "cosine": COSINE,
    "geometric": lrspec.Geometric(init_value=1e-7, end_value=10.0, steps=MILLION),
    "one_minus_power 0.5": lrspec.OneMinusPower(init_value=0.1, end_value=0.0, steps=MILLION, power=0.5),
    "normalized_exponential": lrspec.NormalizedExponential(init_value=0.1, end_value=0.0, steps=MILLION, ratio=0.5),
    "tanh": lrspec.Tanh(init_value=0.1, end_value=0.0, steps=MILLION, lower=-7.0, upper=3.0),
    "logarithmic": lrspec.Logarithmic(init_value=0.0, end_value=0.1, steps=MILLION),
    "rex": lrspec.Rex(init_value=0.1, end_value=0.0, steps=MILLION),
    "exponential": Exponential(init_value=0.1, decay_rate=0.96, decay_period=10_000, steps=MILLION),
    "exponential without end": Exponential(init_value=0.1, decay_rate=0.96, decay_period=1000),
    "staircase without end": Exponential(init_value=0.1, decay_rate=0.96, decay_period=1000, staircase=True),
    "inverse_time": lrspec.InverseTime(init_value=0.1, decay_rate=0.5, decay_period=10_000, steps=MILLION),
    "power_law": lrspec.PowerLaw(init_value=0.1, power=0.5, timescale=10_000, offset=10_000, steps=MILLION),
    "piecewise_constant": lrspec.PiecewiseConstant(boundaries=[300_000, 600_000], values=[0.1, 0.01, 0.001]),
    "warmup_cosine": WARMUP_COSINE,
    "wsd": presets.wsd(peak_value=0.1, warmup_steps=10_000, stable_steps=790_000, decay_steps=200_000),
    "one_cycle": presets.one_cycle(peak_value=0.1, total_steps=MILLION),
    "noam, frozen at the end": lrspec.Freeze(part=presets.noam(model_size=512, warmup_steps=4000), steps=MILLION),
    "triangular": presets.triangular(init_value=0.01, peak_value=0.1, up_steps=2000),
    "every epoch a cosine": lrspec.Every(part=Cosine(init_value=0.1, end_value=0.0, steps=300), period=3333),
}


@dataclass(frozen=True)
class Row:
    """One line of the table; the budget and the measured number in one unit."""

    what: str
    budget: float
    measured: float
    unit: str
    native: str = ""
    at_least: bool = False

    @property
    def verdict(self) -> str:
        good = self.measured >= self.budget if self.at_least else self.measured <= self.budget
        if good:
            return "met"
        by = self.budget / self.measured if self.at_least else self.measured / self.budget
        return f"missed, {by:.2f}x"


def timed(function: Callable[[], Any]) -> float:
    """Return the seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def alternating(ours: Callable[[], Any], native: Callable[[], Any], repeats: int) -> tuple[float, float, float]:
    """Return the medians of ours, of the native one, and of their ratios, pair by pair in alternating order."""
    pairs = []
    for i in range(repeats):
        first, second = (ours, native) if i % 2 == 0 else (native, ours)
        a, b = timed(first), timed(second)
        pairs.append((a, b) if i % 2 == 0 else (b, a))
    mine, theirs = zip(*pairs, strict=True)
    return statistics.median(mine), statistics.median(theirs), statistics.median(a / b for a, b in pairs)


def compiling(repeats: int) -> Iterator[Row]:
    """Compile every kind for a million steps; the logarithms of its constants are warm, as in a second compile."""
    for name, node in COMPILED.items():
        size = len(compile_node(node).to_bytes()) / 1024
        seconds = statistics.median(timed(lambda node=node: compile_node(node)) for _ in range(repeats))  # type: ignore[misc]
        yield Row(f"compile {name}", 50, 1000 * seconds, "ms", f"{size:.1f} KB of 64")


def evaluating(repeats: int) -> Iterator[Row]:
    """Evaluate on the host: one value, and a million."""
    steps = list(range(0, MILLION, 97))
    WARMUP_COSINE(0)

    def some() -> None:
        for step in steps:
            WARMUP_COSINE(step)

    one = statistics.median(timed(some) for _ in range(repeats)) / len(steps)
    yield Row("one value, schedule(step)", 1.5, 1e6 * one, "us")
    many = statistics.median(timed(lambda: WARMUP_COSINE.values(0, MILLION)) for _ in range(repeats))
    yield Row("schedule.values(0, 1_000_000)", 25, 1000 * many, "ms")


def importing(repeats: int) -> Iterator[Row]:
    """Import the package in a fresh process, less what an empty one takes."""
    code = "import lrspec, sys; sys.exit(any(m in sys.modules for m in ('torch', 'keras', 'jax', 'tensorflow')))"

    def run(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    ours, empty, _ = alternating(lambda: run(code), lambda: run("pass"), max(repeats, 9))
    yield Row("import lrspec", 60, 1000 * (ours - empty), "ms", "no framework imported")


def torch_stepping(repeats: int) -> Iterator[Row]:
    """Step our scheduler and PyTorch's own, on optimizers of 1, 50 and 100 groups."""
    import torch
    from torch.optim.lr_scheduler import CosineAnnealingLR

    def optimizer(groups: int) -> Any:
        parameters = [{"params": [torch.zeros(1, requires_grad=True)]} for _ in range(groups)]
        return torch.optim.SGD(parameters, lr=0.1)

    for groups in (1, 50, 100):
        optimizers = optimizer(groups), optimizer(groups)
        scheduler, native = COSINE.to_torch(optimizers[0]), CosineAnnealingLR(optimizers[1], MILLION)
        for each, stepped in zip(optimizers, (scheduler, native), strict=True):
            each.step()
            stepped.step()
        clock: Any = scheduler._clock

        def ours_often(scheduler: Any = scheduler, clock: Any = clock) -> None:
            for _ in range(300):
                clock.count = 1  # as the optimizer's step would
                scheduler.step()

        def native_often(scheduler: Any = native) -> None:
            for _ in range(300):
                scheduler.step()

        ours, theirs, ratio = alternating(ours_often, native_often, repeats)
        told = f"CosineAnnealingLR {1e6 * theirs / 300:.1f} us, ours {1e6 * ours / 300:.1f} us"
        yield Row(f"torch scheduler.step(), {groups} groups", 4, 1 / ratio, "x faster", told, at_least=True)


def optax_training(repeats: int) -> Iterator[Row]:
    """Train a small MLP in JAX with our schedule and Optax' own; and trace and compile both."""
    import jax
    import jax.numpy as jnp
    import optax

    native = optax.cosine_decay_schedule(0.1, MILLION)
    key = jax.random.key(0)
    params = {"a": jax.random.normal(key, (64, 256)), "b": jax.random.normal(key, (256, 10))}
    x, y = jax.random.normal(key, (128, 64)), jax.random.normal(key, (128, 10))

    def make(schedule: Any) -> tuple[Any, Any]:
        optimizer = optax.adam(schedule)

        def step(params: Any, state: Any) -> tuple[Any, Any]:
            gradients = jax.grad(lambda p: jnp.mean((jnp.tanh(x @ p["a"]) @ p["b"] - y) ** 2))(params)
            updates, state = optimizer.update(gradients, state)
            return optax.apply_updates(params, updates), state

        return step, optimizer.init(params)

    def training(schedule: Any) -> Callable[[], None]:
        step, state = make(schedule)
        compiled = jax.jit(step)
        held = [compiled(params, state)]

        def run() -> None:
            for _ in range(100):
                held[0] = compiled(*held[0])
            jax.block_until_ready(held[0])

        return run

    def compiling_step(schedule: Any) -> Callable[[], Any]:
        def run() -> None:
            step, state = make(schedule)
            jax.jit(step).lower(params, state).compile()

        return run

    def compiling_schedule(schedule: Any) -> Callable[[], Any]:
        return lambda: jax.jit(lambda count: schedule(count)).lower(jnp.zeros((), jnp.int32)).compile()  # noqa: PLW0108

    both = COSINE.to_optax(), native
    for what, budget, action in (
        ("jitted Optax train step", 1.02, training),
        ("trace and compile the train step", 1.5, compiling_step),
        ("trace and compile the schedule", 1.5, compiling_schedule),
    ):
        ours, theirs, ratio = alternating(action(both[0]), action(both[1]), repeats)
        told = f"Optax {1000 * theirs:.1f} ms, ours {1000 * ours:.1f} ms"
        yield Row(what, budget, ratio, "x", told)


def keras_training(repeats: int) -> Iterator[Row]:
    """Train a small MLP in a `tf.function` with our schedule and Keras' own."""
    import keras
    import numpy as np
    import tensorflow as tf

    x = tf.constant(np.random.default_rng(0).normal(size=(128, 64)).astype("float32"))
    y = tf.constant(np.random.default_rng(1).normal(size=(128, 10)).astype("float32"))

    def training(schedule: Any) -> Callable[[], None]:
        model = keras.Sequential(
            [keras.Input((64,)), keras.layers.Dense(256, activation="tanh"), keras.layers.Dense(10)]
        )
        optimizer = keras.optimizers.Adam(schedule)
        optimizer.build(model.trainable_variables)

        @tf.function  # type: ignore[untyped-decorator]
        def step() -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)

        step()

        def run() -> None:
            for _ in range(100):
                step()

        return run

    native = keras.optimizers.schedules.CosineDecay(0.1, MILLION)
    ours, theirs, ratio = alternating(training(COSINE.to_keras()), training(native), repeats)
    yield Row(
        "Keras train step in tf.function", 1.02, ratio, "x", f"Keras {10 * theirs:.2f} ms, ours {10 * ours:.2f} ms"
    )


def torch_training(repeats: int) -> Iterator[Row]:
    """Train a small MLP in PyTorch with our schedule and its own: eagerly, and with a compiled optimizer step."""
    import torch

    torch.manual_seed(0)
    x, y = torch.randn(128, 64), torch.randn(128, 10)

    def training(make: Callable[[Any], Any], *, compiled: bool) -> Callable[[], None]:
        model = torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.Tanh(), torch.nn.Linear(256, 10))
        rate = torch.tensor(0.1) if compiled else 0.1
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, foreach=False)
        scheduler = make(optimizer)
        update = torch.compile(optimizer.step) if compiled else optimizer.step

        def run() -> None:
            for _ in range(100):
                optimizer.zero_grad()
                ((model(x) - y) ** 2).mean().backward()
                update()
                scheduler.step()

        run()
        return run

    for compiled in (False, True):
        native = training(
            lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, MILLION), compiled=compiled
        )
        ours, theirs, ratio = alternating(training(COSINE.to_torch, compiled=compiled), native, repeats)
        told = f"CosineAnnealingLR {10 * theirs:.3f} ms, ours {10 * ours:.3f} ms"
        yield Row(f"torch train step, {'compiled' if compiled else 'eager'}", 1.02, ratio, "x", told)


def keras_elsewhere(repeats: int) -> Iterator[Row]:
    """Run `keras_batches` on Keras' other backends, in processes of their own."""
    for backend in ("jax", "torch"):
        command = [sys.executable, __file__, "--section", "keras_batches", "--json", "--repeats", str(repeats)]
        result = subprocess.run(command, env=os.environ | {"KERAS_BACKEND": backend}, check=True, capture_output=True)
        for row in json.loads(result.stdout):
            row.pop("verdict")
            yield Row(**row)


def keras_batches(repeats: int) -> Iterator[Row]:
    """Train a small MLP by batches, on the current backend, with our schedule and Keras' own."""
    import keras
    import numpy as np

    backend = keras.backend.backend()
    x = np.random.default_rng(0).normal(size=(128, 64)).astype("float32")
    y = np.random.default_rng(1).normal(size=(128, 10)).astype("float32")

    def training(schedule: Any) -> Callable[[], None]:
        layers = [keras.Input((64,)), keras.layers.Dense(256, activation="tanh"), keras.layers.Dense(10)]
        model = keras.Sequential(layers)
        model.compile(keras.optimizers.Adam(schedule), loss="mse")

        def run() -> None:
            for _ in range(30):
                model.train_on_batch(x, y)

        run()
        return run

    native = keras.optimizers.schedules.CosineDecay(0.1, MILLION)
    ours, theirs, ratio = alternating(training(COSINE.to_keras()), training(native), repeats)
    told = f"CosineDecay {33.3 * theirs:.2f} ms, ours {33.3 * ours:.2f} ms"
    yield Row(f"Keras train_on_batch on {backend}", 1.02, ratio, "x", told)


SECTIONS = (
    importing, evaluating, compiling, torch_stepping, torch_training, optax_training, keras_training, keras_elsewhere,
)  # fmt: skip


def show(rows: list[Row]) -> None:
    """Print the table."""
    table = Table("what", "budget", "measured", "beside it", "verdict")
    for row in rows:
        sign = "at least " if row.at_least else ""
        style = "" if row.verdict == "met" else "bold"
        budget, measured = f"{sign}{row.budget:g} {row.unit}", f"{row.measured:.2f} {row.unit}"
        table.add_row(row.what, budget, measured, row.native, row.verdict, style=style)
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15, help="of each measurement (default %(default)s)")
    names = {section.__name__: section for section in (*SECTIONS, keras_batches)}
    parser.add_argument("--section", choices=names, help="only this one")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    rows: list[Row] = []
    columns = (TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting")
        for section in SECTIONS if options.section is None else [names[options.section]]:
            bar.update(task, description=section.__name__)
            rows += section(options.repeats)
    if options.json:
        print(json.dumps([asdict(row) | {"verdict": row.verdict} for row in rows], indent=2))
    else:
        show(rows)


if __name__ == "__main__":
    main()
