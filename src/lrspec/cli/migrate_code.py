"""The code that `lrspec migrate` prints: a run put at a step, in the optimizer that the checkpoint is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import lrspec
from lrspec.positions.held import Held

_TORCH = """\
import lrspec
import torch

schedule = lrspec.load({file!r}){resolved}
optimizer = torch.optim.{optimizer}({parameters}{arguments})
scheduler = schedule.to_torch(optimizer, step={step})"""
_KERAS = """\
import keras
import lrspec

schedule = lrspec.load({file!r}){resolved}
optimizer = keras.optimizers.{optimizer}(learning_rate=schedule.to_keras(){arguments})
optimizer.build(model.trainable_variables)
lrspec.set_position(optimizer, {step})"""
_OPTAX = """\
import lrspec
import optax

schedule = lrspec.load({file!r}){resolved}
optimizer = optax.{optimizer}(schedule.to_optax(){arguments})
opt_state = lrspec.set_position(optimizer.init(params), {step})"""
_OPTAX_SEVERAL = """\
import functools

import jax
import lrspec
import optax
from lrspec.adapters.groups_optax import DEFAULT, grouped

schedule = lrspec.load({file!r}){resolved}
make = functools.partial(optax.{optimizer}{arguments})
optimizer = grouped(schedule, make, lambda params: jax.tree.map(lambda _: DEFAULT, params))
opt_state = lrspec.set_position(optimizer.init(params), {step})"""


@dataclass(frozen=True)
class _Target:
    """An optimizer of a framework: its name there, what it calls torch's settings, and what it can have scheduled."""

    name: str
    settings: Mapping[str, tuple[str, ...]]
    schedules: tuple[str, ...] = ()


_B = {"betas": ("b1", "b2"), "eps": ("eps",)}
_BETAS = {"betas": ("beta_1", "beta_2"), "eps": ("epsilon",)}
_DECAY = {"weight_decay": ("weight_decay",)}
_MOMENTUM = {"momentum": ("momentum",), "nesterov": ("nesterov",)}
_TARGETS: dict[str, dict[str, _Target]] = {
    "keras": {
        "AdamW": _Target("AdamW", _BETAS | _DECAY),
        "Adam": _Target("Adam", _BETAS),
        "Adamax": _Target("Adamax", _BETAS),
        "NAdam": _Target("Nadam", _BETAS),
        "SGD": _Target("SGD", _MOMENTUM),
        "RMSprop": _Target("RMSprop", {"alpha": ("rho",), "eps": ("epsilon",), "momentum": ("momentum",)}),
        "Adagrad": _Target("Adagrad", {"eps": ("epsilon",)}),
        "Adadelta": _Target("Adadelta", {"rho": ("rho",), "eps": ("epsilon",)}),
    },
    "optax": {
        "AdamW": _Target("adamw", _B | _DECAY, ("momentum", "weight_decay")),
        "Adam": _Target("adam", _B, ("momentum",)),
        "Adamax": _Target("adamax", _B, ("momentum",)),
        "NAdam": _Target("nadam", _B, ("momentum",)),
        "RAdam": _Target("radam", _B, ("momentum",)),
        "SGD": _Target("sgd", _MOMENTUM, ("momentum",)),
        "RMSprop": _Target("rmsprop", {"alpha": ("decay",), "eps": ("eps",), "momentum": ("momentum",)}, ("momentum",)),
        "Adagrad": _Target("adagrad", {"eps": ("eps",)}),
        "Adadelta": _Target("adadelta", {"rho": ("rho",), "eps": ("eps",)}),
    },
}
_OF_TORCH = (
    *("betas", "eps", "weight_decay", "amsgrad", "momentum", "nesterov", "dampening", "alpha", "centered", "rho"),
    *(
        "lr_decay",
        "initial_accumulator_value",
        "lambd",
        "t0",
        "etas",
        "step_sizes",
        "momentum_decay",
        "beta2_decay",
        "d",
    ),
    *("ns_steps", "ns_coefficients", "adjust_lr_fn", "maximize", "decoupled_weight_decay"),
)
_OF_KERAS = {
    False: ("betas", "eps", "momentum", "nesterov", "alpha", "rho"),
    True: ("betas", "eps", "weight_decay"),  # of AdamW, the only one that torch decays in the same way
}
_KEYS = {"learning_rate": "lr"}
_ADAM = ("AdamW", "Adam", "Adamax", "NAdam", "RAdam")


@dataclass(frozen=True)
class Code:
    """The code, and what it leaves out or the user must know of it, a line for each."""

    text: str
    remarks: list[str] = field(default_factory=list)


