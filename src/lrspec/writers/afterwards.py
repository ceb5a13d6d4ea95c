"""What code that is a schedule up to the end of a run gives after it, in words."""

from __future__ import annotations

from lrspec.compiler.formula import Formula, formula_of, rounded
from lrspec.spec import Node

_SAME = 1e-9
_MOST_RUNS = 8


def told(node: Node, until: int, gives: Node | str) -> str:
    r"""Return at which steps the code is the schedule, and how it differs after them.

    Args:
        node: The schedule.
        until: The number of steps of the run.
        gives: What the code gives, at every step; or what it does after the run, in words.

    Example:
        >>> from lrspec import Constant, Linear
        >>> print(told(Linear(init_value=1, end_value=0, steps=10), 5, Constant(value=1)).replace(". ", ".\n"))
        The schedule at steps 0 to 4, the 5 updates of the run.
        After them it differs: at step 5 the schedule has 0.5, this 1; at step 10 the schedule has 0, this 1.
    """
    where = f"The schedule at steps 0 to {until - 1:,}, the {until:,} updates of the run"
    if isinstance(gives, str):
        return f"{where}. After them {gives}."
    schedule, code = formula_of(node), formula_of(gives)
    steps = _steps(schedule, until)
    pairs = [(step, rounded(schedule, step), rounded(code, step)) for step in steps]
    largest = max((abs(value) for _, *both in pairs for value in both), default=0.0)
    apart = [pair for pair in pairs if abs(pair[1] - pair[2]) > _SAME * largest]
    if not apart:
        return f"{where}; of later steps nothing is said."
    some = [apart[0], max(apart, key=lambda pair: abs(pair[1] - pair[2]))]
    words = [f"at step {step:,} the schedule has {a:.6g}, this {b:.6g}" for step, a, b in dict.fromkeys(some)]
    return f"{where}. After them it differs: {'; '.join(words)}."


def _steps(schedule: Formula, until: int) -> list[int]:
    """Return steps after a run at which a difference would be seen, as far as the schedule has values."""
    begins = [run.start for run in schedule.runs if run.start >= until][:_MOST_RUNS]
    steps = {until, until + 1, until + until // 10, until + until // 2, 2 * until, *begins, *(b + 1 for b in begins)}
    return sorted(step for step in steps if step <= schedule.last_step)
