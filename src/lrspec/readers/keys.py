"""What the readers of config files share: keys that know their paths, and the quantities of a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lrspec.errors import SpecError, UnsupportedError, argument
from lrspec.fields import Number, Steps, show
from lrspec.readers.build import joined as joined, ramp as ramp  # noqa: PLC0414 - names of this module too
from lrspec.readers.decimals import product
from lrspec.readers.files import ConfigFile, Unread

QUANTITIES = ("base_value", "steps_per_epoch", "total_steps", "batch_size", "tokens_per_step")
_WHAT = {
    "base_value": "the base learning rate",
    "steps_per_epoch": "optimizer updates per epoch",
    "total_steps": "optimizer updates of the run",
    "batch_size": "samples per optimizer update",
    "tokens_per_step": "tokens per optimizer update",
}
_DIGITS = "[0-9](?:_?[0-9])*"
_TEXT_NUMBER = re.compile(rf"[-+]?(\.{_DIGITS}|{_DIGITS}(\.({_DIGITS})?)?)([eE][-+]?[0-9]+)?")


class Quantities(dict[str, Fraction]):
    """What the caller knows of the run, by name; `asked` has the names that a config needed."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Fraction:
        self.asked.add(name)
        return super().__getitem__(name)


def known(quantities: Mapping[str, Any]) -> Quantities:
    """Return the quantities that the caller gave, as exact numbers.

    Raises:
        SpecError: One is unknown, or not above 0.
    """
    found = Quantities()
    for name, value in quantities.items():
        if name not in QUANTITIES:
            raise SpecError(argument(name, ""), found="an unknown quantity", expected=f"one of {', '.join(QUANTITIES)}")
        whole = name in {"total_steps", "steps_per_epoch"}
        number = isinstance(value, int | float | Fraction) and not isinstance(value, bool)
        if not number or not 0 < value < 1 << 62 or (whole and value != int(value)):
            raise SpecError(
                argument(name, ""), found=show(value), expected=f"a {'whole ' if whole else ''}number above 0"
            )
        found[name] = Fraction(value)
    return found


