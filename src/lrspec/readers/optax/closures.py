"""The functions that Optax made: which of its own made one, and what it encloses."""

from __future__ import annotations

import inspect
from typing import Any

SCHEDULES = (
    "constant_schedule",
    "polynomial_schedule",
    "exponential_decay",
    "cosine_decay_schedule",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "join_schedules",
)
"""The functions of `optax.schedules` whose closures are read; the others are made of these."""


def unwrapped(function: Any) -> Any:
    """Return the function in what `jax.jit` made of one; a function that wraps another is code of its own.

    Args:
        function: The function.
    """
    return inspect.unwrap(function, stop=inspect.isfunction)


def maker(function: Any) -> str:
    """Return the name of the function of Optax that made another one, or what the user's own is called.

    Args:
        function: The function.
    """
    inner = unwrapped(function)
    if inspect.isfunction(inner) and hasattr(inner, "__wrapped__"):  # functools.wraps gave it another's name
        return inner.__code__.co_name
    return str(getattr(inner, "__qualname__", type(inner).__qualname__)).split(".")[0]


def is_known(function: Any) -> bool:
    """Tell whether a function is one that a builder of `optax.schedules` made.

    Args:
        function: The function.
    """
    return is_of_optax(function) and maker(function) in SCHEDULES


def is_of_optax(thing: Any) -> bool:
    """Tell whether Optax' own code is in a function, or a class of Optax.

    Args:
        thing: The function, the object or the class.
    """
    module = thing.__globals__.get("__name__") if inspect.isfunction(thing) else getattr(thing, "__module__", "")
    return str(module).startswith("optax.")


def enclosed(function: Any) -> dict[str, Any]:
    """Return the contents of the cells of a function; None for an empty one, of a branch that was not taken.

    Args:
        function: The function.
    """
    code, closure = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    return {key: _contents(cell) for key, cell in zip(code.co_freevars if code else (), closure or (), strict=True)}


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None
