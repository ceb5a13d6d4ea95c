"""Which steps of a schedule to compare."""

from __future__ import annotations

from fractions import Fraction

from lrspec.fields import LAST_STEP
from lrspec.program import Phase, Program

Window = tuple[int, int]
_WINDOWS = 20
_HALFWAY = 2**30
_TRIES = 256


def windows(program: Program, total: int) -> list[Window]:
    """Return ranges of steps, all of one size, `total` steps or a little more together: or all the steps there are.

    The ranges are cells of a grid: those at the start and the end, those where integers of 32 bits are at their limits,
    those around the kinks, and then the first others.
    """
    end = program.last_step + 1
    size = max(1, -(-total // _WINDOWS))
    kinks = kinks_of(program)
    spread = [kinks[i * (len(kinks) - 1) // (_WINDOWS // 2)] for i in range(_WINDOWS // 2 + 1)]
    wanted = [0, (end - 1) // size]
    wanted += [step // size for step in limits_of(program)]
    wanted += [cell for kink in spread for cell in (kink // size, max(0, kink - 1) // size)]
    wanted += range(2 * _WINDOWS)
    cells: list[int] = []
    steps = 0
    for cell in dict.fromkeys(wanted):
        if steps < total and cell * size < end:
            cells.append(cell)
            steps += min(size, end - cell * size)
    return [(cell * size, min(end, (cell + 1) * size)) for cell in sorted(cells)]


def limits_of(program: Program) -> list[int]:
    """Return the steps around 2^30, and those where the largest division of the program comes near to 2^31."""
    limits = [_HALFWAY - 1, _HALFWAY]
    ends = [phase.start for phase in program.phases[1:]] + [LAST_STEP + 1]
    reaches = [min(p.period or LAST_STEP + 1, end - p.start) for p, end in zip(program.phases, ends, strict=True)]
    reach, phase = max(zip(reaches, program.phases, strict=True), key=lambda pair: pair[0] * (pair[1].denominator - 1))
    if not phase.is_identity:
        limits += [phase.start + offset for offset in _hardest(phase, reach)]
    return [limit for limit in limits if limit <= program.last_step]


def _hardest(phase: Phase, stop: int) -> list[int]:
    """Return offsets below `stop` where a remainder is at its limits: in late stairs, and in the one at 2^30.

    It is smallest at the first step of a stair and largest at the last; and where the quotient is taken for one less
    than it is, it passes 2^31 at the crossing: in many short stairs the latest offset that hits this within a few.
    """
    numerator, denominator = Fraction(phase.numerator, phase.denominator).as_integer_ratio()
    beyond = LAST_STEP + 1 - denominator
    last, halfway = (offset * numerator // denominator for offset in (stop - 1, _HALFWAY))
    inverse = pow(numerator, -1, denominator)
    hits = ((beyond + more) * inverse % denominator for more in range(_TRIES))
    found = [max((hit for hit in hits if hit < stop), default=0)]
    for stair in dict.fromkeys([last, max(0, last - 1), min(last, halfway)]):
        first = -(-stair * denominator // numerator)
        found += [first, first - 1, first + beyond // numerator, first + beyond // numerator + 1]
    return [offset for offset in found if 0 <= offset < stop]


def kinks_of(program: Program) -> list[int]:
    """Return the steps at which phases and segments begin, the first drops of stairs and the first restart."""
    kinks = {0}
    ends = [phase.base for phase in program.phases[1:]] + [LAST_STEP + 1]
    for phase, end in zip(program.phases, ends, strict=True):
        inside = [segment.start for segment in program.segments if phase.base <= segment.start < end]
        drops = [] if phase.is_identity else [phase.base + k for k in range(1, 4)]
        for index in inside + drops:
            offset = -((phase.base - index) * phase.denominator // phase.numerator)
            kinks.add(phase.start + offset)
        kinks.add(phase.start + phase.period)
    return sorted(kink for kink in kinks if kink <= program.last_step)
