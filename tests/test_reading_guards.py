"""The comparisons of readers, each with a reader or an object that is wrong by a little more than rounding explains.

A tolerance that is loosened turns a test red here, or in the guards of a framework (`adapters/`, `readers/`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

import lrspec
from lrspec import Cosine, Linear, MismatchError, PiecewiseConstant, Reading
from lrspec.compiler.formula import Time
from lrspec.readers import reading
from lrspec.readers.param_groups import Rate, Source, on_course, read_groups
from lrspec.readers.reading import Own, called, exact_values
from lrspec.spec import Node

WRONG = 1 + 1e-9
KERAS: dict[str, dict[str, Any]] = {
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 30, "decay_rate": 0.9, "staircase": False},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 30, "decay_rate": 0.9, "staircase": True},
    "PiecewiseConstantDecay": {"boundaries": [10, 90], "values": [0.1, 0.05, 0.01]},
    "PolynomialDecay": {
        "initial_learning_rate": 0.1,
        "end_learning_rate": 0.001,
        "decay_steps": 70,
        "power": 0.5,
        "cycle": False,
    },
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 70, "alpha": 0.01},
    "CosineDecayRestarts": {
        "initial_learning_rate": 0.1,
        "first_decay_steps": 20,
        "t_mul": 2.0,
        "m_mul": 0.9,
        "alpha": 0.0,
    },
}


class Tensor(float):
    """A rate that is a tensor, as far as a reader looks at it."""

    dtype = "torch.float32"


# --- the formula that is documented, in float64


@pytest.mark.parametrize("name", KERAS)
def test_a_reader_that_is_wrong_by_a_billionth_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(node: Node, steps: Sequence[int]) -> list[float]:
        return [value * WRONG for value in exact_values(node, steps)]

    lrspec.read_native({"class_name": name, "config": KERAS[name]})
    monkeypatch.setattr(reading, "exact_values", wrong)
    with pytest.raises(MismatchError, match="where its documentation"):
        lrspec.read_native({"class_name": name, "config": KERAS[name]})


def test_code_that_is_another_by_a_billionth_the_second_time_is_found() -> None:
    calls: list[int] = []

    def code(step: int) -> float:
        calls.append(step)
        return 0.1 * (WRONG if len(calls) > 6 else 1)

    with pytest.raises(MismatchError):
        lrspec.read_native(code, sample=6)


# --- the object itself, in float32


def test_what_float32_explains_is_a_hundred_thousandth() -> None:
    def own(at: Time) -> float:
        return 0.1 - 0.001 * float(min(at, 50))

    line = Reading(schedule=Linear(init_value=0.1, end_value=0.0, steps=100), framework="by hand", construct="line")
    called(line, Own(at=own, end=50), lambda step: own(step) + 0.1 * 0.9e-5)
    with pytest.raises(MismatchError):
        called(line, Own(at=own, end=50), lambda step: own(step) + 0.1 * 1.1e-5)


# --- libraries that drive the parameter groups of an optimizer


COSINE = Cosine(init_value=0.1, end_value=0.0, steps=50)


def of_groups(own: Callable[[int], float], rate: Rate) -> Reading:
    source = Source(framework="by hand", construct="curve", own=lambda step: [own(step)])
    return read_groups(source, lambda: [rate], None)


@pytest.mark.parametrize("at", [0, 1, 20, 49])
def test_an_object_with_groups_that_is_off_by_a_billionth_at_one_step_is_found(at: int) -> None:
    rate = Rate(node=COSINE, kinks=(50,))
    of_groups(COSINE.exact, rate)
    with pytest.raises(MismatchError, match=f"at step {at}, where the object itself"):
        of_groups(lambda step: COSINE.exact(step) + (1e-10 if step == at else 0.0), rate)


def test_only_the_value_from_before_a_jump_is_a_jump_that_comes_late() -> None:
    node = PiecewiseConstant(boundaries=[10], values=[0.1, 0.01])
    rate = Rate(node=node, kinks=(10,), is_jump=lambda step: step == 10)
    late = of_groups(lambda step: 0.1 if step <= 10 else 0.01, rate)
    assert any("comes to a jump late" in note for note in late.conventions)
    for value in (0.1 * (1 - 1e-5), 0.05, 0.01 * (1 + 1e-7)):
        others = {10: value}
        with pytest.raises(MismatchError, match="at step 10, where"):
            of_groups(partial(at_or_else, others, node), rate)


def at_or_else(others: dict[int, float], node: Node, step: int) -> float:
    """The value of a node, with others in the place of some."""
    return others.get(step, node.exact(step))


@pytest.mark.parametrize("step", [0, 1, 30])
@pytest.mark.parametrize("number", [float, Tensor])
def test_a_group_that_is_off_its_course_is_found(step: int, number: Callable[[float], float]) -> None:
    """By a billionth; where a tensor of float32 was changed at each step, by a few units in its last place each."""
    read = Reading(schedule=COSINE, framework="by hand", construct="curve")
    right, unit = COSINE.exact(step), 1e-9 if number is float else 2.0**-23 * (step + 3)
    assert on_course(read, [COSINE], [number(right)], step) is read
    with pytest.raises(MismatchError, match=f"at step {step}: the schedule that was read has the rate"):
        on_course(read, [COSINE], [number(right + 0.1 * unit)], step)


def test_a_tensor_is_off_its_course_by_a_thirtieth_wherever_it_is() -> None:
    line = Linear(init_value=0.1, end_value=0.2, steps=10**6)
    read = Reading(schedule=line, framework="by hand", construct="curve")
    on_course(read, [line], [Tensor(line.exact(10**6) * 1.001)], 10**6)
    with pytest.raises(MismatchError):
        on_course(read, [line], [Tensor(line.exact(10**6) * (1 + 1 / 30))], 10**6)
