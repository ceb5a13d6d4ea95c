"""detectron2: the SOLVER section of its YAML."""

from __future__ import annotations

import re
from fractions import Fraction

from lrspec.kinds import Constant, Cosine, Linear, Sequence
from lrspec.readers.build import levels
from lrspec.readers.keys import Keys, share
from lrspec.readers.reading import Reading, exact_values
from lrspec.spec import Node

SYSTEM = "detectron2"
_READ = (
    *("LR_SCHEDULER_NAME", "BASE_LR", "BASE_LR_END", "GAMMA", "STEPS", "MAX_ITER"),
    *("WARMUP_FACTOR", "WARMUP_ITERS", "WARMUP_METHOD", "RESCALE_INTERVAL"),
)
_LEAST = 10**6
_TUPLE = re.compile(r"\(\s*(([0-9]+,\s*)+([0-9]+\s*)?)?\)")
"""A tuple, which detectron2's own files have, and which is text to YAML."""


def read(keys: Keys) -> Reading:
    """Return the schedule of a config of detectron2.

    Raises:
        UnsupportedError: A scheduler without an equivalent, or a key that stands in another file.
        SpecError: A key is missing, unknown or not as it should be.
    """
    solver = keys.inside("SOLVER")
    absent = [name for name in _READ if name not in solver.data and name not in {"BASE_LR_END", "RESCALE_INTERVAL"}]
    if "_BASE_" in keys.data and absent:
        reason = f"SOLVER has no {', '.join(absent)}, which may stand in that file; dump the whole config (cfg.dump())"
        raise keys.refused(f"_BASE_: {keys.data['_BASE_']}", reason)
    name = solver.word("LR_SCHEDULER_NAME", ("WarmupMultiStepLR", "WarmupCosineLR"), "WarmupMultiStepLR")
    if solver.flag("RESCALE_INTERVAL", default=False):
        raise solver.refused("SOLVER.RESCALE_INTERVAL", "the decay is stretched over what is left of the run")
    total, peak = solver.steps("MAX_ITER", 40000), solver.rate("BASE_LR")
    if total >= _LEAST:
        reason = "from a million on, fvcore's tolerance of 1e-6 moves each boundary by a step or more"
        raise solver.refused("SOLVER.MAX_ITER", reason)
    notes = ["WARMUP_ITERS is a share of MAX_ITER to detectron2; the decay does not wait for the warmup"]
    if absent:
        notes.append(f"detectron2's own defaults for {', '.join(absent)}")
    gamma, end = solver.number("GAMMA", 0.1), solver.number("BASE_LR_END", 0.0, least=0)
    if name == "WarmupCosineLR":
        if end > peak:
            raise solver.wrong("BASE_LR_END", "at most BASE_LR; detectron2 refuses it too")
        decay: Node = Cosine(init_value=peak, end_value=end, steps=total)
        notes.append("after MAX_ITER the value is held")
    else:
        decay = _levels(solver, peak, gamma, total)
    if solver.number("BIAS_LR_FACTOR", 1.0) != 1:
        notes.append("BIAS_LR_FACTOR scales the rate of biases; the schedule is that of the base rate")
    solver.read.update((*_READ, "NUM_DECAYS"))
    node = _warmed(solver, decay, min(solver.whole("WARMUP_ITERS", 1000), total))
    solver.no_more(about="LR|WARMUP|STEPS|GAMMA|DECAYS|INTERVAL")
    return Reading(schedule=node, framework=SYSTEM, construct=name, conventions=tuple(notes))


def _levels(solver: Keys, peak: float, gamma: float, total: int) -> Node:
    listed = solver.get("STEPS", (30000,))
    if isinstance(listed, str) and _TUPLE.fullmatch(listed):
        listed = [int(number) for number in re.findall("[0-9]+", listed)]
    whole = isinstance(listed, list | tuple) and all(type(m) is int and m > 0 for m in listed)
    if not whole or sorted(set(listed)) != list(listed):
        raise solver.wrong("STEPS", "a list of whole numbers above 0 that grow")
    used = [m for m in listed if m <= total]
    values = [float(Fraction(peak) * Fraction(gamma) ** i) for i in range(len(used) + 1)]
    return levels([0, *used], values)


def _warmed(solver: Keys, decay: Node, steps: int) -> Node:
    """Return the decay after the warmup, which ends at the decay's value then."""
    factor, method = (
        solver.number("WARMUP_FACTOR", 1e-3, least=0),
        solver.word("WARMUP_METHOD", ("linear", "constant"), "linear"),
    )
    if not steps:
        return decay
    start, target = (exact_values(decay, [step])[0] for step in (0, steps))
    first = share(start, factor)
    rise: Node = Constant(value=first, steps=steps)
    if method == "linear" and first != target:
        rise = Linear(init_value=first, end_value=target, steps=steps)
    return Sequence(parts=[rise, decay], time="global")
