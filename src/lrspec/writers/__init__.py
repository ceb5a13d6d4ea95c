"""Writing a schedule as the code of a framework: no framework is imported here, and none of the code is run.

Each framework has a module with three functions, `native`, `function` and `table`, which return lines of code or
raise `NoMatch`. A framework's own schedules are written where their formula is the schedule's: at every step, or up to
the end of the run where that is known and what comes after it stands in the way. Else the formula is written as a
function; and else the values, where there are not too many of them.
"""

from __future__ import annotations

from types import ModuleType
from typing import Literal

from lrspec.document import Document
from lrspec.errors import SpecError
from lrspec.fields import LAST_STEP, is_integer, show
from lrspec.schedule import Schedule
from lrspec.writers import forms, keras, optax, torch, transformers
from lrspec.writers.result import NativeSource as NativeSource, NoMatch

Until = int | Literal["total", "forever"] | None
_FRAMEWORKS: dict[str, ModuleType] = {"torch": torch, "keras": keras, "optax": optax, "transformers": transformers}


def to_native_source(schedule: Schedule, framework: str, *, until: Until = None) -> str:
    """Return the shortest idiomatic code of a framework that gives a schedule, without lrspec.

    Args:
        schedule: A node, or a document of one learning rate.
        framework: `torch`, `keras`, `optax` or `transformers`.
        until: Up to where the code has to be the schedule: so many steps from step 0 on, the updates of the run;
            `total`, the document's `total_steps`; or `forever`. By default the total of a document that has one,
            else `forever`. Code that differs after those steps says so, and how.

    Returns:
        A Python module. For `keras` and `optax` it defines `schedule`; for `torch` and `transformers` a function
        `make(params)` that returns an optimizer, which stands for yours, and its scheduler.

    Raises:
        SpecError: There is no such framework, or no such end.
        UnsupportedError: The schedule has no formula in the framework, and too many values for a table.

    Example:
        >>> from lrspec import Cosine, Exponential
        >>> schedule = Exponential(init_value=0.1, decay_rate=0.5, decay_period=10, staircase=True)
        >>> print(to_native_source(schedule, "optax").splitlines()[-1])
        schedule = optax.exponential_decay(init_value=0.1, transition_steps=10, decay_rate=0.5, staircase=True)
        >>> wave = Cosine(init_value=0.1, end_value=0.0, steps=100, after="continue")
        >>> print(to_native_source(wave, "optax", until=100).splitlines()[-1])
        schedule = optax.cosine_decay_schedule(init_value=0.1, decay_steps=100)
    """
    return native_source(schedule, framework, until=until).code


def native_source(schedule: Schedule, framework: str, *, until: Until = None) -> NativeSource:
    """Return what `to_native_source` returns, with the form that it has.

    Args:
        schedule: As in `to_native_source`.
        framework: As in `to_native_source`.
        until: As in `to_native_source`.

    Returns:
        The code; whether it is `native`, a `function`, or a `table`; and up to where it is the schedule.

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
    node, stop = schedule.node, end_of_run(schedule, until)
    try:
        return forms.native(module, framework, node, stop)
    except NoMatch as error:
        reason = error
    try:
        return forms.function(module, framework, node, stop, reason)
    except NoMatch as error:
        return forms.table(module, framework, node, stop, reason, error)


def end_of_run(schedule: Schedule, until: Until = None) -> int | None:
    """Return the number of steps up to which code has to be a schedule, or None where it is at every step.

    Args:
        schedule: The schedule or document.
        until: As in `to_native_source`.

    Raises:
        SpecError: There is no such end, or the document has no total.
    """
    total = schedule.total_steps if isinstance(schedule, Document) else None
    if until is None or until == "total":
        if until and total is None:
            raise SpecError("until", found="total, of a schedule that has none", expected="a number of steps")
        return total
    if until == "forever":
        return None
    if not is_integer(until) or not 1 <= until <= LAST_STEP:
        expected = f"a number of steps from 1 to {LAST_STEP}, total, or forever"
        raise SpecError("until", found=show(until), expected=expected)
    return until
