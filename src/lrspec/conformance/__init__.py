"""The conformance vectors, and running them on every installed backend, device and mode.

`vectors/` has the vectors as JSON, for any language (docs/conformance.md): documents, their fingerprints and programs,
and float32 bits from exact arithmetic that knows nothing of this package. Each backend runs in a process of its own
(`python -m lrspec.conformance BACKEND`), as in `lrspec.verify`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lrspec.conformance.hosts import HOST, host_results
from lrspec.conformance.results import Result
from lrspec.conformance.selection import SIZES
from lrspec.conformance.vectors_file import FOLDER, Vector, VectorFile, files
from lrspec.errors import LrspecError
from lrspec.verify.backends import Progress, Target, is_left_out, targets
from lrspec.verify.processes import run

__all__ = ["BACKENDS", "FOLDER", "Found", "Result", "Vector", "VectorFile", "conformance", "files"]

BACKENDS = ("host", "node", "torch", "keras", "optax")
"""What may be asked for: the evaluators in Python and NumPy, the one in JavaScript, and the frameworks."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What `conformance` found.

    Args:
        results: A row for each backend and mode.
        not_installed: Which of the backends are missing.
        files: The names of the files that ran.
        size: How many vectors ran: one of `quick`, `default`, `all`.
    """

    results: tuple[Result, ...]
    not_installed: tuple[str, ...]
    files: tuple[str, ...]
    size: str

    @property
    def ok(self) -> bool:
        """Whether every row could run, and every bit was as expected."""
        return all(row.ok for row in self.results)

    @property
    def differs(self) -> bool:
        """Whether something is not as expected in some row."""
        return any(row.differing for row in self.results)


def conformance(
    *,
    backends: tuple[str, ...] = BACKENDS,
    kinds: tuple[str, ...] = (),
    size: str = "default",
    without: tuple[str, ...] = (),
    corrupt: bool = False,
    progress: Progress | None = None,
) -> Found:
    """Run the conformance vectors everywhere.

    Args:
        backends: Which of `BACKENDS` to run, where they are installed.
        kinds: Names of files (`kinds/linear`), of their last parts (`linear`) or of folders (`presets`); else all.
        size: How many vectors run in the slower modes: `quick`, `default` or `all`.
        without: Modes to leave out, as in `verify`.
        corrupt: Whether to change one coefficient of each program that is run, to see that it is noticed.
        progress: Hears what will run, and how far it is.

    Returns:
        What was found.

    Raises:
        LrspecError: A kind or size is unknown, or no mode is left.

    Example:
        >>> found = conformance(backends=("host",), kinds=("linear",), size="quick")
        >>> found.ok
        True
    """
    if size not in SIZES:
        raise LrspecError(f"size: found {size!r}, expected one of {', '.join(SIZES)}")
    chosen = [file.name for file in files(kinds)]
    found, missing = _targets()
    wanted = [target for target in found if target.framework in backends]
    hosts = {name: modes for name, modes in HOST.items() if "host" in backends}
    plan = _planned(hosts, wanted, without)
    progress = progress or Progress()
    progress.planned(plan)
    job = {"files": chosen, "size": size, "without": without, "corrupt": corrupt}
    pool = ThreadPoolExecutor(max_workers=2)
    try:
        running = [pool.submit(run, t, plan[t.label], job, progress, Result) for t in wanted if t.label in plan]
        results = host_results(job, plan, progress)
        answers = [future.result() for future in running]
    finally:
        pool.shutdown(cancel_futures=True)
    rows = (*results, *(row for answer in answers for row in answer.rows))
    absent = tuple(name for name in missing if name in backends)
    return Found(results=rows, not_installed=absent, files=tuple(chosen), size=size)


def _targets() -> tuple[list[Target], list[str]]:
    from lrspec.conformance.node import target as node

    found, missing = targets()
    found = [Target(one.framework, one.label, one.environment, module="lrspec.conformance") for one in found]
    javascript = node()
    return ([javascript, *found], missing) if javascript is not None else (found, ["node", *missing])


def _planned(hosts: dict[str, tuple[str, ...]], wanted: list[Target], without: tuple[str, ...]) -> dict[str, list[str]]:
    from lrspec.conformance.node import MODES as NODE_MODES
    from lrspec.probes import MODES

    known = {**HOST, **MODES, **NODE_MODES}
    for name in without:
        if not any(is_left_out(backend, mode, (name,)) for backend, modes in known.items() for mode in modes):
            listed = "; ".join(dict.fromkeys(mode for modes in known.values() for mode in modes))
            raise LrspecError(f"without: found {name!r}, expected MODE or BACKEND:MODE, where the modes are: {listed}")
    names = [*hosts, *(target.label for target in wanted)]
    kept = {name: [mode for mode in known[name] if not is_left_out(name, mode, without)] for name in names}
    return {name: modes for name, modes in kept.items() if modes}
