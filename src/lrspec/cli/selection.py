"""Which schedules of a document a command is about: `--schedule` and `--group`."""

from __future__ import annotations

import argparse

import lrspec
from lrspec.documents.layout import HYPERPARAMETERS, Entry, group_path
from lrspec.documents.plain import node_to_dict
from lrspec.spec import SPEC_VERSION
from lrspec.views.timeline import standing


def add_selection(command: argparse.ArgumentParser) -> None:
    """Add the options that choose among the schedules of a document."""
    command.add_argument(
        "--schedule",
        metavar="NAME",
        help="which schedule of a document: its name, such as weight_decay, or path, such as groups.head.learning_rate",
    )
    command.add_argument("--group", metavar="NAME", help="which parameter group of a document: its name, or its place")


def selected(schedule: lrspec.Schedule, options: argparse.Namespace) -> list[Entry]:
    """Return the schedules that the options choose, with their nodes: all of them where there are no options.

    A group has those that stand in it, and the document's for the rest.

    Raises:
        LrspecError: There is no such schedule, or no such group; the message names those that there are.
    """
    found = standing(schedule)
    if options.group is not None:
        found = _of_group(schedule, options.group)
    if options.schedule is None:
        return found
    name = options.schedule.removeprefix("other.")
    by_path = [entry for entry in found if entry.path == options.schedule]
    by_name = [entry for entry in found if entry.name == name and (options.group is not None or entry.group is None)]
    if by_path or by_name:
        return by_path or by_name
    there = ", ".join(entry.path for entry in found)
    raise lrspec.LrspecError(f"no schedule {options.schedule}: expected one of {there} after --schedule")


def only(schedule: lrspec.Schedule, options: argparse.Namespace) -> Entry:
    """Return the one schedule that the options choose; of a group alone, the one that stands in it.

    Raises:
        LrspecError: They leave more than one; the message names the options that choose each.
    """
    found = selected(schedule, options)
    if len(found) > 1 and options.group is not None:
        paths = [entry.path for entry in standing(schedule)]
        found = [entry for entry in found if entry.path in paths] or found
    if len(found) == 1:
        return found[0]
    ways = "; ".join(_options(entry) for entry in found)
    raise lrspec.LrspecError(f"{len(found)} schedules, where {options.to} has one at a time: choose with {ways}")


def as_document(found: list[Entry], total: int | None) -> lrspec.Document:
    """Return schedules as a document of their own, in which a single one is the learning rate."""
    data: dict[str, object] = {"lrspec": SPEC_VERSION}
    if len(found) == 1:
        data["learning_rate"] = node_to_dict(found[0].source)
    else:
        nodes = {entry.name: node_to_dict(entry.source) for entry in found}
        data |= {name: node for name, node in nodes.items() if name in HYPERPARAMETERS}
        other = {name: node for name, node in nodes.items() if name not in HYPERPARAMETERS}
        data |= {"other": other} if other else {}
    return lrspec.from_dict(data | ({} if total is None else {"total_steps": total}))


def _of_group(schedule: lrspec.Schedule, name: str) -> list[Entry]:
    groups = schedule.groups if isinstance(schedule, lrspec.Document) else []
    for group in groups:
        if str(group) == name and isinstance(schedule, lrspec.Document):
            nodes = schedule.group(group)
            path = group_path(group)
            names = {key: key if key in HYPERPARAMETERS else f"other.{key}" for key in nodes}
            return [Entry(group, key, f"{path}.{names[key]}", node) for key, node in nodes.items()]
    there = f"expected one of {', '.join(map(str, groups))} after --group" if groups else "it has no groups"
    raise lrspec.LrspecError(f"no group {name}: {there}")


def _options(entry: Entry) -> str:
    """Return the options that choose a schedule."""
    return f"--schedule {entry.name}" if entry.group is None else f"--group {entry.group} --schedule {entry.name}"
