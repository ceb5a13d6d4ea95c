"""One body for every framework and mode: what was really applied is the program's value, in every bit.

An adapter sees programs, not kinds, and every case is compared on NumPy with the same device code elsewhere. So these
are one case of each kind, and of each shape that a program has: one segment and many, stairs of whole and of
fractional periods, repeats, many phases, numbers at both ends of float32, ends in an error, and very long ones; each
shape in each of the ways in which a device evaluates: by a table, by polynomials, and by one number per segment.
A few of them, `SHAPES`, have every shape in every way between them; the others are `long` tests. The last tests put a
wrong number into what a device looks up, and see that every mode that computes on the device turns red.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from cases import CASES
from lrspec import Cosine, Node, device
from lrspec.kinds import KINDS
from lrspec.probes import Mode
from lrspec.program import Program
from program_shapes import shapes_by_way, way

NAMES = (
    "constant",
    "constant smallest",
    "constant largest",
    "linear below float32",
    "linear then error",
    "polynomial 3 continued",
    "cosine continued",
    "exponential 1501.32",
    "exponential underflow",
    "staircase 41",
    "staircase 1501.32",
    "piecewise far",
    "sequence of all kinds",
    "cosine to the last step",
    "geometric huge",
    "one_minus_power 2",
    "normalized_exponential half",
    "tanh crossing zero",
    "logarithmic one step",
    "rex then error",
    "inverse_time fractional stairs",
    "power_law fractions",
    "table of fractional epochs",
    "minimum of crossing lines",
    "maximum of repeats",
    "product of a repeat and a decay",
    "clamp of a table",
    "affine negative",
    "shift of a table",
    "freeze of stairs",
    "every of a fraction",
    "stretch by a decimal",
    "repeat to the last step",
    "minimum of a sum and a power",
    "sine falling",
    "sequence of freezes and repeats",
    "sequence of global time and stairs",
    "exponential fast",
)
SHAPES = (
    "constant smallest",
    "constant largest",
    "linear then error",
    "cosine continued",
    "staircase 1501.32",
    "sequence of all kinds",
    "sequence of freezes and repeats",
    "exponential fast",
    "repeat to the last step",
)
FEW_NAMES = ("staircase 1501.32", "sequence of freezes and repeats")
ON_THE_HOST = ("eager", "SGD.apply", "optimizer, float rate", "optimizer, tensor rate", "compiled step")
"""The modes in which a single step is evaluated on the host, by the reference itself."""
WINDOWS = {True: ((0, 25), (990, 1005)), False: ((0, 1200), (99_900, 100_100), (2**31 - 200, 2**31 - 1))}


def inside(node: Node) -> Iterator[Node]:
    """Yield a node and every node in it."""
    yield node
    for value in vars(node).values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Node):
                yield from inside(item)


def test_the_cases_cover_every_kind_and_end() -> None:
    found = [node for name in NAMES for node in inside(CASES[name])]
    assert {node.kind for node in found} == set(KINDS)
    assert {getattr(node, "after", "hold") for node in found} == {"hold", "continue", "error"}


def test_the_few_cases_have_every_shape_of_all() -> None:
    assert set(FEW_NAMES) < set(SHAPES) < set(NAMES)
    by_name = [[shapes_by_way(CASES[name].program) for name in names] for names in (SHAPES, NAMES)]
    few, every = (set().union(*each) for each in by_name)
    assert few == every
    for found in ("a table", "polynomials"):
        assert len([shape for evaluation, shape in every if evaluation == found]) >= 10
    assert {way(CASES[name].program) for name in FEW_NAMES} == {"a table", "polynomials"}


def compare(schedule: Node, mode: Mode) -> None:
    sample = mode.sampler(schedule)
    last = schedule.program.last_step
    for start, stop in WINDOWS[mode.slow]:
        if start > last:
            continue
        end = min(stop, last + 1)
        applied = np.asarray(sample(start, end))
        expected = np.array([schedule(step) for step in range(start, end)], np.float32)
        assert applied.dtype == np.float32
        np.testing.assert_array_equal(applied.view(np.int32), expected.view(np.int32))


@pytest.mark.parametrize(
    "name", [name if name in SHAPES else pytest.param(name, marks=pytest.mark.long) for name in NAMES]
)
def test_applied_rates_are_the_programs_bits(name: str, mode: Mode) -> None:
    compare(CASES[name], mode)


@pytest.mark.parametrize("name", FEW_NAMES)
def test_rates_applied_by_code_that_is_slow_to_compile_are_the_programs_bits(name: str, compiled_mode: Mode) -> None:
    compare(CASES[name], compiled_mode)


def turns_red(mode: Mode, schedule: Node) -> bool:
    try:
        compare(schedule, mode)
    except AssertionError:
        return True
    return False


def is_red_with_a_wrong_value(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> bool:
    schedule = Cosine(init_value=0.0123, end_value=0.0, steps=777)  # of a fingerprint that nothing else has compiled
    values = device.value_table(schedule.program)
    assert values is not None
    values = values.copy()
    values[20] += np.float32(2**-30)
    monkeypatch.setattr(device, "value_table", lambda _: values)
    return turns_red(mode, schedule)


def test_a_wrong_value_in_the_table_turns_a_mode_red(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_red_with_a_wrong_value(mode, monkeypatch) != mode.name.startswith(ON_THE_HOST)


@pytest.mark.long
def test_a_wrong_value_in_the_table_turns_a_mode_red_that_compiles(
    compiled_mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_red_with_a_wrong_value(compiled_mode, monkeypatch) != compiled_mode.name.startswith(ON_THE_HOST)


def test_a_wrong_coefficient_turns_a_mode_red(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = Cosine(init_value=0.0123, end_value=0.0, steps=7_000_000)
    assert way(schedule.program) == "polynomials"
    tables = device.tables

    def changed(program: Program, *, wide: bool) -> device.Tables:
        found = tables(program, wide=wide)
        segments = found.segments.copy()
        segments[0, 2 if wide else 3] += 1 << (24 if wide else 8)  # two units in the last place of float32
        return found._replace(segments=segments)

    monkeypatch.setattr(device, "tables", changed)
    assert turns_red(mode, schedule) != mode.name.startswith(ON_THE_HOST)
