"""Programs that no compiler has written, at the bounds of the page, with their values; and bytes that are none."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from random import Random

from vectors.case import FLAGS, runs
from vectors.plain import Plain
from vectors.points import LAST_STEP

MAGIC = b"lrspec-program-1\n"
DIVISOR = 2**31 - 2**18
IDENTITY = (0, 0, 0, 1, 1)
CORE = ("horner-2-7", "ties", "division-nearly-one", "phases")
ONE = (0, 0, 23, 2**23, 0, 0, 0, 0, 0, 0, 0)
Row = Sequence[int]


def to_bytes(last: int, phases: Sequence[Row], segments: Sequence[Row]) -> bytes:
    """Return the canonical bytes."""
    words = [last, len(phases), len(segments), *(word for row in (*phases, *segments) for word in row)]
    return MAGIC + struct.pack(f"<{len(words)}q", *words)


def value(phases: Sequence[Row], segments: Sequence[Row], step: int) -> str:
    """Return the bits of a program's value, as the page says, on integers of any length."""
    start, base, period, numerator, denominator = [row for row in phases if row[0] <= step][-1]
    u = (step - start) % period if period else step - start
    index = base + u * numerator // denominator
    first, shift, exponent, *c = [row for row in segments if row[0] <= index][-1]
    x = (index - first) << shift
    acc = c[7]
    for k in range(6, -1, -1):
        acc = (acc * x >> 30) + c[k]
    size, sign = abs(acc), acc < 0
    excess = max(0, size.bit_length() - 24)
    whole, rest = size >> excess, Fraction(size & ((1 << excess) - 1), 1 << excess)
    whole += rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole & 1)
    if not whole:
        return "00000000"
    power = excess - exponent
    while whole >= 1 << 24:
        whole, power = whole >> 1, power + 1
    while whole < 1 << 23:
        whole, power = whole << 1, power - 1
    biased = power + 23 + 127
    assert 1 <= biased <= 254, "a program's value is 0 or a normal number"
    return f"{(sign << 31) + (biased << 23) + whole - (1 << 23):08x}"


def _made(
    name: str,
    about: str,
    clause: str,
    phases: Sequence[Row],
    segments: Sequence[Row],
    steps: Iterator[int] | Sequence[int],
    last: int = LAST_STEP,
) -> Plain:
    data = to_bytes(last, phases, segments)
    found = {step: value(phases, segments, step) for step in sorted({step for step in steps if 0 <= step <= last})}
    flags = ["large-step"] if max(found) >= 2**24 else []
    flags += ["ends"] if last < LAST_STEP else []
    flags += ["core"] if name in CORE else []
    return {
        "id": f"programs/{name}", "about": about, "clause": f"spec.md#{clause}", "flags": [one for one in FLAGS if one in {*flags, "program"}],
        "fingerprint": f"sha256:{hashlib.sha256(data).hexdigest()}", "last_step": last, "points": runs(found), "program": data.hex(),
    }  # fmt: skip


def _around(*places: int) -> list[int]:
    return [place + k for place in places for k in range(-3, 4)]


def _coefficients(chance: Random, size: int, signs: Sequence[int]) -> list[int]:
    """Return eight coefficients whose sizes sum to `size`."""
    weights = [chance.random() for _ in range(8)]
    found = [int(size * weight / sum(weights)) for weight in weights]
    found[0] += size - sum(found)
    return [sign * one for sign, one in zip(signs, found, strict=True)]


