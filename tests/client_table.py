"""The table client x situation of docs/support.md: what each cell runs, and what it must find.

Each file of the table has `CELLS`, plain data: for each client, and each of the `SITUATIONS`, one of

- `"right"`: the native scheduler and ours apply the schedule's rates;
- `{"note": "...", "native": [0, 2, ...]}`: native applies the rates of these steps instead, for the reason in the note;
  likewise `"ours"`, where ours does not; and `"warns"` has words of each warning that ours raises;
- `{"none": "..."}`: there is no such situation, for the reason given.

A client is a function that trains: it makes its optimizer and its scheduler, and returns the rates that were applied.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import lrspec

SITUATIONS = (
    "fresh",
    "accumulate",
    "skip",
    "groups",
    "tensor rate",
    "optimizer first",
    "scheduler first",
    "end",
)
STEPS = 12
_WARMUP = 4

Rates: TypeAlias = tuple[float, ...]
Cell: TypeAlias = "str | dict[str, Any]"
Cells: TypeAlias = dict[str, dict[str, Cell]]


def formula(step: int) -> float:
    """Return a rate that no other step has, and that float32 holds exactly: 0, 1/4, 1/2, 3/4, 31/32, 29/32, ..."""
    return step / _WARMUP if step < _WARMUP else (31 - 2 * (step - _WARMUP)) / 32


_SEQUENCE = {
    "kind": "sequence",
    "parts": [
        {"kind": "linear", "init_value": 0.0, "end_value": 1.0, "steps": _WARMUP},
        {
            "kind": "linear",
            "init_value": formula(_WARMUP),
            "end_value": formula(STEPS),
            "steps": STEPS - _WARMUP,
            "after": "error",
        },
    ],
}
SCHEDULE = lrspec.from_dict({"lrspec": 1, "learning_rate": _SEQUENCE})
GROUPED = lrspec.from_dict({"lrspec": 1, "learning_rate": _SEQUENCE, "groups": {"half": {"scale": 0.5}}})


class Plan(NamedTuple):
    """A situation.

    Attributes:
        updates: How many are applied.
        accumulated: Batches for each update.
        skipped: The batches whose gradients are not finite.
        scales: What each parameter group multiplies the rate by.
        is_tensor: Whether the optimizer is made with a tensor as its rate.
        order: Whose state is loaded first, after half of the updates; or none, where the run is not resumed.
    """

    updates: int = 8
    accumulated: int = 1
    skipped: tuple[int, ...] = ()
    scales: tuple[float, ...] = (1.0,)
    is_tensor: bool = False
    order: tuple[str, ...] = ()

    @property
    def schedule(self) -> Any:
        return SCHEDULE if len(self.scales) == 1 else GROUPED

    def parts(self) -> list[range]:
        """Return the batches of each run: two, where it is resumed."""
        batches = self.updates * self.accumulated + len(self.skipped)
        return [range(batches // 2), range(batches // 2, batches)] if self.order else [range(batches)]

    def ends_update(self, batch: int) -> bool:
        return batch % self.accumulated == self.accumulated - 1

    def factor(self, batch: int) -> float:
        """Return what the loss is multiplied by."""
        return float("inf") if batch in self.skipped else 1.0

    def rates(self, steps: Any) -> list[Rates]:
        """Return what the groups must have had at some steps."""
        return [tuple(scale * formula(step) for scale in self.scales) for step in steps]

    def restore(self, state: dict[str, Any], **things: Any) -> None:
        """Load the states, in the order of this plan."""
        for name in self.order:
            things[name].load_state_dict(state[name])


PLANS = {
    "fresh": Plan(),
    "accumulate": Plan(updates=6, accumulated=2),
    "skip": Plan(updates=6, skipped=(2, 5)),
    "groups": Plan(scales=(1.0, 0.5)),
    "tensor rate": Plan(is_tensor=True),
    "optimizer first": Plan(order=("optimizer", "scheduler")),
    "scheduler first": Plan(order=("scheduler", "optimizer")),
    "end": Plan(updates=STEPS),
}


class Found(NamedTuple):
    """What came of a run.

    Attributes:
        applied: The rate of each group, in each update.
        step: Where the scheduler stands at the end, or None where it has no position.
        told: The warnings of lrspec.
    """

    applied: list[Rates]
    step: int | None
    told: list[str]


Make: TypeAlias = Callable[[Plan, Any], Any]
Train: TypeAlias = Callable[[Plan, Any, range, Path], tuple[list[Rates], "int | None"]]


@contextlib.contextmanager
def own_warnings() -> Iterator[list[str]]:
    """Take the warnings that lrspec raises, whatever line they point at."""
    told: list[str] = []
    original = warnings.warn

    def warn(message: Any, category: Any = None, stacklevel: int = 1, **more: Any) -> None:
        if sys._getframe(1).f_globals.get("__name__", "").startswith("lrspec."):
            told.append(str(message))
        else:
            original(message, category, stacklevel + 1, **more)

    warnings.warn = warn  # type: ignore[assignment]
    try:
        yield told
    finally:
        warnings.warn = original


def run(train: Train, plan: Plan, make: Any, folder: Path) -> Found:
    """Train with the scheduler that `make` makes."""
    applied: list[Rates] = []
    step: int | None = None
    folder.mkdir(parents=True, exist_ok=True)
    with own_warnings() as told:
        for batches in plan.parts():
            more, step = train(plan, make, batches, folder)
            applied += more
    return Found(applied, step, told)


def record(cells: Cells, clients: dict[str, Train], schedulers: dict[str, Make], folder: Path) -> dict[str, Any]:
    """Run every cell, as one of several processes that do the same; return what came of each, as plain data."""
    found: dict[str, Any] = {}
    for client, situation in pairs(cells):
        for kind, make in schedulers.items():
            place = folder / f"{list(cells).index(client)} {situation} {kind}"
            try:
                held: Any = list(run(clients[client], PLANS[situation], make, place))
            except Exception:  # noqa: BLE001 - it is the test of this cell that fails
                held = traceback.format_exc()
            found[f"{client}, {situation}, {kind}"] = held
    return found


def recorded(found: dict[str, Any], client: str, situation: str, kind: str) -> Found:
    """Return what came of a cell, of what `record` returned."""
    held = found[f"{client}, {situation}, {kind}"]
    assert not isinstance(held, str), held
    applied, step, told = held
    return Found([tuple(rates) for rates in applied], step, told)


def check(cell: Cell, plan: Plan, native: Found, ours: Found) -> None:
    """Compare both with the schedule, bit for bit."""
    assert cell == "right" or isinstance(cell, dict)
    departs: dict[str, Any] = {} if isinstance(cell, str) else cell
    updates = list(range(plan.updates))
    assert native.applied == plan.rates(departs.get("native", updates))
    assert ours.applied == plan.rates(departs.get("ours", updates))
    assert "ours" in departs or ours.step in {None, plan.updates}
    warns: list[str] = departs.get("warns", [])
    assert len(ours.told) == len(warns), ours.told
    for words, message in zip(warns, ours.told, strict=True):
        assert words in message


def pairs(cells: Cells) -> list[tuple[str, str]]:
    """Return the cells that are run."""
    return [
        (client, situation) for client, row in cells.items() for situation, cell in row.items() if "none" not in cell
    ]
