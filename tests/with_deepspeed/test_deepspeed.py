"""The table: DeepSpeed on two processes, from ZeRO 0 to 3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import processes
from client_table import PLANS, check, pairs, recorded
from deepspeed_cells import CELLS


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("deepspeed")
    more = {"DS_ACCELERATOR": "cpu", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "DEEPSPEED_LOG_LEVEL": "error"}
    script = Path(__file__).parent / "table.py"
    processes.together(str(script), 2, str(folder), MASTER_PORT=str(processes.free_port()), **more)
    return json.loads((folder / "found.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("client", "situation"), pairs(CELLS))
def test_cell(client: str, situation: str, found: Any) -> None:
    native, ours = (recorded(found, client, situation, kind) for kind in ("native", "lrspec"))
    check(CELLS[client][situation], PLANS[situation], native, ours)
