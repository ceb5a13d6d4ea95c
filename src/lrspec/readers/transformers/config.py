"""Hugging Face: the TrainingArguments of a Trainer, as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from lrspec.errors import SpecError
from lrspec.fields import in_steps
from lrspec.kinds import Constant, Cosine, Freeze, Linear, OneMinusPower, Polynomial, PowerLaw, Repeat, Shift
from lrspec.readers.keys import Keys, joined, ramp, share
from lrspec.readers.reading import Reading
from lrspec.spec import Node

SYSTEM = "huggingface"
_MARKS = {"lr_scheduler_type", "lr_scheduler_kwargs", "warmup_ratio", "num_train_epochs", "per_device_train_batch_size"}
_HALF = 0.5


class _Run:
    """The peak, the warmup and the length of a run, each looked up when a schedule needs it."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.notes: list[str] = []
        if keys.data.get("learning_rate") is None and "base_value" not in keys.quantities:
            self.notes.append("no learning_rate: Hugging Face's own default of 5e-5")
            self.peak = 5e-5
        else:
            self.peak = keys.rate("learning_rate")

    def total(self) -> int:
        """Return the number of updates: max_steps, or what the epochs come to, rounded up."""
        keys = self.keys
        if keys.data.get("max_steps") is not None and keys.number("max_steps") > 0:
            return keys.steps("max_steps")
        if "total_steps" in keys.quantities:
            return int(keys.quantities["total_steps"])
        epochs = keys.number("num_train_epochs", 3.0, least=0)
        per_epoch = keys.quantity(
            "steps_per_epoch", "num_train_epochs", "max_steps is not set; or give total_steps=..."
        )
        steps = math.ceil(epochs * int(per_epoch))
        self.notes.append(f"{epochs:g} epochs of {per_epoch} updates, rounded up: {in_steps(steps)}")
        return steps

    def warmup(self) -> int:
        """Return the steps of the warmup, as the Trainer counts them."""
        keys = self.keys
        steps, ratio = keys.number("warmup_steps", 0, least=0), keys.number("warmup_ratio", 0, least=0)
        if steps >= 1:
            return int(steps)
        ratio = steps or ratio
        if ratio > 1:
            raise keys.wrong("warmup_ratio", "a share, 0 to 1")
        if not ratio:
            return 0
        count = math.ceil(self.total() * ratio)
        self.notes.append(f"a warmup of {ratio:g} of the steps, rounded up: {in_steps(count)}")
        return count


def read(keys: Keys) -> Reading:
    """Return the schedule of a Trainer.

    Raises:
        UnsupportedError: A scheduler that depends on a metric, or parameters that mean nothing.
        SpecError: A key is missing, unknown or not as it should be.
    """
    name = keys.get("lr_scheduler_type", "linear")
    deepspeed = keys.get("deepspeed")
    if isinstance(deepspeed, Mapping) and deepspeed.get("scheduler") is not None:
        raise keys.refused("deepspeed.scheduler", "it goes before lr_scheduler_type; give DeepSpeed's config by itself")
    if name in ("reduce_lr_on_plateau", "greedy"):  # no set: a list has no hash
        raise keys.refused(name, "it follows a metric, not the step; see lrspec.ReduceOnPlateau")
    if not isinstance(name, str) or name not in _SCHEDULES:
        raise keys.wrong("lr_scheduler_type", f"one of {', '.join(_SCHEDULES)}")
    run = _Run(keys)
    more = keys.inside("lr_scheduler_kwargs")
    node = _SCHEDULES[name](run, more)
    more.no_more()
    for unread in ("warmup_steps", "warmup_ratio", "max_steps", "num_train_epochs"):
        keys.get(unread)
    if isinstance(deepspeed, str):
        run.notes.append(f"a scheduler in {deepspeed!r} would go before this one: that file was not looked at")
    keys.no_more(about="^(lr_|warmup|learning_rate$)(?!.*(group|find))")
    notes = ("step 0 is the first update; the factors multiply learning_rate", *dict.fromkeys(run.notes))
    return Reading(schedule=node, framework=SYSTEM, construct=name, conventions=notes)


