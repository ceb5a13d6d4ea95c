"""torchtitan: the lr_scheduler, optimizer and training tables of its TOML."""

from __future__ import annotations

from lrspec.kinds import Constant, Cosine, Linear, OneMinusPower, Shift
from lrspec.readers.keys import Keys, joined, ramp, share
from lrspec.readers.reading import Reading
from lrspec.spec import Node

SYSTEM = "torchtitan"


def read(keys: Keys) -> Reading:
    """Return the schedule of torchtitan's config.

    Raises:
        UnsupportedError: A key of older releases, whose formula differs.
        SpecError: A key is missing, unknown or not as it should be.
    """
    section, notes = keys.inside("lr_scheduler"), []
    if section.get("lr_min") is not None:
        raise section.refused(
            "lr_scheduler.lr_min", "the key of an older release, whose warmup and decay had one step more"
        )
    peak, total = keys.inside("optimizer").rate("lr"), _total(keys, section)
    warmup = min(section.whole("warmup_steps", 200), total)
    decay = total - warmup
    if section.get("decay_ratio") is not None:
        decay = round(total * section.number("decay_ratio", least=0))
        if warmup + decay > total:
            decay = total - warmup
            notes.append("warmup and decay are longer than the run: the decay is cut to what is left")
    kind = section.word("decay_type", ("linear", "sqrt", "cosine"), "linear")
    low = share(peak, section.number("min_lr_factor", 0.0, least=0))
    section.no_more()
    parts = ramp(0.0, peak, warmup, ahead=1)
    stable = total + 1 - warmup - decay
    if not decay:
        parts.append(Constant(value=peak))
    else:
        parts += [Constant(value=peak, steps=stable), _decay(kind, peak, low, decay)]
    notes.insert(0, "the warmup is one step ahead: step 0 has 1/W of lr, and step W - 1 the peak")
    notes.append(
        "the last value comes after the last step, at the total; torchtitan goes on from there, here it is held"
    )
    return Reading(schedule=joined(*parts), framework=SYSTEM, construct=kind, conventions=tuple(notes))


def _total(keys: Keys, section: Keys) -> int:
    if section.get("total_steps") is not None:
        return section.steps("total_steps")
    training = keys.inside("training")
    if training.get("steps") is not None:
        return training.steps("steps")
    return int(training.quantity("total_steps", "steps", "the config has none"))


def _decay(kind: str, peak: float, low: float, steps: int) -> Node:
    """Return a decay that is one step ahead, and at its end after one step less."""
    if steps == 1:
        return Constant(value=low)
    curves: dict[str, Node] = {
        "linear": Linear(init_value=peak, end_value=low, steps=steps),
        "sqrt": OneMinusPower(init_value=peak, end_value=low, steps=steps, power=0.5),
        "cosine": Cosine(init_value=peak, end_value=low, steps=steps),
    }
    return Shift(part=curves[kind], by=1)
