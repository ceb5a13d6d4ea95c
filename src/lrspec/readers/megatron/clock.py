"""What Megatron counts in: iterations, samples or tokens, and how many an update has."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from lrspec.readers.files import Unread
from lrspec.readers.keys import Keys

_GROWS = re.compile(
    "(ramp|grow|curriculum|schedule|increment|dynamic|adaptive|progressive|step|start|initial|warmup)"
    ".*batch|batch.*(ramp|grow|schedule|increment|dynamic|adaptive|progressive|step|start|initial|warmup)"
)
_OFF = ("", "0", "False", "false", "None", "[]")
_SAMPLES = "the scheduler counts samples, of which an update has more and more"


class Clock:
    """The lengths of a run in updates.

    Attributes:
        unit: What its lengths are in: iters or samples.
        decay: The updates up to the end of the decay, with those of the warmup.
        warmup: The updates of the warmup.
        late: Whether the schedule is one update behind: Megatron-DeepSpeed's clock of tokens.
    """

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._constant = keys.data.get("lr_decay_style") == "constant"
        _refuse_growth(keys)
        self.unit = self._unit()
        self.late = given(keys, "lr_decay_tokens") or given(keys, "lr_warmup_tokens")
        if self.late:
            _refuse_curriculum(keys)
            self.decay, self.warmup = self._by_tokens()
        else:
            self.decay = self._decay()
            self.warmup = self._warmup()
        if self._constant:
            return
        if self.warmup >= self.decay:
            name = "lr_warmup_fraction" if given(keys, "lr_warmup_fraction") else f"lr_warmup_{self.unit}"
            raise keys.wrong(name, f"a warmup of less than {float(self.decay):g} updates; Megatron refuses it too")

    @property
    def total(self) -> int | None:
        """The updates of the training, where the arguments say it."""
        name = f"train_{self.unit}"
        said = given(self.keys, name) and not isinstance(self.keys.data[name], Unread)
        return int(self._length("train")) if said else None

    def whole(self, what: str) -> Fraction:
        """Return the length of the training, which stands in for another.

        Args:
            what: For what, for the error.
        """
        name = f"train_{self.unit}"
        if given(self.keys, name):
            return self._length("train")
        return self.keys.quantity("total_steps", name, f"there is no length of {what} of its own")

    def cooldown(self) -> Fraction:
        """Return the length of the cooldown of WSD."""
        if self.late:
            raise self.keys.refused("WSD", "with a clock of tokens, which no release has")
        return self._length("lr_wsd_decay")

    def _unit(self) -> str:
        """Return whether the lengths are in iterations or samples; both together Megatron refuses."""
        keys = self.keys
        names = [f"{kind}_{{}}" for kind in ("train", "lr_decay", "lr_warmup", "lr_wsd_decay")]
        samples = [name.format("samples") for name in names if given(keys, name.format("samples"))]
        iters = [name.format("iters") for name in names if given(keys, name.format("iters"))]
        if "train_samples" in samples:
            iters = [name for name in iters if name != "train_iters"]  # which Megatron works out, and dumps
        if samples and iters:
            raise keys.wrong(iters[0], f"no iterations beside {samples[0]}; Megatron refuses both together")
        return "samples" if samples else "iters"

    def _length(self, kind: str) -> Fraction:
        """Return a length in updates."""
        keys, name = self.keys, f"{kind}_{self.unit}"
        count = keys.whole(name, least=1)
        return Fraction(count) if self.unit == "iters" else count / self._batch(name)

    def _decay(self) -> Fraction:
        """Return the length of the decay; of a constant rate only a warmup that is a share of it asks for one."""
        if self._constant and not given(self.keys, "lr_warmup_fraction"):
            return Fraction(0)
        if given(self.keys, f"lr_decay_{self.unit}"):
            return self._length("lr_decay")
        whole = self.whole("the decay")
        self.keys.context.defaults[f"lr_decay_{self.unit}"] = f"train_{self.unit}"
        return whole

    def _warmup(self) -> Fraction:
        keys, name = self.keys, f"lr_warmup_{self.unit}"
        if given(keys, "lr_warmup_fraction"):
            if given(keys, name):
                raise keys.wrong(name, "one of it and lr_warmup_fraction; Megatron refuses both")
            return Fraction(repr(keys.number("lr_warmup_fraction", least=0))) * self.decay
        return self._length("lr_warmup") if given(keys, name) else Fraction(keys.whole(name, 0))

    def _batch(self, name: str) -> Fraction:
        keys = self.keys
        if given(keys, "global_batch_size"):
            return Fraction(keys.whole("global_batch_size", least=1))
        return keys.quantity("batch_size", name, "there is no global_batch_size")

    def _tokens(self, name: str) -> Fraction:
        """Return a number of tokens in updates."""
        keys = self.keys
        count = keys.whole(name, least=1)
        if given(keys, "seq_length"):
            return count / (keys.whole("seq_length", least=1) * self._batch(name))
        return count / keys.quantity("tokens_per_step", name, "there is no seq_length")

    def _by_tokens(self) -> tuple[Fraction, Fraction]:
        """Return the ends of decay and warmup of a clock that is one update late."""
        keys = self.keys
        if given(keys, "lr_warmup_tokens"):
            warmup = self._tokens("lr_warmup_tokens")
            if not given(keys, "lr_decay_tokens") and not self._constant:
                raise keys.refused("lr_warmup_tokens", f"a decay by {self.unit}, which jumps where the warmup ends")
            return Fraction(0) if self._constant else self._tokens("lr_decay_tokens"), warmup
        if given(keys, "lr_warmup_fraction") or self._constant:
            self.decay = self._decay()
        warmup = self._warmup()
        if self._constant:
            self.late = False
            return self.decay, warmup
        if not warmup or warmup.denominator != 1:
            raise keys.refused("lr_decay_tokens", "no warmup of whole updates before it; Megatron-DeepSpeed fails too")
        self.late = False  # the warmup is not, and the decay begins where it ends
        return self._tokens("lr_decay_tokens") + 1, warmup


def given(keys: Keys, name: str) -> bool:
    """Tell whether an argument is there, known or not; 0 is what stands for none in Megatron.

    Args:
        keys: The arguments.
        name: Its name.
    """
    return isinstance(keys.data.get(name), Unread) or str(keys.get(name)) not in {"None", "0"}


def _refuse_growth(keys: Keys) -> None:
    """Refuse a batch that grows, whatever it is called."""
    keys.get("rampup_batch_size"), keys.get("step_batch_size_schedule")
    for name, value in keys.data.items():
        known = re.match("(log|eval|inference)_", str(name)) or name == "decrease_batch_size_if_needed"
        if "batch" not in str(name) or known or str(value) in _OFF:
            continue
        if _GROWS.search(str(name)) or (str(name).endswith("batch_size") and not _single(value)):
            keys.get(name)
            raise keys.refused(str(name), _SAMPLES)


def _single(value: Any) -> bool:
    several = isinstance(value, list | tuple) or re.search(r"[:,]|\s", str(value).strip())
    return isinstance(value, Unread) or not several


def _refuse_curriculum(keys: Keys) -> None:
    """Refuse sequences that grow, where tokens count."""
    for name, value in keys.data.items():
        if "curriculum" in str(name) and str(value) not in _OFF:
            keys.get(name)
            raise keys.refused(str(name), "the sequences grow, and the tokens of an update with them")
