"""Systems that are known by their names, and not read: their files are refused with a document to start from.

What is known of each stands in `systems.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from importlib.resources import files as resources
from string import Template
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.readers.files import parse_toml
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading
from lrspec.readers.system import Mark, System

Values = dict[str, Any]
_DATA = parse_toml(resources(__package__).joinpath("systems.toml").read_text(encoding="utf-8"))
_NUMBER = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_LITERAL = {"START": 0.0, "END": 0.0}
"""The values of documents in systems that have no others."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a system, as `systems.toml` has it.

    Args:
        name: Its short name.
        title: Its name in a sentence.
        marks: What only its config files have.
        why: What is particular about its schedules, in words.
        start: A document to start from, in words; nothing where one is made with the values that stand in the file.
        documents: The names of documents by what `choice` finds; the first one is the most usual.
        choice: Where the name of the schedule stands.
        values: Where each value stands.
        derived: The formula of a value that is worked out, and what it is, in words.
        asked: What a user is to say, in words.
        is_text: Whether its files are not parsed.
    """

    name: str
    title: str
    marks: list[list[str] | dict[str, Any]]
    why: str = ""
    start: str = ""
    documents: Mapping[str, str] = field(default_factory=dict)
    choice: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    is_text: bool = False

    @property
    def system(self) -> System:
        """The entry in the registry."""
        return System(
            name=self.name,
            title=self.title,
            marks=tuple(map(_mark, self.marks)),
            read=partial(refuse, self),
            refused={"all of it": self.why} if self.start else {"every schedule": "it is known by its name alone"},
            is_read=False,
        )

    def document(self, found: Values, choice: Any = None) -> str:
        """Return the document to start from, with values for those that were found.

        Args:
            found: Values by their names.
            choice: The name of the schedule.
        """
        for name, (formula, _) in self.derived.items():
            value = _computed(FORMULAS[formula], found)
            found |= {} if value is None else {name: value}
        which = self.documents.get(str(choice), next(iter(self.documents.values())))
        text = _DATA["documents"][which].strip()
        where = {**self.values, **{name: words for name, (_, words) in self.derived.items()}, **self.asked}
        found = {**{name: value for name, value in _LITERAL.items() if name not in where}, **found}
        wanted = {match[1] for match in re.finditer(r"\$([A-Z_]+)", text)}
        lines = [f"# {name}: {where[name]}" for name in sorted(wanted - found.keys())]
        return "\n".join([*lines, Template(text).substitute({name: found.get(name, name) for name in wanted})])


def _mark(entry: list[str] | dict[str, Any]) -> Mark:
    if isinstance(entry, dict):
        return Mark(**{**entry, "keys": tuple(entry.get("keys", ()))})
    absent = tuple(path[1:] for path in entry if path[0] == "!")
    return Mark(keys=tuple(path for path in entry if path[0] != "!"), absent=absent)


def refuse(known: Known, keys: Keys) -> Reading:
    """Refuse a config, with the document to start from.

    Raises:
        UnsupportedError: Always.
    """
    if known.start:
        start = _DATA["starts"].get(known.start, known.start)
        raise keys.refused(f"a config of {known.title}", f"{known.why}; write a document: {start}")
    found = {name: value for name, where in known.values.items() if (value := _value(known, keys, where)) is not None}
    choice = _value(known, keys, known.choice)
    which = "Its usual schedule" if choice is None or choice not in known.documents else f"Its {choice}"
    if choice is not None and choice not in known.documents:
        which = f"For {choice} there is none here; its {next(iter(known.documents))}"
    words = " ".join(part for part in ("it is known by its name, and not read.", known.why) if part)
    reason = f"{words} {which} is this document, to start from:\n\n{known.document(found, choice)}\n"
    raise UnsupportedError(known.name, f"a config of {known.title}", reason)


def _value(known: Known, keys: Keys, where: str) -> Any:
    """Return what stands in a file: a number for a text that is one."""
    if known.is_text:
        value: Any = _in_text(where, keys.context.file.text)
    else:
        found = (_at(keys.data, path) for path in where.split("|"))
        value = next((one for one in found if isinstance(one, int | float | str | list)), None)
    if isinstance(value, str) and re.fullmatch(_NUMBER, value.strip()):
        value = int(value) if re.fullmatch(r"\d+", value.strip()) else float(value)
    if isinstance(value, list) and value and all(type(one) in {int, float} for one in value):
        return value[0] if len(value) == 1 else value
    return value if type(value) in {int, float, str} else None


def _in_text(where: str, text: str) -> str | None:
    """Return what stands after a name and a colon or equals sign in a text, or what a pattern with a group finds."""
    pattern = rf"{where}\s*[:=]\s*\"?([^\s\"#]+)"
    if where.endswith("[]"):
        pattern = rf"{where[:-2]}\s*=\s*([-\d.,\s]*\d)"
    match = re.search(rf"^\s*{where if '(' in where else pattern}", text, re.MULTILINE)
    return match[1] if match else None


def _at(data: Any, path: str) -> Any:
    for name in path.split("."):
        data = data.get(name) if isinstance(data, Mapping) else None
    return data


def _computed(formula: Callable[[Values], Any], found: Values) -> Any:
    """Return a value, or None where another that it is made of was not found."""
    try:
        return formula(found)
    except (KeyError, TypeError, ValueError):
        return None


def _whole(number: float) -> int:
    if number != int(number) or number < 1:
        raise ValueError(number)
    return int(number)


def _numbers(text: object) -> list[float]:
    return [float(one) if re.search("[.e]", one) else int(one) for one in re.split(r"\s*,\s*", str(text).strip())]


def _levels(found: Values) -> list[float]:
    """Return the rate after each boundary, of which each scale multiplies the one before."""
    levels = [Fraction(str(found["PEAK"]))]
    for scale in _numbers(found["SCALES"]):
        levels.append(levels[-1] * Fraction(str(scale)))
    return [float(level) for level in levels]


def _fraction(found: Values) -> int:
    return _whole(int(found["TOTAL"] * found["FRACTION"]))


FORMULAS: Mapping[str, Callable[[Values], Any]] = {
    "left": lambda found: _whole(found["TOTAL"] - found["WARMUP"]),
    "left - 1": lambda found: _whole(found["TOTAL"] - found["WARMUP"] - 1),
    "warmup + 1": lambda found: _whole(found["WARMUP"] + 1),
    "share": lambda found: float(f"{found['PEAK'] * found['SHARE']:.15g}"),
    "fraction": _fraction,
    "fraction or steps": lambda found: _whole(found["FRACTION"]) if found["FRACTION"] >= 1 else _fraction(found),
    "steps": lambda found: _numbers(found["STEPS"]),
    "scales": _levels,
}
"""The formulas of `derived`: each a value, from those that were found."""

ALL = tuple(Known(name=name, **table) for name, table in _DATA.items() if name not in {"starts", "documents"})
KNOWN = tuple(one for one in ALL if not one.start)
"""Those that are refused with the values that stand in the file."""
SYSTEMS = tuple(one.system for one in ALL)
