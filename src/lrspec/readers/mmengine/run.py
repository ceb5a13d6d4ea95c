"""What a runner of MMEngine or MMCV knows of a run: how long it is, and what one step of a scheduler is in updates."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lrspec.errors import SpecError
from lrspec.readers.keys import Keys


@dataclass(frozen=True, kw_only=True)
class Run:
    """The training loop of a config.

    Args:
        keys: The config.
        epochs: How many epochs, where the loop counts them.
        batches: How many batches, where the loop counts them.
        loop: `epoch` or `iter`, or nothing where no loop is written.
        micro: Batches of an update.
        by_batch: Whether ticks are batches, and not updates.
    """

    keys: Keys
    epochs: int | None
    batches: int | None
    loop: str
    micro: int
    by_batch: bool = True

    @property
    def tick(self) -> int:
        """How many ticks an update has."""
        return self.micro if self.by_batch else 1

    def epoch(self, keys: Keys, key: str) -> int:
        """Return how many ticks an epoch has.

        Raises:
            SpecError: The caller did not say how many updates.
        """
        return int(keys.quantity("steps_per_epoch", key, "it counts epochs")) * self.tick

    @property
    def total(self) -> int | None:
        """How many updates the run has, where that is known."""
        if self.batches is not None:
            return -(-self.batches // self.micro)
        if self.epochs is not None and "steps_per_epoch" in self.keys.quantities:
            return self.epochs * int(self.keys.quantities["steps_per_epoch"])
        if not self.loop and "total_steps" in self.keys.quantities:
            return int(self.keys.quantities["total_steps"])
        return None

    def end(self, keys: Keys, *, by_epoch: bool) -> int | None:
        """Return the end that the runner gives a scheduler without one, in epochs or batches.

        Raises:
            SpecError: It counts batches where the loop counts epochs, whose steps the caller did not give.
        """
        if by_epoch and self.loop == "iter":
            return 1  # such a loop is one epoch to MMEngine
        if by_epoch and self.epochs is not None:
            return self.epochs
        if not by_epoch and self.batches is not None:
            return self.batches
        if not by_epoch and self.epochs is not None:
            return self.epochs * int(keys.quantity("steps_per_epoch", "end", "the run counts epochs")) * self.micro
        if self.loop or "total_steps" not in keys.quantities:
            return None
        updates = keys.quantities["total_steps"]
        if not by_epoch:
            return int(updates) * self.micro
        whole = updates / keys.quantity("steps_per_epoch", "by_epoch", "it counts epochs")
        return int(whole) if whole == int(whole) else None


_LOOPS = {"EpochBasedTrainLoop": "epoch", "IterBasedTrainLoop": "iter"}


def run_of(keys: Keys, micro: int, *, by_batch: bool) -> Run:
    """Return what a config says of its run.

    Raises:
        SpecError: A key is not as it should be.
    """
    section, loop = keys.inside("train_cfg"), ""
    kind = section.get("type")
    if isinstance(kind, str):
        loop = _LOOPS.get(kind.rpartition(".")[2], "another")
    elif section.get("by_epoch") is not None:
        loop = "epoch" if section.flag("by_epoch", default=True) else "iter"
    elif section.data:
        loop = "epoch" if section.get("max_epochs") is not None else "iter"
    epochs = section.whole("max_epochs", least=1) if loop == "epoch" else None
    batches = section.whole("max_iters", least=1) if loop == "iter" else None
    return Run(keys=keys, epochs=epochs, batches=batches, loop=loop, micro=micro, by_batch=by_batch)


def in_ticks(keys: Keys, name: str, value: float, scale: int) -> int:
    """Return a begin or end as MMEngine does: the whole number below it where it is converted to batches.

    Raises:
        SpecError: It is not converted, and no whole number.
    """
    exact = Fraction(value) * scale
    if scale == 1 and exact.denominator != 1:
        raise SpecError(keys.at(name), found=str(value), expected="a whole number")
    return int(exact)
