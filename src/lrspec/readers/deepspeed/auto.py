"""The values `auto` of a DeepSpeed config, filled in as transformers' HfTrainerDeepSpeedConfig fills them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lrspec.errors import SpecError, argument
from lrspec.readers.files import ConfigFile
from lrspec.readers.keys import Context, Keys
from lrspec.readers.transformers.config import run_of
from lrspec.readers.transformers.places import arguments_in
from lrspec.readers.transformers.trainer import Run

_AUTO = "auto"


class Filled:
    """A DeepSpeed config whose values `auto` are filled in; `notes` says with what.

    Args:
        keys: The config.
    """

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.notes: list[str] = []
        self._run = _run(keys, self.notes)
        self._ways: dict[str, tuple[str, Callable[[], Any]]] = {
            "optimizer.params.lr": ("learning_rate", self._rate),
            "scheduler.params.warmup_min_lr": ("", lambda: 0),
            "scheduler.params.warmup_max_lr": ("learning_rate", self._rate),
            "scheduler.params.warmup_num_steps": ("warmup", self._warmup),
            "scheduler.params.total_num_steps": ("number of updates", self._total),
        }

    def at(self, section: str) -> Keys:
        """Return the parameters of a section, filled in.

        Args:
            section: `optimizer` or `scheduler`.

        Raises:
            SpecError: A value is left to training arguments that are not there; or it is not as they have it, which
                transformers refuses too.
        """
        params = self.keys.inside(section).inside("params")
        data = dict(params.data)
        for path, (whose, value) in self._ways.items():
            name = path.rpartition(".")[2]
            if not path.startswith(section) or data.get(name) is None:
                continue
            if data[name] == _AUTO:
                data[name] = value()
                self.notes.append(f"{path}: auto, filled in with {data[name]}")
            elif self._run is not None and whose:
                self._check(params, name, whose, value)
        return Keys(data, self.keys.context, params.path)

    def rate(self) -> float:
        """Return the rate that the optimizer is made with.

        Raises:
            SpecError: Neither the config nor the training arguments nor the caller has one.
        """
        if not self.keys.inside("optimizer").data and self._run is not None:
            return self._rate()
        return self.at("optimizer").rate("lr")

    def _check(self, params: Keys, name: str, whose: str, value: Callable[[], Any]) -> None:
        """Refuse a value beside another of the training arguments, as far as these say it."""
        try:
            wanted = value()
        except SpecError:  # they leave it to the run
            return
        if params.number(name) != wanted:
            raise params.wrong(name, f"auto, or the {whose} of the training arguments, {wanted}")

    def _rate(self) -> float:
        if self._run is not None:
            return self._run.rate
        return float(self._quantity("base_value", "optimizer.params.lr"))

    def _total(self) -> int:
        if self._run is not None:
            return self._run.total()
        return int(self._quantity("total_steps", "scheduler.params.total_num_steps"))

    def _warmup(self) -> int:
        if self._run is None:
            raise SpecError("scheduler.params.warmup_num_steps", found="'auto'", expected=_with("the warmup"))
        return max(1, self._run.warmup())

    def _quantity(self, name: str, path: str) -> Any:
        if name not in self.keys.quantities:
            raise SpecError(path, found="'auto'", expected=f"{argument(name)}, or {_with('it')}")
        return self.keys.quantities[name]


def _run(keys: Keys, notes: list[str]) -> Run | None:
    """Return what the training arguments beside the config say, where there are any."""
    data = keys.context.beside()
    if data is None:
        return None
    context = Context(system="huggingface", quantities=keys.quantities, file=ConfigFile(data=data))
    arguments = arguments_in(Keys(data, context))
    said: list[str] = []
    run = run_of(arguments, said)
    if "learning_rate" in context.defaults:
        notes.append(f"learning_rate: Hugging Face's own default of {context.defaults['learning_rate']}")
    return run


def _with(what: str) -> str:
    return f"{argument('training_args', 'FILE')}, the training arguments of Hugging Face that say {what}"
