"""The state of a schedule: the step, the fingerprint of the schedule that it is a step of, and that schedule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lrspec.document import Document, loads, to_dict
from lrspec.errors import FingerprintError, SpecError
from lrspec.fields import show
from lrspec.resume.documents import checked_step, differences, resolved
from lrspec.schedule import Schedule


def state(schedule: Schedule, step: int) -> dict[str, Any]:
    """Return what a checkpoint must hold to resume a schedule: plain data, for any format.

    PyTorch's schedulers have it in their `state_dict()`. For Keras and Optax, whose own states hold the count alone,
    it goes into the checkpoint beside them.

    Args:
        schedule: The schedule or document.
        step: Updates already applied.

    Raises:
        SpecError: A quantity is missing, or the base value of relative rates.

    Example:
        >>> from lrspec import Constant
        >>> state(Constant(value=0.5), 7)["step"]
        7
    """
    return {"step": checked_step(step), "fingerprint": schedule.fingerprint, "spec": spec_text(schedule)}


def spec_text(schedule: Schedule) -> str:
    """Return the resolved document as one line of JSON, as a state holds it."""
    return json.dumps(to_dict(resolved(schedule)), allow_nan=False)


def check(state: Mapping[str, Any], schedule: Schedule, *, fingerprint: str | None = None) -> int:
    """Return the step of a state, after making sure that it is one of this schedule.

    Args:
        state: What `state` returned, or the `state_dict()` of one of lrspec's PyTorch schedulers.
        schedule: The schedule that is to go on.
        fingerprint: Its fingerprint, where an adapter has another one than the schedule by itself.

    Raises:
        FingerprintError: The state is of another schedule; the error shows what differs.
        SpecError: It is no such state.

    Example:
        >>> from lrspec import Constant
        >>> check(state(Constant(value=0.5), 7), Constant(value=0.5))
        7
    """
    if not isinstance(state, Mapping):
        raise SpecError("", found=show(state), expected="a state of lrspec: a mapping")
    found, expected = state.get("fingerprint"), fingerprint or schedule.fingerprint
    if not isinstance(found, str):
        raise SpecError("fingerprint", found=show(found), expected="the fingerprint of a schedule: a state of lrspec")
    step = checked_step(state.get("step", state.get("last_epoch")))
    if found != expected:
        old = _read_spec(state.get("spec"))
        lines = None if old is None else differences(old, schedule)
        raise FingerprintError((found, expected), step, lines, old=old, new=schedule)
    return step


def restated(state: Mapping[str, Any], schedule: Schedule) -> dict[str, Any]:
    """Return a state with another schedule's fingerprint and spec, at the same step: the policies' last word.

    Args:
        state: The state of the run so far, of lrspec; whatever else it holds stays.
        schedule: What goes on, such as `fork(old, new, step)`.

    Raises:
        SpecError: A quantity is missing, or the base value of relative rates.

    Example:
        >>> from lrspec import Constant
        >>> old, new = Constant(value=0.5), Constant(value=0.25)
        >>> check(restated(state(old, 7), new), new)
        7
    """
    return {**state, "fingerprint": schedule.fingerprint, "spec": spec_text(schedule)}


def _read_spec(spec: object) -> Document | None:
    """Return the document that a state holds, or None where this version cannot read it."""
    if not isinstance(spec, str):
        return None
    try:
        return loads(spec)
    except SpecError:
        return None
