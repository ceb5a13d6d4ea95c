"""Positions of states in the forms that other packages write them, of live wrappers, and of folders in shards.

The forms were taken from schedulefree 1.4, prodigyopt 1.1, pytorch_optimizer 3, timm 1.0, DeepSpeed 0.19 and Meta's
distributed Shampoo, after five updates of each.
"""

from __future__ import annotations

import copy
import os
import pickle
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_optimizer_state_dict
from torch.distributed.optim import PostLocalSGDOptimizer

import lrspec
from lrspec.positions.torch import own_count
from processes import environment, finished

READS_FILES = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 6)
needs_files = pytest.mark.skipif(not READS_FILES, reason="this PyTorch reads no file without running what is in it")
ONE = torch.ones(())
PARAMETER = {"exp_avg": torch.ones(2), "step": ONE * 5}
ADAM = {"state": {0: PARAMETER, 1: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]}
SGD = {"state": {}, "param_groups": [{"lr": 0.1, "momentum": 0, "params": [0, 1]}]}


def in_groups(**group: Any) -> dict[str, Any]:
    return {"state": {0: {"z": torch.ones(2)}}, "param_groups": [{"lr": 0.1, "params": [0], **group}]}


STATES: dict[str, Any] = {
    "schedulefree": in_groups(k=5, weight_sum=0.05, lr_max=0.1),
    "prodigyopt": {
        "state": {0: {"step": 5, "s": torch.ones(2)}},
        "param_groups": [{"lr": 1.0, "d": 1e-6, "d_coef": 1.0, "k": 5}],
    },
    "pytorch_optimizer.Prodigy, from 1": in_groups(step=6, d=1e-6, d_coef=1.0, growth_rate=1.0),
    "prodigyplus, from 1": in_groups(k=6, d=1e-6, d_coef=1.0, prodigy_steps=0, weight_sum=0.5),
    "dadaptation": in_groups(k=5, d=1e-6, gsq_weighted=0.5),
    "pytorch_optimizer.Ranger, whose k is none": in_groups(step=5, k=6, alpha=0.5),
    "pytorch_optimizer.Lookahead": {"lookahead_state": {(0, 0): {"slow_params": ONE}}, "base_optimizer": ADAM},
    "pytorch_optimizer.WSAM": {"state": {}, "param_groups": [{"lr": 0.1, "rho": 0.05}], "base_optimizer": ADAM},
    "pytorch_optimizer.TRAC": {
        "state": {"trac": {"step": 5, 0: torch.ones(2)}},
        "param_groups": [{"lr": 0.1, "step": 0}],
    },
    "pytorch_optimizer.MADGRAD": {
        "state": {"k": torch.tensor([5]), 0: {"step": 0, "s": torch.ones(2)}},
        "param_groups": [{"lr": 0.1, "momentum": 0.9}],
    },
    "pytorch_optimizer.SPAM, with a scheduler of its own": {
        "state": {"total_step": 5, "current_step": 56},
        "param_groups": [{"lr": 0.1, "step": 5}],
        "warmup": {"optimizer": SGD, "scheduler": {"last_epoch": 6, "_step_count": 7}},
    },
    "timm.Lookahead of SGD": in_groups(lookahead_k=6, lookahead_step=5, lookahead_alpha=0.5),
    "PostLocalSGDOptimizer": ADAM | {"step": 5},
    "DeepSpeed, ZeRO 1": {"dynamic_loss_scale": False, "base_optimizer_state": ADAM, "zero_stage": 1},
    "DeepSpeed, ZeRO 3": {"zero_stage": 3, "optimizer_state_dict": ADAM, "fp32_flat_groups": [torch.ones(5)]},
    "DeepSpeed, elastic": {"base_optimizer_state": [PARAMETER], "base_optimizer_state_step": None},
    "DeepSpeed's checkpoint, of 7 steps with 2 overflows": {
        "module": {},
        "optimizer": None,
        "global_steps": 7,
        "skipped_steps": 2,
        "lr_scheduler": {"last_epoch": 5, "_step_count": 6},
    },
    "Megatron's distributed optimizer": {"optimizer": {"optimizer": {"param_groups": [{"lr": 0.1, "step": 5}]}}},
    "Shampoo's distributed_state_dict": {
        "state": {"layer.weight": {'["step"]': ONE * 5, '["block_0", "momentum"]': torch.ones(2)}},
        "param_groups": {"layer.bias/layer.weight": {"lr": 0.1, "betas": (0.9, 1.0)}},
    },
    "flattened": {
        "state.layer.weight.step": ONE * 5,
        "state.layer.weight.exp_avg": torch.ones(2),
        "param_groups.layer.weight.lr": 0.1,
    },
    "Lightning, of timm's scheduler": {
        "global_step": 5,
        "optimizer_states": [ADAM],
        "lr_schedulers": [{"base_values": [0.1], "metric": None, "t_initial": 100, "warmup_t": 0}],
    },
    "Lightning, of a wrapped optimizer": {
        "global_step": 5,
        "optimizer_states": [{"base": ADAM}],
        "lr_schedulers": None,
    },
}


