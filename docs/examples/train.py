"""Train one small classifier in PyTorch, Keras and JAX from one document, and compare the rates that were applied.

The three start from the same weights and see the same batches of scikit-learn's handwritten digits. Each has one more
parameter, a probe: its gradient is -1 at every update and it is set to 0 before each one, so that plain SGD leaves in
it the learning rate that this update really used. The three sequences of rates must be equal in every bit.

Needs: pip install "lrspec[all]" scikit-learn
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import lrspec

HERE = Path(__file__).parent
SIZES = (64, 32, 10)
BATCH = 64
TEST = 360
WINDOW = 0.05

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Task:
    """What all three frameworks are given."""

    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array
    batches: Array
    """The rows of each update's batch."""
    weights: list[tuple[Array, Array]]
    """The initial kernel (inputs by outputs) and bias of each layer."""

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        for rows in self.batches:
            yield self.train_x[rows], self.train_y[rows]

    def accuracy(self, scores: Array) -> float:
        return float(np.mean(np.argmax(scores, 1) == self.test_y))


@dataclass(frozen=True)
class Run:
    """What one framework did."""

    framework: str
    rates: Array
    losses: Array
    accuracy: float


def make_task(steps: int, seed: int = 0) -> Task:
    rng = np.random.default_rng(seed)
    digits = load_digits()
    order = rng.permutation(len(digits.target))
    x = (digits.data[order] / 16).astype(np.float32)
    y = digits.target[order].astype(np.int32)
    weights = [
        ((rng.standard_normal((n, m)) * np.sqrt(2 / n)).astype(np.float32), np.zeros(m, np.float32))
        for n, m in itertools.pairwise(SIZES)
    ]
    batches = rng.integers(0, len(x) - TEST, (steps, BATCH))
    return Task(x[TEST:], y[TEST:], x[:TEST], y[:TEST], batches, weights)


def run_torch(task: Task, schedule: lrspec.Schedule) -> Run:
    import torch

    layers: list[torch.nn.Module] = []
    for kernel, bias in task.weights:
        layer = torch.nn.Linear(*kernel.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(kernel.T))
            layer.bias.copy_(torch.from_numpy(bias))
        layers += [layer, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    probe = torch.nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.SGD([*model.parameters(), probe])
    scheduler = schedule.to_torch(optimizer)

    rates, losses = [], []
    for x, y in task:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(y).long())
        (loss - probe).backward()
        optimizer.step()
        scheduler.step()
        rates.append(probe.detach().numpy().copy())
        losses.append(loss.item())
        with torch.no_grad():
            probe.zero_()
    with torch.no_grad():
        accuracy = task.accuracy(model(torch.from_numpy(task.test_x)).numpy())
    return Run(f"PyTorch {torch.__version__}", np.array(rates), np.array(losses), accuracy)


def run_keras(task: Task, schedule: lrspec.Schedule) -> Run:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    class Probe(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
        """Passes its input on, and adds a loss whose gradient with respect to its one weight is -1."""

        def build(self, _: Any) -> None:
            self.rate = self.add_weight(shape=(), initializer="zeros", name="rate")

        def call(self, x: Any) -> Any:
            self.add_loss(-self.rate)
            return x

    probe = Probe()
    layers = [keras.layers.Dense(size, activation="relu") for size in SIZES[1:-1]]
    model = keras.Sequential([keras.Input((SIZES[0],)), probe, *layers, keras.layers.Dense(SIZES[-1])])
    model.set_weights([probe.rate, *(array for layer in task.weights for array in layer)])
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=schedule.to_keras()),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )

    rates, losses = [], []
    for x, y in task:
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x, y)))
        rates.append(keras.ops.convert_to_numpy(probe.rate).copy())
        probe.rate.assign(0.0)
    accuracy = task.accuracy(model.predict(task.test_x, verbose=0))
    name = f"Keras {keras.__version__} ({keras.backend.backend()})"
    return Run(name, np.array(rates), np.array(losses), accuracy)


