"""What writing a schedule gives: the code and its form, or that there is none in a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lrspec.spec import Node

Form = Literal["native", "function", "table"]


@dataclass(frozen=True, kw_only=True)
class NativeSource:
    """A schedule as the code of a framework.

    Args:
        code: A Python module, without lrspec.
        framework: Whose code it is.
        form: `native`, of the framework's own schedules; `function`, the formula in a function; or `table`, the
            float32 values themselves.
        until: The number of steps from step 0 on at which it is the schedule; None where it is at every step.
        afterwards: How it differs after those, in words, where it does.

    Example:
        >>> NativeSource(code="schedule = 0.1", framework="keras", form="native").form
        'native'
    """

    code: str
    framework: str
    form: Form
    until: int | None = None
    afterwards: str | None = None


@dataclass(frozen=True)
class Native:
    """Lines of code of a framework's own schedules.

    Args:
        lines: The lines.
        gives: What they give, as a node; or where they do not go on after the run, what they do, in words.
    """

    lines: list[str]
    gives: Node | str


class NoMatch(Exception):  # noqa: N818 - not an error: the next form is tried
    """A form cannot express a schedule; the message names the kind that stands in the way."""
