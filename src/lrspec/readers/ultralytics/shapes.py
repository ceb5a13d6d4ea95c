"""What the training loops of Ultralytics, YOLOv5 and YOLOv7 do to the rate and the momentum, as nodes.

The rate is set once an epoch, to a line or half a cosine over the epochs. In the warmup it is set again before each
batch, on the line from the warmup's first value to the rate of the epoch that it is in.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lrspec.kinds import Constant, Cosine, Every, Freeze, Linear, Sequence, Shift, Stretch, Table
from lrspec.kinds.lists import MAX_TABLE
from lrspec.readers.keys import share
from lrspec.readers.reading import exact_values
from lrspec.spec import Node


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of one of the training loops; its lengths are in batches where nothing else is said.

    Args:
        epochs: Epochs of the run.
        batches: Batches of an epoch.
        warmup: The length of the warmup; 0 for none.
        peak: `lr0`.
        last: `lrf`, as a share of `lr0`.
        is_cosine: Whether the rate follows half a cosine, and not a line.
        line: Epochs of the line, of which the older releases of YOLOv5 have one less than the run.
        lags: Whether an epoch after the warmup has the rate of the epoch before.
        bias: The rate of the biases at the begin of the warmup.
        momentum: The first momentum of the warmup and that after it, where the optimizer has one.
    """

    epochs: int
    batches: int
    warmup: int
    peak: float
    last: float
    is_cosine: bool
    line: int
    lags: bool
    bias: float
    momentum: tuple[float, float] | None


def rate(run: Run, start: float) -> Node:
    """Return the rate of every batch.

    Args:
        run: The run.
        start: The rate at the begin of the warmup.
    """
    epoch = _of_epoch(run)
    if isinstance(epoch, Constant):
        return Sequence(parts=[_rise(start, run.peak, run.warmup), epoch]) if run.warmup else epoch
    decay = Every(part=Shift(part=epoch, by=-1) if run.lags else epoch, period=run.batches)
    if not run.warmup:
        return decay
    ends_in = min(run.warmup // run.batches, run.epochs - 1)
    targets = exact_values(epoch, range(ends_in + 1))
    parts: list[Node] = [
        Freeze(part=_rise(start, target, run.warmup), steps=(place + 1) * run.batches)
        for place, target in enumerate(targets)
    ]
    return Sequence(parts=[*parts, decay], time="global") if ends_in < run.epochs - 1 else _last_held(parts)


def momentum(run: Run) -> Node | None:
    """Return the momentum of every batch, where the warmup drives one."""
    if run.momentum is None or not run.warmup or run.momentum[0] == run.momentum[1]:
        return None
    return _rise(*run.momentum, run.warmup)


def of_updates(node: Node, updates: list[int], every: int) -> Node:
    """Return a schedule of batches as one of updates.

    Args:
        node: The schedule of batches.
        updates: The batches after which there is an update, up to the first one in an epoch after the warmup's last.
        every: How many batches an update takes from there on.
    """
    listed, first, source = updates[:-1], updates[-1], "each update's last batch"
    if node.length is not None and node.length <= first:
        return Table(values=exact_values(node, updates), source=source)
    after = Stretch(part=Shift(part=node, by=first), factor=Fraction(1, every))
    return Sequence(parts=[Table(values=exact_values(node, listed), source=source), after]) if listed else after


def updates_of(run: Run, nominal: float, batch: float, *, by_remainder: bool) -> list[int] | None:
    """Return the batches after which there is an update, up to the first one in an epoch after the warmup's last.

    While it warms up, the trainer collects ever more batches for an update.

    Args:
        run: The run.
        nominal: Samples that an update should have.
        batch: Samples of a batch.
        by_remainder: Whether an update comes at each multiple of the count, and not so many batches after the last.

    Returns:
        The batches, or None where they are more than a table may have.
    """
    ratio, last, batch_number = nominal / batch, -1, 0
    found: list[int] = []
    count = max(round(ratio), 1)
    after = (run.warmup // run.batches + 1) * run.batches if run.warmup else 0
    while not found or found[-1] < after:
        if batch_number <= run.warmup and run.warmup:
            risen = 1 + (ratio - 1) / run.warmup * batch_number if batch_number < run.warmup else ratio
            count = max(1, round(risen))
        if batch_number % count == 0 if by_remainder else batch_number - last >= count:
            found.append(batch_number)
            last = batch_number
        if len(found) > MAX_TABLE:
            return None
        batch_number += 1
    return found


def _of_epoch(run: Run) -> Node:
    """Return the rate of every epoch after the warmup."""
    end = share(run.peak, run.last)
    if end == run.peak:
        return Constant(value=run.peak)
    if run.is_cosine:
        return Cosine(init_value=run.peak, end_value=end, steps=run.epochs)
    return Linear(init_value=run.peak, end_value=end, steps=run.line)


def _rise(start: float, end: float, steps: int) -> Node:
    if start == end:
        return Constant(value=end, steps=steps)
    return Linear(init_value=start, end_value=end, steps=steps)


def _last_held(parts: list[Node]) -> Node:
    return Sequence(parts=parts, time="global") if len(parts) > 1 else parts[0]
