"""detectron2: the SOLVER of its YAML, of which it builds schedulers of fvcore."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from lrspec.errors import SpecError, argument
from lrspec.fields import show
from lrspec.kinds import Clamp, Freeze, Linear, Polynomial, Product, Sequence
from lrspec.readers.build import constant
from lrspec.readers.fvcore.shapes import Shape, Window, composite, cosine, fixed_gamma, level, linear, multi_step
from lrspec.readers.keys import Keys, share
from lrspec.readers.numbers import short_decimal
from lrspec.readers.reading import Reading, exact_values
from lrspec.spec import Node

VERSION = "0.6 and after"
DEFAULTS: dict[str, Any] = {
    "SOLVER.LR_SCHEDULER_NAME": "WarmupMultiStepLR",
    "SOLVER.BASE_LR": 0.001,
    "SOLVER.BASE_LR_END": 0.0,
    "SOLVER.GAMMA": 0.1,
    "SOLVER.STEPS": (30000,),
    "SOLVER.NUM_DECAYS": 3,
    "SOLVER.MAX_ITER": 40000,
    "SOLVER.WARMUP_FACTOR": 1e-3,
    "SOLVER.WARMUP_ITERS": 1000,
    "SOLVER.WARMUP_METHOD": "linear",
    "SOLVER.RESCALE_INTERVAL": False,
    "SOLVER.POLY_LR_POWER": 0.9,
    "SOLVER.POLY_LR_CONSTANT_ENDING": 0.0,
}
"""The keys of SOLVER that make the schedule; the last two are those of projects/DeepLab."""
NAMES = ("WarmupMultiStepLR", "WarmupCosineLR", "WarmupStepWithFixedGammaLR", "WarmupPolyLR")
_OTHER = (
    r"(OPTIM|MOMENTUM|NESTEROV|BETAS|WEIGHT_DECAY|CLIP_|AMP$|CHECKPOINT|EVAL|LOG|REFERENCE|IMS_PER_BATCH"
    r"|USE_CUSTOM_SOLVER$|CUSTOM_MULTIPLIER_NAME$|RESET_ITER$)"
)
"""Keys of SOLVER that are about other things, of detectron2 and of projects on top of it."""
_D2GO = {"D2GO_DATA", "MODEL_EMA", "QUANTIZATION"}
"""Keys that d2go's files have; its REFERENCE_WORLD_SIZE is 8 where none is written."""
_SCALES = r"BIAS_LR_FACTOR|(BACKBONE|HEAD|EMBED|CUSTOM)_(MULTIPLIER|LR_FACTOR)"
_NOT_OF_DETECTRON2 = (
    "no such key, which detectron2 does not have either: another project's, or one on top of it whose schedule is its "
    "own; read are"
)
_TUPLE = re.compile(r"\(\s*((\d+\s*,\s*)+(\d+\s*)?)?\)|\[\s*(\d+\s*(,\s*\d+\s*)*,?\s*)?\]")
"""A tuple or list, which in detectron2's own files is text to YAML."""


def read(keys: Keys) -> Reading:
    """Return the schedule of a config of detectron2.

    Raises:
        UnsupportedError: A scheduler without an equivalent, or a base that was not merged.
        SpecError: A key is missing, unknown or not as it should be.
    """
    if "_BASE_" in keys.data:
        reason = "keys of SOLVER may stand in that file; give the file itself, beside which it is"
        raise keys.refused(f"_BASE_: {show(keys.data['_BASE_'])}", reason)
    if keys.inside("MODEL").data.get("WEIGHT") is not None:
        raise keys.refused("MODEL.WEIGHT", "a name of before its first release, and of maskrcnn-benchmark's files")
    solver = keys.inside("SOLVER")
    name = solver.get("LR_SCHEDULER_NAME")
    if name not in NAMES:
        raise solver.wrong("LR_SCHEDULER_NAME", f"one of {', '.join(NAMES)}; another is code of a project's own")
    notes = _workers(keys, solver)
    total, peak = solver.steps("MAX_ITER"), _peak(solver)
    notes += [f"MAX_ITER={total} is the number of updates of the run, after which the value is held"]
    if name == "WarmupPolyLR":
        node = _poly(solver, peak, total)
        notes.append("WarmupPolyLR is that of detectron2's projects/DeepLab")
    else:
        rescaled = solver.flag("RESCALE_INTERVAL")
        node = _warmed(solver, _decay(solver, name, peak, total, notes), total, peak, rescaled=rescaled)
        how = "is stretched over what follows the warmup" if rescaled else "does not wait for the warmup"
        notes.append(f"the decay {how}, and changes come 1e-6 of the run early, as in fvcore")
    notes += _groups(solver)
    _check_known(solver)
    return Reading(schedule=node, framework="detectron2", construct=name, conventions=tuple(notes), total=total)


def _workers(keys: Keys, solver: Keys) -> list[str]:
    """Return for how many workers rate and lengths are those that are written; with others they are scaled.

    Raises:
        SpecError: The caller does not say that an update has the samples of so many.
    """
    is_d2go = not _D2GO.isdisjoint(keys.data) or "FBNET_V2" in keys.inside("MODEL").data
    name = "REFERENCE_WORLD_SIZE"
    workers = solver.whole(name, 8 if is_d2go else 0) if is_d2go or name in solver.data else 0
    if not workers:
        return []
    batch = solver.whole("IMS_PER_BATCH", 16, least=1)
    why = f"{batch} with {workers} workers; with others rate and lengths are scaled"
    if solver.quantity("batch_size", name, why) != batch:
        raise solver.wrong("IMS_PER_BATCH", f"{argument('batch_size')} of it; of a run with others give its own dump")
    return [f"{name}={workers}: read as with so many workers, whose updates have {batch} samples"]


