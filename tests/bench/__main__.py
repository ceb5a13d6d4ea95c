"""The budgets, measured beside the native objects: `tox run -e bench -- [NAME ...]`, or `python -m bench` in `tests`.

Medians of repeats in which ours and the native object take turns, so that a busy machine slows both; a control runs
the native one against itself. No test asserts a time: the table says what was met and what was missed, and `--check`
compares the ratios with those in baseline.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from bench import baseline, rows_host, rows_jax, rows_keras, rows_scale, rows_torch
from bench.measure import Result, Row, measured
from bench.report import document, table

ROWS: tuple[Row, ...] = (*rows_host.ROWS, *rows_torch.ROWS, *rows_jax.ROWS, *rows_keras.ROWS, *rows_scale.ROWS)


def chosen(names: Iterable[str]) -> list[Row]:
    """Return the rows with one of some names, or one that begins so, or fits a pattern such as `jax * 50,000`.

    Raises:
        SystemExit: A name fits none.
    """
    wanted = list(names)
    for name in wanted:
        if not any(_fits(row, name) for row in ROWS):
            raise SystemExit(f"{name}: no row is called so; --list shows all")
    return [row for row in ROWS if not wanted or any(_fits(row, name) for name in wanted)]


def _fits(row: Row, name: str) -> bool:
    return row.name.startswith(name) or fnmatch(row.name, name)


def is_possible(row: Row) -> bool:
    """Tell whether the frameworks of a row are installed."""
    return all(find_spec(module) for module in row.needs)


def run(backend: str, rows: list[Row], repeats: int) -> Iterator[Result]:
    """Measure rows, in a process of their own where Keras has to run on another backend."""
    if backend in {"", os.environ.get("KERAS_BACKEND")}:
        yield from (measured(row, repeats) for row in rows)
        return
    command = [sys.executable, "-m", "bench", *(row.name for row in rows), "--json", "--repeats", str(repeats)]
    environment = os.environ | {"KERAS_BACKEND": backend}
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    yield from map(Result.from_dict, json.loads(output.stdout)["rows"])


def results(rows: list[Row], repeats: int) -> list[Result]:
    """Measure rows, with their progress on the standard error stream; those of one backend of Keras together."""
    columns = (TextColumn("{task.completed}/{task.total} {task.description}"), TimeElapsedColumn())
    found: dict[str, Result] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=len(rows))
        for backend in dict.fromkeys(row.backend for row in rows):
            group = [row for row in rows if row.backend == backend]
            measuring = run(backend, group, repeats)
            for row in group:
                bar.update(task, description=row.name)
                found[row.name] = next(measuring)
                bar.advance(task)
    return [found[row.name] for row in rows]


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").splitlines()[0])
    command.add_argument("names", nargs="*", help="the beginnings of names, or patterns; by default all rows")
    command.add_argument("--list", action="store_true", help="print the names of the rows, and measure none")
    command.add_argument("--repeats", type=int, default=15, help="of each measurement (default %(default)s)")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--check", action="store_true", help="fail where a ratio is twice worse than the baseline's")
    command.add_argument("--update", action="store_true", help="write what was measured into the baseline and the docs")
    return command


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return the exit status."""
    options = parser().parse_args(arguments)
    rows = chosen(options.names)
    if options.list:
        print("\n".join(row.name for row in rows))
        return 0
    missing = [row.name for row in rows if not is_possible(row)]
    if missing:
        print(f"{len(missing)} rows need what is not installed: {', '.join(missing)}", file=sys.stderr)
    found = results([row for row in rows if is_possible(row)], options.repeats)
    if options.update:
        baseline.update(found)
    if options.json:
        print(json.dumps(document(found), indent=1))
    else:
        Console(width=None if sys.stdout.isatty() else 150).print(table(found))
    return report(found, rows, options.repeats) if options.check else 0


def report(found: list[Result], rows: list[Row], repeats: int) -> int:
    """Measure again what is worse than the baseline, print what is so twice, and return the exit status."""
    by_name: dict[str, Row] = {row.name: row for row in rows}
    known = baseline.read()
    worse = baseline.worse_twice(found, known, lambda name: results([by_name[name]], repeats)[0])
    for line in worse:
        print(line, file=sys.stderr)
    new: list[Any] = [result.name for result in found if result.name not in {old.name for old in known}]
    if new:
        print(f"{len(new)} rows are not in the baseline: {', '.join(new)}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
