"""A schedule as the functions of `transformers`: the `get_*` that a Trainer's `lr_scheduler_type` names.

What has to be known of them: a warmup begins at 0; `num_training_steps` includes it; the cosine is not held after its
end but rises again, while the one with hard restarts, of which one cycle is enough, stays at 0.
"""

from __future__ import annotations

from fractions import Fraction

from lrspec.kinds import Constant, Cosine, Linear, OneMinusPower, Polynomial, PowerLaw, Repeat, Shift
from lrspec.spec import Node
from lrspec.writers import torch
from lrspec.writers.numbers import factor, literal
from lrspec.writers.parts import Part, is_half, joined, only, parts_of, rising, whole
from lrspec.writers.result import Native, NoMatch

CHECK = torch.CHECK
function = torch.function
table = torch.function


def native(node: Node, until: int | None = None) -> Native:
    """Return the lines of code that make it of the library's own functions, or else of torch's classes.

    Args:
        node: The schedule.
        until: The number of steps of the run, where nothing is asked of those after it.

    Raises:
        NoMatch: They cannot.
    """
    try:
        return _own(_whole_cycles(rising(parts_of(node, until))))
    except NoMatch as error:
        made = torch.native(node, until)
        told = f"# transformers has no function for it ({error}), but torch has classes."
        return Native([told, *made.lines], made.gives)


def _own(parts: list[Part]) -> Native:
    first = parts[0].node
    warmup, low, rest = 0, 0.0, parts
    if isinstance(first, Linear) and first.after != "continue" and first.init < first.end_value:
        warmup, low, base, rest = whole(first.steps), first.init, first.end_value, parts[1:]
        if rest and rest[0].start != warmup:
            raise NoMatch("a warmup that is held")
    if not warmup:
        base = _base(first)
    name, arguments = _decay(rest, base, low, warmup)
    text = ", ".join(f"{key}={value}" for key, value in arguments.items() if value is not None)
    call = f"{name}(optimizer{', ' if text else ''}{text})"
    lines = [
        "import torch",
        f"from transformers import {name}",
        *("", "", "def make(params):"),
        f"    optimizer = torch.optim.SGD(params, lr={base!r})  # of any kind, with this lr",
        f"    return optimizer, {call}",
    ]
    return Native(lines, joined(parts))