def _peak(solver: Keys) -> float:
    """Return the base rate, which detectron2 has a default of too."""
    solver.read.add("BASE_LR")
    if "base_value" in solver.quantities:
        return float(solver.quantities["base_value"])
    peak = solver.number("BASE_LR")
    if peak <= 0:
        raise solver.wrong("BASE_LR", "a number above 0")
    return peak


def _decay(solver: Keys, name: str, peak: float, total: int, notes: list[str]) -> Shape:
    """Return the scheduler of fvcore that detectron2 builds, as a share of the base rate."""
    if name == "WarmupCosineLR":
        end = solver.number("BASE_LR_END", least=0)
        if end > peak:
            raise solver.wrong("BASE_LR_END", "at most BASE_LR; detectron2 refuses it too")
        notes.append("the warmup ends on the cosine; before 0.4 detectron2 multiplied the two")
        return cosine(1.0, short_decimal(end / peak))
    gamma = solver.number("GAMMA")
    if name == "WarmupStepWithFixedGammaLR":
        if gamma <= 0:
            raise solver.wrong("GAMMA", "a number above 0")
        if solver.whole("WARMUP_ITERS") >= total and not solver.flag("RESCALE_INTERVAL"):
            raise solver.wrong("WARMUP_ITERS", "fewer than MAX_ITER; with equal steps detectron2 fails too")
        return fixed_gamma(1.0, solver.whole("NUM_DECAYS", least=1), gamma)
    listed = _steps(solver)
    milestones = [step for step in listed if step < total]
    if len(milestones) < len(listed):
        notes.append(f"of STEPS those from MAX_ITER on are left out: {listed[len(milestones) :]}")
    return multi_step([float(Fraction(gamma) ** k) for k in range(len(milestones) + 1)], milestones, total)


def _steps(solver: Keys) -> list[int]:
    listed: Any = solver.get("STEPS")
    if isinstance(listed, str) and _TUPLE.fullmatch(listed.strip()):
        listed = [int(number) for number in re.findall(r"\d+", listed)]
    whole = isinstance(listed, list | tuple) and all(type(step) is int and step > 0 for step in listed)
    if not whole or sorted(set(listed)) != list(listed):
        raise solver.wrong("STEPS", "a list of whole numbers above 0 that grow")
    return list(listed)


def _warmed(solver: Keys, decay: Shape, total: int, peak: float, *, rescaled: bool) -> Node:
    """Return the decay after the warmup, which ends at the decay's value then."""
    warmup, factor = solver.whole("WARMUP_ITERS"), solver.number("WARMUP_FACTOR", least=0)
    method = solver.word("WARMUP_METHOD", ("linear", "constant"))
    length = Fraction(min(warmup, total), total)
    alone = decay(Window(length=total)).node
    start, reached = exact_values(alone, [0, min(warmup, total)])
    first = share(start, factor)
    rise = level(first) if method == "constant" else linear(first, start if rescaled else reached)
    both = composite([rise, decay], [length, 1 - length], rescaled=[True, rescaled])
    return both(Window(length=total, scale=Fraction(peak))).node


def _poly(solver: Keys, peak: float, total: int) -> Node:
    """Return DeepLab's polynomial times a warmup, and above its last rate."""
    warmup, factor = solver.whole("WARMUP_ITERS"), solver.number("WARMUP_FACTOR", least=0)
    method = solver.word("WARMUP_METHOD", ("linear", "constant"))
    power = solver.number("POLY_LR_POWER")
    ending = solver.number("POLY_LR_CONSTANT_ENDING", least=0)
    if power <= 0:
        raise solver.wrong("POLY_LR_POWER", "a number above 0")
    fall: Node = Polynomial(init_value=peak, end_value=0.0, steps=total, power=power)
    if power == 1:
        fall = Linear(init_value=peak, end_value=0.0, steps=total)
    rest = Clamp(part=fall, min_value=short_decimal(share(peak, ending))) if ending else fall
    if not warmup or factor == 1:
        return rest
    rise: Node = constant(factor)
    if method == "linear":
        rise = Linear(init_value=factor, end_value=1.0, steps=warmup)
    return Sequence(parts=[Freeze(part=Product(parts=[rise, fall]), steps=warmup), rest], time="global")


def _groups(solver: Keys) -> list[str]:
    """Return what is to be said of rates that are not the base rate."""
    scaling = [str(key) for key in solver.data if re.fullmatch(_SCALES, str(key))]
    scaled = "scales the rates of some parameters; the schedule is that of the base rate"
    return [f"{key} {scaled}" for key in scaling if solver.number(key) != 1]


def _check_known(solver: Keys) -> None:
    """Refuse the keys of SOLVER that are neither read, nor about other things than the schedule."""
    known = [path.partition(".")[2] for path in DEFAULTS]
    solver.read.update(known)
    for key, value in solver.data.items():
        other = re.match(_OTHER, str(key)) or re.fullmatch(_SCALES, str(key))
        if key not in solver.read and not other and value is not None:
            expected = f"{_NOT_OF_DETECTRON2} {', '.join(known)}"
            raise SpecError(solver.at(str(key)), found=show(value), expected=expected)
