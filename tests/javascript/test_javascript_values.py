"""The evaluator in JavaScript: every bit as in Python, and no program that breaks a bound."""

from __future__ import annotations

import random
import struct
from base64 import b64encode
from math import gcd
from typing import Any

import numpy as np
import pytest

from cases import CASES, LAST_STEP
from lrspec import Exponential, LrspecError
from lrspec.device import NumPyArrays, on_device
from lrspec.program import Program
from under_node import run

HEADER = b"lrspec-program-1\n"
PHASE = (0, 0, 0, 1, 1)
ONE = (0, 0, 23, 2**23)
BIG = 2**31 - 1


def interesting(program: Program, number: int) -> list[int]:
    """Both sides of the steps at which a phase, a period, a stair or a segment begins, large ones, and random ones."""
    at = {0, 2**24 + 1, 2**30, LAST_STEP, program.last_step}
    for phase in program.phases:
        at |= {phase.start, phase.start + phase.period, phase.start + 7 * phase.period}
        for segment in program.segments[:100]:
            at.add(phase.start - (phase.base - segment.start) * phase.denominator // phase.numerator)
    draw = random.Random(number)  # noqa: S311 - no secret
    near = min(program.last_step, 5000)
    at |= {draw.randint(0, last) for last in (near, program.last_step) for _ in range(300)}
    return sorted({step + by for step in at for by in (-1, 0, 1) if 0 <= step + by <= program.last_step})


def test_every_bit_of_the_golden_documents_is_that_of_python() -> None:
    arrays = NumPyArrays(has_int64=True)
    programs = {name: node.program for name, node in CASES.items()}
    steps = {name: interesting(program, number) for number, (name, program) in enumerate(programs.items())}
    given = [{"program": programs[name].to_bytes().hex(), "steps": steps[name]} for name in programs]
    for name, found in zip(programs, run("values.mjs", given), strict=True):
        wanted = on_device(programs[name], arrays.step(steps[name]), arrays).view(np.uint32)
        differ = np.flatnonzero(np.array(found["bits"], np.uint32) != wanted)
        assert not differ.size, (name, steps[name][differ[0]])


def packed(last: int = BIG, phases: Any = (PHASE,), segments: Any = (ONE,)) -> bytes:
    rows = [w for phase in phases for w in phase] + [w for s in segments for w in (*s, *[0] * (11 - len(s)))]
    return HEADER + struct.pack(f"<{3 + len(rows)}q", last, len(phases), len(segments), *rows)


def test_the_division_of_a_phase_is_exact_on_both_sides_of_a_whole_number() -> None:
    draw = random.Random(0)  # noqa: S311 - no secret
    given: list[dict[str, Any]] = []
    while len(given) < 2000:
        denominator = 2**31 - 2**18 - draw.randrange(2 ** draw.randrange(31))
        numerator = max(1, denominator - draw.randrange(2 ** draw.randrange(31)))
        if denominator < 2 or gcd(numerator, denominator) > 1:
            continue
        step = draw.choice([0, -1]) * pow(numerator, -1, denominator) % denominator or denominator
        index = step * numerator // denominator
        if index > 0:
            around = [ONE, (index, 0, 22, 2**23), (index + 1, 0, 21, 2**23)]
            program = packed(phases=[(0, 0, 0, numerator, denominator)], segments=around)
            given.append({"program": program.hex(), "steps": [step]})
    assert run("values.mjs", given) == [{"bits": [0x40000000]}] * len(given)


def pairs(bound: dict[str, tuple[bytes, bytes]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("good", "bad"), bound.values(), ids=bound.keys())


@pairs({
    "header": (packed(), packed().replace(b"-1\n", b"-2\n")),
    "length": (packed(), packed() + b"\0"),
    "empty": (packed(), b""),
    "last_step": (packed(last=BIG), packed(last=BIG + 1)),
    "last_step below 0": (packed(last=0), packed(last=-1)),
    "no phase": (packed(), packed(phases=[])),
    "no segment": (packed(), packed(segments=[])),
    "first phase": (packed(), packed(phases=[(1, 0, 0, 1, 1)])),
    "first segment": (packed(), packed(segments=[(1, *ONE[1:])])),
    "phases grow": (packed(phases=[PHASE, (1, *PHASE[1:])]), packed(phases=[PHASE, PHASE])),
    "segments grow": (packed(segments=[ONE, (1, *ONE[1:])]), packed(segments=[ONE, ONE])),
    "base": (packed(phases=[(0, BIG, 1, 1, 1)]), packed(phases=[(0, BIG, 2, 1, 1)])),
    "base below 0": (packed(), packed(phases=[(0, -1, 0, 1, 1)])),
    "period": (packed(phases=[(0, 0, BIG, 1, 1)]), packed(phases=[(0, 0, BIG + 1, 1, 1)])),
    "period below 0": (packed(), packed(phases=[(0, 0, -1, 1, 1)])),
    "numerator": (packed(phases=[(0, 0, 0, 3, 3)]), packed(phases=[(0, 0, 0, 4, 3)])),
    "numerator 0": (packed(), packed(phases=[(0, 0, 0, 0, 3)])),
    "denominator": (packed(phases=[(0, 0, 0, 3, 2**31 - 2**18)]), packed(phases=[(0, 0, 0, 3, 2**31 - 2**18 + 1)])),
    "shift": (packed(segments=[(0, 30, 0, 1)]), packed(segments=[(0, 31, 0, 1)])),
    "shift below 0": (packed(), packed(segments=[(0, -1, 0, 1)])),
    "exponent": (packed(segments=[(0, 0, 172, 2**46)]), packed(segments=[(0, 0, 173, 2**46)])),
    "exponent below 0": (packed(segments=[(0, 0, -104, 1)]), packed(segments=[(0, 0, -105, 1)])),
    "sum": (packed(segments=[(0, 0, 0, 2**47 - 8)]), packed(segments=[(0, 0, 0, 2**47 - 7)])),
    "sum of sizes": (packed(segments=[(0, 0, 0, 1 - 2**47 + 8, 0)]), packed(segments=[(0, 0, 0, 7 - 2**47, 0)])),
    "x": (
        packed(phases=[(0, 0, 4, 1, 1)], segments=[(0, 28, 0, 1, 1)]),
        packed(phases=[(0, 0, 5, 1, 1)], segments=[(0, 28, 0, 1, 1)]),
    ),
    "x of a segment in between": (
        packed(segments=[(0, 28, 0, 1, 1), (4, *ONE[1:])]),
        packed(segments=[(0, 28, 0, 1, 1), (5, *ONE[1:])]),
    ),
    "a word of 64 bits": (packed(), packed(last=2**62)),
})  # fmt: skip
def test_a_bound_is_kept(good: bytes, bad: bytes) -> None:
    found = run("values.mjs", [{"program": data.hex(), "steps": []} for data in (good, bad)])
    assert [*found[0]] == ["bits"]
    assert [*found[1]] == ["error"]
    Program.from_bytes(good)
    with pytest.raises(LrspecError):
        Program.from_bytes(bad)


def is_program(data: bytes) -> bool:
    try:
        Program.from_bytes(data)
    except LrspecError:
        return False
    return True


def test_what_is_accepted_of_broken_programs_is_what_python_accepts() -> None:
    draw = random.Random(0)  # noqa: S311 - no secret
    intact = [data for node in CASES.values() if len(data := node.program.to_bytes()) < 3000]
    edges = [0, 1, -1, 30, 31, 172, 173, -104, -105, BIG, 2**31 - 2**18, 2**47 - 7, 2**53 + 1, 2**63 - 1, -(2**63)]
    broken = []
    for _ in range(2000):
        mutated = bytearray(draw.choice(intact))
        for _ in range(draw.choice([1, 1, 2, 3])):
            at = len(HEADER) + 8 * draw.randrange(min((len(mutated) - len(HEADER)) // 8, draw.choice([12, 10**6])))
            (word,) = struct.unpack_from("<q", mutated, at)
            word = draw.choice([*edges, word + 1, word - 1, -word, word // 2])
            struct.pack_into("<q", mutated, at, max(-(2**63), min(2**63 - 1, word)))
        broken.append(bytes(mutated))
    found = run("values.mjs", [{"program": data.hex(), "steps": []} for data in broken])
    for data, answer in zip(broken, found, strict=True):
        assert ("bits" in answer) == is_program(data), data.hex()


@pytest.mark.parametrize("step", [-1, 100, 2**31, 0.5, None, "0"])
def test_a_step_without_a_value_is_refused(step: Any) -> None:
    (found,) = run("values.mjs", [{"program": packed(last=99).hex(), "steps": [0, 99, step]}])
    assert "no value" in found["error"]


def test_texts_in_base64_and_hexadecimal_digits_are_the_bytes() -> None:
    data = Exponential(init_value=0.1, decay_rate=0.96, decay_period=100.5).program.to_bytes()
    texts = [["base64", b64encode(data).decode()], ["hex", data.hex().upper()], ["hex", "0"], ["hex", "0g"]]
    assert run("texts.mjs", texts) == [list(data), list(data), None, None]
