"""Megatron-LM: the arguments of its training scripts."""

from __future__ import annotations

import math
from fractions import Fraction

from lrspec.document import from_dict
from lrspec.documents.plain import node_to_dict
from lrspec.kinds import (
    Clamp,
    Constant,
    Cosine,
    Freeze,
    Linear,
    NormalizedExponential,
    OneMinusPower,
    PowerLaw,
    Sequence,
)
from lrspec.readers.keys import Keys, joined
from lrspec.readers.reading import Reading
from lrspec.schedule import Schedule
from lrspec.spec import SPEC_VERSION, Node

SYSTEM = "megatron"
_STYLES = ("linear", "cosine", "constant", "inverse-square-root", "WSD")
_MARKS = {
    "lr_decay_style",
    "lr_decay_iters",
    "lr_decay_samples",
    "lr_warmup_iters",
    "lr_warmup_fraction",
    "train_iters",
}


def read(keys: Keys) -> Reading:
    """Return the schedule of Megatron's arguments.

    Raises:
        UnsupportedError: Arguments that have no equivalent, such as a growing batch.
        SpecError: An argument is missing, unknown or not as it should be.
    """
    style = keys.word("lr_decay_style", _STYLES, "linear")
    if keys.get("rampup_batch_size") is not None:
        raise keys.refused("rampup_batch_size", "the scheduler counts samples, of which an update has more and more")
    if keys.get("decoupled_lr") is not None or keys.get("decoupled_min_lr") is not None:
        raise keys.refused("decoupled_lr", "a rate of its own for the first and last layer; read each by itself")
    run = _Run(keys)
    node = _node(style, keys, run)
    schedule: Schedule = node
    weights = _weight_decay(keys, run)
    if weights is not None:
        data = {"learning_rate": node_to_dict(node), "weight_decay": node_to_dict(weights)}
        schedule = from_dict({"lrspec": SPEC_VERSION, **data})
    for name in ("lr_warmup_init", "min_lr", "lr_wsd_decay_style", "lr_wsd_decay_iters", "lr_wsd_decay_samples"):
        keys.get(name)
    keys.no_more(about="^(lr_|lr$|min_lr|warmup)")
    return Reading(schedule=schedule, framework=SYSTEM, construct=style, conventions=tuple(run.notes))


class _Run:
    """Lengths in updates: iterations as they are, samples by the global batch."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.notes = ["lr-decay-iters includes the warmup; the value at step n is that after n updates"]
        self.total = self.length("train") if self._given("train") else None
        for kind in ("lr_decay", "lr_warmup"):
            keys.read.update((f"{kind}_iters", f"{kind}_samples"))
        self.decay = self.length("lr_decay") if self._given("lr_decay") else self._whole()
        fraction = keys.get("lr_warmup_fraction")
        if fraction is not None:
            self.warmup = Fraction(repr(keys.number("lr_warmup_fraction", least=0))) * self.decay
        else:
            self.warmup = self.length("lr_warmup") if self._given("lr_warmup") else Fraction(0)
        if self.warmup >= self.decay:
            raise keys.wrong("lr_warmup_iters", f"a warmup of less than {self.decay} updates; Megatron refuses it too")

    @property
    def batch(self) -> Fraction:
        """The samples of an update, or, where nothing says them, the one that there is at least."""
        if self.keys.data.get("global_batch_size") is not None:
            return Fraction(self.keys.whole("global_batch_size", least=1))
        return self.keys.quantities.get("batch_size", Fraction(1))

    def _whole(self) -> Fraction:
        if self.total is not None:
            return self.total
        return self.keys.quantity("total_steps", "train_iters", "there is no lr-decay-iters")

    def _given(self, kind: str) -> bool:
        return any(str(self.keys.get(f"{kind}_{unit}")) not in {"None", "0"} for unit in ("iters", "samples"))

    def length(self, kind: str) -> Fraction:
        """Return a length that is given in iterations or in samples."""
        keys = self.keys
        if str(keys.data.get(f"{kind}_iters")) not in {"None", "0"}:
            return Fraction(keys.whole(f"{kind}_iters", least=1))
        samples = keys.whole(f"{kind}_samples", least=1)
        if keys.data.get("global_batch_size") is not None:
            return Fraction(samples, keys.whole("global_batch_size", least=1))
        return samples / keys.quantity("batch_size", f"{kind}_samples", "there is no global-batch-size")


def _node(style: str, keys: Keys, run: _Run) -> Node:
    peak, low = keys.rate("lr"), keys.number("min_lr", 0.0, least=0)
    first = keys.number("lr_warmup_init", 0.0, least=0)
    if low > peak or first > peak:
        raise keys.wrong("min_lr", "min-lr and lr-warmup-init of at most lr; Megatron refuses more too")
    rise: list[Node] = [Linear(init_value=first, end_value=peak, steps=run.warmup)] if run.warmup else []
    span = run.decay - run.warmup
    match style:
        case "constant":
            return joined(*rise, Constant(value=peak))
        case "linear":
            return joined(*rise, Linear(init_value=peak, end_value=low, steps=span))
        case "cosine":
            return joined(*rise, Cosine(init_value=peak, end_value=low, steps=span))
        case "WSD":
            return joined(*rise, *_cooldown(keys, run, peak, low))
    if run.warmup * run.batch < 1:
        reason = "without a warmup it depends on the samples of an update, and so with one of less than a sample"
        raise keys.refused("inverse-square-root", reason)
    law: Node = PowerLaw(init_value=peak, power=0.5, timescale=run.warmup)
    law = Clamp(part=law, min_value=low) if low else law
    run.notes.append("after lr-decay-iters the rate drops to min-lr at once")
    parts = [*rise, Freeze(part=law, steps=math.floor(run.decay) + 1), Constant(value=low)]
    return Sequence(parts=parts, time="global")


def _cooldown(keys: Keys, run: _Run, peak: float, low: float) -> list[Node]:
    shape = keys.word("lr_wsd_decay_style", ("exponential", "linear", "cosine", "minus_sqrt"), "exponential")
    steps = run.length("lr_wsd_decay")
    stable = run.decay - run.warmup - steps
    if stable < 0:
        raise keys.refused(
            "lr_wsd_decay_iters", "a cooldown that begins within the warmup, which jumps where that ends"
        )
    parts: list[Node] = [Constant(value=peak, steps=stable)] if stable else []
    curves: dict[str, Node] = {
        "linear": Linear(init_value=peak, end_value=low, steps=steps),
        "cosine": Cosine(init_value=peak, end_value=low, steps=steps),
        "exponential": NormalizedExponential(init_value=peak, end_value=low, steps=steps, ratio=0.5),
        "minus_sqrt": OneMinusPower(init_value=peak, end_value=low, steps=steps, power=0.5),
    }
    return [*parts, curves[shape]]


def _weight_decay(keys: Keys, run: _Run) -> Node | None:
    """Return the schedule of the weight decay, where it has one."""
    style = keys.word("weight_decay_incr_style", ("constant", "linear", "cosine"), "constant")
    if style == "constant":
        return None
    first, last = keys.number("start_weight_decay", least=0), keys.number("end_weight_decay", least=0)
    total = (
        run.total if run.total is not None else keys.quantity("total_steps", "train_iters", "the weight decay's length")
    )
    if style == "linear":
        return Linear(init_value=first, end_value=last, steps=total)
    return Cosine(init_value=first, end_value=last, steps=total)
