"""What the tests of the readers of client libraries share: exact arithmetic, optimizers, and the comparison."""

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import torch

from lrspec.readers.param_groups import nodes_of
from lrspec.readers.reading import Reading, exact_values

Formula = Callable[[int], Any]
mp: Any = mpmath.MPContext()
mp.prec = 150


def optimizer(*rates: float, **more: Any) -> torch.optim.SGD:
    """Return an optimizer with a parameter group for each rate."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    for group, values in zip(groups, more.pop("groups", [{}] * len(groups)), strict=True):
        group.update(values)
    return torch.optim.SGD(groups, lr=rates[0], momentum=0.9, **more)


def cos01(share: Any) -> Any:
    """Return the half cosine from 1 at 0 to 0 at 1, which goes on up and down."""
    return (1 + mp.cos(mp.pi * mp.mpf(share))) / 2


def share(part: Any, whole: Any) -> Any:
    """Return an exact quotient."""
    return mp.mpf(part) / mp.mpf(whole)


def apart(found: Sequence[float], expected: Sequence[Any]) -> float:
    """Return the largest difference, relative to the largest value."""
    scale = max(*(abs(value) for value in expected), mp.mpf(10) ** -300)
    return float(max(abs(mp.mpf(a) - b) for a, b in zip(found, expected, strict=True)) / scale)


def check_formula(reading: Reading, formulas: Sequence[Formula], steps: int) -> None:
    """Compare what was read with the exact formula of each parameter group."""
    nodes = nodes_of(reading.schedule, len(formulas))
    assert len(nodes) == len(formulas)
    for node, formula in zip(nodes, formulas, strict=True):
        assert apart(exact_values(node, range(steps)), [mp.mpf(formula(t)) for t in range(steps)]) < 2e-15


def check_live(reading: Reading, rows: Sequence[Sequence[float]], tolerance: float = 1e-12) -> None:
    """Compare what was read with the rates that the live object gave, a row for each step."""
    for node, values in zip(nodes_of(reading.schedule, len(rows[0])), zip(*rows, strict=True), strict=True):
        assert apart(exact_values(node, range(len(rows))), [mp.mpf(value) for value in values]) < tolerance


def rates_of(native: Any, step: Callable[[int], object], steps: int, key: str = "lr") -> list[list[float]]:
    """Return the optimizer's values at each step, where `step(k)` brings it to step k."""
    rows = []
    for k in range(steps):
        step(k)
        rows.append([float(group[key]) for group in native.param_groups])
    return rows
