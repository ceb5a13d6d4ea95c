"""`schedule_golden`: a schedule against its golden file, in every framework that the environment has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lrspec.comparison import compared
from lrspec.errors import SpecError
from lrspec.fields import in_steps, show
from lrspec.reports import Row, digest_of
from lrspec.resume import differences
from lrspec.schedule import Schedule
from lrspec.testing import golden_file
from lrspec.testing.current import current
from lrspec.testing.frameworks import applied
from lrspec.testing.golden_file import GoldenFile
from lrspec.testing.recording import Recorded
from lrspec.testing.same import changed_fields, explained
from lrspec.testing.values import RATE, Values, measured, schedule_of, window
from lrspec.verify.rows import bits_of
from lrspec.views.timeline import schedules

ACCEPT = "`pytest --update-schedules` accepts what is new"


class Golden:
    """Compares schedules with golden files; the fixture `schedule_golden` of pytest is one.

    Args:
        path: The file of this test.
        root: The folder from which the report names files.
        frameworks: In which frameworks the rates of a schedule are applied and compared, beside Python.
        update: Whether files are rewritten.
    """

    def __init__(self, path: Path, root: Path, frameworks: tuple[str, ...] = (), *, update: bool = False) -> None:
        self._path = path
        self._root = root
        self._frameworks = frameworks
        self._update = update

    def __call__(self, thing: Any, *, steps: int | None = None, name: str | None = None) -> None:
        """Fail where a schedule is not what its golden file holds, and say what changed.

        Args:
            thing: What `assert_same_schedule` takes. A schedule or document is also applied by an optimizer of each
                installed framework; anything else is compared by its values alone.
            steps: How many steps from 0 on; by default as many as the file or an array has.
            name: What to call the file, in the folder `schedules` beside the test; by default as the test.

        Raises:
            AssertionError: There is no file, or it holds something else.
            LrspecError: The file is damaged, or `thing` is no schedule.
        """
        __tracebackhide__ = True
        path = self._path if name is None else self._path.with_name(f"{_checked(name)}.txt")
        schedule = schedule_of(thing)
        held = golden_file.read(path) if path.exists() and not (self._update and schedule is not None) else None
        rewrites = self._update and (held is None or held.document is None)
        if steps is None and held is not None:
            steps = held.steps
        _, stop = window(0, steps, (thing,))
        if stop > golden_file.MOST_STEPS:
            raise SpecError(
                "steps", found=str(stop), expected=f"{golden_file.MOST_STEPS} at most, as a golden file has"
            )
        now = _measured(thing, schedule, stop)
        if rewrites:
            self._rewrite(path, now)
            held = golden_file.read(path)
        if held is None:
            raise AssertionError(f"there is no golden file {path}; `pytest --update-schedules` writes it")
        self._compare(path, held, now, thing)

    def _rewrite(self, path: Path, now: GoldenFile) -> None:
        text = str(now)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        what = "rewrote" if path.exists() else "wrote"
        path.write_text(text, encoding="utf-8")
        current.say(f"{what} {self._relative(path)}")

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else str(path)

    def _compare(self, path: Path, held: GoldenFile, now: GoldenFile, thing: Any) -> None:
        __tracebackhide__ = True
        if now.steps != held.steps or now.values.keys() != held.values.keys():
            shape = [f"{', '.join(one.values)} of {in_steps(one.steps)}" for one in (held, now)]
            raise AssertionError(f"{path} holds {shape[0]}, and the schedule was asked for {shape[1]}; {ACCEPT}")
        changed = ""
        if held.document is not None and now.document is not None and held.fingerprint != now.fingerprint:
            lines = differences(held.document, now.document) or ["no field: lrspec compiles it to another program"]
            changed = f"\nwhat changed:{changed_fields(lines)}\n{ACCEPT}"
        own = thing.framework if isinstance(thing, Recorded) else "host"
        failed = []
        for quantity, values in held.values.items():
            row = Row(kind="golden", file=self._relative(path), quantity=quantity, fingerprint=now.fingerprint)
            found = {own: now.values[quantity]}
            if now.document is not None:
                node = schedules(now.document)[quantity]
                found |= {name: np.asarray(applied(name, node, 0, held.steps)) for name in self._frameworks}
            for backend, computed in found.items():
                message = _compared(replace(row, backend=backend), values, computed, changed)
                failed += [f"{path.name}: {message}{changed}"] if message else []
        if failed:
            raise AssertionError(failed[0] + "".join(f"\nand {line.splitlines()[0]}" for line in failed[1:]))
        if changed:
            raise AssertionError(
                f"{path.name}: every value is equal, and the fingerprint is not: {held.fingerprint} -> "
                f"{now.fingerprint}{changed}"
            )


def _measured(thing: Any, schedule: Schedule | None, stop: int) -> GoldenFile:
    """Return what a golden file of this would hold."""
    if schedule is None:
        return GoldenFile(values={RATE: measured(thing, 0, stop)})
    values = {path: node.values(0, stop) for path, node in schedules(schedule).items()}
    return GoldenFile(values=values, fingerprint=schedule.fingerprint, document=schedule)


def _compared(row: Row, wanted: Values, got: Values, changed: str) -> str:
    """Add the row of one backend to the report, and return how it differs, or nothing."""
    found = compared([wanted], [got])
    first = found.first
    row = replace(
        row, steps=found.steps, values=digest_of(got), ok=not found.differing and not changed,
        differing=found.differing, largest_ulps=found.largest_ulps, message=changed.strip().replace("\n", " "),
    )  # fmt: skip
    if first is not None:
        row = replace(row, first_difference=first, got=bits_of(got[first]), wanted=bits_of(wanted[first]))
    current.add_row(row.to_json())
    return explained((wanted, got), 0, ("golden", row.backend), row.quantity) if found.differing else ""


def _checked(name: str) -> str:
    if not name or not all(character.isalnum() or character in "._-" for character in name) or name.startswith("."):
        raise SpecError("name", found=show(name), expected="letters, digits, `_`, `-` and `.`")
    return name
