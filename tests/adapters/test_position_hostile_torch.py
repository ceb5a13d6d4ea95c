"""Damaged states and files of torch: hand-made ones, and thousands that a seeded mutator makes of real ones."""

from __future__ import annotations

import copy
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as schedulers

import lrspec

READS_FILES = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 6)
needs_files = pytest.mark.skipif(not READS_FILES, reason="this PyTorch reads no file without running what is in it")
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    -1,
    -7,
    0,
    2.7,
    float("nan"),
    float("inf"),
    -0.0,
    "5",
    "",
    b"5",
    [],
    {},
    (),
    [None],
    {"step": None},
    {0: {"step": "x"}},
    2**31 - 1,
    2**31,
    2**63,
    2**64 - 1,
    10**400,
    10**5000,
    1j,
    object(),
    torch.tensor(5),
    torch.tensor(-5),
    torch.tensor([5]),
    torch.tensor([5, 6]),
    torch.tensor(1e30),
    torch.tensor(float("nan")),
    torch.tensor(1, dtype=torch.bool),
    torch.tensor(5.0, device="meta"),
    torch.tensor(5.0).to_sparse(),
    torch.tensor([5.0]).to_sparse(),
    torch.tensor(1j),
    torch.tensor(5, dtype=torch.uint8),
    torch.tensor(300.0, dtype=torch.bfloat16),
    torch.tensor(2.0**24),
    torch.zeros(0),
    slice(3),
    range(3),
    {5},
    "\ud800",
)


def stepped(optimizer: torch.optim.Optimizer, scheduler: Any, updates: int) -> None:
    for _ in range(updates):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        optimizer.step()
        scheduler.step()


def real_states() -> Iterator[dict[str, Any]]:
    """Yield checkpoints of real runs of seven updates, in the forms of several clients."""
    for make in (torch.optim.AdamW, torch.optim.SGD, torch.optim.Adafactor):
        optimizer = make([torch.zeros(2, requires_grad=True), torch.zeros(3, requires_grad=True)], lr=0.1)
        parts = [schedulers.LinearLR(optimizer), schedulers.StepLR(optimizer, 3)]
        scheduler: Any = schedulers.SequentialLR(optimizer, parts, [3])
        if make is torch.optim.Adafactor:
            scheduler = schedulers.ChainedScheduler(parts)
        stepped(optimizer, scheduler, 7)
        state, schedule = optimizer.state_dict(), scheduler.state_dict()
        yield {"model": {"w": torch.zeros(2)}, "optimizer": state, "scheduler": schedule, "global_step": 7, "epoch": 1}
        yield {"global_step": 7, "optimizer_states": [state], "lr_schedulers": [schedule], "loops": {}}
        yield state | {"step": 7}
        yield {
            "global_steps": 7,
            "skipped_steps": 0,
            "lr_scheduler": schedule,
            "optimizer": {"base_optimizer_state": state},
        }
    yield schedule
    yield {
        "state.w.step": torch.tensor(7.0), "param_groups.w.lr": 0.1, "lookahead": {"k": torch.tensor([7])},
    }  # fmt: skip
    fresh = torch.optim.AdamW([torch.zeros(1)], lr=0.1)
    yield lrspec.Constant(value=0.1).to_torch(fresh, step=7).state_dict()


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Return every container of a tree with each of its keys."""
    found: list[tuple[Any, Any]] = []
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        found += [(tree, key), *places(value)]
    return found


def damaged(state: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return a copy with one to three values replaced by odd ones, removed, renamed, or by a part of the whole."""
    tree = copy.deepcopy(state)
    for _ in range(rng.randint(1, 3)):
        holder, key = rng.choice(places(tree) or [(tree, "step")])
        change = rng.randrange(8)
        if change == 0 and isinstance(holder, dict):
            holder.pop(key, None)
        elif change == 1 and isinstance(holder, dict):
            holder[rng.choice(["state", "param_groups", "last_epoch", "_schedulers", "step", "k", 7])] = holder.get(key)
        elif change == 2:
            holder[key] = copy.deepcopy(state)
        else:
            odd = rng.choice(ODD)
            holder[key] = copy.deepcopy(odd) if isinstance(odd, dict | list) else odd
    if rng.randrange(20) == 0 and (found := places(tree)):
        holder, key = rng.choice(found)
        holder[key] = tree
    return tree


def answer(ask: Any, found: Any) -> Any:
    """Return what is answered, or None where it is an error of ours, which can be printed."""
    try:
        return ask(found)
    except lrspec.LrspecError as error:
        assert str(error)  # noqa: PT017
        return None


