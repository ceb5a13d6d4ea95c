"""The warmup of MMCV 1: factors on the regular values, or their inverses for the momentum."""

from __future__ import annotations

from fractions import Fraction

from lrspec.kinds import Constant, Freeze, Geometric, InverseTime, Linear, Product
from lrspec.readers.keys import Keys, joined, share
from lrspec.readers.mmengine.pieces import since, still
from lrspec.readers.reading import exact_values
from lrspec.spec import Node


def warmed(keys: Keys, regular: Node, epoch: int | None, *, inverse: bool) -> Node:
    """Return the regular values with the warmup on them, if the config asks for one.

    Args:
        keys: The policy's keys.
        regular: The regular values, by batches.
        epoch: The batches of an epoch, where they are known.
        inverse: Whether the values are divided by the factors.

    Raises:
        SpecError: A key is not as it should be.
    """
    if keys.get("warmup") is None:
        keys.read |= {"warmup_ratio", "warmup_iters", "warmup_by_epoch"}
        return regular
    kind = keys.word("warmup", ("constant", "linear", "exp"))
    by_epoch = keys.flag("warmup_by_epoch", default=False) if not inverse else False
    ratio, steps = keys.number("warmup_ratio", 0.9 if inverse else 0.1), keys.whole("warmup_iters", 0)
    if not 0 < ratio <= 1:
        raise keys.wrong("warmup_ratio", "above 0 and at most 1")
    if steps == 0:
        raise keys.wrong("warmup_iters", "a whole number above 0")
    if by_epoch:
        if epoch is None:
            raise keys.wrong("warmup_by_epoch", "false: a runner of iterations has no epochs")
        steps *= epoch
    if still(regular) >= steps:
        ramp = _factors(kind, ratio, steps, inverse, exact_values(regular, [0])[0])
    else:
        ramp = Freeze(part=Product(parts=[regular, _factors(kind, ratio, steps, inverse)]), steps=steps)
    return joined(ramp, since(regular, steps))


def _factors(kind: str, ratio: float, steps: int, inverse: bool, peak: float = 1.0) -> Node:  # noqa: FBT001
    """Return the factors, or values from a first one up to a peak."""
    first = float(Fraction(peak) / Fraction(ratio)) if inverse else share(peak, ratio)
    if ratio == 1 or kind == "constant":
        return Constant(value=first, steps=steps)
    if kind == "exp":
        return Geometric(init_value=first, end_value=peak, steps=steps)
    if inverse:
        growth = float((1 - Fraction(ratio)) / Fraction(ratio))
        return InverseTime(init_value=first, decay_rate=growth, decay_period=steps, steps=steps)
    return Linear(init_value=first, end_value=peak, steps=steps)
