"""Nodes of documents, in short."""

from __future__ import annotations

from typing import Any

from vectors.plain import Plain

ODD = (41, 47, 55, 61)
"""Lengths at which a division by the length in float32, or a product with its reciprocal, is often not exact."""
LARGEST = (2 - 2**-23) * 2.0**127
SMALLEST = 2.0**-126


def line(init: Any, end: float, steps: Any, **more: Any) -> Plain:
    return {"kind": "linear", "init_value": init, "end_value": end, "steps": steps, **more}


def cosine(init: Any, end: float, steps: Any, **more: Any) -> Plain:
    return {"kind": "cosine", "init_value": init, "end_value": end, "steps": steps, **more}


def stairs(period: Any, rate: float = 0.8, init: float = 1.0, **more: Any) -> Plain:
    return {
        "kind": "exponential",
        "init_value": init,
        "decay_rate": rate,
        "decay_period": period,
        "staircase": True,
        **more,
    }


def decay(period: Any, rate: float = 0.5, init: Any = 1.0, **more: Any) -> Plain:
    return {"kind": "exponential", "init_value": init, "decay_rate": rate, "decay_period": period, **more}


def flat(value: float, **more: Any) -> Plain:
    return {"kind": "constant", "value": value, **more}


def table(values: list[float], **more: Any) -> Plain:
    return {"kind": "table", "values": values, **more}


def of(kind: str, *parts: Plain, **more: Any) -> Plain:
    return {"kind": kind, "parts": list(parts), **more}


def around(kind: str, part: Plain, **more: Any) -> Plain:
    return {"kind": kind, "part": part, **more}
