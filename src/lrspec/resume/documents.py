"""Documents as the policies make them: resolved, taken apart into schedules and put together, compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrspec.document import Document, to_dict
from lrspec.documents.durations import Units
from lrspec.documents.layout import HYPERPARAMETERS, entries, groups
from lrspec.documents.plain import node_from_dict, node_to_dict
from lrspec.errors import SpecError
from lrspec.fields import Steps, show
from lrspec.schedule import Schedule
from lrspec.spec import SPEC_VERSION, Node

BASES = ("relative", "base_value")
"""The keys of a document that make its rates multiples of a base."""


def resolved(schedule: Schedule) -> Document:
    """Return the document that a schedule means: every duration in steps, and every preset as its tree.

    Args:
        schedule: A document, or a node, which becomes its learning rate.

    Raises:
        SpecError: A quantity is missing.

    Example:
        >>> from lrspec import loads
        >>> document = loads("{lrspec: 1, learning_rate: {kind: constant, value: 1, steps: 5 %}, total_steps: 60}")
        >>> resolved(document)["learning_rate"]
        Constant(value=1.0, steps=3, after='hold')
    """
    document = document_of(schedule)
    bare(document).group(None)  # no base is needed, but every quantity is
    data = document.to_dict()
    units = Units(data)
    found: dict[str | int | None, dict[str, Node]] = {None: {}, **{name: {} for name in groups(data)}}
    for entry in entries(data):
        found[entry.group][entry.name] = node_from_dict(units.resolve(entry.source, entry.path), entry.path)
    more = {key: data[key] for key in BASES if key in data}
    scales = {name: {"scale": group["scale"]} for name, group in groups(data).items() if "scale" in group}
    return built(found, more, document.total_steps, scales)


def differences(old: Schedule, new: Schedule) -> list[str]:
    """Return what differs between two schedules, a line for each field, with its path.

    Durations are compared in steps and presets as the trees that they are; a document that lacks a quantity, as it was
    written.

    Example:
        >>> from lrspec import Linear
        >>> old, new = (Linear(init_value=0.1, end_value=0.0, steps=steps) for steps in (9000, 12000))
        >>> differences(old, new)
        ['learning_rate.steps: 9000 -> 12000']
    """
    first, second = (dict(_leaves(_plain(schedule), "")) for schedule in (old, new))
    paths = dict.fromkeys([*first, *second])
    changed = (path for path in paths if first.get(path) != second.get(path))
    return [f"{path}: {first.get(path, 'nothing')} -> {second.get(path, 'nothing')}" for path in changed]


def document_of(schedule: Schedule) -> Document:
    """Return a schedule as a document; a node becomes its learning rate, and may begin with `previous`."""
    return schedule if isinstance(schedule, Document) else _Following(to_dict(schedule))


class _Following(Document):
    """A schedule that follows another one, whose last value is its `previous`."""

    def _check_previous(self, node: Node, path: str) -> None:
        pass


def checked_step(step: object, path: str = "step") -> int:
    """Return a number of steps, 0 or more; raise `SpecError` with the path for anything else."""
    try:
        return int(Steps(zero=True, duration=False).read(step))
    except SpecError as error:
        raise error.within(path) from None


def bare(document: Document) -> Document:
    """Return the document without a base of its own: relative rates as the multiples that they are."""
    return Document({key: value for key, value in document.to_dict().items() if key not in BASES})


def built(
    found: Mapping[str | int | None, Mapping[str, Node]],
    more: Mapping[str, Any],
    total: int | None,
    scales: Mapping[str | int, Mapping[str, float]],
) -> Document:
    """Return the document of the schedules of each group, None being the document itself."""
    written = {
        group: _written(nodes) | dict(scales.get(group, {})) for group, nodes in found.items() if group is not None
    }
    data = {"lrspec": SPEC_VERSION, **_written(found[None])}
    if written:
        listed = all(isinstance(group, int) for group in written)
        data["groups"] = list(written.values()) if listed else written
    return Document({**data, **more, **({} if total is None else {"total_steps": total})})


def path_of(group: str | int | None, name: str) -> str:
    """Return where the schedule of a hyperparameter stands in a document."""
    own = name if name in HYPERPARAMETERS else f"other.{name}"
    return own if group is None else f"groups[{group}].{own}" if isinstance(group, int) else f"groups.{group}.{own}"


def _written(nodes: Mapping[str, Node]) -> dict[str, Any]:
    data: dict[str, Any] = {name: node_to_dict(nodes[name]) for name in HYPERPARAMETERS if name in nodes}
    other = {name: node_to_dict(node) for name, node in nodes.items() if name not in HYPERPARAMETERS}
    return {**data, "other": other} if other else data


def _plain(schedule: Schedule) -> dict[str, Any]:
    document = document_of(schedule)
    return to_dict(document if document.missing else resolved(document))


def _leaves(data: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield every value of plain data, with its path."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list | tuple):
        for i, value in enumerate(data):
            yield from _leaves(value, f"{path}[{i}]")
    else:
        yield path, show(data)
