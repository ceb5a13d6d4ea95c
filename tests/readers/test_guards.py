"""The comparisons of the readers around PyTorch, with one that is wrong by a billionth."""

from collections.abc import Callable, Sequence
from typing import Any

import fvcore.common.param_scheduler as fvcore
import ignite.handlers.param_scheduler as ignite
import pytest
import timm.scheduler as timm
from transformers import get_scheduler

from lrspec import MismatchError, Node
from lrspec.readers import read_native, reading
from lrspec.readers.reading import exact_values
from reader_rows import optimizer

WRONG = 1 + 1e-9
HUGGING_FACE: dict[str, tuple[str, float | None, float | None, dict[str, Any]]] = {
    "linear": ("linear", 10, 100, {}),
    "linear, a warmup that is not whole": ("linear", 2.5, 40, {}),
    "cosine": ("cosine", 10, 60, {}),
    "cosine_with_restarts": ("cosine_with_restarts", 10, 100, {"num_cycles": 3}),
    "polynomial": ("polynomial", 10, 100, {"power": 0.5}),
    "inverse_sqrt": ("inverse_sqrt", 10, None, {}),
    "cosine_with_min_lr": ("cosine_with_min_lr", 10, 100, {"min_lr": 0.001}),
    "warmup_stable_decay": (
        "warmup_stable_decay",
        10,
        100,
        {"num_decay_steps": 30, "warmup_type": "cosine", "decay_type": "cosine"},
    ),
}
TIMM: dict[str, Callable[[Any], Any]] = {
    "cosine": lambda o: timm.CosineLRScheduler(o, 60, warmup_t=5, warmup_lr_init=1e-4),
    "cosine, longer and longer": lambda o: timm.CosineLRScheduler(o, 20, cycle_limit=3, cycle_mul=2.0),
    "cosine, k_decay": lambda o: timm.CosineLRScheduler(o, 60, k_decay=2.0),
    "tanh": lambda o: timm.TanhLRScheduler(o, 60),
    "poly": lambda o: timm.PolyLRScheduler(o, 60, power=0.5),
    "step": lambda o: timm.StepLRScheduler(o, 30, 0.1),
}
FVCORE: dict[str, Callable[[], Any]] = {
    "cosine": lambda: fvcore.CosineParamScheduler(0.1, 0.001),
    "exponential": lambda: fvcore.ExponentialParamScheduler(2.0, 0.02),
    "polynomial": lambda: fvcore.PolynomialDecayParamScheduler(0.1, 0.5),
    "composite": lambda: fvcore.CompositeParamScheduler(
        [fvcore.LinearParamScheduler(0.001, 0.1), fvcore.CosineParamScheduler(0.1, 0.001)],
        [0.1, 0.9],
        ["rescaled", "rescaled"],
    ),
}
IGNITE: dict[str, Callable[[Any], Any]] = {
    "linear": lambda o: ignite.LinearCyclicalScheduler(o, "lr", 0.1, 0.01, 9),
    "cosine": lambda o: ignite.CosineAnnealingScheduler(o, "lr", 0.1, 0.01, 9),
    "piecewise": lambda o: ignite.PiecewiseLinear(o, "lr", [(10, 0.5), (20, 0.45), (40, 0.1)]),
}


def assert_guarded(make: Callable[[], Any], sample: int | None = None) -> None:
    """Read an object, and read it where all that is read of it is off by a billionth."""

    def wrong(node: Node, steps: Sequence[int]) -> list[float]:
        return [value * WRONG for value in exact_values(node, steps)]

    read_native(make(), sample=sample)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "exact_values", wrong)
        with pytest.raises(MismatchError, match=r"was read as .*, where the object itself gives"):
            read_native(make(), sample=sample)


@pytest.mark.parametrize("name", HUGGING_FACE)
def test_transformers(name: str) -> None:
    kind, warmup, total, more = HUGGING_FACE[name]
    assert_guarded(lambda: get_scheduler(kind, optimizer(0.1), warmup, total, scheduler_specific_kwargs=more))


@pytest.mark.parametrize("name", TIMM)
def test_timm(name: str) -> None:
    assert_guarded(lambda: TIMM[name](optimizer(0.1)))


@pytest.mark.parametrize("name", FVCORE)
def test_fvcore(name: str) -> None:
    assert_guarded(FVCORE[name], 120)


@pytest.mark.parametrize("name", IGNITE)
def test_ignite(name: str) -> None:
    assert_guarded(lambda: IGNITE[name](optimizer(0.1)))
