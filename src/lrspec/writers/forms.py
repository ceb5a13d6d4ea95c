"""The forms in which a schedule is written: a framework's own schedules, a function, a table of its values."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from types import ModuleType

import numpy as np

from lrspec.compiler.formula import formula_of
from lrspec.errors import UnsupportedError
from lrspec.evaluate import values
from lrspec.fields import LAST_STEP
from lrspec.kinds import Constant, PiecewiseConstant
from lrspec.spec import Node
from lrspec.writers.afterwards import told
from lrspec.writers.result import Form, Native, NativeSource, NoMatch

_MOST_RUNS = 1000
_MOST_STEPS = 2**24
_COMPARE = "compare its values with exact(step) of the schedule in lrspec"


def native(module: ModuleType, framework: str, node: Node, stop: int | None) -> NativeSource:
    """Return a framework's own schedules: for every step, or, where that is shorter, up to the end of the run.

    Args:
        module: The framework's module of this package.
        framework: Its name.
        node: The schedule.
        stop: The number of steps of the run, where it is known.

    Raises:
        NoMatch: There are none.
    """
    made, limit = _shortest(module.native, node, stop)
    after = None if limit is None else told(node, limit, made.gives)
    head = ["# Native: nothing but what the framework has.", f"# To check: {module.CHECK}."]
    return _source(framework, "native", head, made.lines, node, limit, after)


def function(module: ModuleType, framework: str, node: Node, stop: int | None, reason: NoMatch) -> NativeSource:
    """Return a schedule as a function: for every step, or where it has no formula there, up to the end of the run.

    Args:
        module: As in `native`.
        framework: As in `native`.
        node: The schedule.
        stop: As in `native`.
        reason: Why it has no native form.

    Raises:
        NoMatch: A kind has no formula.
    """
    try:
        code, limit = module.function(node), None
    except NoMatch:
        if stop is None:
            raise
        code, limit = module.function(node, stop), stop
    after = None if limit is None else told(node, limit, "comes what this formula gives")
    head = [f"# {framework} has no class for it ({reason}): its formula, as a function.", f"# To check: {_COMPARE}."]
    return _source(framework, "function", head, code, node, limit, after)


def table(
    module: ModuleType, framework: str, node: Node, stop: int | None, reason: NoMatch, missing: NoMatch
) -> NativeSource:
    """Return a schedule as a table of its float32 values: all of them, or up to the end of the run.

    Args:
        module: As in `native`.
        framework: As in `native`.
        node: The schedule.
        stop: As in `native`.
        reason: Why it has no native form.
        missing: Why it has no formula.

    Raises:
        UnsupportedError: It has too many values.
    """
    last = _constant_from(node)
    limit = stop if stop is not None and (last is None or stop < last) else None
    levels = _levels(node, last if limit is None else limit - 1, framework, missing)
    after = None if limit is None else told(node, limit, levels)
    head = [
        f"# {framework} has no class for it ({reason}): its float32 values, one by one.",
        f"# To check: {_COMPARE}.",
    ]
    return _source(framework, "table", head, module.table(levels), node, limit, after)


def _shortest(write: Callable[[Node, int | None], Native], node: Node, stop: int | None) -> tuple[Native, int | None]:
    """Return what is written for every step, or what is shorter or alone possible up to the end of the run."""
    try:
        always = write(node, None)
    except NoMatch:
        if stop is None:
            raise
        return write(node, stop), stop
    if stop is None:
        return always, None
    try:
        cut = write(node, stop)
    except NoMatch:
        return always, None
    return (cut, stop) if _length(cut) < _length(always) else (always, None)


def _length(made: Native) -> int:
    return sum(not line.lstrip().startswith("#") for line in made.lines)


def _source(
    framework: str, form: Form, head: list[str], lines: list[str], node: Node, until: int | None, after: str | None
) -> NativeSource:
    last_step = formula_of(node).last_step
    end = [] if last_step == LAST_STEP else [f"# In lrspec there is no value after step {last_step}; here there is."]
    limit = [] if after is None else [f"# {line}" for line in after.replace(". ", ".\n").splitlines()]
    code = "\n".join([*head, *limit, *end, *lines]) + "\n"
    return NativeSource(code=code, framework=framework, form=form, until=until, afterwards=after)


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


def _levels(node: Node, last: int | None, framework: str, reason: NoMatch) -> Node:
    """Return the values of a schedule up to a step, each with the step from which on it holds."""
    advice = f"to_{framework}() has it exactly" if framework != "transformers" else "to_torch() has it exactly"
    construct = node.kind if str(reason) == node.kind else f"{node.kind} with {reason}"
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
