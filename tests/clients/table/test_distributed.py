"""The table: two processes, of PyTorch's own classes and of Accelerate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import processes
from client_table import PLANS, check, pairs, recorded
from distributed_cells import CELLS


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("distributed")
    more = {"ACCELERATE_USE_CPU": "true", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    script = Path(__file__).parent / "distributed.py"
    processes.together(str(script), 2, str(folder), MASTER_PORT=str(processes.free_port()), **more)
    return json.loads((folder / "found.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("client", "situation"), pairs(CELLS))
def test_cell(client: str, situation: str, found: Any) -> None:
    native, ours = (recorded(found, client, situation, kind) for kind in ("native", "lrspec"))
    check(CELLS[client][situation], PLANS[situation], native, ours)
