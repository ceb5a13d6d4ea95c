"""Every row of the table of shapes and combinators that frameworks have, against the formula of its source."""

from __future__ import annotations

from fractions import Fraction

import pytest

import lrspec
from coverage_rows import M, Row, cycles, real, shapes, stages
from oracle import ulp_error

TOLERANCE = 0.5 + 2.0**-18
ROWS = sorted([*shapes.ROWS, *cycles.ROWS, *stages.ROWS, *stages.UNITS], key=lambda row: row.number)
CONTROLLERS = {54: "a metric decides, not the step: lrspec.ReduceOnPlateau; test_plateau.py"}
"""Rows that no function of the step can express."""
OF_DOCUMENTS = {
    56: "units: lengths in epochs, samples, tokens and fractions belong to documents; test_units.py",
    57: "coupled hyperparameters: one node for each in a document",
}
"""Rows that documents express, beyond what a node does."""


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_row_has_the_values_of_its_source(row: Row) -> None:
    found = row.node.values(0, row.stop).tolist()
    errors = [ulp_error(found[t], M.mpf(1) * real(row.formula(t))) for t in range(row.stop)]
    worst = max(range(row.stop), key=errors.__getitem__)
    assert errors[worst] <= TOLERANCE, f"step {worst}: {found[worst]!r}, exactly {M.nstr(real(row.formula(worst)), 20)}"


def test_every_row_is_here_or_said_to_be_elsewhere() -> None:
    here = {row.number for row in ROWS}
    assert here | set(CONTROLLERS) | set(OF_DOCUMENTS) == set(range(1, 58))
    assert not here & set(CONTROLLERS)


def test_a_controller_is_no_schedule() -> None:
    assert not issubclass(lrspec.ReduceOnPlateau, lrspec.Schedule)


UNITS = {
    "7": 7,
    "5 epochs": 5 * 1252,
    "1e6 samples": 3906,
    "300e9 tokens": 93_750,
    "2.5 %": 2500,
}


@pytest.mark.parametrize("written", UNITS)
def test_row_56_units(written: str) -> None:
    text = (
        f"{{lrspec: 1, learning_rate: {{kind: linear, init_value: 0, end_value: 1, steps: {written}}}, "
        "rounding: floor, steps_per_epoch: 1252, batch_size: 256, tokens_per_step: 3200000, total_steps: 100000}"
    )
    document = lrspec.loads(text)
    steps = UNITS[written]
    assert document.node.length == steps
    assert document(steps - 1) < 1.0 == document(steps)


def test_row_57_coupled_momentum_and_weight_decay() -> None:
    document = lrspec.loads("""
    lrspec: 1
    learning_rate: {kind: one_cycle, peak_value: 0.1, total_steps: 101, shape: linear}
    momentum: {kind: one_cycle_momentum, total_steps: 101, shape: linear}
    weight_decay: {kind: linear, init_value: 0.25, end_value: 0.5, steps: 100}
    """)
    peak = Fraction(0.3 * 101 - 1)  # where PyTorch's first phase ends, in binary64
    for step in range(101):
        x = Fraction(step) / peak if step <= peak else 1 - (step - peak) / (100 - peak)
        momentum = Fraction(0.95) - (Fraction(0.95) - Fraction(0.85)) * x
        assert document["momentum"](step) == pytest.approx(float(momentum), rel=6e-8)
        assert document["weight_decay"](step) == pytest.approx(0.25 + 0.25 * step / 100, rel=6e-8)
    assert document["momentum"](30) == min(document["momentum"].values(0, 101))