@pytest.mark.parametrize("name", STATES)
def test_states_after_five_updates(name: str, tmp_path: Path) -> None:
    found = lrspec.position(STATES[name])
    assert found.updates == 5
    assert lrspec.check_clock(STATES[name], 5) == 5
    if READS_FILES:
        torch.save(STATES[name], tmp_path / "run.pt")
        assert lrspec.position(tmp_path / "run.pt").updates == 5


def test_an_averagers_count_alone_needs_a_choice() -> None:
    with pytest.raises(lrspec.AmbiguousPositionError, match=r"optimizer\.averager\.step \(5\)"):
        lrspec.position(SGD | {"step": 5})


def test_counts_that_differ_within_an_optimizer_are_reported() -> None:
    state = {"state": {0: {"step": 5}}, "param_groups": [{"lr": 0.1, "step": 15}]}
    with pytest.raises(lrspec.AmbiguousPositionError) as caught:
        lrspec.position(state)
    assert caught.value.candidates == {"optimizer.step": 5, "optimizer.param_groups.step": 15}


class Wrapper:
    """An optimizer that is none of torch's by its class, as schedulefree's and DeepSpeed's wrappers."""

    def __init__(self, base: torch.optim.Optimizer) -> None:
        self.base, self.param_groups = base, base.param_groups
        self.state: dict[Any, Any] = defaultdict(dict)

    def step(self) -> None:
        self.base.step()

    def zero_grad(self) -> None:
        self.base.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        return {"slow": {}, "inner": self.base.state_dict()}


class Unready(torch.optim.Optimizer):  # type: ignore[misc]  # torch is untyped
    """As timm's Lookahead, which calls no `super().__init__()`, with a `state` that fails and a `state_dict` too."""

    def __init__(self, base: torch.optim.Optimizer) -> None:
        self.parts = [base]
        self.param_groups = base.param_groups

    @property
    def state(self) -> Any:
        raise RuntimeError("not yet")

    def step(self) -> None:
        self.parts[0].step()

    def state_dict(self) -> Any:
        raise NotImplementedError("use another")


class Started(torch.optim.SGD):  # type: ignore[misc]  # torch is untyped
    """As the Prodigys that count from 1: their live defaults say so."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, lr=0.1)
        for held in (self.defaults, *self.param_groups):
            held["step"] = 1

    def step(self) -> None:
        super().step()
        for group in self.param_groups:
            group["step"] += 1


class Averager:
    step = 0

    def average_parameters(self, params: Any) -> None:
        del params
        self.step += 1


MADE: dict[str, Any] = {
    "wrapper": lambda p: Wrapper(torch.optim.Adam(p)),
    "wrapper of a wrapper": lambda p: Unready(Wrapper(torch.optim.Adam(p))),
    "unready": lambda p: Unready(torch.optim.Adam(p)),
    "averaging": lambda p: PostLocalSGDOptimizer(torch.optim.Adam(p), Averager()),
    "from 1": Started,
}


@pytest.mark.parametrize("name", MADE)
def test_live_optimizers_that_wrap_others(name: str) -> None:
    parameter = torch.zeros(2, requires_grad=True)
    optimizer = MADE[name]([parameter])
    assert own_count(optimizer) in {None, 0}
    for updates in range(1, 4):
        parameter.grad = torch.ones_like(parameter)
        optimizer.step()
        assert own_count(optimizer) == updates
        assert lrspec.position(optimizer).updates == updates
    with pytest.raises(lrspec.UnsupportedError, match="the scheduler holds the position"):
        lrspec.set_position(optimizer, 3)


def test_a_wrapper_of_what_does_not_count_is_refused() -> None:
    parameter = torch.zeros(2, requires_grad=True)
    for optimizer in (Wrapper(torch.optim.SGD([parameter])), Unready(torch.optim.SGD([parameter]))):
        assert own_count(optimizer) is None
        with pytest.raises(lrspec.UnsupportedError, match=r"keeps no count|its state_dict"):
            lrspec.position(optimizer)


ZERO = """
import os, torch, lrspec
import torch.distributed as dist
from torch.distributed.optim import ZeroRedundancyOptimizer

dist.init_process_group("gloo", init_method="file:///{folder}/meet", rank=0, world_size=1)
parameter = torch.zeros(2, requires_grad=True)
optimizer = ZeroRedundancyOptimizer([parameter], optimizer_class=torch.optim.AdamW, lr=0.1)
for _ in range(5):
    parameter.grad = torch.ones_like(parameter)
    optimizer.step()
