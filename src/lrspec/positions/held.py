"""What a checkpoint holds beside its counters: the optimizer it is of, and the rates that stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lrspec.positions import files
from lrspec.positions.counters import not_too_deep
from lrspec.positions.torch_states import Walk, is_scheduler_state

_TORCH = {
    "ASGD": {"lambd", "alpha", "t0", "weight_decay"},
    "Adadelta": {"rho", "eps", "weight_decay"},
    "Adafactor": {"beta2_decay", "eps", "d", "weight_decay"},
    "Adagrad": {"lr_decay", "eps", "weight_decay", "initial_accumulator_value"},
    "Adam": {"betas", "eps", "weight_decay", "amsgrad"},
    "Adamax": {"betas", "eps", "weight_decay"},
    "LBFGS": {"max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size", "line_search_fn"},
    "Muon": {"weight_decay", "momentum", "nesterov", "ns_coefficients", "eps", "ns_steps", "adjust_lr_fn"},
    "NAdam": {"betas", "eps", "weight_decay", "momentum_decay", "decoupled_weight_decay"},
    "RAdam": {"betas", "eps", "weight_decay", "decoupled_weight_decay"},
    "RMSprop": {"momentum", "alpha", "eps", "centered", "weight_decay"},
    "Rprop": {"etas", "step_sizes"},
    "SGD": {"momentum", "dampening", "weight_decay", "nesterov"},
}
"""What the groups of each optimizer of torch have; one from elsewhere may have the same and more."""
_COMMON = {"lr", "params", "name", "initial_lr", "foreach", "maximize", "capturable", "differentiable", "fused"}
_COMMON |= {"max_lr", "min_lr", "max_momentum", "base_momentum"}  # of OneCycleLR and CyclicLR
_ADAMS = {True: "AdamW", False: "Adam"}


@dataclass(frozen=True)
class Held:
    """What a checkpoint holds.

    Args:
        optimizer: The name of the optimizer's class, in torch's spelling; None where the checkpoint does not tell.
        groups: The hyperparameters of each parameter group, by torch's names; `lr` is the rate of the next update.
        framework: Who wrote it: `torch`, `keras` or `optax`.
    """

    optimizer: str | None = None
    groups: list[dict[str, Any]] = field(default_factory=list)
    framework: str = "optax"


def held(path: Path) -> Held:
    """Return what a checkpoint holds.

    Raises:
        LrspecError: The file cannot be read; the errors are those of `position`.
    """
    with not_too_deep(path):
        kind, data = files.contents(path)
        if kind == "torch":
            return _of_torch(data)
        return _of_keras(*data) if kind == "keras" else Held()


def _of_torch(data: Any) -> Held:
    states = [state for _, state in Walk().states("", data)]
    optimizers = [state for state in states if not is_scheduler_state(state)]
    groups = [list(state["param_groups"]) for state in optimizers]
    known = [found for found in groups if found and all(_number(_get(group, "lr")) is not None for group in found)]
    if len(known) == 1:
        plain = [{str(name): _plain(value) for name, value in group.items() if name != "params"} for group in known[0]]
        return Held(_torch_name(plain), plain, "torch")
    rates = [state.get("_last_lr") for state in states if is_scheduler_state(state)]
    if not known and len(rates) == 1 and isinstance(rates[0], list):
        return Held(None, [{"lr": rate} for value in rates[0] if (rate := _number(value)) is not None], "torch")
    return Held(framework="torch")


def _torch_name(groups: list[dict[str, Any]]) -> str | None:
    """Return the name of the class that has such groups, where only one has."""
    names = set(groups[0]) - _COMMON
    if names - {"decoupled_weight_decay"} == _TORCH["Adam"]:  # before PyTorch 2.8 nothing told Adam from AdamW
        return _ADAMS.get(groups[0].get("decoupled_weight_decay", 0.5))
    found = next((name for name, keys in _TORCH.items() if keys == names), None)
    if found == "Adamax" and "maximize" not in groups[0]:  # as in many others of Adam's family
        return None
    return found


_KERAS = {"AdamW": "AdamW", "Adam": "Adam", "SGD": "SGD", "RMSprop": "RMSprop", "Adagrad": "Adagrad", "Nadam": "NAdam"}
_KERAS |= {"Adadelta": "Adadelta", "Adamax": "Adamax"}


def _of_keras(name: str | None, config: Mapping[str, Any]) -> Held:
    """Return what Keras' config of an optimizer says; its rate is one where it is a number."""
    group = {str(key): value for key, value in config.items() if _number(value) is not None or isinstance(value, bool)}
    renamed = {"learning_rate": "lr", "epsilon": "eps"}
    group = {renamed.get(key, key): value for key, value in group.items()}
    if name == "RMSprop" and "rho" in group:
        group["alpha"] = group.pop("rho")
    if "beta_1" in group and "beta_2" in group:
        group["betas"] = (group.pop("beta_1"), group.pop("beta_2"))
    return Held(_KERAS.get(name or ""), [group], "keras")


def _get(group: Any, name: str) -> Any:
    return group.get(name) if isinstance(group, Mapping) else None


def _plain(value: Any) -> Any:
    """Return a hyperparameter as numbers of Python, where it is a tensor of one; a pair of them as a tuple."""
    if isinstance(value, list | tuple):
        return tuple(_plain(part) for part in value)
    if hasattr(value, "shape"):
        return _number(value)
    return value


def _number(value: Any) -> float | None:
    """Return a number as a float, or None."""
    if isinstance(value, bool | str | bytes) or getattr(value, "shape", ()) not in ((), (1,)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
