"""One row of the bench: ours beside the native object in one process, in turns, so that a busy machine slows both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

ENOUGH = 0.01
"""Seconds that one sample is to take, where a call takes less."""
UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}

Call = Callable[[], Any]


@dataclass(frozen=True)
class Pair:
    """What a row measures: calls that take time, or numbers that are counted.

    Args:
        ours: Ours: a call, or a number.
        native: The object beside it.
        control: The native object a second time, made anew: what it measures is noise.
        per: How many of what the unit says a call does.
    """

    ours: Call | float
    native: Call | float
    control: Call | None = None
    per: int = 1


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Args:
        name: What is measured; rows are chosen by it.
        beside: The native object, in words.
        make: Makes what is measured, when the row is.
        needs: The modules that it imports.
        budget: The largest ratio of ours to the native one.
        unit: Of a call, or `""` of what is counted.
        backend: Keras' backend, where it matters; such a row runs in a process of its own.
        repeats: The share of the repeats that are asked for: less where one takes long.
    """

    name: str
    beside: str
    make: Callable[[], Pair]
    needs: tuple[str, ...] = ()
    budget: float = 1.0
    unit: str = "us"
    backend: str = ""
    repeats: float = 1.0


@dataclass(frozen=True)
class Result:
    """What was measured; medians, and of the ratios, pair by pair, the quartiles too.

    Args:
        name: The row's.
        beside: Likewise.
        ours: In `unit`s.
        native: Likewise.
        unit: The row's.
        ratio: Of ours to the native one.
        quartiles: Of the ratio.
        control: Of the native one to itself: quartiles, or None where a row has no control.
        budget: The row's.
        device: What it ran on.
    """

    name: str
    beside: str
    ours: float
    native: float
    unit: str
    ratio: float
    quartiles: tuple[float, float]
    control: tuple[float, float] | None
    budget: float
    device: str

    @property
    def verdict(self) -> str:
        """`met`, also where the ratio is within what the control shows as noise; or by how much it was missed."""
        if self.ratio <= self.budget:
            return "met"
        if self.control is not None and self.quartiles[0] <= self.budget * self.control[1]:
            return "met, within the noise"
        return f"missed, {self.ratio / self.budget:.2f}x"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, with the verdict, and numbers in four digits."""
        plain = {key: _short(value) for key, value in asdict(self).items()}
        return plain | {"verdict": self.verdict}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Result:
        """Return what `to_dict` wrote."""
        known = {key: plain[key] for key in cls.__dataclass_fields__}
        pairs = {key: tuple(known[key]) for key in ("quartiles", "control") if known[key] is not None}
        return cls(**(known | pairs))


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    return [_short(each) for each in value] if isinstance(value, tuple) else value


def measured(row: Row, repeats: int) -> Result:
    """Return what a row measures in so many repeats."""
    pair = row.make()
    if not callable(pair.ours) or not callable(pair.native):
        ours, native = float(pair.ours), float(pair.native)  # type: ignore[arg-type]
        ratio = ours / native if native else float("inf")
        return _result(row, ours, native, (ratio, ratio, ratio), None)
    calls = [pair.ours, pair.native, *([pair.control] if pair.control else [])]
    numbers = [_calls_per_sample(call) for call in calls]
    samples = _in_turns(calls, numbers, max(3, round(repeats * row.repeats)))
    scale = UNITS[row.unit] / pair.per
    ours, native = (scale * statistics.median(sample) for sample in samples[:2])
    control = None
    if pair.control:
        low, _, high = _quartiles([c / n for c, n in zip(samples[2], samples[1], strict=True)])
        control = (low, high)
    return _result(row, ours, native, _quartiles([a / b for a, b in zip(*samples[:2], strict=True)]), control)


def _result(
    row: Row, ours: float, native: float, quartiles: tuple[float, float, float], control: tuple[float, float] | None
) -> Result:
    return Result(
        name=row.name,
        beside=row.beside,
        ours=ours,
        native=native,
        unit=row.unit,
        ratio=quartiles[1],
        quartiles=(quartiles[0], quartiles[2]),
        control=control,
        budget=row.budget,
        device=device_of(row.needs),
    )


def _quartiles(numbers: list[float]) -> tuple[float, float, float]:
    low, middle, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return low, middle, high


def _calls_per_sample(call: Call) -> int:
    """Return how many calls make one sample; each is called twice before it is measured, which warms it up."""
    call()
    seconds = max(1e-9, timed(call, 1))
    return max(1, round(ENOUGH / seconds))


def _in_turns(calls: list[Call], numbers: list[int], repeats: int) -> list[list[float]]:
    """Return seconds per call; in each repeat all calls have their turn, and another one begins."""
    samples: list[list[float]] = [[] for _ in calls]
    for repeat in range(repeats):
        gc.collect()
        order = range(len(calls)) if repeat % 2 == 0 else reversed(range(len(calls)))
        for place in order:
            samples[place].append(timed(calls[place], numbers[place]) / numbers[place])
    return samples


def timed(call: Call, number: int) -> float:
    """Return the seconds of so many calls."""
    start = time.perf_counter()
    for _ in range(number):
        call()
    return time.perf_counter() - start


def device_of(needs: tuple[str, ...]) -> str:
    """Return the name of the device that frameworks compute on: a card's own name, or `cpu`."""
    if "jax" in needs:
        import jax

        device = jax.devices()[0]
        return "cpu" if device.platform == "cpu" else str(device.device_kind)
    if "torch" in needs:
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    if "tensorflow" in needs:
        import tensorflow as tf

        cards = tf.config.list_physical_devices("GPU")
        return tf.config.experimental.get_device_details(cards[0])["device_name"] if cards else "cpu"
    return "cpu"
