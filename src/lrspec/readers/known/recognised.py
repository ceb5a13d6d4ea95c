"""A system that is known by its name, and not read: its files are refused with a document to start from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from string import Template
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading
from lrspec.readers.system import Mark, System

Values = dict[str, Any]
_NUMBER = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a system.

    Args:
        name: Its short name.
        title: Its name in a sentence.
        marks: What only its config files have.
        documents: A document for each of its usual schedules, by what `choice` finds; the first one is the most usual.
            `$PEAK` and the like stand for values.
        values: Where each value stands: paths of keys with `|` between them, or for a file that is not parsed a regular
            expression with one group. What is not found keeps its name, which the document then explains.
        choice: Where the name of the schedule stands: as in `values`.
        derived: Computes values from those that were found; they are explained by their names.
        counts: What is to know of how it counts, in words.
    """

    name: str
    title: str
    marks: tuple[Mark, ...]
    documents: Mapping[str, str]
    values: Mapping[str, str]
    choice: str = ""
    derived: Mapping[str, tuple[str, Callable[[Values], Any]]] = field(default_factory=dict)
    counts: str = ""

    @property
    def system(self) -> System:
        """The entry in the registry."""
        return System(
            name=self.name,
            title=self.title,
            marks=self.marks,
            read=partial(refuse, self),
            refused={"every schedule": "it is known by its name alone"},
            is_read=False,
        )

    def document(self, found: Values, choice: Any = None) -> str:
        """Return the document to start from, with values for those that were found.

        Args:
            found: Values by their names.
            choice: The name of the schedule.
        """
        for name, (_, compute) in self.derived.items():
            value = _computed(compute, found)
            found |= {} if value is None else {name: value}
        text = self.documents.get(str(choice), next(iter(self.documents.values())))
        wanted = {match[1] for match in re.finditer(r"\$([A-Z_]+)", text)}
        where = {**self.values, **{name: words for name, (words, _) in self.derived.items()}}
        lines = [f"# {name}: {where[name]}" for name in sorted(wanted - found.keys())]
        shown = {name: found.get(name, name) for name in wanted}
        return "\n".join([*lines, Template(text.strip()).substitute(shown)])


def _computed(compute: Callable[[Values], Any], found: Values) -> Any:
    """Return a value, or None where another that it is made of was not found."""
    try:
        return compute(found)
    except (KeyError, TypeError, ValueError):
        return None


def refuse(known: Known, keys: Keys) -> Reading:
    """Refuse a config, with the document to start from.

    Raises:
        UnsupportedError: Always.
    """
    found = {name: value for name, where in known.values.items() if (value := _value(keys, where)) is not None}
    choice = _value(keys, known.choice)
    which = "Its usual schedule" if choice is None or choice not in known.documents else f"Its {choice}"
    if choice is not None and choice not in known.documents:
        which = f"For {choice} there is none here; its {next(iter(known.documents))}"
    words = " ".join(part for part in ("it is known by its name, and not read.", known.counts) if part)
    reason = f"{words} {which} is this document, to start from:\n\n{known.document(found, choice)}\n"
    raise UnsupportedError(known.name, f"a config of {known.title}", reason)


def _value(keys: Keys, where: str) -> Any:
    """Return what stands in a file: a number for a text that is one."""
    if "(" in where:
        match = re.search(where, keys.context.file.text, re.MULTILINE)
        value: Any = match[1] if match else None
    else:
        found = (_at(keys.data, path) for path in where.split("|"))
        value = next((one for one in found if isinstance(one, int | float | str | list)), None)
    if isinstance(value, str) and re.fullmatch(_NUMBER, value.strip()):
        value = int(value) if re.fullmatch(r"\d+", value.strip()) else float(value)
    if isinstance(value, list) and value and all(type(one) in {int, float} for one in value):
        return value[0] if len(value) == 1 else value
    return value if type(value) in {int, float, str} else None


def _at(data: Any, path: str) -> Any:
    for name in path.split("."):
        data = data.get(name) if isinstance(data, Mapping) else None
    return data
