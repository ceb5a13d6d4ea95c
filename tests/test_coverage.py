"""Every row of the table of shapes and combinators that frameworks have, against the formula of its source."""

from __future__ import annotations

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