def programs() -> Iterator[Plain]:
    """Yield programs at the bounds."""
    wide = [*range(200), *_around(2**24, 2**29, 2**30, 2**31 - 4)]
    most = 2**47 - 8
    for number, signs in enumerate([(1,) * 8, (-1,) * 8, (1, -1) * 4, (-1, 1) * 4, (1, 1, -1, -1, 1, 1, -1, -1)]):
        chance = Random(number)  # noqa: S311 - only to be the same on every machine
        for shift in (0, 7, 15, 29):
            size = (2**30 >> shift) - 1
            c = _coefficients(chance, most, signs)
            if signs[0] != signs[1]:
                c[0] = signs[0] * (most - sum(map(abs, c[1:])))
            steps = [*range(100), *(int(chance.random() * size) for _ in range(200)), *_around(size // 2, size - 3)]
            segments = [(0, shift, 40, *c), (size + 1, 0, 0, 0, *[0] * 7)]
            yield _made(
                f"horner-{number}-{shift}",
                "Eight coefficients whose sizes sum to 2^47 - 8, and x up to the last below 2^30: every floor of the scheme.",
                "segments",
                [IDENTITY],
                segments,
                steps,
            )
    ties = (
        [2**24 + k for k in range(1, 24, 2)]
        + [2**25 + 2 * k for k in range(1, 24, 2)]
        + [2**46 + 2**22 * k for k in range(1, 12)]
        + [2**46 + 2**22 + 1, 2**46 + 2**22 - 1, 2**25 - 1, 2**47 - 8]
    )
    rows = [(2 * i + j, 0, 30, sign * c, *[0] * 7) for i, c in enumerate(ties) for j, sign in enumerate((1, -1))]
    yield _made(
        "ties",
        "Integers in the middle between two float32 numbers, of both signs: the even one.",
        "segments",
        [IDENTITY],
        rows,
        range(len(rows) + 3),
    )
    tilted = [(8 * i, 27, 20, min(c, most - 1), 1 if i % 2 else -1, *[0] * 6) for i, c in enumerate(ties)]
    yield _made(
        "floors",
        "A floor of less than one that decides a tie.",
        "segments",
        [IDENTITY],
        [*tilted, (8 * len(tilted), 0, 0, *[0] * 8)],
        range(8 * len(tilted) + 3),
    )
    ends = [
        (0, 0, -104, 2**24 - 1, *[0] * 7),
        (1, 0, -104, 1 - 2**24, *[0] * 7),
        (2, 0, 172, 2**46, *[0] * 7),
        (3, 0, 172, -(2**47) + 8, *[0] * 7),
        (4, 0, 149, 2**23, *[0] * 7),
        (5, 0, 0, *[0] * 8),
        (6, 30, 126, 1, 5, -7, *[0] * 5),
        (7, 0, 126, 1, *[0] * 7),
    ]
    yield _made(
        "exponents",
        "The largest and the smallest number, by the outermost exponents.",
        "segments",
        [IDENTITY],
        ends,
        range(12),
    )
    many = [(3 * i, 28, 20, 2**23 + 1000 * i, 977 * i + 1, -i, *[0] * 5) for i in range(65)]
    yield _made(
        "segments-65",
        "65 segments: one more than a power of two.",
        "segments",
        [IDENTITY],
        [*many, (195, 0, 20, 2**23, *[0] * 7)],
        range(205),
    )
    late = [ONE, (2**31 - 2, 0, 23, 3 * 2**22, *[0] * 7), (2**31 - 1, 0, 23, 5 * 2**21, *[0] * 7)]
    yield _made("last-segment", "Segments that begin at the last index.", "segments", [IDENTITY], late, wide)
    yield _made("one-step", "A single step.", "canonical-bytes", [IDENTITY], [ONE], [0], 0)
    stairs = [(i, 0, 23, 2**23 + i, *[0] * 7) for i in range(40)]
    for name, numerator, denominator in (
        ("whole", 1, 41), ("fraction", 25, 37533), ("thirds", 3, 1000), ("largest", 1, DIVISOR), ("largest-odd", 1, DIVISOR - 1), ("nearly-one", DIVISOR - 1, DIVISOR),
        ("two", 1, 2), ("unreduced", 50, 75066), ("half", 2**30 - 2**17, DIVISOR), ("near-half", 2**30 - 2**17 - 1, DIVISOR), ("equal", DIVISOR, DIVISOR), ("seven", DIVISOR // 7, DIVISOR - 1),
    ):  # fmt: skip
        chance = Random(name)  # noqa: S311 - as above
        firsts = [-(-k * denominator // numerator) for k in (1, 2, 3, 5, 100, 2**20, 2**23, 2**29)]
        last_stair = (2**31 - 1) * numerator // denominator
        firsts += [-(-k * denominator // numerator) for k in (last_stair, last_stair - 1)]
        firsts += [first + (2**31 - denominator) // numerator for first in firsts]
        steps = [*range(60), *_around(*firsts), *(int(chance.random() * 2**31) for _ in range(200)), *wide[-28:]]
        spread = [(i * 2**24, 6, 24, 2**23 + 7919 * i, 2**22 + i, *[0] * 6) for i in range(128)]
        yield _made(
            f"division-{name}",
            f"floor(u * {numerator} / {denominator}), where remainders are at their limits.",
            "phases",
            [(0, 0, 0, numerator, denominator)],
            spread,
            steps,
        )
    for period in (1, 2, 41, 2**24 + 1, 2**30, 2**31 - 1):
        count = min(period, 40)
        steps = [*range(90), *_around(period, 2 * period, 3 * period, LAST_STEP // period * period), *wide[-28:]]
        yield _made(
            f"period-{period}", f"A period of {period} steps.", "phases", [(0, 0, period, 1, 1)], stairs[:count], steps
        )
    both = [(0, 0, 0, 1, 1), (7, 7, 12, 1, 1), (100, 19, 0, 1, 5), (131, 26, 30, 2, 5), (1000, 38, 0, 1, 2**30)]
    yield _made(
        "phases",
        "Five phases: steps as they are, a period, stairs, stairs in a period, and one long stair.",
        "phases",
        both,
        stairs,
        [*range(260), *range(990, 1010), *wide[-28:]],
    )
    each = [(3 * i, i % 40, 0, 1, 2**29) for i in range(100)]
    yield _made("phases-100", "100 phases of three steps.", "phases", each, stairs, range(310))
    ends_here = [(0, 0, 0, 1, 1), (LAST_STEP, 39, 0, 1, 1)]
    yield _made(
        "phase-last",
        "A phase that begins at the last step.",
        "phases",
        ends_here,
        [*stairs[:39], (39, 0, 23, 2**23 + 39, *[0] * 7)],
        [*range(45), *wide[-28:]],
    )


def refused() -> Iterator[Plain]:
    """Yield bytes that are no program."""

    def made(name: str, about: str, data: bytes, clause: str = "canonical-bytes") -> Plain:
        return {
            "id": name,
            "about": about,
            "clause": f"spec.md#{clause}",
            "flags": ["refused", "program"],
            "refused_by": "evaluator",
            "program": data.hex(),
        }

    good = to_bytes(LAST_STEP, [IDENTITY], [ONE])
    yield made("empty", "Nothing.", b"")
    yield made("header", "Another header.", good.replace(b"-1\n", b"-2\n"))
    yield made("truncated", "A byte too few.", good[:-1])
    yield made("longer", "A byte more.", good + b"\0")
    yield made("longer-word", "A word more.", good + bytes(8))
    yield made("header-alone", "The header alone.", MAGIC)
    yield made("no-phase", "No phase.", to_bytes(LAST_STEP, [], [ONE]))
    yield made("no-segment", "No segment.", to_bytes(LAST_STEP, [IDENTITY], []))
    for count in (-1, 2**31, 2**61, 2**63 - 1):
        yield made(
            f"phases={count}",
            "A count that the bytes do not have.",
            MAGIC + struct.pack("<3q", LAST_STEP, count, 1) + good[41:],
        )
        yield made(
            f"segments={count}",
            "A count that the bytes do not have.",
            MAGIC + struct.pack("<3q", LAST_STEP, 1, count) + good[41:],
        )
    for last in (-1, 2**31):
        yield made(f"last-step={last}", "A last step that is none.", to_bytes(last, [IDENTITY], [ONE]))
    for name, phase, about in (
        ("start", (1, 0, 0, 1, 1), "A first phase that does not begin at 0."), ("base", (0, -1, 0, 1, 1), "A base below 0."), ("base-large", (0, 2**31, 0, 1, 1), "A base of 2^31."),
        ("period", (0, 0, -1, 1, 1), "A period below 0."), ("period-large", (0, 0, 2**31, 1, 1), "A period of 2^31."), ("numerator", (0, 0, 0, 0, 1), "A numerator of 0."),
        ("numerator-large", (0, 0, 0, 2, 1), "A numerator above the denominator."), ("denominator", (0, 0, 0, 1, DIVISOR + 1), "A denominator above 2^31 - 2^18."),
        ("denominator-zero", (0, 0, 0, 0, 0), "A denominator of 0."), ("index", (0, 1, 0, 1, 1), "An index of 2^31."),
    ):  # fmt: skip
        yield made(f"phase-{name}", about, to_bytes(LAST_STEP, [phase], [ONE]))
    yield made(
        "phases-equal", "Two phases that begin at one step.", to_bytes(LAST_STEP, [IDENTITY, (0, 0, 0, 1, 1)], [ONE])
    )
    yield made(
        "phases-order",
        "Phases that do not grow.",
        to_bytes(LAST_STEP, [IDENTITY, (9, 0, 0, 1, 1), (8, 0, 0, 1, 1)], [ONE]),
    )
    yield made(
        "phases-late", "A phase that begins at 2^31.", to_bytes(LAST_STEP, [IDENTITY, (2**31, 0, 0, 1, 1)], [ONE])
    )
    for name, row, about in (
        ("start", (1, *ONE[1:]), "A first segment that does not begin at 0."), ("shift", (0, 31, *ONE[2:]), "A shift of 31."), ("shift-below", (0, -1, *ONE[2:]), "A shift below 0."),
        ("exponent", (0, 0, 173, *ONE[3:]), "An exponent of 173."), ("exponent-below", (0, 0, -105, *ONE[3:]), "An exponent of -105."),
        ("sum", (0, 0, 23, 2**47 - 7, *[0] * 7), "Coefficients whose sizes, and 7, sum to 2^47."), ("sum-signs", (0, 0, 23, 2**46, -(2**46), *[0] * 6), "The same, of both signs."),
        ("x", (0, 0, 23, 2**23, 1, *[0] * 6), "An x of 2^30 with a coefficient."),
    ):  # fmt: skip
        yield made(f"segment-{name}", about, to_bytes(LAST_STEP, [IDENTITY], [row]))
    yield made("segments-equal", "Two segments that begin at one index.", to_bytes(LAST_STEP, [IDENTITY], [ONE, ONE]))
    yield made(
        "segments-late", "A segment that begins at 2^31.", to_bytes(LAST_STEP, [IDENTITY], [ONE, (2**31, *ONE[1:])])
    )
    yield made(
        "x-before-the-next",
        "An x of 2^30 at the last index before the next segment.",
        to_bytes(LAST_STEP, [IDENTITY], [(0, 1, 23, 2**23, 1, *[0] * 6), (2**29 + 1, *ONE[1:])]),
    )
