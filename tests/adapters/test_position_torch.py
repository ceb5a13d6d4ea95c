"""PyTorch's counters, from runs whose updates the test counts, and schedulers put at a step."""

from __future__ import annotations

import os
import pickle
import random
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as schedulers
from torch.optim.swa_utils import SWALR

import lrspec
from lrspec.cli import main

SCHEDULE = lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90)
COUNTING = ("Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta", "RMSprop", "ASGD", "Rprop", "Adafactor")

READS_FILES = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 6)
needs_files = pytest.mark.skipif(not READS_FILES, reason="reading files takes PyTorch 2.6; the last test here says so")


def files(*paths: Path) -> tuple[Path, ...]:
    """Return the files, where this PyTorch can read them without running what is in them."""
    return paths if READS_FILES else ()


def optimizer_of(name: str, **arguments: Any) -> torch.optim.Optimizer:
    parameters = [torch.zeros(2, requires_grad=True), torch.zeros(3, requires_grad=True)]
    optimizer: torch.optim.Optimizer = getattr(torch.optim, name)(parameters, lr=0.1, **arguments)
    return optimizer


def update(optimizer: torch.optim.Optimizer, scheduler: Any, updates: int, every: int = 1) -> None:
    """Apply updates, and step the scheduler after each `every` of them."""
    for k in range(1, updates + 1):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        optimizer.step()
        if scheduler is not None and k % every == 0:
            scheduler.step()


@pytest.mark.parametrize("name", COUNTING)
def test_optimizers_that_count(name: str, tmp_path: Path) -> None:
    optimizer = optimizer_of(name)
    update(optimizer, None, 7)
    torch.save(optimizer.state_dict(), tmp_path / "optimizer.pt")
    for found in (optimizer, optimizer.state_dict(), *files(tmp_path / "optimizer.pt")):
        position = lrspec.position(found)
        assert (position.updates, position.counter, int(position)) == (7, "optimizer.step", 7)


@pytest.mark.parametrize("name", ["SGD"])
def test_optimizers_that_do_not_count(name: str, tmp_path: Path) -> None:
    optimizer = optimizer_of(name, momentum=0.9)
    update(optimizer, None, 7)
    torch.save(optimizer.state_dict(), tmp_path / "optimizer.pt")
    for found in (optimizer, optimizer.state_dict(), *files(tmp_path / "optimizer.pt")):
        with pytest.raises(lrspec.UnsupportedError, match="no count of its updates"):
            lrspec.position(found)


def test_a_parameter_that_is_unfrozen_late_does_not_count() -> None:
    optimizer = optimizer_of("Adam")
    first, late = optimizer.param_groups[0]["params"]
    for k in range(9):
        first.grad = torch.ones_like(first)
        late.grad = torch.ones_like(late) if k > 5 else None
        optimizer.step()
    assert lrspec.position(optimizer).updates == 9


