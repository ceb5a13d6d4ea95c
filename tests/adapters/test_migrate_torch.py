"""`lrspec migrate` beside the rates that a checkpoint of torch holds, and the optimizer that it is of."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as schedulers

import lrspec
from lrspec.cli import main
from lrspec.positions.held import held

COSINE = lrspec.Cosine(init_value=0.003, end_value=0.0, steps=100)
READS_FILES = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 6)
pytestmark = pytest.mark.skipif(not READS_FILES, reason="this PyTorch reads no file without running what is in it")


def update(optimizer: Any, scheduler: Any, calls: int, skipped: tuple[int, ...] = ()) -> None:
    for k in range(calls):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        if k not in skipped:
            optimizer.step()
        scheduler.step()


@pytest.fixture
def skipped(tmp_path: Path) -> Path:
    """Return the checkpoint of a run of 80 calls, of which three were skipped updates."""
    optimizer = torch.optim.AdamW([torch.ones(2)], lr=0.003, betas=(0.9, 0.95), weight_decay=0.1)
    scheduler = schedulers.CosineAnnealingLR(optimizer, 100)
    update(optimizer, scheduler, 80, (5, 20, 40))
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, tmp_path / "run.pt")
    lrspec.dump(COSINE, tmp_path / "run.yaml")
    return tmp_path / "run.pt"


def migrate(checkpoint: Path, document: Path, *more: str) -> int:
    return main(["migrate", str(checkpoint), "--schedule", str(document), *more])


@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")
def test_the_rate_that_is_held_settles_skipped_updates(skipped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The counters say 77 and 80, and the document has the saved rate at 80 alone."""
    saved = torch.load(skipped)["optimizer"]["param_groups"][0]["lr"]
    assert float(torch.tensor(saved)) == COSINE(80) != COSINE(77)
    assert migrate(skipped, skipped.with_suffix(".yaml"), "--to", "torch") == 0
    output = capsys.readouterr().out
    for words in (
        "80 updates applied, by scheduler.last_epoch",
        f"--counter optimizer.step goes on at 77: the document has the learning_rate {COSINE(77)!r}, 30.8% above",
        f"scheduler.last_epoch goes on at 80: the document has the learning_rate {COSINE(80)!r}, in every bit",
    ):
        assert words in output
    scope: dict[str, Any] = {"model": torch.nn.Linear(2, 1)}
    exec(output, scope)  # noqa: S102 - what the command printed
    group = scope["optimizer"].param_groups[0]
    assert (type(scope["optimizer"]), group["betas"], group["weight_decay"]) == (torch.optim.AdamW, (0.9, 0.95), 0.1)
    assert group["lr"] == COSINE(80)


