"""Optax: a transformation for documents with several hyperparameters and parameter groups."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import optax

from lrspec.adapters.optax import to_optax
from lrspec.document import Document
from lrspec.errors import UnsupportedError

DEFAULT = "default"
"""The label of the parameters of no group."""
_ARGUMENTS = {"learning_rate": ("learning_rate",), "momentum": ("momentum", "b1")}


def grouped(
    document: Document, make: Callable[..., optax.GradientTransformation], labels: Any
) -> optax.GradientTransformation:
    """Return the optimizer that applies to each group of parameters the document's schedules for it.

    `optax.multi_transform` of one `make(...)` per group; with more than a learning rate, of
    `optax.inject_hyperparams(make)(...)`, whose state shows each value applied.

    Args:
        document: The document. Its `momentum` is the argument `momentum`, or `b1`; any other name is that argument.
        make: A function that makes an optimizer, such as `optax.adamw`.
        labels: A tree of labels like the parameters, or a function from parameters to one: the names of the document's
            groups, and `default` for the rest.

    Raises:
        UnsupportedError: `make` takes no argument for a hyperparameter of the document.
    """
    transforms = {name: _transform(document.group(name), make) for name in document.groups}
    transforms[DEFAULT] = _transform(document.group(None), make)
    return optax.multi_transform(transforms, labels)


def _transform(
    schedules: dict[str, Any], make: Callable[..., optax.GradientTransformation]
) -> optax.GradientTransformation:
    accepted = inspect.signature(make).parameters
    arguments = {}
    for name, node in schedules.items():
        candidates = _ARGUMENTS.get(name, (name,))
        argument = next((candidate for candidate in candidates if candidate in accepted), None)
        if argument is None:
            made = getattr(make, "__name__", repr(make))
            reason = f"it takes no argument {' or '.join(candidates)}; leave it out of the document"
            raise UnsupportedError("optax", f"{name} of {made}", reason)
        arguments[argument] = to_optax(node)
    if list(arguments) == ["learning_rate"]:
        return make(**arguments)
    return optax.inject_hyperparams(make)(**arguments)