def made(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    parts = [schedulers.LinearLR(optimizer, total_iters=3), schedulers.CosineAnnealingLR(optimizer, 10)]
    return {
        "StepLR": schedulers.StepLR(optimizer, 2),
        "MultiStepLR": schedulers.MultiStepLR(optimizer, [2, 2, 5]),
        "LambdaLR": schedulers.LambdaLR(optimizer, lambda step: 1 / (1 + step)),
        "CosineAnnealingWarmRestarts": schedulers.CosineAnnealingWarmRestarts(optimizer, 3, 2),
        "OneCycleLR": schedulers.OneCycleLR(optimizer, 0.1, 50),
        "CyclicLR": schedulers.CyclicLR(optimizer, 0.1, 0.2, 3, cycle_momentum=False),
        "SequentialLR": schedulers.SequentialLR(optimizer, parts, [3]),
        "ChainedScheduler": schedulers.ChainedScheduler([schedulers.StepLR(optimizer, 2)]),
        "SWALR": SWALR(optimizer, 0.05),
    }


@pytest.mark.parametrize("name", made(optimizer_of("SGD")))
def test_schedulers_beside_an_optimizer_that_counts(name: str, tmp_path: Path) -> None:
    optimizer = optimizer_of("Adam")
    scheduler = made(optimizer)[name]
    update(optimizer, scheduler, 7)
    assert lrspec.position(scheduler).updates == 7
    state = {"model": {}, "optimizer": optimizer.state_dict(), "epoch": 1}
    if name != "LambdaLR":  # torch itself saves no lambda
        state["scheduler"] = scheduler.state_dict()
    torch.save(state, tmp_path / "all.ckpt")
    for found in (state, *files(tmp_path / "all.ckpt")):
        assert lrspec.position(found).updates == 7


def test_a_scheduler_alone_needs_a_choice() -> None:
    optimizer = optimizer_of("SGD")
    scheduler = schedulers.StepLR(optimizer, 2)
    assert lrspec.position(scheduler).updates == 0
    update(optimizer, scheduler, 7)
    for found, name in ((scheduler, "scheduler.last_epoch"), (scheduler.state_dict(), "scheduler.last_epoch")):
        with pytest.raises(lrspec.AmbiguousPositionError, match="nothing here tells how many updates") as caught:
            lrspec.position(found)
        assert caught.value.candidates == {name: 7}
        assert pickle.loads(pickle.dumps(caught.value)).candidates == {name: 7}  # noqa: S301 - made here
        assert lrspec.position(found, counter=name).updates == 7
    with pytest.raises(lrspec.LrspecError, match=r"no counter last_epoch: expected one of scheduler\.last_epoch"):
        lrspec.position(scheduler, counter="last_epoch")


def test_a_scheduler_that_was_never_stepped_says_nothing_of_an_optimizer_that_was() -> None:
    optimizer = optimizer_of("SGD")
    scheduler = schedulers.StepLR(optimizer, 2)
    update(optimizer, None, 3)
    with pytest.raises(lrspec.AmbiguousPositionError):
        lrspec.position(scheduler)


@pytest.mark.parametrize(
    ("every", "calls", "words"),
    [(10, 1, "a step per epoch"), (1, 4, "4 times as many, as with a step per process"), (2, 1, "fewer")],
)
def test_schedulers_with_another_clock_are_reported(every: int, calls: int, words: str) -> None:
    optimizer = optimizer_of("Adam")
    scheduler = schedulers.StepLR(optimizer, 2)
    for _ in range(40 // every):
        update(optimizer, None, every)
        for _ in range(calls):
            scheduler.step()
    with pytest.raises(lrspec.AmbiguousPositionError, match=words) as caught:
        lrspec.position(scheduler)
    assert caught.value.candidates == {"scheduler.last_epoch": 40 // every * calls, "optimizer.step": 40}
    position = lrspec.position(scheduler, counter="optimizer.step")
    assert position.updates == 40
    assert [counter.value for counter in position.candidates] == [40 // every * calls, 40]


def test_a_checkpoint_between_the_two_steps_is_reported() -> None:
    optimizer = optimizer_of("Adam")
    scheduler = schedulers.StepLR(optimizer, 2)
    update(optimizer, scheduler, 5)
    update(optimizer, None, 1)
    with pytest.raises(lrspec.AmbiguousPositionError, match="one apart, as in a checkpoint that was written between"):
        lrspec.position(scheduler)


def test_what_the_script_counts_is_a_candidate() -> None:
    optimizer = optimizer_of("Adam")
    update(optimizer, None, 5)
    state = {"optimizer": optimizer.state_dict(), "global_step": torch.tensor(20)}
    with pytest.raises(lrspec.AmbiguousPositionError, match="4 times as many"):
        lrspec.position(state)
    assert lrspec.position(state | {"global_step": 5}).updates == 5


def test_lrspecs_own_scheduler_is_believed(tmp_path: Path) -> None:
    optimizer = optimizer_of("SGD")
    scheduler = SCHEDULE.to_torch(optimizer)
    update(optimizer, scheduler, 11)
    torch.save(scheduler.state_dict(), tmp_path / "scheduler.pt")
    for found in (scheduler, scheduler.state_dict(), *files(tmp_path / "scheduler.pt")):
        assert lrspec.position(found).updates == 11


@pytest.mark.parametrize("step", [0, 1, 37, 500])
def test_lrspecs_own_scheduler_is_moved(step: int) -> None:
    optimizer = optimizer_of("SGD")
    scheduler = SCHEDULE.to_torch(optimizer)
    assert lrspec.set_position(scheduler, step) is scheduler
    assert optimizer.param_groups[0]["lr"] == SCHEDULE(step)
    update(optimizer, scheduler, 1)
    assert optimizer.param_groups[0]["lr"] == SCHEDULE(step + 1)
    assert lrspec.position(scheduler).updates == step + 1


NATIVE: dict[str, Any] = {
    "StepLR": lambda o: schedulers.StepLR(o, 7, gamma=0.5),
    "MultiStepLR": lambda o: schedulers.MultiStepLR(o, [0, 2, 2, 25], gamma=0.5),
    "ConstantLR": lambda o: schedulers.ConstantLR(o, 0.5, 9),
    "LinearLR": lambda o: schedulers.LinearLR(o, 0.1, 1.0, 12),
    "ExponentialLR": lambda o: schedulers.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: schedulers.PolynomialLR(o, 50, 2.0),
    "CosineAnnealingLR": lambda o: schedulers.CosineAnnealingLR(o, 13, 0.01),
    "CosineAnnealingWarmRestarts": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 1, 3, 0.01),
    "restarts of one length": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 5),
    "LambdaLR": lambda o: schedulers.LambdaLR(o, lambda step: 1 / (1 + step)),
    "CyclicLR": lambda o: schedulers.CyclicLR(o, 0.01, 0.2, 4, 7, mode="triangular2"),
    "OneCycleLR": lambda o: schedulers.OneCycleLR(o, 0.1, 50),
    "SequentialLR": lambda o: schedulers.SequentialLR(o, [schedulers.LinearLR(o), schedulers.StepLR(o, 3)], [5]),
    "MultiplicativeLR": lambda o: schedulers.MultiplicativeLR(o, lambda _: 0.9),
    "ChainedScheduler": lambda o: schedulers.ChainedScheduler(
        [schedulers.ChainedScheduler([schedulers.LinearLR(o, 0.1)]), schedulers.ExponentialLR(o, 0.9)]
    ),
}


@pytest.mark.parametrize("tensor", [False, True], ids=["float", "tensor"])
@pytest.mark.parametrize("name", NATIVE)
def test_native_schedulers_are_moved(name: str, *, tensor: bool) -> None:
    """The rates and momenta of the run that was put at a step are those of the run that got there, and go on so."""

    def fresh() -> tuple[torch.optim.Optimizer, Any]:
        optimizer = optimizer_of("SGD", momentum=0.9)
        if tensor:
            optimizer.param_groups[0]["lr"] = torch.tensor(0.1, dtype=torch.float64)
        return optimizer, NATIVE[name](optimizer)

    ran, walked = fresh()
    for step in range(41):
        optimizer, scheduler = fresh()
        held = optimizer.param_groups[0]["lr"]
        lrspec.set_position(scheduler, step)
        for is_moved in (True, False):
            found, expected = optimizer.param_groups[0], ran.param_groups[0]
            assert float(found["lr"]) == float(expected["lr"])
            assert float(scheduler.get_last_lr()[0]) == float(found["lr"])
            assert found["momentum"] == expected["momentum"]
            if is_moved:
                update(optimizer, scheduler, 1)
                update(ran, walked, 1)
        if tensor and READS_FILES:  # PyTorch 2.5's own CosineAnnealingWarmRestarts replaces the tensor
            assert held is optimizer.param_groups[0]["lr"]
        if name != "ChainedScheduler":  # which has no such count
            assert scheduler.last_epoch == walked.last_epoch == step + 1


def test_schedulers_that_cannot_be_moved_are_refused() -> None:
    optimizer = optimizer_of("SGD")
    with pytest.raises(lrspec.UnsupportedError, match="ReduceLROnPlateau is not supported: it follows a metric"):
        lrspec.set_position(schedulers.ReduceLROnPlateau(optimizer), 3)
    scheduler = schedulers.StepLR(optimizer, 7)
    update(optimizer, scheduler, 5)
    with pytest.raises(lrspec.ClockError, match="the scheduler is at step 5, past 3"):
        lrspec.set_position(scheduler, 3)
    with pytest.raises(lrspec.UnsupportedError, match="the scheduler holds the position"):
        lrspec.set_position(optimizer, 3)


def test_a_step_past_the_end_changes_nothing() -> None:
    optimizer = optimizer_of("SGD", momentum=0.9)
    scheduler = schedulers.OneCycleLR(optimizer, 0.1, 50)
    before = dict(scheduler.state_dict()), optimizer.param_groups[0]["lr"]
    with pytest.raises(lrspec.LrspecError, match="50"):
        lrspec.set_position(scheduler, 51)
    assert (dict(scheduler.state_dict()), optimizer.param_groups[0]["lr"]) == before


def test_impossible_steps_are_refused() -> None:
    scheduler = SCHEDULE.to_torch(optimizer_of("SGD"))
    for step in (-1, 2**31):
        with pytest.raises(lrspec.StepError):
            lrspec.set_position(scheduler, step)
    with pytest.raises(TypeError):
        lrspec.set_position(scheduler, 1.0)  # type: ignore[arg-type]


class Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@needs_files
@pytest.mark.parametrize("writer", ["torch", "pickle"])
def test_code_in_a_file_does_not_run(writer: str, tmp_path: Path) -> None:
    file = tmp_path / "bomb.pt"
    state = {"last_epoch": Bomb(tmp_path / "boom")}
    if writer == "torch":
        torch.save(state, file)
    else:
        file.write_bytes(pickle.dumps(state, protocol=2))
    with pytest.raises(lrspec.UnsupportedError, match=r"bomb\.pt is not supported: .*mkdir.*save the state_dict"):
        lrspec.position(file)
    assert not (tmp_path / "boom").exists()
    pickle.loads(pickle.dumps(state))  # noqa: S301 - the bomb is live
    assert (tmp_path / "boom").exists()


@needs_files
def test_damaged_files_are_refused(tmp_path: Path) -> None:
    optimizer = optimizer_of("Adam")
    update(optimizer, None, 3)
    good, bad = tmp_path / "good.pt", tmp_path / "bad.pt"
    torch.save(optimizer.state_dict(), good)
    content = good.read_bytes()
    for length in (0, 1, 4, 16, 300, len(content) // 2, len(content) - 1):
        bad.write_bytes(content[:length])
        with pytest.raises(lrspec.LrspecError, match=r"bad\.pt"):
            lrspec.position(bad)
    torch.save(optimizer.state_dict(), good, _use_new_zipfile_serialization=False)
    assert lrspec.position(good).updates == 3
    content = good.read_bytes()
    for length in range(2, len(content) - 1, 97):
        bad.write_bytes(content[:length])
        with pytest.raises(lrspec.LrspecError, match=r"bad\.pt"):
            lrspec.position(bad)


@needs_files
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.filterwarnings("ignore")
def test_a_file_with_changed_bytes_is_read_or_refused(tmp_path: Path, *, zipped: bool) -> None:
    optimizer = optimizer_of("Adam")
    update(optimizer, None, 3)
    torch.save(optimizer.state_dict(), tmp_path / "run.pt", _use_new_zipfile_serialization=zipped)
    content = (tmp_path / "run.pt").read_bytes()
    rng = random.Random(5)  # noqa: S311 - no secret
    refused = 0
    for _ in range(200):
        changed = bytearray(content)
        for _ in range(5):
            changed[rng.randrange(len(content))] = rng.randrange(256)
        (tmp_path / "run.pt").write_bytes(changed)
        try:
            lrspec.position(tmp_path / "run.pt")
        except lrspec.LrspecError:
            refused += 1
    assert refused


@needs_files
def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "weights.pt")
    (tmp_path / "text.pt").write_text("hello world, this is text")
    (tmp_path / "model.safetensors").write_bytes(b"\x40\0\0\0\0\0\0\0{" + b" " * 64)
    for name, words in (("weights.pt", "only 'weight'"), ("text.pt", "first bytes"), ("model.safetensors", "alone")):
        with pytest.raises(lrspec.UnsupportedError, match=words):
            lrspec.position(tmp_path / name)
    with pytest.raises(lrspec.UnsupportedError, match="a folder that holds no checkpoint"):
        lrspec.position(tmp_path)
    with pytest.raises(FileNotFoundError):
        lrspec.position(tmp_path / "absent.pt")
    with pytest.raises(lrspec.UnsupportedError, match="it is no run"):
        lrspec.position(object())


@needs_files
def test_the_command_prints_code_that_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document, checkpoint = tmp_path / "schedule.yaml", tmp_path / "run.pt"
    lrspec.dump(SCHEDULE, document)
    optimizer = optimizer_of("Adam")
    update(optimizer, SCHEDULE.to_torch(optimizer), 23)
    torch.save({"optimizer": optimizer.state_dict()}, checkpoint)
    assert main(["migrate", str(checkpoint), "--schedule", str(document), "--to", "torch"]) == 0
    output = capsys.readouterr().out
    assert "23 updates applied, by optimizer.step: updates of the parameter that has had the most" in output
    assert f"# the next update, number 23 from 0, has the learning_rate {SCHEDULE(23)!r}" in output
    scope: dict[str, Any] = {"model": torch.nn.Linear(2, 1)}
    exec(output, scope)  # noqa: S102 - what the command printed
    assert scope["optimizer"].param_groups[0]["lr"] == SCHEDULE(23)
    update(scope["optimizer"], scope["scheduler"], 2)
    assert scope["scheduler"].get_last_lr() == [SCHEDULE(25)]


@needs_files
def test_the_command_asks_for_a_choice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document, checkpoint = tmp_path / "schedule.yaml", tmp_path / "scheduler.pt"
    lrspec.dump(SCHEDULE, document)
    optimizer = optimizer_of("SGD")
    scheduler = schedulers.CosineAnnealingLR(optimizer, 90, 0.001)
    update(optimizer, scheduler, 4)
    torch.save(scheduler.state_dict(), checkpoint)
    command = ["migrate", str(checkpoint), "--schedule", str(document), "--to", "keras"]
    assert main(command) == 2
    assert "scheduler.last_epoch (4)" in capsys.readouterr().err
    assert main([*command, "--counter", "scheduler.last_epoch"]) == 0
    assert "lrspec.set_position(optimizer, 4)" in capsys.readouterr().out


@needs_files
def test_names_in_a_file_stay_in_the_comments_of_the_printed_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, checkpoint = tmp_path / "schedule.yaml", tmp_path / "run.pt"
    lrspec.dump(SCHEDULE, document)
    scheduler = SCHEDULE.to_torch(optimizer_of("SGD"))
    torch.save({"x\nraise SystemExit\x1b[2J\n#": scheduler.state_dict()}, checkpoint)
    assert main(["migrate", str(checkpoint), "--schedule", str(document), "--to", "torch"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "SystemExit" in line and not line.startswith("# ")] == []
    assert all(line.isprintable() for line in lines)


@needs_files
@pytest.mark.parametrize("to", ["keras", "optax"])
def test_the_command_refuses_groups_where_its_code_would_have_none(
    to: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, checkpoint = tmp_path / "schedule.yaml", tmp_path / "run.pt"
    document.write_text("lrspec: 1\nlearning_rate: {kind: constant, value: 0.5}\ngroups: [{scale: 0.1}]\n")
    torch.save(SCHEDULE.to_torch(optimizer_of("SGD")).state_dict(), checkpoint)
    assert main(["migrate", str(checkpoint), "--schedule", str(document), "--to", to]) == 2
    assert "the group 0" in capsys.readouterr().err
    assert main(["migrate", str(checkpoint), "--schedule", str(document), "--to", "torch"]) == 0
    assert "the groups[0].learning_rate 0.05" in capsys.readouterr().out


class Counted(torch.optim.SGD):  # type: ignore[misc]  # torch is untyped
    """An optimizer that counts in its groups, as some from outside torch do."""

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            group["step"] = group.get("step", 0) + 1
        return super().step(closure)


def test_counts_in_the_groups_of_an_optimizer() -> None:
    optimizer = Counted([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = schedulers.StepLR(optimizer, 2)
    update(optimizer, scheduler, 30, every=10)
    assert lrspec.position(optimizer).updates == 30
    with pytest.raises(lrspec.AmbiguousPositionError, match="a step per epoch"):
        lrspec.position({"optimizer": optimizer.state_dict(), "lr_scheduler": scheduler.state_dict()})


def test_what_a_script_calls_last_epoch_hides_no_optimizer() -> None:
    optimizer = optimizer_of("Adam")
    update(optimizer, None, 30)
    state = {"last_epoch": 2, "model": {}, "trainer": {"optimizer": optimizer.state_dict()}}
    assert lrspec.position(state).counter == "trainer.optimizer.step"
    assert lrspec.position(state).updates == 30


def test_a_schedule_of_epochs_is_no_count_of_updates() -> None:
    optimizer = optimizer_of("Adam")
    scheduler = SCHEDULE.to_torch(optimizer, every="epoch")
    update(optimizer, scheduler, 30, every=10)
    assert lrspec.position(scheduler).counter == "optimizer.step"
    assert lrspec.check_clock(scheduler, 30) == 30
    with pytest.raises(lrspec.ClockError, match=r"optimizer\.step is 30: expected 31 updates"):
        lrspec.check_clock(scheduler, 31)


NONE = [
    None,
    "abc",
    float("nan"),
    float("inf"),
    2.5,
    True,
    torch.tensor([7, 8]),
    torch.tensor(1, dtype=torch.bool),
    torch.tensor(7, device="meta"),
]


@pytest.mark.parametrize("value", NONE, ids=str)
def test_a_count_that_is_none_is_left_out(value: Any) -> None:
    optimizer = optimizer_of("Adam")
    update(optimizer, None, 3)
    state = {"optimizer": optimizer.state_dict(), "scheduler": {"last_epoch": value, "_step_count": 1}}
    assert lrspec.position(state).updates == 3
    with pytest.raises(lrspec.UnsupportedError, match="keeps no count"):
        lrspec.position(state["scheduler"])


def test_nothing_else_is_imported() -> None:
    assert "transformers" not in sys.modules


@pytest.mark.skipif(READS_FILES, reason="this PyTorch can read files")
def test_files_are_refused_where_reading_one_might_run_it(tmp_path: Path) -> None:
    torch.save(optimizer_of("Adam").state_dict(), tmp_path / "optimizer.pt")
    with pytest.raises(lrspec.UnsupportedError, match=r"before PyTorch 2\.6 \(CVE-2025-32434\)"):
        lrspec.position(tmp_path / "optimizer.pt")
