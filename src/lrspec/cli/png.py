"""The curve of a schedule as a PNG file, drawn by matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrspec.errors import LrspecError
from lrspec.schedule import Schedule
from lrspec.views.outline import points

_POINTS = 600


def write_png(schedule: Schedule, path: Path, steps: int | None = None) -> None:
    """Write the curve of the first `steps` steps as a PNG file.

    Args:
        schedule: The schedule or document.
        path: The file; replaced where it exists.
        steps: How many steps to draw; by default as many as in SVG.

    Raises:
        LrspecError: matplotlib is not installed.
        OSError: The file cannot be written.
    """
    figure = _figure(path)
    corners, total = points(schedule, steps)
    axes = figure.add_subplot()
    axes.plot(*zip(*corners, strict=True))
    axes.set(xlabel="step", xlim=(0, total - 1))
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(path, format="png", metadata={"Software": None})


def write_difference_png(pair: tuple[Schedule, Schedule], path: Path, steps: int, names: tuple[str, str]) -> None:
    """Write the curves of two schedules, and their difference below them, as a PNG file.

    Args:
        pair: The schedules or documents.
        path: The file; replaced where it exists.
        steps: How many steps to draw; both have values there.
        names: What to call them.

    Raises:
        LrspecError: matplotlib is not installed.
        OSError: The file cannot be written.
    """
    figure = _figure(path, height=4.5)
    upper, lower = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    for schedule, name, width in zip(pair, names, (3, 1.4), strict=True):
        upper.plot(*zip(*points(schedule, steps)[0], strict=True), label=name, linewidth=width)
    upper.legend()
    sampled = sorted({min(steps - 1, i * steps // _POINTS) for i in range(_POINTS)})
    lower.plot(sampled, [pair[1](step) - pair[0](step) for step in sampled], color="tab:red")
    lower.set(xlabel="step", xlim=(0, max(steps - 1, 1)), ylabel="difference")
    for axes in (upper, lower):
        axes.grid(visible=True, alpha=0.3)
    figure.savefig(path, format="png", metadata={"Software": None})


def _figure(path: Path, height: float = 3) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        message = f"{path}: PNG needs matplotlib: pip install 'lrspec[plot]', or write an .svg"
        raise LrspecError(message) from None
    return Figure(figsize=(7, height), dpi=160, layout="constrained")
