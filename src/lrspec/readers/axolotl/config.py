"""axolotl: the scheduler, the warmup and the length of a config, as its builders hand them to a Trainer."""

from __future__ import annotations

import math

from lrspec.errors import argument
from lrspec.fields import in_steps, show
from lrspec.readers.axolotl.shapes import OWN, Lengths, jagged
from lrspec.readers.build import schedule_of
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading
from lrspec.readers.torch.arguments import from_arguments
from lrspec.readers.transformers.places import check_deepspeed, check_foreign
from lrspec.readers.transformers.shapes import SHAPES
from lrspec.readers.transformers.trainer import Run, arguments_of, known_total, node_of, type_of, whole_run
from lrspec.schedule import Schedule
from lrspec.spec import Node

_LATE_LENGTH = ("grpo", "gdpo", "ebft")
"""The kinds of `rl` of which axolotl does not know the length before the Trainer does."""
_RELORA = ("relora_steps", "relora_warmup_steps", "relora_anneal_steps")
_SEEN = {
    *("learning_rate", "lr_scheduler", "lr_scheduler_kwargs", "lr_quadratic_warmup", "lr_groups", "lr_div_factor"),
    *("cosine_min_lr_ratio", "cosine_constant_lr_ratio", "jagged_restart_warmup_steps", "jagged_restart_anneal_steps"),
    *("num_epochs", "warmup_steps", "warmup_ratio", "embedding_lr", "embedding_lr_scale", "loraplus_lr_ratio"),
}


_KNOWN = (
    *("cosine_min_lr_ratio", "cosine_constant_lr_ratio", "jagged_restart_steps", "jagged_restart_warmup_steps"),
    *("jagged_restart_anneal_steps", "loraplus_lr_embedding"),
)


def read(keys: Keys) -> Reading:
    """Return the schedule of an axolotl config.

    Raises:
        UnsupportedError: A scheduler that depends on a metric, of an older release, or parameters that mean nothing.
        SpecError: A key is missing, unknown or not as it should be.
    """
    notes: list[str] = []
    for name in _RELORA:
        if keys.data.get(name) is not None:
            raise keys.wrong(name, "jagged_restart_steps, as later releases of axolotl have it")
    run = Run(
        keys=keys,
        rate=keys.rate("learning_rate"),
        total=lambda: _total(keys, notes),
        warmup=lambda: _warmup(keys, notes),
        notes=notes,
    )
    keys.read.update(_SEEN)
    check_foreign(keys, notes, "no such key: axolotl has lr_scheduler, lr_scheduler_kwargs, warmup_steps, num_epochs")
    check_deepspeed(keys, notes)
    keys.read.update(_KNOWN)
    keys.no_more(about=r"^(cosine|jagged|embedding_lr|loraplus_lr)_")
    construct, schedule = _schedule(keys, run)
    if keys.data.get("plugins"):
        notes.append("a plugin may make another scheduler: `plugins` were not looked at")
    notes = ["step 0 is the first update; axolotl hands these numbers to Hugging Face's Trainer", *notes]
    total = known_total(run)
    conventions = tuple(dict.fromkeys(notes))
    return Reading(schedule=schedule, framework=keys.system, construct=construct, conventions=conventions, total=total)


def _total(keys: Keys, notes: list[str]) -> int:
    """Return the number of updates."""
    steps = whole_run(keys, "max_steps")
    if steps is not None:
        if keys.data.get("max_steps") and keys.data.get("warmup_steps") is None:
            notes.append("a data set of fewer updates than max_steps makes the warmup shorter")
        return steps
    why = f"axolotl counts it from the data; or give {argument('total_steps')}, which it prints"
    per_epoch = int(keys.quantity("steps_per_epoch", "num_epochs", why))
    epochs = keys.number("num_epochs", 1.0, least=0)
    count = epochs * per_epoch
    steps = math.floor(count) if keys.get("sample_packing") is True else math.ceil(count)
    notes.append(
        f"{epochs:g} epochs of that many updates: {in_steps(steps)}; axolotl, which counts samples, may have less"
    )
    return steps


def _warmup(keys: Keys, notes: list[str]) -> int:
    """Return the warmup: its steps; else its share of the run, cut; else 3 % of the run, 100 at most. 1 becomes 2."""
    steps, ratio = keys.get("warmup_steps"), keys.get("warmup_ratio")
    if steps and ratio:
        raise keys.wrong("warmup_ratio", "nothing beside warmup_steps: axolotl refuses both")
    if steps is not None:
        count = keys.whole("warmup_steps")
    elif keys.data.get("rl") in _LATE_LENGTH:
        share = keys.number("warmup_ratio", 0.03, least=0)
        count = math.ceil(share * _total(keys, notes))
    elif ratio is not None:
        count = int(keys.number("warmup_ratio", least=0) * _total(keys, notes))
        notes.append(f"a warmup of {show(ratio)} of the run, cut: {in_steps(count)}")
    else:
        count = min(int(0.03 * _total(keys, notes)), 100)
        keys.context.defaults[keys.at("warmup_steps")] = count
        notes.append(f"no warmup is given: 3 % of the run, 100 steps at most: {in_steps(count)}")
    if count == 1:
        notes.append("a warmup of 1 step is one of 2 in axolotl")
    return 2 if count == 1 else count


