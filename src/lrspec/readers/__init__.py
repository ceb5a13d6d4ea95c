"""Reading a framework's own schedule objects, by what the object itself shows: no framework is imported here.

What is read is what the framework documents; what has no equivalent is refused by name. Each framework or system has a
package with a `SYSTEM`: the marks of its config files, whether an object is its own, and what reads either.
"""

from __future__ import annotations

from dataclasses import replace

from lrspec.errors import SpecError, UnsupportedError, argument
from lrspec.fields import show
from lrspec.readers.decimals import in_decimals
from lrspec.readers.reading import MismatchError as MismatchError, Reading as Reading, as_table
from lrspec.readers.registry import systems
from lrspec.schedule import Schedule


def from_native(native: object, *, sample: int | None = None) -> Schedule:
    """Return the schedule that a framework's own object stands for.

    Args:
        native: A scheduler of `torch.optim.lr_scheduler`, or `SWALR`; a schedule of `keras.optimizers.schedules`, what
            `schedules.serialize` makes of one, or an optimizer of Keras; a function that `optax.schedules` made, or an
            optimizer of Optax; what transformers' `get_scheduler` returned; a scheduler of timm, fvcore, detectron2 or
            ignite; or an adapter that lrspec made.
        sample: Where the object holds code, such as a function of the user's, or has no short form without an end: at
            how many steps to evaluate it, into a table, or where to end it.

    Returns:
        The schedule; absolute, from step 0, whatever the object's own position. A document where the object drives the
        momentum too, or parameter groups whose rates differ.

    Raises:
        SpecError: `sample` is no number of steps.
        UnsupportedError: The object has no equivalent here; the error names it, says why, and what to do.
        MismatchError: The schedule read is not what the object computes, or its optimizer's rate is not on it.

    Example:
        >>> from_native(len)
        Traceback (most recent call last):
        ...
        lrspec.errors.UnsupportedError: builtins: len is not supported: code, of which no formula can be read; give \
sample=N, a number of steps, to have it as a table
    """
    return read_native(native, sample=sample).schedule


def read_native(native: object, *, sample: int | None = None) -> Reading:
    """Return what `from_native` reads with the conventions that were mapped, and the result of the comparison.

    Args:
        native: As in `from_native`.
        sample: As in `from_native`, in steps.

    Returns:
        A reading, with the `schedule`, `conventions`, `native_faults`, `position` and the largest difference.

    Raises:
        SpecError: As in `from_native`.
        UnsupportedError: As in `from_native`.
        MismatchError: As in `from_native`; its `reading` is what was read, all the same.

    Example:
        >>> reading = read_native({"class_name": "CosineDecay", "config": {
        ...     "initial_learning_rate": 0.1, "decay_steps": 100, "alpha": 0.5}})
        >>> reading.schedule
        Cosine(init_value=0.1, end_value=0.05, steps=100, cycles=0.5, exponent=1.0, k_decay=1.0, after='hold')
        >>> reading.conventions
        ('step 0 is the first update; rates are absolute, in float32 in Keras', 'alpha=0.5 is a share of 0.1')
    """
    if sample is not None and (type(sample) is not int or sample < 1):
        raise SpecError(argument("sample", ""), found=show(sample), expected="a number of steps, 1 or above")
    kind = type(native)
    is_adapter = kind.__module__.startswith("lrspec.")  # what derives from one may compute something else
    own = native if isinstance(native, Schedule) else getattr(native, "schedule", None) if is_adapter else None
    if isinstance(own, Schedule):
        return Reading(schedule=own, framework="lrspec", construct=kind.__name__)
    framework = str(getattr(native, "__module__", kind.__module__)).split(".", maxsplit=1)[0]
    name = str(getattr(native, "__qualname__", kind.__qualname__)).split(".")[0]
    for system in systems().values():
        if system.knows is not None and system.read_object is not None and system.knows(native):
            reading = system.read_object(native, name, sample)
            return replace(reading, schedule=in_decimals(reading.schedule))
    if not callable(native):
        raise UnsupportedError(framework, name, "not a schedule that lrspec knows")
    if sample is None:
        way_out = f"give {argument('sample', 'N')}, a number of steps, to have it as a table"
        raise UnsupportedError(framework, name, f"code, of which no formula can be read; {way_out}")
    return as_table(lambda step: float(native(step)), framework, name, sample)
