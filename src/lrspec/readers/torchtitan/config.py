"""torchtitan: the lr_scheduler, optimizer and training tables of its TOML."""

from __future__ import annotations

from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading
from lrspec.readers.torchtitan.shapes import DECAYS, NOTES, lengths_of, node_of

_OLD = "the key of checkouts before release 0.1.0, whose warmup and decay have another formula; write it as a document"
_LR_MIN = (
    "lr_min is min_lr_factor as release 0.1.0 called it; checkouts of March to June 2025 have one step more in each"
)


def read(keys: Keys) -> Reading:
    """Return the schedule of torchtitan's config.

    Args:
        keys: The config.

    Raises:
        UnsupportedError: A key of older checkouts, whose formula differs.
        SpecError: A key is missing, unknown or not as it should be.
    """
    section, training = keys.inside("lr_scheduler"), keys.inside("training")
    if training.get("warmup_steps") is not None:
        raise training.refused("training.warmup_steps", _OLD)
    optimizer = keys.inside("optimizer")
    peak, total = optimizer.rate("lr"), _total(section, training)
    optimizer.no_more(about=r"(^|_)lrs?(_|$)|param_groups")
    warmup = section.whole("warmup_steps", 200)
    ratio = None if section.get("decay_ratio") is None else section.number("decay_ratio", least=0)
    kind = section.word("decay_type", DECAYS, "linear")
    low, notes = _low(section)
    section.no_more()
    lengths = lengths_of(total, warmup, ratio)
    if ratio is not None and lengths.decay < round(total * ratio):
        notes.append("warmup and decay are longer than the run: the decay is cut to what is left")
    return Reading(
        schedule=node_of(peak, lengths, kind, low),
        framework="torchtitan",
        construct=kind,
        conventions=(*NOTES, *notes),
        total=training.steps("steps") if training.get("steps") is not None else total,
    )


def _low(section: Keys) -> tuple[float, list[str]]:
    """Return where the decay ends, which has two names, as a share of the peak."""
    if section.get("lr_min") is None:
        return section.number("min_lr_factor", 0.0, least=0), []
    low = section.number("lr_min", least=0)
    if section.get("min_lr_factor") is not None and section.number("min_lr_factor") != low:
        raise section.wrong("lr_min", "the min_lr_factor beside it")
    return low, [_LR_MIN]


def _total(section: Keys, training: Keys) -> int:
    if section.get("total_steps") is not None:
        return section.steps("total_steps")
    if training.get("steps") is not None:
        return training.steps("steps")
    return int(training.quantity("total_steps", "steps", "the config has none"))
