"""A figure drawn by matplotlib: as a PNG file, or on axes of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrspec.errors import LrspecError
from lrspec.schedule import Schedule
from lrspec.views.figure import Figure, Panel, figure
from lrspec.views.svg import COLORS


def plot(schedule: Schedule, ax: Any = None, steps: int | None = None, *, log: bool = False, label: str = "") -> Any:
    """Draw the curve of a schedule on axes of matplotlib.

    Args:
        schedule: The schedule or document.
        ax: The axes; by default the current ones of pyplot.
        steps: How many steps to draw; by default as many as in SVG.
        log: Whether the axis of the values is logarithmic.
        label: What a legend calls the curve.

    Returns:
        The axes.

    Raises:
        LrspecError: matplotlib is not installed.
    """
    if ax is None:
        try:
            from matplotlib import pyplot as plt
        except ImportError:
            raise LrspecError("plot needs matplotlib: pip install 'lrspec[plot]'") from None
        ax = plt.gca()
    drawn = figure({"": {label: schedule}}, steps, log=log)
    _draw(drawn, drawn.panels[0], ax, own=False)
    ax.set_xlabel("step")
    return ax


def write_png(drawn: Figure, path: Path) -> None:
    """Write a figure as a PNG file.

    Args:
        drawn: The figure.
        path: The file; replaced where it exists.

    Raises:
        LrspecError: matplotlib is not installed.
        OSError: The file cannot be written.
    """
    try:
        from matplotlib.figure import Figure as Canvas
    except ImportError:
        message = f"{path}: PNG needs matplotlib: pip install 'lrspec[plot]', or write an .svg"
        raise LrspecError(message) from None
    heights = [panel.height for panel in drawn.panels]
    canvas = Canvas(figsize=(7, 1 + 2.2 * sum(heights)), dpi=160, layout="constrained")
    rows = canvas.subplots(len(heights), sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for panel, axes in zip(drawn.panels, rows, strict=True):
        _draw(drawn, panel, axes, own=True)
    rows[0].set_title(_short(drawn.title, 96 - len(drawn.told)), loc="left", fontsize=9, fontweight="bold")
    rows[0].set_title(drawn.told, loc="right", fontsize=8)
    rows[-1].set(xlabel="step", xlim=(0, drawn.total - 1))
    if drawn.unit is not None:
        name, size = drawn.unit
        second = rows[-1].secondary_xaxis(
            -0.3 / heights[-1], functions=(lambda s: s / float(size), lambda u: u * float(size))
        )
        second.set_xlabel(name)
    canvas.savefig(path, format="png", metadata={"Software": None})


def _short(title: str, room: int) -> str:
    return title if len(title) <= room else f"{title[: max(room - 1, 1)]}…"


def _draw(drawn: Figure, panel: Panel, axes: Any, *, own: bool) -> None:
    """Draw a panel; with its grid, phases, marks and legend where the axes are the picture's `own`."""
    for number, curve in enumerate(panel.curves):
        several = len(panel.curves) > 1
        look: dict[str, Any] = {"label": curve.name or None, "linewidth": 3 if several and not number else 1.6}
        if own:
            look["color"] = COLORS[number % len(COLORS)] if panel.height >= 1 else "#d62728"
        (line,) = axes.plot(*zip(*curve.points, strict=True), **look)
        if curve.dots:
            axes.plot(*zip(*curve.dots, strict=True), "o", markersize=3, color=line.get_color())
    if panel.log:
        axes.set_yscale("log")
    if own:
        _dress(drawn, panel, axes)


def _dress(drawn: Figure, panel: Panel, axes: Any) -> None:
    """Add the grid, the names, the phases and the marks."""
    axes.grid(visible=True, alpha=0.3)
    axes.set_ylabel(panel.label)
    if len(panel.curves) > 1:
        axes.legend(fontsize=8)
    for number, band in enumerate(drawn.bands):
        if number % 2:
            axes.axvspan(band.start, min(band.stop, drawn.total - 1), color=COLORS[0], alpha=0.07)
        if (band.stop - band.start) / drawn.total > len(band.name) / 90:
            _words(axes, (band.start + band.stop) / 2, 0.97, band.name, "center")
    if drawn.stop < drawn.total:
        axes.axvspan(drawn.stop, drawn.total - 1, color="black", alpha=0.08)
    for at, words in drawn.marks:
        axes.axvline(at, color="#999", linestyle="--", linewidth=0.8)
        _words(axes, at, 0.1, f" {words} ", "left" if at < 0.9 * drawn.total else "right")


def _words(axes: Any, step: float, height: float, words: str, align: str) -> None:
    where = axes.get_xaxis_transform()
    axes.text(step, height, words, transform=where, ha=align, va="top", fontsize=8, color="#777")
