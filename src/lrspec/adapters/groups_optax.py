"""Optax: a transformation for documents with several hyperparameters and parameter groups."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import optax

from lrspec.adapters.optax import to_optax
from lrspec.document import Document
from lrspec.errors import UnsupportedError

DEFAULT = "default"
"""The label of the parameters of no group; a group of that name is theirs."""
_ARGUMENTS = {"learning_rate": ("learning_rate",), "momentum": ("momentum", "b1")}


def grouped(
    document: Document, make: Callable[..., optax.GradientTransformation], labels: Any
) -> optax.GradientTransformation:
    """Return the optimizer that applies to each group of parameters the document's schedules for it.

    `optax.multi_transform` of one `make(...)` per group; with more than a learning rate, of
    `optax.inject_hyperparams(make)(...)`, whose state shows each value applied. Arguments that the document does not
    schedule are not injected: they stay the Python numbers they are, whatever the parameters' dtype.

    Args:
        document: The document. Its `momentum` is the argument `momentum`, or `b1`; any other name is that argument.
        make: A function that makes an optimizer, such as `optax.adamw`.
        labels: A tree of labels like the parameters, or a function from parameters to one: the names of the document's
            groups, and `default` for the rest. Where the document lists its groups, their places, as text in the
            optimizer's state.

    Raises:
        UnsupportedError: The document has no learning rate, or `make` takes no argument for a hyperparameter of it, or
            one for two of them.
    """
    document.require_rate("optax")
    transforms = {str(name): _transform(document.group(name), make) for name in document.groups}
    transforms.setdefault(DEFAULT, _transform(document.group(None), make))
    return optax.multi_transform(transforms, _as_text(labels))


def _as_text(labels: Any) -> Any:
    """Return labels as text: JAX sorts the keys of a state, and cannot sort places among names."""
    if callable(labels):
        return lambda params: _as_text(labels(params))
    return jax.tree_util.tree_map(str, labels)


def _transform(
    schedules: dict[str, Any], make: Callable[..., optax.GradientTransformation]
) -> optax.GradientTransformation:
    parameters = inspect.signature(make).parameters
    arguments: dict[str, Any] = {}
    for name, node in schedules.items():
        argument = _argument(name, parameters, make)
        if argument in arguments:
            raise _refused(name, make, f"its argument {argument} has another schedule of the document")
        arguments[argument] = to_optax(node)
    if list(arguments) == ["learning_rate"]:
        return make(**arguments)
    others = [name for name in parameters if name not in arguments]
    inject = optax.inject_hyperparams(make, static_args=others, hyperparam_dtype=jax.numpy.float32)
    return inject(**arguments)


def _argument(
    name: str, parameters: Mapping[str, inspect.Parameter], make: Callable[..., optax.GradientTransformation]
) -> str:
    """Return the argument of `make` that is the hyperparameter `name`."""
    candidates = _ARGUMENTS.get(name, (name,))
    argument = next((candidate for candidate in candidates if candidate in parameters), None)
    if argument is None:
        raise _refused(name, make, f"it takes no argument {' or '.join(candidates)}; leave it out of the document")
    if isinstance(parameters[argument].default, bool):
        raise _refused(name, make, f"its argument {argument} is a flag, no number")
    return argument


def _refused(name: str, make: Callable[..., optax.GradientTransformation], reason: str) -> UnsupportedError:
    return UnsupportedError("optax", f"{name} of {getattr(make, '__name__', repr(make))}", reason)