@pytest.mark.parametrize("seed", range(4))
def test_damaged_states_are_read_or_refused(seed: int) -> None:
    """Only an answer or an error of ours; and an answer is a number of updates."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    read = refused = 0
    states = list(real_states())
    for _ in range(1500):
        state = damaged(rng.choice(states), rng)
        for ask in (lrspec.position, lrspec.check_clock, lambda state: lrspec.set_position(state, 3)):
            found = answer(ask, state)
            refused += found is None
            read += found is not None
            if isinstance(found, lrspec.Position):
                assert 0 <= found.updates < 2**31
    assert read > 100
    assert refused > 100


@needs_files
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_read_or_refused(tmp_path: Path, *, zipped: bool) -> None:
    rng = random.Random(7)  # noqa: S311 - no secret
    file = tmp_path / "run.pt"
    for state in list(real_states())[:4]:
        buffer = io.BytesIO()
        torch.save(state, buffer, _use_new_zipfile_serialization=zipped)
        content = buffer.getvalue()
        for _ in range(80):
            changed = bytearray(content)
            for _ in range(rng.randint(1, 6)):
                changed[rng.randrange(len(content))] = rng.randrange(256)
            file.write_bytes(changed[: rng.choice([len(changed), rng.randrange(len(changed))])])
            answer(lrspec.position, file)


@needs_files
def test_data_that_is_compressed_is_refused(tmp_path: Path) -> None:
    """torch would unpack it to whatever size it has: 7 MB to gigabytes."""
    torch.save({"last_epoch": 7, "_step_count": 8}, tmp_path / "good.pt")
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        bad = tmp_path / "bad.pt"
        with zipfile.ZipFile(tmp_path / "good.pt") as good, zipfile.ZipFile(bad, "w", method) as archive:
            for member in good.namelist():
                archive.writestr(member, good.read(member) + bytes(2**20))
        with pytest.raises(lrspec.LrspecError, match=r"data\.pkl' in it is compressed"):
            lrspec.position(bad)


@needs_files
def test_a_file_of_torch_by_another_name(tmp_path: Path) -> None:
    optimizer = torch.optim.AdamW([torch.zeros(2)], lr=0.1)
    scheduler = lrspec.Constant(value=0.1).to_torch(optimizer)
    torch.save(scheduler.state_dict(), tmp_path / "model.safetensors")
    assert lrspec.position(tmp_path / "model.safetensors").updates == 0


@needs_files
def test_a_file_whose_parts_are_deep_or_hold_themselves(tmp_path: Path) -> None:
    deep: Any = {"state": {0: {"step": 7}}, "param_groups": []}
    for _ in range(900):
        deep = {"a": deep}
    cyclic: dict[str, Any] = {"optimizer": {"state": {0: {"step": 7}}, "param_groups": []}}
    cyclic["again"] = cyclic
    torch.save(cyclic, tmp_path / "cyclic.pt")
    with pytest.raises(lrspec.LrspecError, match="holds itself"):
        lrspec.position(tmp_path / "cyclic.pt")
    try:
        torch.save(deep, tmp_path / "deep.pt")
    except RecursionError:
        return
    try:  # how deep Python may go depends on what called the test
        assert lrspec.position(tmp_path / "deep.pt").updates == 7
    except lrspec.LrspecError as error:
        assert "holds itself" in str(error)  # noqa: PT017 - one of two outcomes


@pytest.mark.parametrize(
    ("dtype", "last"), [(torch.float16, 2**11), (torch.bfloat16, 2**8), (torch.float32, 2**24), (torch.uint8, 255)]
)
def test_a_step_that_can_count_no_further_is_in_doubt(dtype: torch.dtype, last: int) -> None:
    """As where an optimizer's state was cast with the model: 256 + 1 is 256 in bfloat16."""
    step = torch.tensor(last, dtype=dtype)
    assert dtype == torch.uint8 or bool(step + 1 == step)
    state = {"state": {0: {"step": step}}, "param_groups": [{"lr": 0.1}]}
    with pytest.raises(lrspec.AmbiguousPositionError, match="stands still: there may have been more updates"):
        lrspec.position(state)
    assert lrspec.position(state, counter="optimizer.step").updates == last
    assert lrspec.position({"state": {0: {"step": step - 1}}, "param_groups": [{"lr": 0.1}]}).updates == last - 1


class Broken(schedulers.LRScheduler):  # type: ignore[misc]  # torch is untyped
    def __init__(self) -> None:
        """Leave everything out, as a user's own may."""

    def state_dict(self) -> Any:
        raise KeyError("base_lrs")


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_schedulers_that_cannot_be_asked_or_moved() -> None:
    for ask in (lrspec.position, lrspec.check_clock, lambda found: lrspec.set_position(found, 3)):
        with pytest.raises(lrspec.UnsupportedError, match="Broken is not supported: its state_dict"):
            ask(Broken())
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    broken = schedulers.LambdaLR(optimizer, lambda step: 1 if step < 2 else 1 // 0)
    before = optimizer.param_groups[0]["lr"], broken.last_epoch
    with pytest.raises(lrspec.LrspecError, match="LambdaLR has no rate at step 5"):
        lrspec.set_position(broken, 5)
    assert (optimizer.param_groups[0]["lr"], broken.last_epoch) == before
