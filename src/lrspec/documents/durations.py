"""Durations: a length in steps, epochs, samples, tokens or a share of the whole, as an exact number of steps.

    5 epochs        5 * steps_per_epoch
    1e6 samples     1e6 / batch_size
    300e9 tokens    300e9 / tokens_per_step
    10 %            10 / 100 * total_steps

The arithmetic is exact, whatever the size of the numbers; one rule rounds what must be whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lrspec.documents.plain import holds_nodes, rules_of
from lrspec.errors import SpecError
from lrspec.fields import Choice, Flag, ListOf, Period, Rule, Steps, show
from lrspec.spec import NodeRule

_DURATION = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?(?:[eE]\+?[0-9]{1,2})?) *(step|epoch|sample|token|%)s?")
BLANK = " \t\r\n"
"""What may stand around a duration."""
_NEEDS = {"epoch": "steps_per_epoch", "sample": "batch_size", "token": "tokens_per_step", "%": "total_steps"}
QUANTITIES = ("steps_per_epoch", "batch_size", "tokens_per_step", "total_steps")
"""What turns units into steps, as keys of a document and arguments of `Document.resolve`."""
ROUNDINGS = ("exact", "floor", "ceil", "round")
"""How a length that is not whole becomes whole; `round` takes the even one of two equally near.

`exact` keeps the fraction, where a field takes one, and refuses it elsewhere.
"""
_ROUND: dict[str, Callable[[Fraction], int]] = {"floor": math.floor, "ceil": math.ceil, "round": round}
RULES: dict[str, Rule] = {
    "steps_per_epoch": Period(duration=False),
    "batch_size": Period(duration=False),
    "tokens_per_step": Period(duration=False),
    "rounding": Choice(ROUNDINGS),
    "at_least_one": Flag(),
}


@dataclass
class Units:
    """The quantities of a document, and the rule for rounding.

    Args:
        data: The document as plain data.

    Raises:
        SpecError: A quantity is not a positive number, or the rule is unknown.
    """

    data: Mapping[str, Any]
    missing: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The durations that could not be resolved: path -> (text, the quantity that it needs)."""

    def __post_init__(self) -> None:
        self._known: dict[str, Any] = {}
        for key, rule in RULES.items():
            if key in self.data:
                try:
                    self._known[key] = rule.read(self.data[key])
                except SpecError as error:
                    raise error.within(key) from None
        if "total_steps" in self.data:
            total = self.steps(self.data["total_steps"], "total_steps", whole=True)
            if self.missing.get("total_steps", ("", ""))[1] == "total_steps":
                raise SpecError("total_steps", found=show(total), expected="a length, not a share of itself")
            if "total_steps" not in self.missing:
                try:
                    self._known["total_steps"] = Steps().read(total)
                except SpecError as error:
                    raise error.within("total_steps") from None

    def __getitem__(self, quantity: str) -> Any:
        return self._known.get(quantity)

    @property
    def open_paths(self) -> set[str]:
        """The paths of the durations that could not be resolved, and of all lists and mappings that they are in."""
        around = {path[:i] for path in self.missing for i, character in enumerate(path) if character in ".["}
        return around | set(self.missing)

    def resolve(self, data: Any, path: str) -> Any:
        """Return a node as plain data with every duration replaced by a number of steps.

        What needs a quantity that the document does not have stays, and is noted in `missing`.

        Raises:
            SpecError: A duration is malformed, or must be whole and is not.
        """
        rules = rules_of(data)
        if rules is None:
            return data  # not a node: reading it will say so
        resolved: dict[Any, Any] = {}
        for key, value in data.items():
            rule, where = rules.get(key), f"{path}.{key}"
            if isinstance(rule, NodeRule):
                resolved[key] = self.resolve(value, where)
            elif rule is not None and holds_nodes(rule) and isinstance(value, list | tuple):
                resolved[key] = [self.resolve(part, f"{where}[{i}]") for i, part in enumerate(value)]
            elif isinstance(rule, ListOf) and isinstance(value, list | tuple):
                resolved[key] = [self._field(rule.item, item, f"{where}[{i}]") for i, item in enumerate(value)]
            else:
                resolved[key] = self._field(rule, value, where)
        return resolved

    def _field(self, rule: Rule | None, value: Any, path: str) -> Any:
        if not isinstance(rule, Steps | Period) or not rule.duration:
            return value
        return self.steps(
            value, path, whole=isinstance(rule, Steps), fractional=isinstance(rule, Steps) and rule.fractional
        )

    def steps(self, value: Any, path: str, *, whole: bool, fractional: bool = False) -> Any:
        """Return the number of steps that a duration stands for; anything but a text is returned as it is.

        Raises:
            SpecError: The text is no duration, or must be whole and is not.
        """
        if not isinstance(value, str) or re.fullmatch(r"-?[0-9]+/[0-9]+", value):
            return value
        match = _DURATION.fullmatch(value.strip(BLANK))
        if match is None:
            expected = "a number of steps, or a duration such as '5 epochs', '300e9 tokens' or '10 %'"
            raise SpecError(path, found=show(value), expected=expected)
        steps, needs = Fraction(match[1]), _NEEDS.get(match[2])
        if needs is not None:
            quantity = self._known.get(needs)
            if quantity is None:
                self.missing[path] = (value, needs)
                return value
            factor = Fraction(quantity)
            steps *= {"epoch": factor, "%": factor / 100}.get(match[2], 1 / factor)
        exact = fractional and steps.denominator > 1 and self._known.get("rounding", "exact") == "exact"
        return self._rounded(steps, value, path) if whole and not exact else Period().read(steps)

    def _rounded(self, steps: Fraction, value: str, path: str) -> int:
        rule = self._known.get("rounding", "exact")
        if steps.denominator != 1 and rule == "exact":
            found = f"{show(value)}, which is {Period().write(steps)} steps"
            expected = (
                "a whole number of steps, or a `rounding` in the document: `ceil` is the first step at or after it"
            )
            raise SpecError(path, found=found, expected=expected)
        whole = steps.numerator if steps.denominator == 1 else _ROUND[rule](steps)
        return max(whole, 1) if self._known.get("at_least_one") else whole