def run_jax(task: Task, schedule: lrspec.Schedule) -> Run:
    import jax
    import jax.numpy as jnp
    import optax

    optimizer = optax.sgd(schedule.to_optax())

    def scores(params: Any, x: Any) -> Any:
        *hidden, last = params["layers"]
        for kernel, bias in hidden:
            x = jax.nn.relu(x @ kernel + bias)
        return x @ last[0] + last[1]

    def total(params: Any, x: Any, y: Any) -> Any:
        loss = optax.softmax_cross_entropy_with_integer_labels(scores(params, x), y).mean()
        return loss - params["probe"], loss

    @jax.jit
    def update(params: Any, state: Any, x: Any, y: Any) -> Any:
        gradients, loss = jax.grad(total, has_aux=True)(params, x, y)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, loss

    params: Any = {"layers": jax.tree.map(jnp.asarray, task.weights), "probe": jnp.zeros(())}
    state = optimizer.init(params)
    rates, losses = [], []
    for x, y in task:
        params, state, loss = update(params, state, x, y)
        rates.append(np.asarray(params["probe"]))
        losses.append(float(loss))
        params["probe"] = jnp.zeros(())
    accuracy = task.accuracy(np.asarray(scores(params, task.test_x)))
    return Run(f"JAX {jax.__version__}, Optax {optax.__version__}", np.array(rates), np.array(losses), accuracy)


RUNNERS: tuple[Callable[[Task, lrspec.Schedule], Run], ...] = (run_torch, run_keras, run_jax)


def check(run: Run, expected: Array) -> None:
    """Stop where a rate that was applied is not the schedule's, in any bit."""
    if run.rates.dtype != np.float32:
        raise SystemExit(f"{run.framework}: rates of {run.rates.dtype}: expected float32")
    different = np.flatnonzero(run.rates.view(np.uint32) != expected.view(np.uint32))
    if different.size:
        step = different[0]
        found = f"{different.size} updates used another rate, first update {step}: {run.rates[step]!r}"
        raise SystemExit(f"{run.framework}: {found}: expected {expected[step]!r}")


def draw(runs: list[Run], path: Path) -> None:
    from matplotlib.figure import Figure

    styles = (
        {"color": "#f4a582", "linewidth": 5.0, "linestyle": "-"},
        {"color": "#2166ac", "linewidth": 2.2, "linestyle": (0, (5, 3))},
        {"color": "#111111", "linewidth": 1.2, "linestyle": (0, (1, 2))},
    )
    figure = Figure(figsize=(8, 6.4), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    for run, style in zip(runs, styles, strict=True):
        top.plot(run.rates, label=run.framework, **style)
        bottom.plot(smooth(run.losses), label=run.framework, **style)
    top.set_title("The rate that each update applied, as measured", loc="left", fontsize=11)
    top.set_ylabel("learning rate")
    bottom.set_title("The training loss", loc="left", fontsize=11)
    bottom.set_ylabel("cross-entropy (moving average)")
    bottom.set_xlabel("update")
    bottom.set_ylim(bottom=0)
    for axes in (top, bottom):
        axes.margins(x=0.01)
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, handlelength=3.5)
    figure.savefig(path, dpi=120)


def smooth(losses: Array) -> Array:
    """Return the moving average over the last twentieth of the run."""
    width = max(1, int(len(losses) * WINDOW))
    sums = np.cumsum(np.concatenate([np.zeros(1), losses]))
    ends = np.arange(1, len(losses) + 1)
    starts = np.maximum(ends - width, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a positive number of updates")
    return int(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "document",
        nargs="?",
        type=Path,
        default=HERE / "warmup_cosine.yaml",
        help="default: docs/examples/warmup_cosine.yaml",
    )
    parser.add_argument("--steps", type=positive, default=400, help="number of updates (default %(default)s)")
    parser.add_argument(
        "--output", type=Path, default=HERE / "train.png", metavar="PICTURE", help="default: docs/examples/train.png"
    )
    options = parser.parse_args()

    schedule = lrspec.load(options.document)
    print(f"{options.document.name}  {schedule.fingerprint}")
    task = make_task(options.steps)
    expected = schedule.values(0, options.steps)
    runs = []
    for runner in RUNNERS:
        run = runner(task, schedule)
        check(run, expected)
        runs.append(run)
        print(
            f"{run.framework:26} {options.steps} updates, rate {run.rates[0]:.9g} to {run.rates[-1]:.9g}, "
            f"last loss {run.losses[-1]:.4f}, accuracy {run.accuracy:.1%}"
        )
    print("All rates are equal in every bit, to one another and to the schedule.")
    draw(runs, options.output)
    print(f"Wrote {options.output}")


if __name__ == "__main__":
    main()
