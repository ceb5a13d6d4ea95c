"""The ratios that were measured last, and what is worse than them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from bench.measure import Result
from bench.report import document, markdown

ALLOWED = 1.25
"""A ratio may be so many times what it was."""
PATH = Path(__file__).with_name("baseline.json")
PAGE = Path(__file__).parents[2] / "docs" / "budgets.md"
BEGIN, END = "<!-- generated: bench --update -->\n", "<!-- end -->\n"


def read() -> list[Result]:
    """Return the rows of the baseline."""
    return [Result.from_dict(row) for row in json.loads(PATH.read_text(encoding="utf-8"))["rows"]]


def is_worse(result: Result, before: Result) -> bool:
    """Tell whether a ratio is worse than before, by more than is allowed."""
    return result.ratio > ALLOWED * before.ratio


def worse_twice(found: list[Result], known: list[Result], again: Callable[[str], Result]) -> list[str]:
    """Return a line for each row that is worse than the baseline and, measured again, still is.

    Args:
        found: What was measured.
        known: The baseline; a row that it does not have is not judged.
        again: Measures the row of a name.
    """
    before = {row.name: row for row in known}
    lines = []
    for result in found:
        old = before.get(result.name)
        if old is None or not is_worse(result, old):
            continue
        second = again(result.name)
        if is_worse(second, old):
            expected = f"at most {ALLOWED:g} times {old.ratio:.3g}"
            lines.append(f"{result.name}: found {result.ratio:.3g} and {second.ratio:.3g}, expected {expected}")
    return lines


def update(found: list[Result]) -> None:
    """Write what was measured in place of what the baseline has of it, and the table of the docs."""
    measured = {result.name: result for result in found}
    known = read() if PATH.exists() else []
    rows = [measured.pop(old.name, old) for old in known] + list(measured.values())
    PATH.write_text(json.dumps(document(rows), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(
        page(PAGE.read_text(encoding="utf-8"), json.loads(PATH.read_text(encoding="utf-8"))), encoding="utf-8"
    )


def page(text: str, plain: dict[str, object]) -> str:
    """Return the text of the docs with the table of a baseline.

    Raises:
        ValueError: The text has no marks for it.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE}: expected {BEGIN!r} and {END!r}")
    return before + begin + markdown(plain) + end + after
