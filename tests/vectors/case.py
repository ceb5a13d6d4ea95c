"""What a vector is made from, and the vector."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import oracle
from vectors import points
from vectors.plain import Plain, schedules
from vectors.points import LAST_STEP

FLAGS = {
    "boundary": "has the steps around a boundary: where the node ends, a part begins, or a level changes",
    "past-end": "has steps after the node's end",
    "near-zero": "has values that cross zero, or a formula smaller in size than 2^-126, which is 0",
    "tangent": "curves that touch, or nearly, where the smaller or greater is taken",
    "large-step": "has steps of 2^24 and above, which float32 does not hold",
    "large-length": "a length or boundary of 2^24 and above",
    "degenerate": "a length of a step or less, equal ends, a single part, or a factor of 1",
    "fraction": "lengths, periods or shifts that are no whole steps",
    "negative": "has values below 0",
    "extreme": "numbers near the largest or the smallest of float32",
    "stairs": "levels that last several steps",
    "continue": "the formula goes on after the end",
    "ends": "has no value after `last_step`",
    "previous": "an `init_value` of `previous`",
    "near-tie": "has values within 2^-12 ulp of the middle between two float32 numbers, found by search",
    "tie": "has values within 2^-18 ulp of such a middle, where the formula leaves the choice between two",
    "units": "durations with units",
    "nested": "combinators in combinators",
    "names": "a fingerprint of several schedules, with names",
    "core": "for implementations that compile every program: these vectors show every shape of program",
    "essential": "for implementations that compile every program for seconds: the two of these that show most",
    "refused": "must be refused",
    "program": "a program that no compiler has written",
}
"""The legend of the flags."""


MOST_BYTES = 8000
"""Longer programs are left out of the vectors, but for the `core` ones, to keep the package small."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a vector is made from; `clause` is a heading of the pages, `page.md#anchor`."""

    name: str
    about: str
    clause: str
    document: Plain
    flags: tuple[str, ...] = ()
    marks: tuple[Any, ...] = ()
    last: int = LAST_STEP
    steps: tuple[int, ...] = ()
    quantity: str = "learning_rate"
    dense: int = 70
    few: int = 60
    text: str | None = None
    whole: bool = False
    """Whether the fingerprint of the whole document is another one than the schedule's."""
    to_even: bool = False
    """Whether ties go to the even number, as in tables."""


def case(name: str, about: str, clause: str, node: Plain, *flags: str, **more: Any) -> Case:
    """Return a case of one schedule, whose node is given; `quantities` are more keys of its document."""
    quantities = more.pop("quantities", {})
    document = {"lrspec": 1, "learning_rate": node, **quantities}
    return Case(
        name=name,
        about=about,
        clause=f"spec.md#{clause}" if "#" not in clause else clause,
        document=document,
        flags=flags,
        **more,
    )


def vector(case: Case, subject: str, compiled: Any, ties: dict[str, list[int]]) -> Plain:
    """Return the vector of a case; `compiled` gives the program and the fingerprints of a document's schedule.

    Args:
        case: The case.
        subject: The name of its file.
        compiled: The compiler under test: fingerprints and programs can come from nowhere else.
        ties: The near ties that were found, by id; those of a vector that is not in it are looked for, and added.
    """
    node = schedules(case.document)[case.quantity]
    seed = f"{subject}/{case.name}"
    steps, boundaries = points.steps_of(node, case.last, case.marks, dense=case.dense, few=case.few, seed=seed)
    if seed not in ties:
        ties[seed] = points.near_ties(node, case.last)
    near = ties[seed]
    _check_last(node, case)
    values, either, nearest = {}, {}, 1.0
    tied = 0
    for step in sorted({*steps, *near, *case.steps}):
        bits, other, distance = points.bits_of(oracle.value(node, step), ties=case.to_even)
        if other is not None:
            tied += step in near
            if step not in near or tied <= 4:
                either[step] = sorted((bits, other))
            continue
        values[step] = bits
        nearest = min(nearest, distance)
    flags = set(case.flags) | _found_flags(node, case, values, boundaries)
    flags |= {"near-tie"} if nearest < 2.0**-points.NEAR else set()
    flags |= {"tie"} if either else set()
    program, own, whole = compiled(case.document, case.quantity)
    found: Plain = {
        "id": seed,
        "about": case.about,
        "clause": case.clause,
        "flags": [one for one in FLAGS if one in flags],
    }
    found |= {"document": case.document} if case.text is None else {"text": case.text, "document": case.document}
    found |= {"quantity": case.quantity} if case.quantity != "learning_rate" else {}
    found |= {"document_fingerprint": whole} if whole != own else {}
    assert (whole != own) == case.whole, case.name
    found |= {"fingerprint": own, "last_step": case.last, "points": runs(values)}
    found |= {"either": [[step, *pair] for step, pair in either.items()]} if either else {}
    return {**found, "program": program} if len(program) <= 2 * MOST_BYTES or "core" in flags else found


def _check_last(node: Any, case: Case) -> None:
    oracle.value(node, case.last)
    try:
        oracle.value(node, case.last + 1)
    except oracle.NoValueError:
        return
    raise AssertionError(f"{case.name}: has a value after {case.last}")


def _found_flags(node: Any, case: Case, values: dict[int, str], boundaries: list[Fraction]) -> set[str]:
    length = oracle.length_of(node)
    has = {
        "boundary": bool(boundaries),
        "past-end": length is not None and case.last >= length,
        "large-step": any(step >= points.LARGE for step in values),
        "large-length": any(mark >= points.LARGE for mark in boundaries),
        "ends": case.last < LAST_STEP,
        "negative": any(int(bits, 16) >> 31 for bits in values.values()),
    }
    return {flag for flag, is_so in has.items() if is_so}


def runs(values: dict[int, str]) -> list[list[Any]]:
    """Return points as runs of neighbouring steps: the first step, and the bits of each as eight digits."""
    found: list[list[Any]] = []
    for step, bits in sorted(values.items()):
        if found and step == found[-1][0] + len(found[-1][1]) // 8:
            found[-1][1] += bits
        else:
            found.append([step, bits])
    return found