try:
    optimizer.state_dict()
except RuntimeError as error:
    assert "consolidate" in str(error)
else:
    raise AssertionError("consolidated")
assert lrspec.position(optimizer).updates == lrspec.check_clock(optimizer, 5) == 5
optimizer.consolidate_state_dict()
assert lrspec.position(optimizer.state_dict()).updates == 5
print("done", flush=True)
os._exit(0)  # as processes.leave
"""


@pytest.mark.skipif(sys.platform == "win32", reason="gloo meets in a file here")
def test_zero_before_its_state_is_gathered(tmp_path: Path) -> None:
    assert "done" in finished(
        [sys.executable, "-c", ZERO.replace("{folder}", str(tmp_path).lstrip("/"))], environment()
    )


def trained() -> tuple[torch.nn.Module, torch.optim.Optimizer, Any]:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    for _ in range(5):
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model, optimizer, scheduler


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return folders that torch.distributed.checkpoint wrote after five updates."""
    model, optimizer, scheduler = trained()
    flat = get_optimizer_state_dict(model, optimizer, options=StateDictOptions(flatten_optimizer_state_dict=True))
    whole = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "global_step": 5}
    saved = {
        "whole": whole | {"scheduler": scheduler.state_dict()},
        "named": {"model": model.state_dict(), "optimizer": get_optimizer_state_dict(model, optimizer)},
        "flat": {"optimizer": flat},
    }
    base = tmp_path_factory.mktemp("dcp")
    for name, state in saved.items():
        dcp.save(state, checkpoint_id=base / name)
    return {name: base / name for name in saved}


pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled", "ignore:.*:FutureWarning")


@needs_files
@pytest.mark.parametrize("name", ["whole", "named", "flat"])
def test_a_folder_of_distributed_checkpoint(name: str, folders: dict[str, Path]) -> None:
    position = lrspec.position(folders[name])
    assert (position.updates, position.counter) == (5, "optimizer.step")
    counters = {counter.name for counter in position.candidates}
    assert counters == {"optimizer.step", *(("scheduler.last_epoch", "global_step") if name == "whole" else ())}


class Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@needs_files
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_code_in_the_metadata_does_not_run(protocol: int, tmp_path: Path, folders: dict[str, Path]) -> None:
    content = pickle.loads((folders["whole"] / ".metadata").read_bytes())  # noqa: S301 - made here
    for bomb in (Bomb(tmp_path / "boom"), {"a": Bomb(tmp_path / "boom")}):
        (tmp_path / ".metadata").write_bytes(pickle.dumps(bomb, protocol=protocol))
        with pytest.raises(lrspec.LrspecError, match=r"\.metadata"):
            lrspec.position(tmp_path)
    content.planner_data = Bomb(tmp_path / "boom")
    (tmp_path / ".metadata").write_bytes(pickle.dumps(content, protocol=protocol))
    with pytest.raises(lrspec.LrspecError, match=r"\.metadata"):
        lrspec.position(tmp_path)
    assert not (tmp_path / "boom").exists()


@needs_files
@pytest.mark.parametrize("path", ["../secret.pt", "/etc/hostname", "..", ""])
def test_the_metadata_names_files_of_its_folder_alone(path: str, tmp_path: Path, folders: dict[str, Path]) -> None:
    content = pickle.loads((folders["whole"] / ".metadata").read_bytes())  # noqa: S301 - made here
    for place in content.storage_data.values():
        place.relative_path = path
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ".metadata").write_bytes(pickle.dumps(content))
    torch.save(torch.ones(()), tmp_path / "secret.pt")
    with pytest.raises(lrspec.LrspecError, match="expected the name of a file beside it"):
        lrspec.position(tmp_path / "in")


@needs_files
def test_damaged_metadata_is_read_or_refused(tmp_path: Path, folders: dict[str, Path]) -> None:
    content = (folders["named"] / ".metadata").read_bytes()
    data = next(folders["named"].glob("*.distcp"))
    (tmp_path / data.name).write_bytes(data.read_bytes())
    refused = 0
    for place in range(0, len(content), 13):
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        for attempt in (changed, content[:place]):
            (tmp_path / ".metadata").write_bytes(attempt)
            try:
                assert lrspec.position(tmp_path).updates == 5
            except (lrspec.LrspecError, FileNotFoundError):  # the latter where the name of a file was changed
                refused += 1
    assert refused


def test_the_same_state_under_many_names_is_one() -> None:
    """A tree in which every part stands twice has as many paths as a power of two, and few parts."""
    tree: Any = copy.deepcopy(ADAM)
    for _ in range(200):
        tree = {"a": tree, "b": tree}
    assert lrspec.position(tree).updates == 5
