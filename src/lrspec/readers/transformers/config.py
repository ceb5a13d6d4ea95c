"""Hugging Face: the TrainingArguments of a Trainer, and of the classes that derive from them."""

from __future__ import annotations

import math

from lrspec.errors import argument
from lrspec.fields import in_steps
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading
from lrspec.readers.transformers.derived import check_family, parts_of_llama_factory, rate_of
from lrspec.readers.transformers.places import arguments_in, check_deepspeed, check_foreign
from lrspec.readers.transformers.shapes import SHAPES
from lrspec.readers.transformers.trainer import Run, arguments_of, known_total, scheduled, type_of, whole_run

_OWN = (
    "learning_rate",
    "learning_rate_mapping",
    "lr_scheduler_type",
    "lr_scheduler_kwargs",
    "warmup_steps",
    "warmup_ratio",
)
_EXPECTED = "no such key: TrainingArguments have learning_rate, lr_scheduler_type, warmup_steps, max_steps and others"


def read(keys: Keys) -> Reading:
    """Return the schedule of a Trainer.

    Raises:
        UnsupportedError: A scheduler that depends on a metric, or parameters that mean nothing.
        SpecError: A key is missing, unknown or not as it should be.
    """
    keys = arguments_in(keys)
    check_family(keys)
    notes: list[str] = []
    keys.read.update(_OWN)
    check_foreign(keys, notes, _EXPECTED)
    check_deepspeed(keys, notes)
    run = run_of(keys, notes)
    name = type_of(keys, "lr_scheduler_type", "linear")
    given = arguments_of(SHAPES[name], keys, notes)
    if name == "warmup_stable_decay":
        given |= parts_of_llama_factory(keys, given, run)
    schedule = scheduled(name, given, run, _mapped_rates(keys))
    if name == "constant" and (keys.data.get("warmup_steps") or keys.data.get("warmup_ratio")):
        notes.append("`constant` has no warmup: Hugging Face ignores what the config says of one")
    conventions = ("step 0 is the first update; the factors multiply learning_rate", *dict.fromkeys(notes))
    return Reading(
        schedule=schedule, framework=keys.system, construct=name, conventions=conventions, total=known_total(run)
    )


def run_of(keys: Keys, notes: list[str]) -> Run:
    """Return what the training arguments say of the run: its rate, and its lengths as the Trainer counts them.

    Args:
        keys: The arguments.
        notes: What is mapped, which is added to.

    Raises:
        SpecError: There is no learning rate, and the class that it is left to has a default of its own.
    """
    return Run(
        keys=keys,
        rate=rate_of(keys),
        total=lambda: _total(keys, notes),
        warmup=lambda: _warmup(keys, notes),
        notes=notes,
    )


def _total(keys: Keys, notes: list[str]) -> int:
    """Return the number of updates: max_steps, or what the epochs come to, rounded up."""
    steps = whole_run(keys, "max_steps")
    if steps is not None:
        return steps
    if keys.data.get("max_steps") is not None and keys.number("max_steps") == 0:
        raise keys.wrong("max_steps", "-1 or a number above 0: 0 is no step since transformers 4.49, none before")
    if keys.data.get("total_episodes") is not None:
        given = argument("total_steps")
        raise keys.wrong("total_episodes", f"{given}, updates of the run: they are counted in episodes")
    why = f"max_steps is not set; or give {argument('total_steps')}"
    per_epoch = int(keys.quantity("steps_per_epoch", "num_train_epochs", why))
    epochs = keys.number("num_train_epochs", 3.0, least=0)
    steps = math.ceil(epochs * per_epoch)
    notes.append(f"{epochs:g} epochs of {per_epoch} updates, rounded up: {in_steps(steps)}")
    return steps


def _warmup(keys: Keys, notes: list[str]) -> int:
    """Return the steps of the warmup, as the Trainer counts them: warmup_steps, or a share of the run, rounded up."""
    steps, ratio = (
        keys.number("warmup_steps", 0, least=0),
        keys.number("warmup_ratio", least=0) if _has_ratio(keys) else 0,
    )
    if ratio > 1:
        raise keys.wrong("warmup_ratio", "a share, 0 to 1")
    if 0 < steps < 1 and ratio not in (0, steps):
        raise keys.wrong("warmup_ratio", f"nothing beside warmup_steps={steps:g}, which is a share too")
    if steps >= 1:
        if ratio:
            notes.append("warmup_steps goes before warmup_ratio, as in transformers 4; 5.0 and 5.1 take warmup_ratio")
        return int(steps)
    share = steps or ratio
    if not share:
        return 0
    count = math.ceil(_total(keys, notes) * share)
    notes.append(f"a warmup of {share:g} of the steps, rounded up: {in_steps(count)}")
    return count


def _has_ratio(keys: Keys) -> bool:
    return keys.data.get("warmup_ratio") is not None


def _mapped_rates(keys: Keys) -> dict[str, float]:
    """Return the rates of parameters by the patterns of their names, of sentence-transformers."""
    mapping = keys.inside("learning_rate_mapping")
    return {name: mapping.number(name, least=0) for name in mapping.data}