def _whole_cycles(parts: list[Part]) -> list[Part]:
    """Return parts in which the cycles at the end of a run are whole ones, with 0 after them, as transformers' are."""
    last = parts[-1]
    if not last.free or not isinstance(last.node, Repeat) or not isinstance(last.node.part, Cosine):
        return parts
    cycle = whole(last.node.part.steps)
    end = last.start + -(-last.steps // cycle) * cycle
    return [
        *parts[:-1],
        Part(node=last.node, start=last.start, stop=end),
        Part(node=Constant(value=0.0), start=end, stop=None),
    ]


def _base(node: Node) -> float:
    node = node.part if isinstance(node, Repeat) else node
    base = getattr(node, "value", getattr(node, "init_value", None))
    if not isinstance(base, float) or base <= 0:
        raise NoMatch(node.kind)
    return base


Call = tuple[str, dict[str, object]]


def _decay(rest: list[Part], base: float, low: float, warmup: int) -> Call:
    """Return the function for what follows a warmup, and its arguments."""
    node = rest[0].node if rest else None
    warm = {"num_warmup_steps": warmup}
    if low == 0 and node is None:
        return "get_constant_schedule_with_warmup", {**warm}
    if node is None or (rest[0].start == 0 and only(node, Constant) and len(rest) == 1):
        if node is None:
            raise NoMatch("linear that begins above 0")
        return "get_constant_schedule", {}
    if low == 0 and len(rest) == 2 and only(rest[1].node, Constant, value=0.0):
        return _restarts(rest[0], base, warmup)
    if len(rest) == 1 and low == 0:
        found = _one(node, base, warmup)
        if found:
            return found
    return _stable(rest, base, low, warmup)


def _one(node: Node, base: float, warmup: int) -> Call | None:
    """Return the function that decays at once after the warmup."""
    warm: dict[str, object] = {"num_warmup_steps": warmup}
    if isinstance(node, PowerLaw) or only(node, Shift, by=warmup, min_time=0):
        return _inverse_sqrt(node, base, warmup)
    if not isinstance(node, Linear | Polynomial | Cosine) or node.init_value != base:
        raise NoMatch(node.kind)
    total: dict[str, object] = {**warm, "num_training_steps": warmup + whole(node.steps)}
    end = node.end_value
    if isinstance(node, Cosine):
        if not is_half(node):
            raise NoMatch("cosine of another shape than half a period")
        if node.after == "continue" and end:
            return "get_cosine_with_min_lr_schedule_with_warmup", {**total, "min_lr_rate": factor(end, base)}
        if node.after == "continue":
            return "get_cosine_schedule_with_warmup", total
        return None if end else ("get_cosine_with_hard_restarts_schedule_with_warmup", total)
    if node.after == "continue" or not 0 <= end < base:
        raise NoMatch(f"{node.kind} that goes on, or rises")
    if isinstance(node, Linear) and end == 0:
        return "get_linear_schedule_with_warmup", total
    if isinstance(node, Polynomial) and node.k_decay != 1:
        raise NoMatch("polynomial with a k_decay")
    power = literal(node.power) if isinstance(node, Polynomial) else None
    return "get_polynomial_decay_schedule_with_warmup", {**total, "lr_end": repr(end), "power": power}


def _inverse_sqrt(node: Node, base: float, warmup: int) -> Call:
    late = 0 if isinstance(node, PowerLaw) else warmup
    inner = node.part if isinstance(node, Shift) else node
    plain = only(inner, PowerLaw, init_value=base, power=0.5, steps=None)
    if not isinstance(inner, PowerLaw) or not plain or Fraction(inner.offset) + late != inner.timescale:
        raise NoMatch("power_law of another shape than the inverse square root")
    scale = whole(inner.timescale)
    timescale = None if scale == warmup else scale
    return "get_inverse_sqrt_schedule", {"num_warmup_steps": warmup, "timescale": timescale}


def _restarts(part: Part, base: float, warmup: int) -> Call:
    """Return the function of cycles, where its floating-point modulo finds their first steps."""
    node = part.node
    plain = only(node, Repeat, fixed_steps=0, peak_mult=1, peak_power=0, cycle_mult=1)
    if not isinstance(node, Repeat) or not plain or not is_half(node.part):
        raise NoMatch("something else than cycles of half a cosine before 0")
    cosine = node.part
    if not only(cosine, Cosine, init_value=base, end_value=0.0) or node.cycle_steps not in (None, cosine.length):
        raise NoMatch("cycles that do not go from the base rate to 0")
    cycle, total = whole(cosine.length or 0), part.steps
    cycles = total // cycle
    wrong = [i for i in range(cycles) if float(cycles) * (i * cycle / total) % 1.0 > 0.5]
    if total % cycle or wrong:
        raise NoMatch("cycles whose first steps floating point does not find")
    name = "get_cosine_with_hard_restarts_schedule_with_warmup"
    return name, {"num_warmup_steps": warmup, "num_training_steps": warmup + total, "num_cycles": cycles}


_DECAYS = {"linear": "linear", "cosine": "cosine", "one_minus_power": "1-sqrt"}


def _stable(rest: list[Part], base: float, low: float, warmup: int) -> Call:
    """Return the function of warmup, stable, decay; its warmup begins at the value at which its decay ends."""
    stable = rest[0].steps if len(rest) == 2 and only(rest[0].node, Constant, value=base) else 0
    node = rest[-1].node
    if len(rest) > 2 or (len(rest) == 2 and not stable) or not isinstance(node, Linear | Cosine | OneMinusPower):
        raise NoMatch("several parts in another order than warmup, stable, decay")
    shaped = isinstance(node, Linear) or is_half(node) or only(node, OneMinusPower, power=0.5)
    if not shaped or node.init_value != base or node.after == "continue":
        raise NoMatch(f"{node.kind} of another shape than that of a cooldown")
    if not 0 <= node.end_value < base or (warmup and low != node.end_value):
        raise NoMatch("a warmup that does not begin at the value at which the decay ends")
    return "get_wsd_schedule", {
        "num_warmup_steps": warmup,
        "num_stable_steps": stable,
        "num_decay_steps": whole(node.steps),
        "decay_type": repr(_DECAYS[node.kind]),
        "min_lr_ratio": None if node.end_value == 0 else factor(node.end_value, base),
    }
