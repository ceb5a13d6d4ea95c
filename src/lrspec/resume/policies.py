"""What may follow a schedule in the middle of a run: each policy returns the document of the whole run."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from lrspec.document import Document
from lrspec.errors import SpecError, StepError
from lrspec.fields import show
from lrspec.kinds import Affine, Constant, Freeze, Sequence, Shift, Stretch
from lrspec.kinds.combine import PartTime
from lrspec.kinds.leaf import Leaf
from lrspec.resume.documents import bare, built, checked_step, document_of, path_of
from lrspec.schedule import Schedule
from lrspec.spec import Node

Join = Callable[[Node, Node], Node]
"""From the old node and the new one to the node of the result."""


def replace(old: Schedule, new: Schedule, step: int) -> Document:
    """Return the schedule that is `old` before `step`, and `new(t)` from there on: the clock goes on.

    Every hyperparameter, of the document and of each group, is replaced by the one of its name.

    Args:
        old: The schedule of the run so far.
        new: The schedule that follows.
        step: Updates already applied.

    Raises:
        SpecError: The documents schedule different hyperparameters, a quantity is missing, or there is no value at
            `step`.

    Example:
        >>> from lrspec import Constant, Linear
        >>> result = replace(Constant(value=1.0), Linear(init_value=1.0, end_value=0.0, steps=4), 2)
        >>> result.values(0, 5)
        array([1.  , 1.  , 0.5 , 0.25, 0.  ], dtype=float32)
    """
    old, new, step = document_of(old), document_of(new), checked_step(step)

    def join(before: Node, after: Node) -> Node:
        _value(after, step)  # by itself: no part before it hands it a value
        return _followed(before, step, after, "global")

    return _joined(old, new, join, step, new.total_steps)


def fork(old: Schedule, new: Schedule, step: int) -> Document:
    """Return the schedule that is `old` before `step`, and `new(t - step)` from there on: `new` begins at its step 0.

    So branches of warmup-stable-decay begin their decay. An `init_value` of `previous` in `new` is the formula of `old`
    at `step`. Every hyperparameter, of the document and of each group, is followed by the one of its name.

    Args:
        old: The schedule of the run so far.
        new: The schedule that begins here.
        step: Updates already applied.

    Raises:
        SpecError: The documents schedule different hyperparameters, a quantity is missing, or there is no value at
            `step`.

    Example:
        >>> from lrspec import Constant, Linear
        >>> decay = Linear(init_value="previous", end_value=0.0, steps=2)
        >>> fork(Constant(value=1.0), decay, 3).values(0, 6)
        array([1. , 1. , 1. , 1. , 0.5, 0. ], dtype=float32)
    """
    old, new, step = document_of(old), document_of(new), checked_step(step)
    total = None if new.total_steps is None else step + new.total_steps
    return _joined(old, new, lambda before, after: _followed(before, step, after, "local"), step, total)


def continue_from_value(old: Schedule, new: Schedule, step: int) -> Document:
    """Return the schedule that is `old` before `step`, and from there on `new`, scaled so that nothing jumps.

    From `step` on the formula is `scale * new(t)`. The scale is `old(step) / new(step)`, where `old(step)` is the
    float32 value that update `step` would have used, and `new(step)` is the formula rounded to binary64; their quotient
    is rounded to binary64. So the value of the result at `step` is `old(step)`, bit for bit (above 2^-126, the smallest
    value of all). Every hyperparameter, of the document and of each group, has its own scale; it is 1 where both are 0.

    Args:
        old: The schedule of the run so far.
        new: The schedule whose shape follows.
        step: Updates already applied.

    Raises:
        SpecError: The quotient is not above 0: one of the values is 0, or they have different signs; the documents
            schedule different hyperparameters; a quantity or the base value is missing; or there is no value at `step`.

    Example:
        >>> from lrspec import Constant, Linear
        >>> new = Linear(init_value=1.0, end_value=0.0, steps=4)
        >>> continue_from_value(Constant(value=0.25), new, 2).values(0, 5)
        array([0.25 , 0.25 , 0.25 , 0.125, 0.   ], dtype=float32)
    """
    old, new, step = document_of(old), document_of(new), checked_step(step)

    def join(before: Node, after: Node) -> Node:
        there, here = _value(before, step), _value(after, step)
        if there or here:
            if not there * here > 0:
                found = f"{show(there)} at step {step}, where the new schedule has {show(here)}"
                raise SpecError("", found=found, expected="two values of one sign, which a scale makes equal")
            after = Affine(part=after, scale=float(Fraction(there) / Fraction(after.exact(step))))
        return _followed(before, step, after, "global")

    return _joined(old, new, join, step, new.total_steps, bases=True)


def stretch(old: Schedule, total_steps: int, step: int) -> Document:
    """Return the schedule with a longer horizon, or a shorter one, that has come as far at `step` as `old` had.

    Before `step` the result is `old`. From there on it is `old(step + (t - step) / factor)`, where
    `factor = (total_steps - step) / (horizon - step)`: the fraction of the horizon that has passed at `step` stays
    `step / horizon`, nothing jumps, and what is left takes the steps that are left. `horizon` is the document's
    `total_steps`, or else the longest of its schedules. All schedules have the same horizon, so they stay in step. From
    `total_steps` on each keeps the value of `old` at the horizon, or has none where `old` has none there. A
    `total_steps` that is the horizon changes nothing.

    Args:
        old: The schedule of the run so far.
        total_steps: The number of steps of the whole run from now on; above `step`.
        step: Updates already applied; below the horizon of `old`.

    Raises:
        SpecError: A number is out of its range, the document has no horizon, or a quantity is missing.

    Example:
        >>> from lrspec import Linear
        >>> stretch(Linear(init_value=1.0, end_value=0.0, steps=4), 6, 2).values(0, 7)
        array([1.   , 0.75 , 0.5  , 0.375, 0.25 , 0.125, 0.   ], dtype=float32)
    """
    old, step, total = document_of(old), checked_step(step), checked_step(total_steps, "total_steps")
    horizon = _horizon(old)
    if not step < min(total, horizon):
        raise SpecError("step", found=show(step), expected=f"a step below {min(total, horizon)}, where the run ends")
    factor = Fraction(total - step) / (horizon - step)

    def join(node: Node, _: Node) -> Node:
        _value(node, step)
        if factor == 1 or (isinstance(node, Constant) and node.length is None):
            return node
        ends = isinstance(node, Leaf) and node.length == horizon and node.after != "continue"
        rest = node if ends else _frozen(node, horizon)
        return _followed(node, step, Stretch(part=Shift(part=rest, by=step) if step else rest, factor=factor), "local")

    return _joined(old, old, join, step, total)


def _value(node: Node, step: int) -> float:
    """Return the value at a step; raise `SpecError` where there is none."""
    try:
        return node(step)
    except StepError:
        raise SpecError("", found=f"no value at step {step}", expected="a schedule that has one there") from None


def _followed(before: Node, step: int, after: Node, time: PartTime) -> Node:
    """Return `before` up to `step`, and then `after`."""
    return Sequence(parts=[*_until(before, step, time), after], time=time) if step else after


def _until(node: Node, step: int, time: PartTime) -> list[Node]:
    """Return the parts of a sequence that is `node` up to `step`, flat where it is one already."""
    if not isinstance(node, Sequence) or node.time != time:
        return [_frozen(node, step)]
    *whole, (last, start) = [(part, start) for part, start in zip(node.parts, node.starts, strict=True) if start < step]
    return [*(part for part, _ in whole), _frozen(last, step - start if time == "local" else step)]


def _frozen(node: Node, steps: int | Fraction) -> Node:
    inside = isinstance(node, Freeze) and steps <= node.steps
    return Freeze(part=node.part if isinstance(node, Freeze) and inside else node, steps=steps)


def _horizon(document: Document) -> int | Fraction:
    if document.total_steps is not None:
        return document.total_steps
    nodes = [node for name in (None, *document.groups) for node in bare(document).group(name).values()]
    lengths = [node.length for node in nodes if node.length is not None]
    if not lengths:
        raise SpecError("total_steps", found="nothing", expected="the number of steps, as no schedule here has an end")
    return max(lengths)


def _joined(old: Document, new: Document, join: Join, step: int, total: int | None, *, bases: bool = False) -> Document:
    """Return the document of joined schedules, each checked to have a value at `step`.

    Rates that are relative in both documents stay so, unless their `bases` are needed.
    """
    relative = not bases and all(document.relative and document.base_value is None for document in (old, new))
    if relative:
        old, new = bare(old), bare(new)
    names = list(dict.fromkeys([*old.groups, *new.groups]))
    if len({type(name) for name in names}) > 1:
        raise SpecError("groups", found="names in one document, a list in the other", expected="the same in both")
    found = {group: _joined_in(group, old, new, join, step) for group in (None, *names)}
    for group in names:
        found[group] = {name: node for name, node in found[group].items() if node != found[None].get(name)}
    return built(found, {"relative": True} if relative else {}, total, {})


def _joined_in(group: str | int | None, old: Document, new: Document, join: Join, step: int) -> dict[str, Node]:
    """Return the joined schedules of a group, or of all that is in none, by the names of what they drive.

    Raises:
        SpecError: One is in one document alone, or has no value at `step`.
    """
    before, after = old.group(group), new.group(group)
    found = {}
    for name in before | after:
        if name not in before or name not in after:
            which = "old" if name in before else "new"
            there = f"a schedule in the {which} document alone"
            raise SpecError(path_of(group, name), found=there, expected="one in both")
        try:
            found[name] = join(before[name], after[name])
            _value(found[name], step)
        except SpecError as error:
            raise error.within(path_of(group, name)) from None
    return found
