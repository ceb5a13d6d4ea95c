"""Where a framework's float32 arithmetic, compiled, departs from the formula that it documents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from lrspec.kinds import Exponential, InverseTime, Linear, Polynomial
from lrspec.spec import Node
from lrspec.writers.parts import whole
from lrspec.writers.result import NoMatch


def check_power(node: Linear | Polynomial) -> None:
    """Refuse a power of `1 - t / steps` in float32 that is not whole.

    Compiled, it is `1 - t * (1 / steps)`, which is not 0 at the end but for powers of 2, and may be below 0, where a
    power that is not whole is NaN.

    Raises:
        NoMatch: It is one.
    """
    if isinstance(node, Polynomial) and not float(node.power).is_integer():
        steps = whole(node.steps)
        if steps & (steps - 1):
            raise NoMatch("polynomial with a power that is not whole: compiled, it may be NaN from its end on")


def late_stairs(nodes: Sequence[Node]) -> list[str]:
    """Return a comment where a staircase divides in float32, and a compiled program finds some drops a step late."""
    one = np.float32(1)
    for node in nodes:
        if isinstance(node, Exponential | InverseTime) and node.staircase:
            period = Fraction(node.decay_period)
            steps = [math.ceil(k * period) for k in range(1, min(1000, int(2**24 / period)))]
            inverse = one / np.float32(float(period))
            late = [step for step in steps if math.floor(np.float32(step) * inverse) < math.floor(step / period)]
            if late:
                return [f"# Where it is compiled, float32 may drop a step late, first at step {late[0]}."]
    return []
