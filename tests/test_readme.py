"""The Python examples of the README run as written, where their framework is installed."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
FRAMEWORKS = ("torch", "keras", "optax")


def frameworks_of(block: str) -> list[str]:
    return [name for name in FRAMEWORKS if f"import {name}\n" in block]


def test_there_is_one_example_for_each_framework_and_one_for_none() -> None:
    assert [frameworks_of(block) for block in BLOCKS] == [[], ["torch"], ["keras"], ["optax"]]


RUNNABLE = [block for block in BLOCKS if all(find_spec(name) for name in frameworks_of(block))]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", RUNNABLE, ids=lambda block: " ".join(["python", *frameworks_of(block)]))
def test_example_runs(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 - our own README
