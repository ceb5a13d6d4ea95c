"""Durations: a length in steps, or in epochs that the document's `steps_per_epoch` turns into steps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from lrspec.errors import SpecError
from lrspec.fields import Period, show

_DURATION = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?) *(step|epoch)s?")
_WHOLE = {"steps", "boundaries"}
_FRACTIONAL = {"decay_period"}


def resolve(data: Any, path: str, steps_per_epoch: int | Fraction | None) -> Any:
    """Return plain data with every duration such as `5 epochs` replaced by a number of steps, exactly.

    Args:
        data: A node as plain data.
        path: Where it stands in its document, for errors.
        steps_per_epoch: Steps in an epoch; positive, not necessarily whole; None where the document does not say.

    Raises:
        SpecError: `steps_per_epoch` is missing, or a number of steps that must be whole is not.
    """
    if not isinstance(data, Mapping):
        return data
    resolved: dict[Any, Any] = {}
    for key, value in data.items():
        where = f"{path}.{key}"
        if key == "parts" and isinstance(value, list | tuple):
            resolved[key] = [resolve(part, f"{where}[{i}]", steps_per_epoch) for i, part in enumerate(value)]
        elif key in _WHOLE and isinstance(value, list | tuple):
            resolved[key] = [_steps(item, f"{where}[{i}]", steps_per_epoch, whole=True) for i, item in enumerate(value)]
        elif key in _WHOLE or key in _FRACTIONAL:
            resolved[key] = _steps(value, where, steps_per_epoch, whole=key in _WHOLE)
        else:
            resolved[key] = value
    return resolved


def _steps(value: Any, path: str, steps_per_epoch: int | Fraction | None, *, whole: bool) -> Any:
    if not isinstance(value, str) or (not whole and "/" in value):
        return value
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        expected = "a number of steps, or a duration such as '5 epochs'"
        raise SpecError(path, found=show(value), expected=expected)
    steps = Fraction(match[1])
    if match[2] == "epoch":
        if steps_per_epoch is None:
            raise SpecError(path, found=show(value), expected="a number of steps, or `steps_per_epoch` in the document")
        steps *= steps_per_epoch
    if whole and steps.denominator != 1:
        found = f"{show(value)}, which is {float(steps):g} steps"
        raise SpecError(path, found=found, expected="a whole number of steps")
    return Period().read(steps) if not whole else steps.numerator
