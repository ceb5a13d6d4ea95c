"""Metrics and arguments for plateau controllers, random and adversarial, that are the same on every framework."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

LENGTH = 48
NAN, INF = math.nan, math.inf
ADVERSARIAL: dict[str, list[float]] = {
    "constant": [1.0],
    "constant negative": [-1.0],
    "zero": [0.0],
    "equal to a threshold of 1/4": [1.0, 0.75, 0.5, 0.25, 0.0, -0.25, -0.5],
    "equal to a relative threshold of 1/4": [1.0, 0.75, 0.5625, 0.421875, 1.25, 1.5625, 1.953125],
    "one ulp on either side": [1.0, math.nextafter(0.75, 0), 0.75, math.nextafter(0.75, 1), 1.0],
    "one float32 ulp on either side": [1.0, 0.75 - 2**-24, 0.75, 0.75 + 2**-24, 1.0],
    "falling": [2.0 - k / 32 for k in range(LENGTH)],
    "rising": [k / 32 - 1.0 for k in range(LENGTH)],
    "NaN first": [NAN, 1.0, 0.5, 1.0, 1.0, 1.0],
    "NaN later": [1.0, NAN, 0.5, NAN, NAN, NAN, 0.25, 0.25],
    "NaN only": [NAN],
    "infinite first": [INF, 1.0, 1.0, -INF, 1.0, 1.0],
    "infinite only": [INF],
    "minus infinity": [-INF, -INF, 0.0, INF],
    "large": [1e30, 3e38, 1e38, -3e38],
    "differences that float32 drops": [1.0, 1.0 - 1e-9, 1.0 - 2e-9, 1.0 - 1e-7, 1.0 - 2e-7],
}


def adversarial() -> Iterator[tuple[dict[str, Any], list[float]]]:
    """Yield the arguments that every framework has, with each adversarial sequence."""
    for metrics in ADVERSARIAL.values():
        whole = (metrics * LENGTH)[:LENGTH]
        for patience, cooldown, factor, floor in (
            (0, 0, 0.5, 0.0),
            (1, 0, 0.5, 0.01),
            (1, 1, 0.1, 0.0),
            (2, 3, 0.9, 0.05),
            (0, 2, 1 - 1e-9, 0.0),
        ):
            yield {"patience": patience, "cooldown": cooldown, "factor": factor, "floor": floor}, whole


def arguments(rng: random.Random) -> dict[str, Any]:
    """Return random arguments that every framework has."""
    return {
        "patience": rng.choice([0, 1, 1, 2, 3, 5]),
        "cooldown": rng.choice([0, 0, 1, 2, 4]),
        "factor": rng.choice([0.1, 0.5, 0.3, 0.9, 0.9999, 1 - 1e-7, rng.uniform(0.05, 0.99)]),
        "floor": rng.choice([0.0, 0.01, 0.03, rng.uniform(0, 0.2)]),
    }


def metrics(rng: random.Random, relative: float, absolute: float) -> list[float]:
    """Return a random sequence with many ties and many values that lie at or beside a threshold."""
    out = [rng.gauss(0, 1)]
    while len(out) < LENGTH:
        small = [metric for metric in out if abs(metric) < 100] or [1.0]
        best, sign = rng.choice([min(small), max(small), small[-1]]), rng.choice([-1, 1])
        near = best * (1 + sign * relative) + sign * absolute
        narrow = float(np.float32(near))
        choices = [rng.gauss(0, 1), rng.randint(-4, 4) / 8, best, near, math.nextafter(near, sign * INF), narrow]
        choices += [float(np.nextafter(np.float32(near), np.float32(sign * INF))), best + sign * 1e-3]
        out.append(rng.choice(choices) if rng.random() < 0.97 else rng.choice([NAN, INF, -INF, 0.0]))
    return out
