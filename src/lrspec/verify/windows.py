"""Which steps of a schedule to compare."""

from __future__ import annotations

from lrspec.fields import LAST_STEP
from lrspec.program import Program

Window = tuple[int, int]
_WINDOWS = 20


def windows(program: Program, total: int) -> list[Window]:
    """Return ranges of steps, all of one size, `total` steps or a little more together: or all the steps there are.

    The ranges are cells of a grid: those at the start and the end, those around the kinks, and then the first others.
    """
    end = program.last_step + 1
    size = max(1, -(-total // _WINDOWS))
    kinks = kinks_of(program)
    spread = [kinks[i * (len(kinks) - 1) // (_WINDOWS // 2)] for i in range(_WINDOWS // 2 + 1)]
    wanted = [0, (end - 1) // size]
    wanted += [cell for kink in spread for cell in (kink // size, max(0, kink - 1) // size)]
    wanted += range(2 * _WINDOWS)
    cells: list[int] = []
    steps = 0
    for cell in dict.fromkeys(wanted):
        if steps < total and cell * size < end:
            cells.append(cell)
            steps += min(size, end - cell * size)
    return [(cell * size, min(end, (cell + 1) * size)) for cell in sorted(cells)]


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
