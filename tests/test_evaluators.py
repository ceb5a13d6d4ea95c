"""Every evaluator on the host and those for devices give the same bits, and a program survives its bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cases import CASES, LAST_STEP, NO_SHORT_FORM, nodes
from lrspec import LrspecError, Node, SpecError, device
from lrspec.compiler.compile import compile_node
from lrspec.device import TABLE_LIMIT, NumPyArrays, on_device, value_table
from lrspec.evaluate import clamped_evaluator, host_evaluator, values
from lrspec.program import DEGREE, Phase, Program, Segment

DEVICES = {"int64": NumPyArrays(has_int64=True), "int32": NumPyArrays(has_int64=False)}
SETTINGS = settings(deadline=None, derandomize=True, database=None)
DIVISOR_LIMIT = 2**31 - 2**18


def on_devices(program: Program, steps: Any) -> list[Any]:
    """Return the values in int64 and in int32, by the way of the program's size and by its polynomials."""
    found = [on_device(program, arrays.step(steps), arrays) for arrays in DEVICES.values()]
    if value_table(program) is not None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(device, "value_table", lambda _: None)
            found += [on_device(program, arrays.step(steps), arrays) for arrays in DEVICES.values()]
    return found


def bits(numbers: Iterable[float]) -> list[int]:
    """The float32 patterns: they tell 0 from -0, where == does not."""
    array = np.array(list(numbers), np.float64)
    assert np.array_equal(array, array.astype(np.float32))
    patterns: list[int] = array.astype(np.float32).view(np.uint32).tolist()
    return patterns


