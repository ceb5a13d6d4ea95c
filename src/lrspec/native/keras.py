"""Reading schedules of `keras.optimizers.schedules`."""

from __future__ import annotations

from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.kinds import Cosine, Exponential, Linear, Polynomial, Sequence
from lrspec.native.build import levels
from lrspec.native.reading import Reading
from lrspec.spec import Node


def read(native: Any, name: str, sample: int | None) -> Reading:  # noqa: ARG001 - nothing is sampled yet
    """Return what a schedule of keras is, checked."""
    return Reading(schedule=_node(native.get_config(), name), framework="keras", construct=name)


def _node(config: dict[str, Any], name: str) -> Node:
    """Keras' rates are absolute; `alpha` is a share; a boundary keeps the old value at its own step."""
    init = config.get("initial_learning_rate", 0.0)
    if isinstance(init, int):
        raise UnsupportedError("keras", name, f"an integer initial_learning_rate, {init}, which Keras computes wrongly")
    match name:
        case "ExponentialDecay":
            rate, period = config["decay_rate"], config["decay_steps"]
            stairs = bool(config["staircase"])
            return Exponential(init_value=init, decay_rate=rate, decay_period=period, staircase=stairs)
        case "PolynomialDecay" if not config["cycle"]:
            end, power = config["end_learning_rate"], config["power"]
            return Polynomial(init_value=init, end_value=end, steps=config["decay_steps"], power=power)
        case "PiecewiseConstantDecay":
            return levels([0, *(int(b // 1) + 1 for b in config["boundaries"])], config["values"])
        case "CosineDecay":
            peak, warmup = config.get("warmup_target"), config.get("warmup_steps") or 0
            top = init if peak is None else peak
            decay = Cosine(init_value=top, end_value=config["alpha"] * top, steps=config["decay_steps"])
            if peak is None or not warmup:
                return decay
            return Sequence(parts=[Linear(init_value=init, end_value=peak, steps=warmup), decay])
        case _:
            raise UnsupportedError("keras", name, "no kind of schedule here computes it yet")