@dataclass(kw_only=True)
class Context:
    """What all keys of one config share: where they are from, what the caller knows, and what was asked for so far.

    Args:
        system: Whose config it is.
        quantities: What the caller knows of the run.
        file: The file.
        training_args: What stands in another file, where a config leaves something to one.
        found: The keys that were read, by their paths.
        table: The system's own defaults, by the paths of their keys.
        defaults: Those that stand in for keys that are not there.
        named: Whether the caller says whose config it is.
        looked: Whether `training_args` were asked for.
    """

    system: str
    quantities: Quantities = field(default_factory=Quantities)
    file: ConfigFile = field(default_factory=ConfigFile)
    training_args: Mapping[str, Any] | None = None
    found: dict[str, Any] = field(default_factory=dict)
    table: Mapping[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    named: bool = False
    looked: bool = False

    def beside(self) -> Mapping[str, Any] | None:
        """Return what stands in another file, of which the config leaves something to it."""
        self.looked = True
        return self.training_args


class Keys:
    """A mapping of a config, with its path: what was asked for is remembered, so that the rest can be looked at.

    Args:
        data: The mapping.
        context: What all keys of the config share.
        path: Where the mapping stands.
    """

    def __init__(self, data: object, context: Context, path: str = "") -> None:
        if isinstance(data, Unread):
            raise data.at(path or "the config")
        if not isinstance(data, Mapping):
            raise SpecError(path or "the config", found=show(data), expected="a mapping")
        self.data: Mapping[Any, Any] = data
        self.context = context
        self.path = path
        self.read: set[str] = set()

    @property
    def system(self) -> str:
        """Whose config it is."""
        return self.context.system

    @property
    def quantities(self) -> Quantities:
        """What the caller knows of the run."""
        return self.context.quantities

    def at(self, name: str) -> str:
        """Return the path of a key."""
        return f"{self.path}.{name}" if self.path else name

    def get(self, name: str, default: Any = None) -> Any:
        """Return what stands at a key, or the system's own default: this one, or that of its table.

        Raises:
            SpecError: What stands there, or in a list there, is no plain value.
        """
        self.read.add(name)
        path, value = self.at(name), self.data.get(name)
        if value is None:
            if self.context.file.rest is not None and not self.path:
                raise self.context.file.rest.at(path)
            default = self.context.table.get(path) if default is None else default
            if default is not None:
                self.context.defaults[path] = default
            return default
        _check_plain(value, path)
        if not isinstance(value, Mapping):
            self.context.found[path] = value
        return value

    def inside(self, name: str) -> Keys:
        """Return the mapping at a key, empty where there is none."""
        self.read.add(name)
        value = self.data.get(name)
        return Keys({} if value is None else value, self.context, self.at(name))

    def items(self, name: str) -> list[Keys]:
        """Return the mappings in the list at a key; a mapping alone is the only one.

        Raises:
            SpecError: There is no list of mappings.
        """
        self.read.add(name)
        value = self.data.get(name)
        if isinstance(value, Unread):
            raise value.at(self.at(name))
        if isinstance(value, Mapping):
            return [Keys(value, self.context, self.at(name))]
        if not isinstance(value, list | tuple):
            raise self.wrong(name, "a list of mappings")
        return [Keys(one, self.context, f"{self.at(name)}[{i}]") for i, one in enumerate(value)]

    def wrong(self, name: str, expected: str) -> SpecError:
        """Return the error of a key whose value is not as expected."""
        value = self.data.get(name)
        if isinstance(value, Unread):
            return value.at(self.at(name))
        return SpecError(self.at(name), found="nothing" if value is None else show(value), expected=expected)

    def number(self, name: str, default: float | None = None, *, least: float | None = None) -> float:
        """Return a number; one that YAML readers take for text, such as `1e-4`, is a number here too.

        Raises:
            SpecError: It is missing, no number, or below `least`.
        """
        value = self.get(name, default)
        if isinstance(value, str) and _TEXT_NUMBER.fullmatch(value):
            value = float(value)
        if value is None:
            raise self.wrong(name, "a number")
        if isinstance(value, str) and (value == "auto" or "${" in value):
            raise self.refused(self.at(name), f"{value!r}, which another config fills in; write the number")
        try:
            number = Number(float32=False).read(value)
        except SpecError as error:
            raise error.within(self.at(name)) from None
        if least is not None and number < least:
            raise self.wrong(name, f"a number of {least:g} or above")
        return number

    def whole(self, name: str, default: int | None = None, *, least: int = 0) -> int:
        """Return a whole number, from `least` on.

        Raises:
            SpecError: It is missing, or not such a number.
        """
        number = self.number(name, default)
        if number != int(number) or not least <= number < 1 << 62:
            raise self.wrong(name, f"a whole number of {least} or above")
        return int(number)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return a flag.

        Raises:
            SpecError: It is none.
        """
        value = self.get(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def word(self, name: str, words: tuple[str, ...], default: str | None = None) -> str:
        """Return one of some words.

        Raises:
            SpecError: It is none of them.
        """
        value = self.get(name, default)
        if not isinstance(value, str) or value not in words:
            raise self.wrong(name, f"one of {', '.join(words)}")
        return value

    def quantity(self, name: str, key: str, why: str) -> Fraction:
        """Return a quantity that only the caller knows.

        Raises:
            SpecError: The caller did not give it; the error names it, and the key that needs it.
        """
        if name in self.quantities:
            return self.quantities[name]
        value = self.data.get(key)
        found = "nothing" if value is None else show(value)
        raise SpecError(self.at(key), found=found, expected=f"{argument(name)}, {_WHAT[name]}: {why}")

    def rate(self, name: str) -> float:
        """Return the base rate at a key, or the one that the caller gave, which goes before.

        Raises:
            SpecError: Neither is there.
        """
        self.read.add(name)
        if "base_value" in self.quantities:
            return float(self.quantities["base_value"])
        if self.data.get(name) is None:
            self.quantity("base_value", name, "the config has none")
        return self.number(name, least=0)

    def steps(self, name: str, default: int | None = None, *, least: int = 1) -> int:
        """Return a number of steps."""
        steps = self.whole(name, default, least=least)
        if steps:
            Steps(duration=False).read(steps)
        return steps

    def refused(self, construct: str, reason: str) -> UnsupportedError:
        """Return the error of something without an equivalent."""
        return UnsupportedError(self.system, construct, reason)

    def no_more(self, *, about: str = "") -> None:
        """Refuse the keys that nobody asked for: all of them, or those that match `about`.

        Raises:
            SpecError: There is such a key, with a value.
        """
        for name, value in self.data.items():
            if name in self.read or value is None:
                continue
            if not about or re.search(about, str(name)):
                known_here = ", ".join(sorted(self.read))
                raise SpecError(self.at(str(name)), found=show(value), expected=f"no such key: one of {known_here}")


def _check_plain(value: Any, path: str) -> None:
    """Refuse what is no plain value, also in a list."""
    if isinstance(value, Unread):
        raise value.at(path)
    if isinstance(value, list | tuple):
        for i, one in enumerate(value):
            _check_plain(one, f"{path}[{i}]")


def share(peak: float, ratio: float) -> float:
    """Return a share of a rate, as the product of the two decimals."""
    return product(peak, ratio)