def write(document: lrspec.Document, held: Held, framework: str, *, file: str, resolved: str, step: int) -> Code:
    """Return the code that goes on in a framework.

    Raises:
        UnsupportedError: The framework's optimizer has no place for something that the document schedules.
    """
    optimizer = held.optimizer or "AdamW"
    remarks = (
        [] if held.optimizer else ["the checkpoint does not tell which optimizer it is of: AdamW stands in its place"]
    )
    if framework == "torch":
        return _torch(document, held, optimizer, remarks, {"file": file, "resolved": resolved, "step": step})
    target = _TARGETS[framework].get(optimizer)
    if target is None:
        raise lrspec.UnsupportedError(framework, optimizer, f"{framework} has no optimizer of that name")
    _check_goes_to(document, framework, target)
    several = list(document) != ["learning_rate"]
    arguments, left = _arguments(document, held, target)
    remarks += left
    if optimizer in _ADAM and step:
        remarks.append(
            "restore the moments too: set_position also moves the count of their correction, and with fresh ones the "
            "first updates are up to 3.2 times too large"
        )
    template = {"keras": _KERAS, "optax": _OPTAX_SEVERAL if several else _OPTAX}[framework]
    if not several and isinstance(document, lrspec.Document) and document.relative:
        resolved += '["learning_rate"]'
    text = template.format(file=file, resolved=resolved, step=step, optimizer=target.name, arguments=arguments)
    return Code(text, remarks)


def _torch(document: lrspec.Document, held: Held, optimizer: str, remarks: list[str], places: dict[str, Any]) -> Code:
    group = held.groups[0] if held.groups and held.optimizer else {}
    known = _OF_TORCH if held.framework == "torch" else _OF_KERAS[optimizer == "AdamW"]
    scheduled = {_KEYS.get(name, name) for name in document}
    settings = {name: group[name] for name in known if name in group and name not in scheduled}
    settings = {name: value for name, value in settings.items() if value is not False or name == "nesterov"}
    if optimizer == "AdamW":
        settings.pop("decoupled_weight_decay", None)
    remarks = [*remarks, *_of_groups(held)]
    for name in document:
        if name not in {"learning_rate", "momentum", "weight_decay"}:
            remarks.append(
                f"the optimizer must have a number called {name!r} in its parameter groups: choose one that does"
            )
    parameters = "model.parameters()"
    if document.groups:
        parameters = "parameter_groups"
        names = ", ".join(map(repr, document.groups))
        how = "by their place" if isinstance(document.groups[0], int) else "by the name of each, its key 'name'"
        remarks.append(
            f"parameter_groups is yours: a list of the optimizer's groups, of which the document knows {names}, {how}"
        )
    arguments = "".join(f", {name}={value!r}" for name, value in settings.items() if _is_number(value))
    return Code(_TORCH.format(**places, optimizer=optimizer, parameters=parameters, arguments=arguments), remarks)


def _arguments(document: lrspec.Document, held: Held, target: _Target) -> tuple[str, list[str]]:
    """Return the settings of the checkpoint's optimizer as arguments, and what of them has no place there."""
    group = held.groups[0] if held.groups and held.optimizer else {}
    scheduled = set(document)
    found: dict[str, Any] = {}
    for name, arguments in target.settings.items():
        if name in scheduled or name not in group:
            continue
        value = group[name]
        for place, argument in enumerate(arguments):
            part = value[place] if isinstance(value, tuple) else value
            if _is_number(part) and not (argument == "b1" and "momentum" in scheduled):
                found[argument] = part if isinstance(part, bool) else float(part)  # Keras refuses an integer
    if not found.get("momentum"):  # of RMSprop and SGD: none
        found.pop("momentum", None)
    left = [
        f"{name}={group[name]!r}"
        for name in _OF_TORCH
        if group.get(name) and name not in {*target.settings, *scheduled}
    ]
    left = [entry for entry in left if not entry.startswith("decoupled_weight_decay")]
    remarks = [f"of the checkpoint's optimizer, and not in the code below: {', '.join(left)}"] if left else []
    return "".join(f", {name}={value!r}" for name, value in found.items()), [*remarks, *_of_groups(held)]


def _of_groups(held: Held) -> list[str]:
    """Return that the settings are those of one group, where the others have different ones."""
    own = [{name: group.get(name) for name in _OF_TORCH} for group in held.groups]
    if all(group == own[0] for group in own):
        return []
    return [f"the checkpoint has {len(own)} parameter groups with different settings: those below are of the first"]


def _check_goes_to(document: lrspec.Document, framework: str, target: _Target) -> None:
    """Refuse what the code could not apply.

    Raises:
        UnsupportedError: There is something.
    """
    if document.groups:
        names = " and ".join(f"the group {name}" for name in document.groups)
        raise lrspec.UnsupportedError(framework, names, "the code printed here has one rate; see the page of groups")
    for name in document:
        if name != "learning_rate" and name not in target.schedules:
            reason = f"{target.name} there takes no schedule for it; leave it out of the document, or go on elsewhere"
            raise lrspec.UnsupportedError(framework, name, reason)


def _is_number(value: object) -> bool:
    if isinstance(value, tuple):
        return all(part is None or _is_number(part) for part in value)
    return isinstance(value, bool | int | float) and value == value  # noqa: PLR0124 - NaN
