"""Writing a schedule as the code of a framework: no framework is imported here, and none of the code is run.

Each framework has a module with three functions, `native`, `function` and `table`, which return lines of code or
raise `NoMatch`. A framework's own schedules are written where their formula is the schedule's at every step, after
the end too; else the formula is written as a function; and else the values, where there are not too many of them.
"""

from __future__ import annotations

from math import ceil
from types import ModuleType

import numpy as np

from lrspec.compiler.formula import formula_of
from lrspec.document import Document
from lrspec.errors import SpecError, UnsupportedError
from lrspec.evaluate import values
from lrspec.fields import LAST_STEP, show
from lrspec.kinds import Constant, PiecewiseConstant
from lrspec.schedule import Schedule
from lrspec.spec import Node
from lrspec.writers import keras, optax, torch, transformers
from lrspec.writers.parts import NoMatch, Source as Source, lines

_FRAMEWORKS: dict[str, ModuleType] = {"torch": torch, "keras": keras, "optax": optax, "transformers": transformers}
_MOST_RUNS = 1000
_MOST_STEPS = 2**24


def to_native_source(schedule: Schedule, framework: str) -> str:
    """Return the shortest idiomatic code of a framework that gives a schedule, without lrspec.

    Args:
        schedule: A node, or a document of one learning rate.
        framework: `torch`, `keras`, `optax` or `transformers`.

    Returns:
        A Python module. For `keras` and `optax` it defines `schedule`; for `torch` and `transformers` a function
        `make(params)` that returns an optimizer, which stands for yours, and its scheduler.

    Raises:
        SpecError: There is no such framework.
        UnsupportedError: The schedule has no formula in the framework, and too many values for a table.

    Example:
        >>> from lrspec import Exponential
        >>> schedule = Exponential(init_value=0.1, decay_rate=0.5, decay_period=10, staircase=True)
        >>> print(to_native_source(schedule, "optax").splitlines()[-1])
        schedule = optax.exponential_decay(init_value=0.1, transition_steps=10, decay_rate=0.5, staircase=True)
    """
    return native_source(schedule, framework).code


def native_source(schedule: Schedule, framework: str) -> Source:
    """Return what `to_native_source` returns, with the form that it has.

    Args:
        schedule: As in `to_native_source`.
        framework: As in `to_native_source`.

    Returns:
        The code, and whether it is `native`, a `function`, or a `table`.

    Raises:
        SpecError: As in `to_native_source`.
        UnsupportedError: As in `to_native_source`.

    Example:
        >>> from lrspec import InverseTime
        >>> native_source(InverseTime(init_value=0.1, decay_rate=0.5, decay_period=10), "torch").form
        'function'
    """
    module = _FRAMEWORKS.get(framework)
    if module is None:
        raise SpecError("framework", found=show(framework), expected=f"one of {', '.join(_FRAMEWORKS)}")
    if isinstance(schedule, Document):
        schedule.require_one_rate(framework, f"document['learning_rate'].to_native_source({framework!r}) gives it")
    node = schedule.node
    last_step = formula_of(node).last_step
    end = [] if last_step == LAST_STEP else [f"# In lrspec there is no value after step {last_step}; here there is."]
    check = f"# To check: {module.CHECK}."
    try:
        code = ["# Native: nothing but what the framework has.", check, *end, *module.native(node)]
        return Source(code=lines(*code), framework=framework, form="native")
    except NoMatch as error:
        reason = f"# {framework} has no class for it ({error}):"
    check = "# To check: compare its values with exact(step) of the schedule in lrspec."
    try:
        code = [f"{reason} its formula, as a function.", check, *end, *module.function(node)]
        return Source(code=lines(*code), framework=framework, form="function")
    except NoMatch as error:
        code = [
            f"{reason} its float32 values, one by one.",
            check,
            *end,
            *module.table(_levels(node, framework, error)),
        ]
    return Source(code=lines(*code), framework=framework, form="table")


def _constant_from(node: Node) -> int | None:
    """Return the step from which on a schedule has one value, or its last; None where it has no such step."""
    formula = formula_of(node)
    run = formula.runs[-1]
    span = run.spans[-1]
    if formula.last_step < LAST_STEP:
        return formula.last_step
    if run.is_constant:
        return run.start
    return run.start + ceil(span.start * run.stride) if span.constant and not run.period else None


def _levels(node: Node, framework: str, reason: NoMatch) -> Node:
    """Return the values of a schedule that ends, each with the step from which on it holds."""
    advice = f"to_{framework}() has it exactly" if framework != "transformers" else "to_torch() has it exactly"
    construct = node.kind if str(reason) == node.kind else f"{node.kind} with {reason}"
    last = _constant_from(node)
    if last is None or last > _MOST_STEPS:
        why = f"it has no formula that can be printed, and no end up to which its values could be; {advice}"
        raise UnsupportedError(framework, construct, why)
    found = values(node.program, 0, last + 1)
    starts = np.flatnonzero(found[1:] != found[:-1]) + 1
    if len(starts) >= _MOST_RUNS:
        why = f"it has no formula that can be printed, and {len(starts) + 1} values, more than {_MOST_RUNS}; {advice}"
        raise UnsupportedError(framework, construct, why)
    if not len(starts):
        return Constant(value=float(found[0]))
    levels = [float(found[0]), *(float(found[start]) for start in starts)]
    return PiecewiseConstant(boundaries=[int(start) for start in starts], values=levels)