def _ratio(more: Keys, peak: float) -> float:
    """Return the floor of the schedules that take either a rate or a share of the peak."""
    if (more.data.get("min_lr") is None) == (more.data.get("min_lr_rate") is None):
        raise SpecError(more.path, found="both or neither", expected="one of min_lr and min_lr_rate")
    if more.data.get("min_lr") is not None:
        return more.number("min_lr", least=0)
    return share(peak, more.number("min_lr_rate", least=0))


def _wave(run: _Run, floor: float, steps: int, cycles: float) -> Node:
    """Return the cosine, which goes on after its end where that is expressible."""
    if cycles <= 0:
        raise SpecError("lr_scheduler_kwargs.num_cycles", found=f"{cycles:g}", expected="a number above 0")
    if (Fraction(steps) / Fraction(cycles)).denominator == 1:
        run.notes.append("the cosine is not clamped: after the last step it rises again")
        return Cosine(init_value=run.peak, end_value=floor, steps=steps, cycles=cycles, after="continue")
    run.notes.append("after the last step, where the Trainer stops, the value is held; Hugging Face's goes on")
    return Cosine(init_value=run.peak, end_value=floor, steps=steps, cycles=cycles)


def _constant(run: _Run, more: Keys) -> Node:
    more.read.update(more.data)  # get_scheduler passes none of them on
    if run.keys.get("warmup_steps") or run.keys.get("warmup_ratio"):
        run.notes.append("`constant` has no warmup: Hugging Face ignores what the config says of one")
    return Constant(value=run.peak)


def _constant_with_warmup(run: _Run, more: Keys) -> Node:  # noqa: ARG001 - every schedule takes the same
    return joined(*ramp(0.0, run.peak, run.warmup()), Constant(value=run.peak))


def _linear(run: _Run, more: Keys) -> Node:  # noqa: ARG001
    warmup, total = run.warmup(), run.total()
    if total <= warmup:
        return joined(*ramp(0.0, run.peak, warmup), Constant(value=0.0))
    return joined(*ramp(0.0, run.peak, warmup), Linear(init_value=run.peak, end_value=0.0, steps=total - warmup))


def _cosine(run: _Run, more: Keys, floor: float = 0.0) -> Node:
    warmup, cycles = run.warmup(), more.number("num_cycles", _HALF)
    wave = _wave(run, floor, max(1, run.total() - warmup), cycles)
    return joined(*ramp(0.0, run.peak, warmup), wave)


def _cosine_with_min_lr(run: _Run, more: Keys) -> Node:
    return _cosine(run, more, _ratio(more, run.peak))


def _restarts(run: _Run, more: Keys) -> Node:
    warmup, cycles = run.warmup(), Fraction(more.number("num_cycles", 1))
    if cycles <= 0:
        raise more.wrong("num_cycles", "a number above 0")
    steps = max(1, run.total() - warmup)
    cycle = Cosine(init_value=run.peak, end_value=0.0, steps=Fraction(steps) / cycles)
    parts = [*ramp(0.0, run.peak, warmup), Freeze(part=Repeat(part=cycle), steps=steps), Constant(value=0.0)]
    late = [
        warmup + int(i * cycle.steps)
        for i in range(1, min(int(cycles) + 1, 4096))
        if (i * cycle.steps).denominator == 1
        and i < cycles
        and float(cycles) * (float(i * cycle.steps) / float(steps)) % 1.0 > _HALF
    ]
    if late:
        run.notes.append(f"its float64 arithmetic restarts one step late at {late}; the restart itself was read")
    return joined(*parts)


def _polynomial(run: _Run, more: Keys) -> Node:
    end, power = more.number("lr_end", 1e-7, least=0), more.number("power", 1.0)
    warmup, total = run.warmup(), run.total()
    if run.peak <= end or total <= warmup:
        reason = f"a decay from {run.peak:g} to {end:g} in {in_steps(total - warmup)}, which Hugging Face refuses too"
        raise more.refused("polynomial", reason)
    decay = Polynomial(init_value=run.peak, end_value=end, steps=total - warmup, power=power)
    return joined(*ramp(0.0, run.peak, warmup), decay)


