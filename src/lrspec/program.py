"""The integer program that a schedule is compiled into: a table of small integers, its bytes and its fingerprint.

The format and the arithmetic are written down in docs/spec.md, for readers in other languages. In short: a *phase* maps
the step to an index, by a modulo and a division; a *segment* is a polynomial in that index with integer coefficients.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from lrspec.errors import LrspecError
from lrspec.fields import LAST_STEP

DEGREE = 7
X_BITS = 30
ACC_BITS = 47
"""Every intermediate value of the Horner scheme is smaller in size than 2**47."""
_MAGIC = b"lrspec-program-1\n"
EXPONENTS = (-104, 172)
"""The least and the largest exponent of a segment."""
DIVISOR_LIMIT = 2**31 - 2**18
"""The largest denominator of a phase."""


@dataclass(frozen=True)
class Phase:
    """From step `start` on, `index = base + floor(u * numerator / denominator)`, `u = (step - start) mod period`.

    A `period` of 0 means no modulo.
    """

    start: int
    base: int
    period: int
    numerator: int
    denominator: int

    @property
    def is_identity(self) -> bool:
        """Whether the index grows by one with each step."""
        return self.period == 0 and self.numerator == self.denominator == 1


@dataclass(frozen=True)
class Segment:
    """From index `start` on, `value = horner(coefficients, (index - start) << shift) * 2**-exponent`."""

    start: int
    shift: int
    exponent: int
    coefficients: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """A compiled schedule.

    Args:
        phases: From step to index; the first starts at 0.
        segments: From index to value; the first starts at 0.
        last_step: The last step that has a value; evaluating past it is an error on the host.
    """

    phases: tuple[Phase, ...]
    segments: tuple[Segment, ...]
    last_step: int

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def fingerprint(self) -> str:
        """`sha256:` and the SHA-256 of the canonical bytes, in hexadecimal."""
        return "sha256:" + hashlib.sha256(self.to_bytes()).hexdigest()

    @cached_property
    def degree(self) -> int:
        """The highest power with a coefficient other than 0."""
        return max(k for s in self.segments for k in range(DEGREE + 1) if k == 0 or s.coefficients[k])

    @property
    def index_is_step(self) -> bool:
        """Whether each step is its own index; the base of a single phase is 0 then, lest an index be too large."""
        return len(self.phases) == 1 and self.phases[0].is_identity

    @cached_property
    def index_count(self) -> int:
        """How many indices, from 0 on, have a value: all that a step leads to, or those up to where the last one holds.

        `floor((u_max * numerator) / denominator) + base + 1`, the largest of all phases, or the start of a last segment
        that is constant plus 1, whichever is less.
        """
        last = self.segments[-1]
        return self._reached if any(last.coefficients[1:]) else min(self._reached, last.start + 1)

    @property
    def _reached(self) -> int:
        """The first index that no step leads to."""
        ends = [phase.start for phase in self.phases[1:]] + [LAST_STEP + 1]
        return 1 + max(_last_index(phase, end - phase.start) for phase, end in zip(self.phases, ends, strict=True))

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: a magic line, then signed 64-bit little-endian integers (docs/spec.md)."""
        words = [self.last_step, len(self.phases), len(self.segments)]
        for p in self.phases:
            words += [p.start, p.base, p.period, p.numerator, p.denominator]
        for s in self.segments:
            words += [s.start, s.shift, s.exponent, *s.coefficients]
        return _MAGIC + struct.pack(f"<{len(words)}q", *words)

    @classmethod
    def from_bytes(cls, data: bytes) -> Program:
        """Return the program that `to_bytes` wrote; in time and memory that follow the number of bytes.

        Raises:
            LrspecError: The bytes are not those of a program, or it leaves the bounds that evaluators rely on.
        """
        body = data.removeprefix(_MAGIC)
        if len(body) == len(data) or len(body) % 8 or len(body) < 24:
            raise LrspecError("not a program: expected the canonical bytes of lrspec-program-1")
        words = struct.unpack(f"<{len(body) // 8}q", body)
        last_step, n_phases, n_segments = words[:3]
        width = 3 + DEGREE + 1
        if min(n_phases, n_segments) < 1 or len(words) != 3 + 5 * n_phases + width * n_segments:
            raise LrspecError("not a program: its length does not fit its header")
        rows = words[3 + 5 * n_phases :]
        phases = tuple(Phase(*words[3 + 5 * i : 8 + 5 * i]) for i in range(n_phases))
        table = [rows[width * i : width * (i + 1)] for i in range(n_segments)]
        program = cls(phases, tuple(Segment(row[0], row[1], row[2], row[3:]) for row in table), last_step)
        program._check()
        return program

    def _check(self) -> None:
        """Refuse what is beyond the bounds of docs/spec.md."""
        _expect(0 <= self.last_step <= LAST_STEP, f"last_step {self.last_step}", f"0 to {LAST_STEP}")
        for what, rows in (("phase", self.phases), ("segment", self.segments)):
            starts = [row.start for row in rows]
            _expect(starts[0] == 0, f"a first {what} at {starts[0]}", "one at 0")
            grows = all(a < b for a, b in pairwise([*starts, LAST_STEP + 1]))
            _expect(grows, f"starts of {what}s that do not grow", f"each above the one before, up to {LAST_STEP}")
        limits = [segment.start for segment in self.segments[1:]] + [self._reached]
        for segment, limit in zip(self.segments, limits, strict=True):
            _check_segment(segment, limit - segment.start)


def _last_index(phase: Phase, steps: int) -> int:
    """Return the last index of a phase of so many steps.

    Raises:
        LrspecError: The phase is beyond its bounds.
    """
    p = phase
    _expect(0 <= p.base <= LAST_STEP and 0 <= p.period <= LAST_STEP, f"{p}", f"base and period up to {LAST_STEP}")
    fits = 1 <= p.numerator <= p.denominator <= DIVISOR_LIMIT
    _expect(fits, f"{p}", f"1 <= numerator <= denominator <= {DIVISOR_LIMIT}")
    last = p.base + ((p.period if 0 < p.period < steps else steps) - 1) * p.numerator // p.denominator
    _expect(last <= LAST_STEP, f"{p}, with the index {last}", f"indices up to {LAST_STEP}")
    return last


def _check_segment(segment: Segment, indices: int) -> None:
    s = segment
    _expect(0 <= s.shift <= X_BITS, f"{s}", f"shift from 0 to {X_BITS}")
    _expect(EXPONENTS[0] <= s.exponent <= EXPONENTS[1], f"{s}", f"exponent from {EXPONENTS[0]} to {EXPONENTS[1]}")
    _expect(
        sum(map(abs, s.coefficients)) + DEGREE < 1 << ACC_BITS, f"{s}", f"coefficients whose sizes sum to 2^{ACC_BITS}"
    )
    fits = not any(s.coefficients[1:]) or (indices - 1) << s.shift < 1 << X_BITS
    _expect(fits, f"{s}, of {indices} indices", f"(index - start) << shift below 2^{X_BITS}")


def _expect(holds: bool, found: str, expected: str) -> None:  # noqa: FBT001 - the only argument that is a condition
    if not holds:
        raise LrspecError(f"not a program: found {found}, expected {expected}")
