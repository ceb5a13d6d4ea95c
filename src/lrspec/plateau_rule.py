"""The rule of a plateau controller: every convention on which frameworks differ, as a field, and their presets."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from lrspec.errors import SpecError
from lrspec.fields import Choice, Flag, Number, Rule, Steps, show

_AMOUNT = Number(float32=False, minimum=0.0)
_COUNT = Steps(zero=True)


def _of(default: Any, rule: Rule) -> Any:
    return field(default=default, metadata={"rule": rule})


def _word(default: str, *others: str) -> Any:
    return _of(default, Choice((default, *others)))


@dataclass(frozen=True, kw_only=True)
class PlateauRule:
    """When to reduce and by how much: plain data. The defaults are those of `PlateauRule.torch()`.

    In `mode: min` a metric `m` improves on the best so far, `b`, where

        m < b * (1 - relative) - absolute      with threshold_on: best
        m + absolute < b                       with threshold_on: metric

    and in `mode: max` where `m > b * (1 + relative) + absolute` or `m - absolute > b`. docs/plateau.md explains each
    field.

    Raises:
        SpecError: A field is not allowed, or does not go with another.

    Example:
        >>> PlateauRule.keras(patience=3).patience_test
        '>='
    """

    mode: Literal["min", "max"] = _word("min", "max")
    factor: float = _of(0.1, Number(float32=False, positive=True, maximum=math.nextafter(1.0, 0.0)))
    patience: int = _of(10, _COUNT)
    patience_test: Literal[">", ">=", "=="] = _word(">", ">=", "==")
    relative: float = _of(1e-4, _AMOUNT)
    absolute: float = _of(0.0, _AMOUNT)
    threshold_on: Literal["best", "metric"] = _word("best", "metric")
    first: Literal["compare", "accept"] = _word("compare", "accept")
    nan: Literal["worse", "best_if_first", "error"] = _word("worse", "best_if_first", "error")
    average: int = _of(1, Steps())
    cooldown: int = _of(0, _COUNT)
    last_cooldown_counts: bool = _of(False, Flag())  # noqa: FBT003 - a default
    reduces: Literal["rate", "scale"] = _word("rate", "scale")
    floor: float = _of(0.0, _AMOUNT)
    min_change: float = _of(1e-8, _AMOUNT)
    at_floor: Literal["restart", "wait"] = _word("restart", "wait")
    arithmetic: Literal["float64", "rates", "mixed", "float32"] = _word("float64", "rates", "mixed", "float32")

    def __post_init__(self) -> None:
        for entry in fields(self):
            try:
                value = entry.metadata["rule"].read(getattr(self, entry.name))
            except SpecError as error:
                raise error.within(entry.name) from None
            object.__setattr__(self, entry.name, value)
        if self.threshold_on == "metric" and self.relative:
            raise SpecError("relative", found=show(self.relative), expected="0 with threshold_on: metric")
        if self.nan == "best_if_first" and self.first != "accept":
            raise SpecError("nan", found=show(self.nan), expected="worse or error with first: compare")
        if self.reduces == "scale" and self.min_change:
            raise SpecError("min_change", found=show(self.min_change), expected="0 with reduces: scale")
        if self.reduces == "scale" and self.floor > 1:
            raise SpecError("floor", found=show(self.floor), expected="a scale up to 1 with reduces: scale")

    @classmethod
    def torch(
        cls,
        *,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
        **others: Any,
    ) -> PlateauRule:
        """Return the rule of `torch.optim.lr_scheduler.ReduceLROnPlateau`, from its arguments.

        Args:
            mode: Whether a good metric is small or large.
            factor: What a reduction multiplies the rate by, between 0 and 1.
            patience: How many bad metrics in a row are borne; the next one reduces.
            threshold: By how much a metric must be better than the best.
            threshold_mode: `rel`, a fraction of the best, or `abs`.
            cooldown: For how many metrics after a reduction bad ones do not count.
            min_lr: The rate at which reductions stop; one number.
            eps: A reduction that changes the rate by no more than this does not happen.
            **others: Fields of the rule that replace what torch does, such as `nan="error"`.

        Raises:
            SpecError: A value is not allowed.
        """
        try:
            Choice(("rel", "abs")).read(threshold_mode)
        except SpecError as error:
            raise error.within("threshold_mode") from None
        values: dict[str, Any] = {"relative": 0.0, "mode": mode, "factor": factor, "patience": patience}
        values["relative" if threshold_mode == "rel" else "absolute"] = threshold
        return cls(**{**values, "cooldown": cooldown, "floor": min_lr, "min_change": eps, **others})

    @classmethod
    def keras(
        cls,
        *,
        factor: float = 0.1,
        patience: int = 10,
        mode: Literal["min", "max"] = "min",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **others: Any,
    ) -> PlateauRule:
        """Return the rule of `keras.callbacks.ReduceLROnPlateau` from Keras 3.11 on, from its arguments.

        Up to 3.10 it was the rule with `first="compare", nan="worse", threshold_on="best", arithmetic="rates"`.

        Args:
            factor: What a reduction multiplies the rate by, between 0 and 1.
            patience: How many bad metrics in a row there are when the last of them reduces.
            mode: Whether a good metric is small or large; `auto` needs a Keras model and is not known here.
            min_delta: By how much a metric must be better than the best; its sign is ignored.
            cooldown: For how many metrics after a reduction bad ones do not count, the last excepted.
            min_lr: The rate at which reductions stop.
            **others: Fields of the rule that replace what Keras does, such as `nan="error"`.

        Raises:
            SpecError: A value is not allowed.
        """
        values: dict[str, Any] = {"mode": mode, "factor": factor, "patience": patience, "patience_test": ">="}
        delta = abs(min_delta) if isinstance(min_delta, int | float) else min_delta
        values |= {"relative": 0.0, "absolute": delta, "threshold_on": "metric", "first": "accept"}
        values |= {"nan": "best_if_first", "cooldown": cooldown, "last_cooldown_counts": True, "floor": min_lr}
        return cls(**{**values, "min_change": 0.0, "at_floor": "wait", "arithmetic": "mixed", **others})

    @classmethod
    def optax(
        cls,
        *,
        factor: float = 0.1,
        patience: int = 10,
        rtol: float = 1e-4,
        atol: float = 0.0,
        cooldown: int = 0,
        accumulation_size: int = 1,
        min_scale: float = 0.0,
        **others: Any,
    ) -> PlateauRule:
        """Return the rule of `optax.contrib.reduce_on_plateau` on float32 parameters under `jit`, from its arguments.

        Args:
            factor: What a reduction multiplies the scale by, between 0 and 1.
            patience: How many bad metrics in a row there are when the last of them reduces.
            rtol: By how much a metric must be better than the best, as a fraction of the best.
            atol: By how much more, as a number.
            cooldown: For how many metrics after a reduction bad ones do not count.
            accumulation_size: How many metrics are averaged into the one that is judged.
            min_scale: The scale at which reductions stop, up to 1.
            **others: Fields of the rule that replace what Optax does, such as `mode="max"`.

        Raises:
            SpecError: A value is not allowed.
        """
        values: dict[str, Any] = {"factor": factor, "patience": patience, "patience_test": "==", "relative": rtol}
        values |= {"absolute": atol, "cooldown": cooldown, "average": accumulation_size, "floor": min_scale}
        return cls(**{**values, "reduces": "scale", "min_change": 0.0, "arithmetic": "float32", **others})

    @property
    def fingerprint(self) -> str:
        """`sha256:` and the SHA-256 of the rule: a checkpoint carries it."""
        text = json.dumps({"plateau": 1, **self.to_dict()}, sort_keys=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def to_dict(self) -> dict[str, Any]:
        """Return every field, as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PlateauRule:
        """Return the rule that plain data stands for; a field that is missing has its default.

        Raises:
            SpecError: The data is not one of a rule.

        Example:
            >>> PlateauRule.from_dict({"patient": 3})
            Traceback (most recent call last):
            ...
            lrspec.errors.SpecError: patient: found an unknown key, expected a field of a plateau rule
        """
        if not isinstance(data, Mapping):
            raise SpecError("", found=show(data), expected="a plateau rule: a mapping")
        known = {entry.name for entry in fields(cls)}
        for key in data:
            if key not in known:
                path = key if isinstance(key, str) else ""
                raise SpecError(path, found="an unknown key", expected="a field of a plateau rule")
        return cls(**data)