def _inverse_sqrt(run: _Run, more: Keys) -> Node:
    warmup = run.warmup()
    scale = more.steps("timescale", warmup or 10_000)
    decay = PowerLaw(init_value=run.peak, power=_HALF, timescale=scale, offset=scale)
    return joined(*ramp(0.0, run.peak, warmup), decay)


def _ahead(run: _Run, more: Keys) -> Node:
    """Return the cosine that is one step ahead: its warmup reaches the peak at its last step."""
    warmup, cycles = run.warmup(), more.number("num_cycles", _HALF)
    steps = max(1, run.total() - warmup)
    run.notes.append("warmup and decay are one step ahead: the peak is used at the warmup's last step")
    first = more.get("warmup_lr_rate")
    if first is None:
        rise = ramp(0.0, run.peak, warmup, ahead=1)
    else:
        low = share(run.peak, more.number("warmup_lr_rate", least=0))
        rise = [Constant(value=low, steps=1)] if warmup == 1 else ramp(low, run.peak, warmup, over=max(1, warmup - 1))
    wave = _wave(run, _ratio(more, run.peak), steps, cycles)
    if steps == 1 and getattr(wave, "after", None) != "continue":
        raise more.refused("cosine_warmup_with_min_lr", "a decay of one step, and cycles that are no whole steps")
    return joined(*rise, Shift(part=wave, by=1))


def _wsd(run: _Run, more: Keys) -> Node:
    warmup, decay = run.warmup(), more.steps("num_decay_steps", least=0)
    if more.data.get("num_stable_steps") is None:
        stable = run.total() - warmup - decay
        if stable < 0:
            raise more.wrong("num_decay_steps", f"at most {run.total() - warmup}, the steps after the warmup")
    else:
        stable = more.steps("num_stable_steps", least=0)
    shapes = ("linear", "cosine", "1-sqrt")
    rise, fall = more.word("warmup_type", shapes, "linear"), more.word("decay_type", shapes, "cosine")
    floor, cycles = share(run.peak, more.number("min_lr_ratio", 0, least=0)), more.number("num_cycles", _HALF)
    parts: list[Node] = []
    if warmup:
        up: dict[str, Node] = {
            "linear": Linear(init_value=floor, end_value=run.peak, steps=warmup),
            "cosine": Cosine(init_value=floor, end_value=run.peak, steps=warmup),
            "1-sqrt": Polynomial(init_value=floor, end_value=run.peak, steps=warmup, power=_HALF),
        }
        parts.append(up[rise])
    if stable:
        parts.append(Constant(value=run.peak, steps=stable))
    if decay:
        down: dict[str, Callable[[], Node]] = {
            "linear": lambda: Linear(init_value=run.peak, end_value=floor, steps=decay),
            "cosine": lambda: Cosine(init_value=run.peak, end_value=floor, steps=decay, cycles=cycles),
            "1-sqrt": lambda: OneMinusPower(init_value=run.peak, end_value=floor, steps=decay, power=_HALF),
        }
        parts.append(down[fall]())
    run.notes.append("the warmup starts at the floor, min_lr_ratio")
    return joined(*parts, Constant(value=floor))


_SCHEDULES: dict[str, Callable[[_Run, Keys], Node]] = {
    "linear": _linear,
    "cosine": _cosine,
    "cosine_with_restarts": _restarts,
    "polynomial": _polynomial,
    "constant": _constant,
    "constant_with_warmup": _constant_with_warmup,
    "inverse_sqrt": _inverse_sqrt,
    "cosine_with_min_lr": _cosine_with_min_lr,
    "cosine_warmup_with_min_lr": _ahead,
    "warmup_stable_decay": _wsd,
}
"""The node of each scheduler type."""
