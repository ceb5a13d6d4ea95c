"""The curve of a schedule as a PNG file, drawn by matplotlib."""

from __future__ import annotations

from pathlib import Path

from lrspec.errors import LrspecError
from lrspec.plot import points
from lrspec.schedule import Schedule


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
    try:
        from matplotlib.figure import Figure
    except ImportError:
        message = f"{path}: PNG needs matplotlib: pip install 'lrspec[plot]', or write an .svg"
        raise LrspecError(message) from None

    corners, total = points(schedule, steps)
    figure = Figure(figsize=(7, 3), dpi=160, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(*zip(*corners, strict=True))
    axes.set(xlabel="step", xlim=(0, total - 1))
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(path, format="png", metadata={"Software": None})
