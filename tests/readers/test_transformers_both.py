"""A Trainer read from its arguments and from its scheduler: one document, one fingerprint, one checkpoint."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import SchedulerType, Trainer, TrainingArguments, get_scheduler

import lrspec
from lrspec import LrspecError, MismatchError
from lrspec.readers import read_native
from lrspec.readers.configs import read_config
from reader_rows import optimizer

REFUSED = {"reduce_lr_on_plateau", "greedy"}
RATES = (5e-5, 3e-5, 0.1, 7e-4)
LENGTHS = ((0, 100), (10, 100), (7, 61), (100, 100), (150, 100), (1, 2), (3, 4))
ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "constant": [{}],
    "constant_with_warmup": [{}],
    "linear": [{}],
    "cosine": [{}, {"num_cycles": 1}, {"num_cycles": 1.5}, {"num_cycles": 0.3}, {"num_cycles": 0}],
    "cosine_with_restarts": [{}, {"num_cycles": 3}, {"num_cycles": 2.5}, {"num_cycles": 0.5}],
    "polynomial": [{}, {"power": 2.0, "lr_end": 1e-6}, {"power": 0.5}, {"power": 0}, {"lr_end": 0}],
    "inverse_sqrt": [{}, {"timescale": 25}, {"timescale": 12.5}],
    "cosine_with_min_lr": [
        {"min_lr": 1e-7}, {"min_lr": 1e-5, "num_cycles": 1.5}, {"min_lr_rate": 0.1}, {"min_lr_rate": 0},
    ],
    "cosine_warmup_with_min_lr": [
        {"min_lr": 1e-7}, {"min_lr_rate": 0.1, "warmup_lr_rate": 0.05}, {"min_lr": 1e-6, "num_cycles": 0.75},
    ],
    "warmup_stable_decay": [
        {"num_decay_steps": 20},
        {"num_decay_steps": 20, "min_lr_ratio": 0.1, "decay_type": "linear", "warmup_type": "cosine"},
        {"num_decay_steps": 5, "num_stable_steps": 12, "decay_type": "1-sqrt", "min_lr_ratio": 0.3},
        {"num_decay_steps": 5, "num_stable_steps": 12, "warmup_type": "1-sqrt"},
        {"num_decay_steps": 20, "num_cycles": 1.5},
    ],
}  # fmt: skip
ROWS = [(name, more) for name, rows in ARGUMENTS.items() for more in rows]
pytestmark = pytest.mark.filterwarnings("ignore:Both num_training_steps and num_stable_steps:UserWarning")
ids = pytest.mark.parametrize(("name", "more"), ROWS, ids=[f"{name} {json.dumps(more)}" for name, more in ROWS])


def test_every_type_is_here() -> None:
    assert ARGUMENTS.keys() | REFUSED == {kind.value for kind in SchedulerType}


def of_object(name: str, more: dict[str, Any], rate: float, warmup: int, total: int) -> lrspec.Schedule | None:
    try:
        made = get_scheduler(name, optimizer(rate), warmup, total, scheduler_specific_kwargs=more)
    except ValueError:  # lr_end is not below the rate
        return None
    try:
        return lrspec.from_native(made, sample=total)
    except MismatchError:
        raise
    except LrspecError:
        return None


def arguments(name: str, more: dict[str, Any], rate: float, warmup: int, total: int) -> dict[str, Any]:
    given = {"lr_scheduler_type": name, "learning_rate": rate, "warmup_steps": warmup, "max_steps": total}
    return {**given, "lr_scheduler_kwargs": more}


@ids
def test_arguments_and_object_are_one_document(name: str, more: dict[str, Any]) -> None:
    read = 0
    for rate, (warmup, total) in itertools.product(RATES, LENGTHS):
        expected = of_object(name, more, rate, warmup, total)
        given = arguments(name, more, rate, warmup, total)
        if expected is None or "table" in repr(type(expected)).lower():
            with pytest.raises(LrspecError):
                read_config(given)
            continue
        found = read_config(given).schedule
        assert found == expected, given
        assert found.fingerprint == expected.fingerprint
        read += 1
    assert read >= 3 * len(RATES)


class Net(torch.nn.Module):  # type: ignore[misc]  # untyped where torch is not installed
    """A weight, which decays, and a bias, which does not."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Linear(1, 1)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": self.inner(x).sum()}


@ids
def test_a_trainer_and_its_arguments_are_one_document(name: str, more: dict[str, Any], tmp_path: Path) -> None:
    given = arguments(name, more, 3e-4, 7, 61)
    own = {"output_dir": str(tmp_path), "use_cpu": True, "report_to": [], "weight_decay": 0.01}
    trainer = Trainer(Net(), TrainingArguments(**given, **own))
    trainer.create_optimizer_and_scheduler(61)
    assert len(trainer.optimizer.param_groups) == 2
    dumped = json.loads(trainer.args.to_json_string())
    reading = read_config(dumped)
    live = read_native(trainer.lr_scheduler, sample=61)
    assert reading.schedule == live.schedule
    assert reading.construct == live.construct == name


@pytest.mark.parametrize(
    ("name", "more"), [("cosine_with_min_lr", {"min_lr": 1e-7}), ("polynomial", {}), ("linear", {})]
)
def test_a_checkpoint_of_one_goes_on_in_the_other(name: str, more: dict[str, Any]) -> None:
    of_arguments = read_config(arguments(name, more, 3e-5, 7, 61)).schedule
    first = optimizer(3e-5)
    scheduler = of_arguments.to_torch(first)
    for _ in range(20):
        first.step()
        scheduler.step()
    native = of_object(name, more, 3e-5, 7, 61)
    assert native is not None
    second = optimizer(3e-5)
    other = native.to_torch(second)
    other.load_state_dict(scheduler.state_dict())
    second.step()
    other.step()
    first.step()
    scheduler.step()
    assert second.param_groups[0]["lr"] == first.param_groups[0]["lr"] == native(21)
