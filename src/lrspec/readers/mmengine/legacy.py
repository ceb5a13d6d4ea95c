"""The lr_config of OpenMMLab before MMEngine: hooks of MMCV 1, a regular value with a warmup of factors on it."""

from __future__ import annotations

from collections.abc import Mapping

from lrspec.errors import LrspecError, argument
from lrspec.fields import in_steps
from lrspec.kinds import Constant, Freeze
from lrspec.readers.build import schedule_of
from lrspec.readers.keys import Keys
from lrspec.readers.mmengine.optimizers import base_of, check_hooks, check_scaling, groups_note, of_updates, rate_of
from lrspec.readers.mmengine.pieces import in_steps_of_its_own, slowed
from lrspec.readers.mmengine.policies import OF_MOMENTUM, POLICIES, Turn
from lrspec.readers.mmengine.run import Run
from lrspec.readers.mmengine.warmup import warmed
from lrspec.readers.reading import Reading
from lrspec.spec import Node

SYSTEM = "mmengine"
_BATCHES_ONLY = ("Cyclic", "OneCycle")


def _length(run: Run, *, by_epoch: bool, ask: bool = True) -> int | None:
    """Return how many epochs or batches a run has, None where nothing says it.

    Raises:
        SpecError: Only the caller can say it, did not, and is to be asked.
    """
    quantities = run.keys.quantities
    if by_epoch or not (ask or run.batches is not None or "steps_per_epoch" in quantities):
        return run.epochs if by_epoch else None
    if run.batches is not None or run.epochs is not None:
        return run.batches or int(run.epochs or 0) * run.epoch(run.keys, "by_epoch")
    return int(quantities["total_steps"]) * run.micro if "total_steps" in quantities else None


def read(keys: Keys) -> Reading:
    """Return the schedule of a config of MMCV 1.

    Raises:
        UnsupportedError: A policy that has no equivalent.
        SpecError: A key is missing, unknown or not as it should be.
    """
    check_scaling(keys)
    check_hooks(keys)
    optimizer, run = _optimizer(keys), _run(keys)
    node, name, notes = _policy(keys.inside("lr_config"), run, rate_of(optimizer), rate=True)
    notes = ["MMCV 1: the config's lr_config, as its hook LrUpdater does it", *notes]
    notes += groups_note(optimizer, "paramwise_cfg")
    driven: Node | None = None
    if keys.data.get("momentum_config") is not None:
        try:
            momentum = base_of(optimizer, "momentum")
            driven, _, more = _policy(keys.inside("momentum_config"), run, momentum, rate=False)
            notes += [f"momentum: {note}" for note in more]
        except LrspecError as error:
            notes.append(f"momentum_config: the momentum is not read: {error}")
    schedule = schedule_of(node, momentum=driven)
    return Reading(schedule=schedule, framework=SYSTEM, construct=name, conventions=tuple(notes), total=run.total)


def _optimizer(keys: Keys) -> Keys:
    """Return the optimizer; of several, the first where all have one rate.

    Raises:
        UnsupportedError: They have several.
    """
    several = keys.data.get("optimizers")
    if not isinstance(several, Mapping) or keys.data.get("optimizer") is not None:
        return keys.inside("optimizer")
    section = keys.inside("optimizers")
    if "type" in section.data:
        return section
    each = [section.inside(str(name)) for name in section.data]
    if len({repr(one.data.get("lr")) for one in each}) != 1:
        reason = f"several optimizers with rates of their own ({', '.join(map(str, section.data))}); write one"
        raise keys.refused("optimizers", reason)
    return each[0]


def _run(keys: Keys) -> Run:
    """Return what a config says of its run.

    Raises:
        UnsupportedError: Its runner is none of MMCV's.
        SpecError: A key is not as it should be.
    """
    section, hook = keys.inside("runner"), keys.inside("optimizer_config")
    counts = [hook.whole(name, least=1) for name in ("cumulative_iters", "update_interval") if name in hook.data]
    hook.read.update(("cumulative_iters", "update_interval"))
    hook.no_more(about="cumul|accum|update_int")
    micro = max(counts, default=1)
    kind, epochs, batches = section.get("type"), None, None
    name = str(kind).rpartition(".")[2]
    if kind is None and not section.data:
        epochs = keys.whole("total_epochs", least=1) if keys.data.get("total_epochs") is not None else None
        batches = keys.whole("total_iters", least=1) if keys.data.get("total_iters") is not None else None
        batches = None if epochs else batches
    elif name.endswith("IterBasedRunner"):
        batches = section.whole("max_iters", least=1)
    elif name.endswith("EpochBasedRunner") or name == "Runner":
        epochs = section.whole("max_epochs", least=1)
    else:
        raise section.wrong("type", "EpochBasedRunner or IterBasedRunner")
    loop = "epoch" if epochs is not None else "iter" if batches is not None else ""
    return Run(keys=keys, epochs=epochs, batches=batches, loop=loop, micro=micro)


def _policy(keys: Keys, run: Run, base: float, *, rate: bool) -> tuple[Node, str, list[str]]:
    """Return the values of a policy, its name, and what is to be said of it."""
    name = str(keys.get("policy"))
    name = name.title() if name == name.lower() else name
    if name not in (POLICIES if rate else OF_MOMENTUM):
        raise keys.wrong("policy", f"one of {', '.join(POLICIES if rate else OF_MOMENTUM)}, which MMCV has")
    batches = name in _BATCHES_ONLY or (rate and run.loop == "iter")
    if keys.data.get("by_epoch") is None and not run.loop and not batches:
        raise keys.wrong("by_epoch", "true or false, or a runner, on which its default depends")
    by_epoch = keys.flag("by_epoch", default=not batches)
    if by_epoch and name in _BATCHES_ONLY:
        raise keys.wrong("by_epoch", "false: MMCV has no other for this policy")
    turn = Turn(
        keys=keys,
        base=base,
        floor="min_lr" if rate else "min_momentum",
        ask=lambda: _length(run, by_epoch=by_epoch),
        needs=f"a runner with max_epochs or max_iters, or total_epochs, or {argument('total_steps')}",
    )
    if by_epoch and run.loop == "iter":
        note = "by epoch, in a runner of iterations: MMCV never sets it, and the value of the optimizer stays"
        return Constant(value=base), name, [note]
    node, notes = POLICIES[name](turn), []
    asks = by_epoch or (rate and keys.data.get("warmup_by_epoch"))
    epoch = run.epoch(keys, "by_epoch") if asks and run.loop != "iter" else None
    length = _length(run, by_epoch=by_epoch, ask=False)
    if by_epoch and length is not None and not in_steps_of_its_own(node):
        node = Freeze(part=node, steps=length)  # what goes on for ever has no short form where each value is held
    if by_epoch and epoch is not None:
        node = slowed(node, epoch)
        notes.append(f"{name}: epochs of {in_steps(epoch // run.micro)}")
    node = warmed(keys, node, epoch, inverse=not rate)
    keys.no_more()
    if run.micro > 1:
        node = of_updates(node, run.micro, None if run.total is None else run.total * run.micro)
        notes.append(f"MMCV counts batches: update k has the value of batch {run.micro} k + {run.micro - 1}")
    return node, name, notes