def assert_all_agree(program: Program, steps: Iterable[int], windows: int = 4) -> None:
    chosen = sorted({step for step in steps if 0 <= step <= program.last_step})
    host = host_evaluator(program)
    wanted = bits(host(step) for step in chosen)
    for found in on_devices(program, chosen):
        assert found.dtype == np.float32
        assert found.view(np.uint32).tolist() == wanted
    for step in chosen[:: max(1, len(chosen) // windows)]:
        low, high = max(0, step - 20), min(program.last_step + 1, step + 20)
        assert values(program, low, high).view(np.uint32).tolist() == bits(map(host, range(low, high))), step


def edges(program: Program) -> list[int]:
    """The steps at which phases, periods and (where the index is the step) segments begin, and their neighbours."""
    at = [0, program.last_step, LAST_STEP, *(2**k for k in range(31))]
    for i, phase in enumerate(program.phases):
        at += [phase.start, *(phase.start + k * phase.period for k in (1, 2, 3, 1001) if phase.period)]
        at += [phase.start + k * phase.denominator // phase.numerator for k in (1, 2, 3, 10**4)]
        end = program.phases[i + 1].start if i + 1 < len(program.phases) else LAST_STEP + 1
        starts = [segment.start - phase.base for segment in program.segments if segment.start >= phase.base]
        firsts = [phase.start - (-start * phase.denominator // phase.numerator) for start in starts]
        at += [first for first in firsts if first < end][:200]
    return [step + by for step in at for by in (-1, 0, 1)]


@pytest.mark.parametrize("name", CASES)
def test_evaluators_agree_on_every_early_step(name: str) -> None:
    program = CASES[name].program
    stop = min(6000, program.last_step + 1)
    wanted = bits(map(host_evaluator(program), range(stop)))
    assert values(program, 0, stop).view(np.uint32).tolist() == wanted
    for found in on_devices(program, range(stop)):
        assert found.view(np.uint32).tolist() == wanted


@pytest.mark.parametrize("name", CASES)
def test_evaluators_agree_on_edges_and_samples(name: str) -> None:
    program = CASES[name].program
    sampled = np.random.default_rng(6).integers(0, LAST_STEP, 300).tolist()
    assert_all_agree(program, [*edges(program), *sampled], windows=40)


@pytest.mark.parametrize("name", CASES)
def test_a_table_has_the_values_of_all_indices(name: str) -> None:
    program = CASES[name].program
    count = program.index_count
    table = value_table(program)
    assert (table is None) == (count > TABLE_LIMIT)
    if table is not None:
        assert table.shape == (count, 1)
        by_step = replace(program, phases=(Phase(0, 0, 0, 1, 1),), last_step=LAST_STEP)
        assert table[:, 0].view(np.uint32).tolist() == bits(map(host_evaluator(by_step), range(count)))


@pytest.mark.parametrize(
    ("phases", "starts", "count"),
    [
        ([(0, 0, 0, 1, 1)], [0, 65_535], 65_536),
        ([(0, 0, 0, 1, 1)], [0, 65_536], 65_537),
        ([(0, 0, 0, 1, 1)], [0], 1),
        ([(0, 0, 0, 1, 100_000)], [0, 30_000], 21_475),
        ([(0, 0, 7, 1, 1)], [0, 30_000], 7),
        ([(0, 0, 7, 1, 1)], [0, 3], 4),
        ([(0, 0, 0, 2, 3)], [0, 30_000, 2**31 - 1], 1_431_655_765),
        ([(0, 5, 3, 1, 1), (100, 0, 0, 1, 2**30)], [0, 50], 8),
        ([(0, 0, 0, 1, 1), (100, 100, 0, 1, 2**30)], [0, 200], 102),
    ],
)
def test_indices_are_counted(phases: list[tuple[int, ...]], starts: list[int], count: int) -> None:
    levels = tuple(Segment(start, 0, 0, (start + 1, *(0,) * DEGREE)) for start in starts)
    program = Program(tuple(Phase(*phase) for phase in phases), levels, LAST_STEP)
    assert program.index_count == count
    assert (value_table(program) is None) == (count > 65_536)
    assert_all_agree(program, [*edges(program), *starts])
    curved = replace(levels[-1], shift=30, coefficients=(3, 1, *(0,) * (DEGREE - 1)))
    assert replace(program, segments=(*levels[:-1], curved)).index_count >= count


@pytest.mark.parametrize("name", CASES)
def test_a_device_clamps_where_the_host_refuses(name: str) -> None:
    program = CASES[name].program
    clamped = clamped_evaluator(program)
    steps = [-(2**31), -7, -1, 0, program.last_step, LAST_STEP - 1, LAST_STEP]
    wanted = bits(map(clamped, steps))
    assert wanted[:3] == [wanted[3]] * 3
    for found in on_devices(program, steps):
        assert found.view(np.uint32).tolist() == wanted
    assert clamped(2**40) == clamped(LAST_STEP)
    far = on_device(program, DEVICES["int64"].step([2**31, 2**40, -(2**40)]), DEVICES["int64"])
    assert bits(far.tolist()) == bits([clamped(LAST_STEP), clamped(LAST_STEP), clamped(0)])


def test_a_device_takes_a_scalar_and_a_matrix() -> None:
    program = CASES["sequence of all kinds"].program
    host = host_evaluator(program)
    for arrays in DEVICES.values():
        assert float(on_device(program, arrays.step([[99]])[0, 0], arrays)) == host(99)
        matrix = on_device(program, arrays.step([[0, 60], [450, 900]]), arrays)
        assert matrix.tolist() == [[host(0), host(60)], [host(450), host(900)]]


@st.composite
def polynomials(draw: st.DrawFn, *, limit: int = 2**47 - DEGREE - 1) -> tuple[int, ...]:
    """Coefficients whose sizes sum up to `limit` at most, often to just that."""
    degree = draw(st.integers(0, DEGREE))
    shares = draw(st.lists(st.integers(-1000, 1000), min_size=degree + 1, max_size=degree + 1))
    total = draw(st.sampled_from([limit, limit, 2**46, 2**30, 1000]))
    whole = max(1, sum(map(abs, shares)))
    coefficients = [abs(share) * total // whole * (1 if share > 0 else -1) for share in shares]
    return (*coefficients, *(0,) * (DEGREE - degree))


@st.composite
def segments(draw: st.DrawFn) -> tuple[Segment, ...]:
    """Random segments, the last of which has one value for every index."""
    rows: list[Segment] = []
    start = 0
    for _ in range(draw(st.integers(0, 6))):
        shift = draw(st.integers(0, 30))
        length = draw(st.integers(1, 1 << (30 - shift)))
        if start + length > LAST_STEP:
            break
        exponent = draw(st.integers(-80, 126))
        rows.append(Segment(start, shift, exponent, draw(polynomials())))
        start += length
    mantissa = draw(st.integers(2**23, 2**24 - 1)) * draw(st.sampled_from([1, -1]))
    single = Segment(start, 0, draw(st.integers(-104, 149)), (mantissa, *(0,) * DEGREE))
    return (*rows, single)


@st.composite
def phases(draw: st.DrawFn) -> tuple[Phase, ...]:
    """Random phases; no index leaves 0 to 2**31 - 1."""
    later = draw(st.sets(st.one_of(st.integers(1, 1000), st.integers(1, LAST_STEP)), max_size=4))
    starts = [0, *sorted(later)]
    rows: list[Phase] = []
    for start, end in zip(starts, [*starts[1:], LAST_STEP + 1], strict=True):
        period = draw(st.one_of(st.just(0), st.integers(1, 1000), st.integers(1, LAST_STEP)))
        denominator = draw(st.one_of(st.just(1), st.integers(1, 5000), st.integers(1, DIVISOR_LIMIT)))
        numerator = draw(st.one_of(st.just(1), st.just(denominator), st.integers(1, denominator)))
        largest = (min(period or LAST_STEP + 1, end - start) - 1) * numerator // denominator
        base = draw(st.one_of(st.just(0), st.integers(0, LAST_STEP - largest)))
        rows.append(Phase(start, base, period, numerator, denominator))
    return tuple(rows)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    last_step = draw(st.one_of(st.just(LAST_STEP), st.integers(0, LAST_STEP)))
    return Program(draw(phases()), draw(segments()), last_step)


@settings(SETTINGS, max_examples=250)
@given(programs(), st.lists(st.integers(0, LAST_STEP), max_size=40), st.lists(st.integers(0, 3000), max_size=40))
def test_evaluators_agree_on_random_programs(program: Program, late: list[int], early: list[int]) -> None:
    assert_all_agree(program, [*edges(program), *late, *early])


@settings(SETTINGS, max_examples=300)
@given(polynomials(), st.integers(0, 30), st.data())
def test_evaluators_agree_on_one_full_segment(coefficients: tuple[int, ...], shift: int, data: st.DataObject) -> None:
    length = 1 << (30 - shift)
    zeros = (0,) * (DEGREE + 1)
    whole = Program(
        (Phase(0, 0, 0, 1, 1),), (Segment(0, shift, 40, coefficients), Segment(length, 0, 0, zeros)), LAST_STEP
    )
    inside = data.draw(st.lists(st.integers(0, length), max_size=50))
    assert_all_agree(whole, [*inside, 0, 1, length - 2, length - 1, length, length + 1])


@settings(SETTINGS, max_examples=60)
@given(nodes(), st.lists(st.integers(0, 2 * 10**6), max_size=60))
def test_evaluators_agree_on_random_schedules(node: Node, steps: list[int]) -> None:
    try:
        program = compile_node(node)
    except SpecError as error:
        assert any(words in str(error) for words in NO_SHORT_FORM)  # noqa: PT017 - other schedules must compile
        return
    assert_all_agree(program, [*edges(program), *steps])


@settings(SETTINGS, max_examples=200)
@given(programs())
def test_bytes_round_trip_of_random_programs(program: Program) -> None:
    data = program.to_bytes()
    again = Program.from_bytes(data)
    assert again == program
    assert again.to_bytes() == data
    assert (again.fingerprint, hash(again)) == (program.fingerprint, hash(program))
    assert len(data) == 17 + 8 * (3 + 5 * len(program.phases) + 11 * len(program.segments))


@pytest.mark.parametrize("name", CASES)
def test_bytes_round_trip_of_cases(name: str) -> None:
    program = CASES[name].program
    assert Program.from_bytes(program.to_bytes()) == program


@pytest.mark.parametrize("name", CASES)
def test_programs_keep_to_the_bounds_of_the_format(name: str) -> None:
    program = CASES[name].program
    assert 0 <= program.last_step <= LAST_STEP
    for rows in (program.phases, program.segments):
        starts = [row.start for row in rows]
        assert starts[0] == 0
        assert starts == sorted(set(starts))
    for phase in program.phases:
        assert 0 <= phase.period <= LAST_STEP
        assert 0 <= phase.base <= LAST_STEP
        assert 1 <= phase.numerator <= phase.denominator <= DIVISOR_LIMIT
    ends = [segment.start for segment in program.segments[1:]]
    for segment, end in zip(program.segments, ends, strict=False):
        assert not any(segment.coefficients[1:]) or (end - 1 - segment.start) << segment.shift < 2**30
    for segment in program.segments:
        assert 0 <= segment.shift <= 30
        assert sum(map(abs, segment.coefficients)) + DEGREE < 2**47
        assert -104 <= segment.exponent <= 172


GOOD = CASES["linear warmup"].program.to_bytes()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a program: expected the canonical bytes of lrspec-program-1"),
        (b"lrspec-program-2\n" + GOOD[17:], "not a program: expected the canonical bytes of lrspec-program-1"),
        (GOOD[17:], "not a program: expected the canonical bytes of lrspec-program-1"),
        (GOOD[:-1], "not a program: expected the canonical bytes of lrspec-program-1"),
        (GOOD[:33], "not a program: expected the canonical bytes of lrspec-program-1"),
        (GOOD[:-8], "not a program: its length does not fit its header"),
        (GOOD + bytes(8), "not a program: its length does not fit its header"),
        (GOOD[:25] + bytes(8) + GOOD[33:], "not a program: its length does not fit its header"),
    ],
    ids=["empty", "other magic", "no magic", "cut", "header cut", "word missing", "word added", "no phase"],
)
def test_bytes_that_are_no_program_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(LrspecError) as caught:
        Program.from_bytes(data)
    assert str(caught.value) == message


WORDS = {name: i for i, name in enumerate(("last_step", "", "", "phase", "base", "period", "numerator", "denominator"))}
WORDS |= {name: i + 8 for i, name in enumerate(("start", "shift", "exponent", "c0", "c1"))}


def constant_with(**words: int) -> bytes:
    """Return the bytes of a constant whose words are others."""
    found = list(struct.unpack("<19q", CASES["constant"].program.to_bytes()[17:]))
    for name, word in words.items():
        found[WORDS[name]] = word
    return b"lrspec-program-1\n" + struct.pack("<19q", *found)


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ({"last_step": -1}, {"last_step": 0}),
        ({"last_step": 2**31}, {"last_step": 2**31 - 1}),
        ({"phase": 1}, {}),
        ({"start": 5}, {}),
        ({"period": -1}, {"period": 2**31 - 1}),
        ({"period": 2**31}, {"period": 1}),
        ({"base": -1}, {"period": 1, "base": 2**31 - 1}),
        ({"period": 2, "base": 2**31 - 1}, {"period": 2, "base": 2**31 - 2}),
        ({"numerator": 0}, {"denominator": 2**31 - 2**18}),
        ({"numerator": 2}, {"numerator": 2, "denominator": 2}),
        ({"denominator": 0}, {"denominator": 1}),
        ({"denominator": 2**31 - 2**18 + 1}, {"denominator": 2}),
        ({"shift": -1}, {"shift": 0}),
        ({"shift": 31}, {"shift": 30}),
        ({"period": 3, "shift": 29, "c1": 1}, {"period": 2, "shift": 29, "c1": 1}),
        ({"exponent": 173}, {"exponent": 172}),
        ({"exponent": -105}, {"exponent": -104}),
        ({"c0": 2**47 - 7}, {"c0": 2**47 - 8}),
        ({"c0": -(2**63)}, {"c0": -(2**47) + 8}),
    ],
    ids=str,
)
def test_bytes_beyond_a_bound_are_refused(words: dict[str, int], allowed: dict[str, int]) -> None:
    with pytest.raises(LrspecError, match=r"not a program: found .*, expected"):
        Program.from_bytes(constant_with(**words))
    assert Program.from_bytes(constant_with(**allowed)).to_bytes() == constant_with(**allowed)


@settings(SETTINGS, max_examples=200)
@given(programs(), st.data())
def test_changed_bytes_are_refused_or_mean_one_thing_everywhere(program: Program, data: st.DataObject) -> None:
    words = list(struct.unpack(f"<{len(program.to_bytes()[17:]) // 8}q", program.to_bytes()[17:]))
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = data.draw(st.sampled_from([0, 1, -1, 2, 2**30, 2**31 - 1, 2**31, 2**47, -(2**63)]))
    try:
        changed = Program.from_bytes(b"lrspec-program-1\n" + struct.pack(f"<{len(words)}q", *words))
    except LrspecError:
        return
    assert_all_agree(changed, edges(changed))


@pytest.mark.parametrize("name", CASES)
def test_a_corrupt_coefficient_changes_a_value_everywhere(name: str) -> None:
    program = CASES[name].program
    segment = program.segments[0]
    first, *rest = segment.coefficients
    unit = 1 << max(0, abs(first).bit_length() - 23)
    corrupt = replace(program, segments=(replace(segment, coefficients=(first - unit, *rest)), *program.segments[1:]))
    assert corrupt.fingerprint != program.fingerprint
    right = host_evaluator(program)(0)
    assert host_evaluator(corrupt)(0) != right
    assert values(corrupt, 0, 1)[0] != right
    for found in on_devices(corrupt, [0]):
        assert found[0] != right


@pytest.mark.parametrize("power", range(1, DEGREE + 1))
def test_a_corrupt_higher_coefficient_changes_a_value(power: int) -> None:
    program = CASES["cosine to zero of a million"].program
    i = max(range(len(program.segments)), key=lambda i: abs(program.segments[i].coefficients[power]))
    segment = program.segments[i]
    changed = list(segment.coefficients)
    changed[power] += 1 << 36
    rows = (*program.segments[:i], replace(segment, coefficients=tuple(changed)), *program.segments[i + 1 :])
    corrupt = replace(program, segments=rows)
    stop = program.segments[i + 1].start
    assert not np.array_equal(values(corrupt, segment.start, stop), values(program, segment.start, stop))
    assert_all_agree(corrupt, range(segment.start, stop, 97))