def _schedule(keys: Keys, run: Run) -> tuple[str, Schedule]:
    """Return the name of the scheduler, and the schedule: a document where groups have rates of their own."""
    name = keys.get("lr_scheduler", "cosine")
    rates = _rates_of_groups(keys, run.rate)
    restarts = keys.data.get("jagged_restart_steps")
    if name == "one_cycle":
        if restarts:
            raise keys.refused("jagged_restart_steps", "around one_cycle, of which the step after the last fails")
        return "one_cycle", _one_cycle(keys, run)
    construct = _own_of(keys, name) or type_of(keys, "lr_scheduler", "cosine")
    given = {} if construct in OWN else arguments_of(SHAPES[construct], keys, run.notes)

    def node_at(rate: float) -> Node:
        own = OWN.get(construct)
        node = own(_lengths(keys, run), rate) if own else node_of(construct, given, run, rate)
        return _restarted(keys, construct, node, run.total()) if restarts else node

    node = node_at(run.rate)
    return construct, schedule_of(node, {group: node_at(rate) for group, rate in rates.items()})


def _own_of(keys: Keys, name: object) -> str | None:
    """Return which of axolotl's own schedulers is asked for, in the order in which its trainers ask."""
    low, until = keys.get("cosine_min_lr_ratio"), keys.get("cosine_constant_lr_ratio")
    square = keys.get("lr_quadratic_warmup") is True and keys.data.get("rl") is None
    if name == "rex":
        _no_arguments(keys)
        return "rex"
    if name != "cosine" or not (square or low):
        return None
    _no_arguments(keys)
    if square:
        return "cosine with lr_quadratic_warmup"
    return f"cosine with cosine_min_lr_ratio{' and cosine_constant_lr_ratio' * bool(until)}"


def _no_arguments(keys: Keys) -> None:
    """Note that axolotl's own schedulers take no lr_scheduler_kwargs."""
    keys.read.add("lr_scheduler_kwargs")


def _lengths(keys: Keys, run: Run) -> Lengths:
    shares = {
        name: keys.number(name, default, least=0)
        for name, default in (("cosine_min_lr_ratio", 0.0), ("cosine_constant_lr_ratio", 1.0))
    }
    for name, share in shares.items():
        if share > 1:
            raise keys.wrong(name, "a share, 0 to 1")
    return Lengths(
        warmup=run.warmup(),
        total=run.total(),
        rate=run.rate,
        low=shares["cosine_min_lr_ratio"],
        until=shares["cosine_constant_lr_ratio"],
    )


def _restarted(keys: Keys, construct: str, node: Node, total: int) -> Node:
    if construct == "rex":
        raise keys.refused("jagged_restart_steps", "around rex, of which it skips a step")
    every = keys.whole("jagged_restart_steps", least=1)
    warmup, anneal = (
        keys.whole("jagged_restart_warmup_steps", 10) or 10,
        keys.whole("jagged_restart_anneal_steps", 1) or 1,
    )
    low = keys.number("cosine_min_lr_ratio", 0.0, least=0) or 0.001
    return jagged(node, total, every, warmup, anneal, low)


def _one_cycle(keys: Keys, run: Run) -> Schedule:
    """Return torch's OneCycleLR, of which the warmup is the share that rises."""
    more = keys.inside("lr_scheduler_kwargs")
    given = {name: more.get(name) for name in more.data if more.data[name] is not None}
    for name in ("max_lr", "total_steps"):
        if name in given:
            raise more.wrong(name, "nothing: axolotl gives it itself, from learning_rate and the length of the run")
    total = run.total()
    if "pct_start" not in given:
        given["pct_start"] = run.warmup() / total
    arguments = {"anneal_strategy": "cos", **given, "max_lr": run.rate, "total_steps": total}
    curve = from_arguments("OneCycleLR", arguments, run.rate)
    run.notes.extend((*curve.notes, *curve.faults))
    return schedule_of(curve.node, momentum=curve.momentum)


def _rates_of_groups(keys: Keys, rate: float) -> dict[str, float]:
    """Return the learning rates of the parameters that have one of their own, by the names of their groups."""
    found: dict[str, float] = {}
    if keys.get("loraplus_lr_ratio") is not None:
        found["lora_B"] = rate * keys.number("loraplus_lr_ratio", least=0)
        found["embeddings"] = keys.number("loraplus_lr_embedding", 1e-6, least=0)
        return found
    if keys.get("embedding_lr_scale"):
        keys.read.add("embedding_lr")
        found["embeddings"] = rate * keys.number("embedding_lr_scale", least=0)
    elif keys.get("embedding_lr"):
        found["embeddings"] = keys.number("embedding_lr", least=0)
    for group in keys.items("lr_groups") if keys.data.get("lr_groups") is not None else []:
        name = group.get("name")
        if not isinstance(name, str):
            raise group.wrong("name", "a name")
        found[name] = group.number("lr", least=0)
        group.read.add("modules")
        group.no_more()
    return found
