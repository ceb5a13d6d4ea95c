"""The table: Optax."""

from __future__ import annotations

from pathlib import Path

import pytest

from client_table import PLANS, Cells, check, pairs, run
from table_optax import SCHEDULERS, trainer

pytestmark = pytest.mark.long
CELLS: Cells = {
    "Optax": {
        "fresh": "right",
        "accumulate": "right",
        "skip": "right",
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": {"none": "a schedule has no state of its own"},
        "end": "right",
    },
}
CLIENTS = {"Optax": trainer()}


@pytest.mark.parametrize(("client", "situation"), pairs(CELLS))
def test_cell(client: str, situation: str, tmp_path: Path) -> None:
    plan = PLANS[situation]
    native, ours = (run(CLIENTS[client], plan, make, tmp_path / kind) for kind, make in SCHEDULERS.items())
    check(CELLS[client][situation], plan, native, ours)
