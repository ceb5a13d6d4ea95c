"""What was measured as a table, as data, and as a page."""

from __future__ import annotations

import os
import platform
from importlib.metadata import distributions
from typing import Any

from rich.table import Table

from bench.measure import Result

_PACKAGES = ("jax", "optax", "keras", "tensorflow-cpu", "tensorflow", "torch", "numpy")


def document(found: list[Result]) -> dict[str, Any]:
    """Return what was measured as plain data, with the machine and the versions."""
    installed = {each.metadata["Name"].replace("_", "-").lower(): each.version for each in distributions()}
    versions = {"python": platform.python_version()}
    versions |= {package: installed[package] for package in _PACKAGES if package in installed}
    machine = {
        "architecture": platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }
    return {"machine": machine, "versions": versions, "rows": [result.to_dict() for result in found]}


HEADER = ("what", "ours", "beside it", "", "ratio", "control", "budget", "verdict")


def cells(result: Result) -> tuple[str, ...]:
    """Return the cells of a row."""
    control = "" if result.control is None else f"{result.control[0]:.2f} to {result.control[1]:.2f}"
    low, high = result.quartiles
    ratio = f"{result.ratio:.2f}" if low == high else f"{result.ratio:.2f} ({low:.2f} to {high:.2f})"
    where = "" if result.device == "cpu" else f" on {result.device}"
    return (
        result.name + where,
        f"{result.ours:.3g} {result.unit}".strip(),
        f"{result.native:.3g} {result.unit}".strip(),
        result.beside,
        ratio,
        control,
        f"{result.budget:g}",
        result.verdict,
    )


def table(found: list[Result]) -> Table:
    """Return what was measured as a table for a terminal."""
    shown = Table(*HEADER)
    for result in found:
        shown.add_row(*cells(result), style="bold" if result.verdict.startswith("missed") else "")
    return shown


def markdown(plain: dict[str, Any]) -> str:
    """Return a baseline as a table in Markdown, with the machine before it."""
    machine, versions = plain["machine"], plain["versions"]
    packages = ", ".join(f"{name} {number}" for name, number in versions.items())
    where = f"{machine['cores']} {machine['architecture']} cores with a load of {machine['load']}"
    lines = [
        f"Last written on {where}: {packages}.",
        "",
        "| " + " | ".join(HEADER) + " |",
        "|" + "---|" * len(HEADER),
        *("| " + " | ".join(cells(Result.from_dict(row))) + " |" for row in plain["rows"]),
    ]
    return "\n".join(lines) + "\n"