@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")
def test_what_no_rate_settles_is_asked_for_with_its_costs(skipped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = skipped.with_suffix(".yaml")
    lrspec.dump(lrspec.Constant(value=0.7), document)
    assert migrate(skipped, document, "--to", "optax") == 2
    error = capsys.readouterr().err
    assert error.count(f"the learning_rate {lrspec.Constant(value=0.7)(0)!r}") == 2
    assert "choose with --counter: optimizer.step (77) or scheduler.last_epoch (80)" in error


@pytest.mark.parametrize(
    ("native", "calls_after", "steps"),
    [("written between the two", 0, 1), ("one per epoch", 1, 10)],
)
@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")
def test_a_rate_that_follows_the_calls_settles_nothing_of_updates(
    native: str, calls_after: int, steps: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rate is the document's at the scheduler's own count, whatever that counts."""
    del native
    optimizer = torch.optim.AdamW([torch.ones(2)], lr=0.003)
    scheduler = schedulers.CosineAnnealingLR(optimizer, 100)
    for _ in range(5):
        update(optimizer, type("Never", (), {"step": lambda _: None})(), steps)
        scheduler.step()
    if not calls_after:
        update(optimizer, type("Never", (), {"step": lambda _: None})(), 1)
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, tmp_path / "run.pt")
    lrspec.dump(COSINE, tmp_path / "run.yaml")
    assert migrate(tmp_path / "run.pt", tmp_path / "run.yaml", "--to", "torch") == 2
    assert "choose with --counter" in capsys.readouterr().err


def test_another_documents_rate_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    optimizer = torch.optim.Adam([torch.ones(2)], lr=0.003)
    scheduler = schedulers.CosineAnnealingLR(optimizer, 100)
    update(optimizer, scheduler, 20)
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, tmp_path / "run.pt")
    saved = optimizer.param_groups[0]["lr"]
    for schedule, status in ((COSINE, 0), (lrspec.Constant(value=0.7), 1)):
        lrspec.dump(schedule, tmp_path / "run.yaml")
        assert migrate(tmp_path / "run.pt", tmp_path / "run.yaml", "--to", "torch") == status
        output = capsys.readouterr()
        assert f"{saved!r} that the checkpoint holds" in output.out
        assert (f"above the {saved!r}" in output.err) == bool(status)
        assert f"torch.optim.Adam(model.parameters(){', betas' if status == 0 else ''}" in output.out


NAMES = [
    name
    for name, value in vars(torch.optim).items()
    if inspect.isclass(value) and issubclass(value, torch.optim.Optimizer) and name not in {"Optimizer", "SparseAdam"}
]


@pytest.mark.parametrize("name", NAMES)
def test_each_optimizer_of_torch_is_known_by_its_groups(name: str, tmp_path: Path) -> None:
    optimizer = getattr(torch.optim, name)([torch.ones(2, 2)], lr=0.5)
    torch.save(optimizer.state_dict(), tmp_path / "run.pt")
    found = held(tmp_path / "run.pt")
    assert (found.optimizer, found.groups[0]["lr"]) == (name, 0.5)
    lrspec.dump(lrspec.Constant(value=0.5), tmp_path / "run.yaml")


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"LBFGS"}))
def test_the_code_makes_the_optimizer_as_it_was(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weight = torch.nn.Linear(2, 2, bias=False)
    optimizer = getattr(torch.optim, name)(weight.parameters(), lr=0.5)
    scheduler = lrspec.Constant(value=0.5).to_torch(optimizer)
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, tmp_path / "run.pt")
    lrspec.dump(lrspec.Constant(value=0.5), tmp_path / "run.yaml")
    assert migrate(tmp_path / "run.pt", tmp_path / "run.yaml", "--to", "torch") == 0
    scope: dict[str, Any] = {"model": weight}
    exec(capsys.readouterr().out, scope)  # noqa: S102 - what the command printed
    made, was = (each.state_dict()["param_groups"] for each in (scope["optimizer"], optimizer))
    assert type(scope["optimizer"]) is type(optimizer)
    assert [{k: v for k, v in group.items() if k != "initial_lr"} for group in made] == [
        {k: v for k, v in group.items() if k != "initial_lr"} for group in was
    ]


def test_optimizers_from_elsewhere_are_not_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    group = {"lr": 0.5, "betas": (0.9, 0.999), "weight_decay": 0, "k": 5, "weight_sum": 1.0, "params": [0]}
    torch.save({"state": {}, "param_groups": [group]}, tmp_path / "run.pt")
    lrspec.dump(lrspec.Constant(value=0.5), tmp_path / "run.yaml")
    assert migrate(tmp_path / "run.pt", tmp_path / "run.yaml", "--to", "torch") == 0
    assert "does not tell which optimizer it is of: AdamW stands in its place" in capsys.readouterr().out


@pytest.mark.parametrize(("to", "optimizer"), [("keras", "Rprop"), ("optax", "Muon")])
def test_what_a_framework_has_not_is_refused_by_name(
    to: str, optimizer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = getattr(torch.optim, optimizer)([torch.ones(2, 2)], lr=0.5)
    scheduler = lrspec.Constant(value=0.5).to_torch(made)
    torch.save({"optimizer": made.state_dict(), "scheduler": scheduler.state_dict()}, tmp_path / "run.pt")
    lrspec.dump(lrspec.Constant(value=0.5), tmp_path / "run.yaml")
    assert migrate(tmp_path / "run.pt", tmp_path / "run.yaml", "--to", to) == 2
    assert f"{to}: {optimizer} is not supported" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["momentum", "weight_decay"])
def test_what_keras_cannot_schedule_is_refused_by_name(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    optimizer = torch.optim.AdamW([torch.ones(2)], lr=0.5)
    torch.save(lrspec.Constant(value=0.5).to_torch(optimizer).state_dict(), tmp_path / "run.pt")
    document = f"{{lrspec: 1, learning_rate: {{kind: constant, value: 0.5}}, {name}: {{kind: constant, value: 0.9}}}}"
    (tmp_path / "run.yaml").write_text(document)
    assert migrate(tmp_path / "run.pt", tmp_path / "run.yaml", "--to", "keras") == 2
    assert f"keras: {name} is not supported" in capsys.readouterr().err


def test_groups_are_compared_each_with_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run.yaml").write_text(
        "lrspec: 1\nlearning_rate: {kind: constant, value: 0.5}\ngroups: {head: {scale: 0.5}}\n"
    )
    document = lrspec.load(tmp_path / "run.yaml")
    groups = [{"params": [torch.ones(2)]}, {"params": [torch.ones(2)], "name": "head"}]
    optimizer = torch.optim.AdamW(groups, lr=0.1)
    scheduler = document.to_torch(optimizer)
    update(optimizer, scheduler, 3)
    state = {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    torch.save(state, tmp_path / "run.pt")
    assert migrate(tmp_path / "run.pt", tmp_path / "run.yaml", "--to", "torch") == 0
    output = capsys.readouterr().out
    assert "learning_rate of group 0 0.5, in every bit" in output
    assert "learning_rate of group 1 0.25, in every bit" in output
    assert "AdamW(parameter_groups, " in output
    state["optimizer"]["param_groups"][1]["lr"] = 0.5
    torch.save(state, tmp_path / "run.pt")
    assert migrate(tmp_path / "run.pt", tmp_path / "run.yaml", "--to", "torch") == 1
    assert "learning_rate of group 1 0.25, 50% below the 0.5" in capsys.readouterr().err
