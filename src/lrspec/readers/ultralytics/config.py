"""Ultralytics: args.yaml of a run, or a file with some of its keys; YOLOv5's and YOLOv7's opt.yaml with hyp.yaml."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from lrspec.readers import files
from lrspec.readers.build import schedule_of
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading
from lrspec.readers.ultralytics.shapes import Run, momentum, of_updates, rate, updates_of
from lrspec.spec import Node

SYSTEM = "ultralytics"
_DRIVEN = {"SGD", "RMSPROP"}
_OPTIMIZERS = {*_DRIVEN, "ADAM", "ADAMAX", "ADAMW", "NADAM", "RADAM"}
"""Those of which the trainer drives the momentum, and all whose rate it leaves as it is."""
_DUMP = {"overlap_mask", "retina_masks", "vid_stride", "workspace"}
"""Keys of every release that only the arguments of a whole run have."""
_BATCHES = "the trainer needs the batches of an epoch (of all processes together, one batch)"


class _Release(NamedTuple):
    """What releases differ in: how they are called, and the warmup and the epochs after it."""

    says: str
    least: int = 100
    lags: bool = False
    leaves_last: bool = False


_FIRST = _Release("8.0 to 8.1.41, in which an epoch after the warmup has the rate of the epoch before", lags=True)
_MIDDLE = _Release(
    "8.1.42 to 8.4.102, in which a warmup has at least 100 batches; before, an epoch had the rate of the one before"
)
_NEWEST = _Release("8.4.103 and later, in which the warmup leaves the last epoch", least=0, leaves_last=True)


def read(keys: Keys) -> Reading:
    """Return the schedules of a run: the rate, that of the biases, and the momentum.

    Raises:
        UnsupportedError: The trainer chooses the rate or the length itself.
        SpecError: A key is missing, unknown or not as it should be.
    """
    if keys.data.get("hyp") is not None:
        return _yolov5(keys)
    if "epochs" not in keys.data and {"anchor_t", "obj_pw"} & keys.data.keys():
        raise keys.wrong("epochs", "a number, which stands in the run's opt.yaml: give that file, with this one beside")
    return _ultralytics(keys)


def _ultralytics(keys: Keys) -> Reading:
    if keys.data.get("mode") is not None:
        keys.word("mode", ("train",))
    if keys.get("time") is not None:
        raise keys.refused("time", "a length in hours, from which the number of epochs is measured while it trains")
    optimizer, release = _optimizer(keys, "auto"), _release(keys)
    notes = [f"read as by Ultralytics {release.says}"]
    epochs, batches = keys.steps("epochs", 100), int(keys.quantity("steps_per_epoch", "epochs", _BATCHES))
    run = _run(keys, optimizer, epochs, batches, release.lags)
    wanted = keys.number("warmup_epochs", 3.0, least=0)
    if not wanted and {"v5loader", "image_weights"} & keys.data.keys():
        raise keys.refused(
            "warmup_epochs: 0", "the first releases warm up for 100 batches all the same, later ones do not"
        )
    newest = round(min(wanted, epochs - 1) * batches)
    before = max(round(wanted * batches), 100) if wanted else 0
    if newest != before and not _is_dump(keys):
        notes.append(f"from 8.4.103 on the warmup has {newest} batches, not {before}; the keys do not say the release")
    is_cosine = keys.flag("cos_lr", default=False)
    run = replace(run, is_cosine=is_cosine, warmup=newest if release.leaves_last else before)
    counted = _Counted(keys, "batch", keys.number("batch", 16), keys.number("nbs", 64), by_share=release.leaves_last)
    keys.no_more(about=r"(^|_)lr|warmup")
    return _reading(run, counted, "cos_lr" if is_cosine else "linear", notes)


def _release(keys: Keys) -> _Release:
    """Return the release that the keys of a whole run say, and the middle one for a file of some keys."""
    if {"channels_last", "dlog"} & keys.data.keys():
        return _NEWEST
    return _FIRST if _is_dump(keys) and "bgr" not in keys.data else _MIDDLE


def _is_dump(keys: Keys) -> bool:
    return keys.data.keys() >= _DUMP


def _yolov5(keys: Keys) -> Reading:
    for name in ("flat_cos_lr", "fixed_lr"):
        if keys.get(name):
            raise keys.refused(name, "YOLOv9's own, which is not read")
    hyp = _hyp(keys)
    is_old, is_first = "linear_lr" in keys.data, "cos_lr" not in keys.data and "linear_lr" not in keys.data
    name = "linear_lr" if is_old else "cos_lr"
    flag = True if is_first else keys.flag(name, default=False)
    is_cosine = flag if is_first or not is_old else not flag
    optimizer = "Adam" if keys.get("adam") else _optimizer(keys, "SGD")
    epochs, batches = keys.steps("epochs", 300), int(keys.quantity("steps_per_epoch", "epochs", _BATCHES))
    if is_old and not is_cosine and epochs == 1:
        raise keys.wrong("epochs", "2 or more: with one, this release divides by zero")
    least = 100 if "seed" in keys.data else 1000
    run = _run(hyp, optimizer, epochs, batches, lags=True)
    warmup = max(round(hyp.number("warmup_epochs", 3.0, least=0) * batches), least)
    line = epochs - 1 if is_old else epochs
    run = replace(run, is_cosine=is_cosine, warmup=warmup, line=line)
    counted = _Counted(keys, "batch_size", keys.number("batch_size", 16), 64.0, by_remainder="img_size" in keys.data)
    hyp.no_more(about=r"(^|_)lr|warmup")
    keys.no_more(about="(^|_)lr(_|$)")
    notes = [
        f"a warmup of at least {least} batches, as the keys say the release of YOLOv5 or YOLOv7",
        "an epoch after the warmup has the rate of the epoch before: the scheduler is stepped after it",
    ]
    return _reading(run, counted, "cosine" if is_cosine else "linear", notes)


def _hyp(keys: Keys) -> Keys:
    """Return the hyperparameters, which stand in opt.yaml, or in hyp.yaml beside it.

    Raises:
        SpecError: There is no such file.
    """
    if not isinstance(keys.data["hyp"], str):
        return keys.inside("hyp")
    keys.get("hyp")
    path = keys.context.file.path
    beside = path.parent / "hyp.yaml" if path is not None else None
    if beside is None or not beside.is_file():
        raise keys.wrong("hyp", "the run's hyp.yaml beside this file, or its keys here")
    keys.context.file = replace(keys.context.file, files=(*keys.context.file.files, beside.name))
    return Keys(files.load(beside).data, keys.context, "hyp.yaml")


def _optimizer(keys: Keys, default: str) -> str:
    """Return the optimizer's name in capitals.

    Raises:
        UnsupportedError: The trainer chooses it, or it is not known.
    """
    name = str(keys.get("optimizer", default))
    if name.lower() == "auto":
        reason = "Ultralytics chooses the optimizer, lr0 and warmup_bias_lr itself, from the number of iterations and \
classes; write what the run's log says it chose"
        raise keys.refused("optimizer: auto", reason)
    if name.upper() not in _OPTIMIZERS:
        raise keys.refused(
            f"optimizer: {name}", "not one whose parameter groups all have lr0, as those of SGD and Adam"
        )
    return name.upper()


def _run(keys: Keys, optimizer: str, epochs: int, batches: int, lags: bool) -> Run:  # noqa: FBT001 - a fact of the run
    """Return a run, of which the warmup and the curve are still to be said."""
    bias = keys.number("warmup_bias_lr", 0.1, least=0)
    first, last = keys.number("warmup_momentum", 0.8, least=0), keys.number("momentum", 0.937, least=0)
    return Run(
        epochs=epochs,
        batches=batches,
        warmup=0,
        peak=keys.rate("lr0") if keys.data.get("lr0") is not None else keys.number("lr0", 0.01),
        last=keys.number("lrf", 0.01, least=0),
        is_cosine=False,
        line=epochs,
        lags=lags,
        bias=bias,
        momentum=(first, last) if optimizer in _DRIVEN else None,
    )


class _Counted(NamedTuple):
    """What the batches of a run have, and how they become updates."""

    keys: Keys
    name: str
    batch: float
    nominal: float
    by_remainder: bool = False
    by_share: bool = False


def _reading(run: Run, counted: _Counted, construct: str, notes: list[str]) -> Reading:
    schedules: dict[str, Node] = {"learning_rate": rate(run, 0.0)}
    if (driven := momentum(run)) is not None:
        schedules["momentum"] = driven
    if run.warmup and run.bias != 0:
        schedules["bias"] = rate(run, run.bias)
        notes.append("`bias` is the group of the biases, whose warmup begins at warmup_bias_lr")
    schedules = _as_updates(schedules, run, counted, notes)
    groups = {"bias": schedules["bias"]} if "bias" in schedules else None
    whole = schedule_of(schedules["learning_rate"], groups, momentum=schedules.get("momentum"))
    total = None if "batch_size" in counted.keys.quantities else run.epochs * run.batches
    return Reading(schedule=whole, framework=SYSTEM, construct=construct, conventions=tuple(notes), total=total)


def _as_updates(schedules: dict[str, Node], run: Run, counted: _Counted, notes: list[str]) -> dict[str, Node]:
    """Return schedules of updates where the caller says how many samples an update has, else of batches."""
    keys, batch, nominal = counted.keys, counted.batch, counted.nominal
    takes = max(round(nominal / batch), 1) if batch >= 1 else 0
    samples = keys.quantities.get("batch_size")
    if samples is None:
        notes.insert(0, "a step is a batch, and steps_per_epoch counts batches, as the trainer does")
        if takes != 1:
            how = f"{takes} of them from the end of the warmup on, fewer in it" if takes else "as many as it chooses"
            notes.insert(1, f"an update takes {how}; give batch_size, samples per update, for a schedule of updates")
        return schedules
    keys.quantities.asked.add("batch_size")
    if not takes or samples != takes * int(batch):
        whole = (
            f"{takes * int(batch)}, {takes} batches of {batch:g}" if takes else "none: the trainer chooses the batch"
        )
        raise keys.wrong(counted.name, f"batch_size, samples per optimizer update, to be {whole}")
    notes.insert(0, "steps_per_epoch counts batches; a step is an update")
    if takes == 1:
        return schedules
    if counted.by_share and nominal % batch:
        raise keys.refused(counted.name, f"{nominal:g} / {batch:g} is not whole, and releases round it in two ways")
    updates = updates_of(run, nominal, batch, by_remainder=counted.by_remainder)
    if updates is None:
        raise keys.refused("warmup_epochs", "more updates in the warmup than a table may have; count batches")
    return {name: of_updates(node, updates, takes) for name, node in schedules.items()}
