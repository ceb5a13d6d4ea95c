"""Reading a framework's own schedule objects, by what the object itself shows: no framework is imported here.

What is read is what the framework documents; what has no equivalent is refused by name. Each framework has a module
with one function, `read(native, name, sample)`, which returns a `Reading` that has been checked against the object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.native import composer, fvcore, ignite, keras, optax, timm, torch, transformers
from lrspec.native.reading import Reading
from lrspec.schedule import Schedule

_CLIENTS: tuple[tuple[Callable[[object], bool], Callable[[Any, str, int | None], Reading]], ...] = (
    (transformers.is_of_transformers, transformers.read),
    (composer.is_of_composer, composer.read),
    (timm.is_of_timm, timm.read),
    (fvcore.is_of_fvcore, fvcore.read),
    (ignite.is_of_ignite, ignite.read),
)
"""The libraries beside the frameworks: what tells that an object is theirs, and what reads it."""


def from_native(native: object, *, sample: int | None = None) -> Schedule:
    """Return the schedule that a framework's own object stands for.

    Args:
        native: A scheduler of `torch.optim.lr_scheduler`; a schedule of `keras.optimizers.schedules`, what
            `schedules.serialize` makes of one, or an optimizer of Keras; a function that `optax.schedules` made, or an
            optimizer of Optax; or an adapter that lrspec made.
        sample: Where the object holds a function of the user's: at how many steps to evaluate it, into a table.

    Returns:
        The schedule; absolute, from step 0, whatever the object's own position.

    Raises:
        UnsupportedError: The object has no equivalent here; the error names it and says why.
        LrspecError: The schedule read is not what the object computes.

    Example:
        >>> from_native(len)
        Traceback (most recent call last):
        ...
        lrspec.errors.UnsupportedError: builtins: len is not supported: code, of which no formula can be read; give \
sample=N, a number of steps, to have it as a table
    """
    return read_native(native, sample=sample).schedule


def read_native(native: object, *, sample: int | None = None) -> Reading:
    """Return the same as `from_native` with the conventions that were mapped, and the result of the comparison.

    The arguments and errors are those of `from_native`.
    """
    own = getattr(native, "schedule", None)
    if isinstance(own, Schedule):
        return Reading(schedule=own, framework="lrspec", construct=type(native).__name__)
    kind = type(native)
    module = str(getattr(native, "__module__", kind.__module__))
    name = str(getattr(native, "__qualname__", kind.__qualname__)).split(".")[0]
    framework = module.split(".", maxsplit=1)[0]
    client = next((read for is_of, read in _CLIENTS if is_of(native)), None)
    if client is not None:
        return client(native, name, sample)
    if module in {"torch.optim.lr_scheduler", "torch.optim.swa_utils"}:
        return torch.read(native, name, sample)
    if keras.is_of_keras(native):
        return keras.read(native, name, sample)
    if framework == "optax":
        return optax.read(native, name, sample)
    if not callable(native):
        raise UnsupportedError(framework, name, "not a schedule that lrspec knows")
    if sample is None:
        way_out = "give sample=N, a number of steps, to have it as a table"
        raise UnsupportedError(framework, name, f"code, of which no formula can be read; {way_out}")
    return keras.as_table(lambda step: float(native(step)), framework, name, sample)
