"""OLMo's configs, beside the files of the corpus: what a reading says, whose files they are, and edges."""

from pathlib import Path
from typing import Any

import pytest

from lrspec import LrspecError, SpecError, UnsupportedError
from lrspec.kinds import Shift
from lrspec.readers.configs import load_config, read_config
from lrspec.readers.reading import Reading, exact_values

FILES = Path(__file__).parent / "readers/olmo/files"
STEP = "step n is OLMo's own step n; its first update is step 1 ({kind: shift, by: 1} gives the updates)"


def config(run: Any = 200, **scheduler: Any) -> dict[str, Any]:
    return {
        "optimizer": {"name": "adamw", "learning_rate": 1e-3},
        "scheduler": {"name": "linear_with_warmup", "t_warmup": 20, "alpha_f": 0.0, **scheduler},
        "max_duration": run,
    }


def end_of(reading: Reading) -> int:
    """Return the first step with the value at the end."""
    return next(n for n, value in enumerate(exact_values(reading.schedule.node, range(20, 2000)), 20) if value == 0)


@pytest.mark.parametrize("name", ["constant", "inverse_sqrt_with_warmup", "cosine_with_warmup", "max_scheduler"])
def test_a_reading_says_whose_steps_it_counts(name: str) -> None:
    assert STEP in read_config(config(name=name)).notes


def test_a_shift_gives_the_updates() -> None:
    node = read_config(config(warmup_min_lr=0.0)).schedule.node
    own = exact_values(node, range(1, 210))
    assert exact_values(Shift(part=node, by=1), range(209)) == own
    assert own[:2] == [1e-3 / 20, 2e-3 / 20]


@pytest.mark.parametrize(
    ("run", "given", "steps"),
    [
        (300, {}, 300),
        ("300", {}, 300),
        ("3e2", {}, 300),
        ("300.9", {}, 300),
        ("1_000", {}, 1000),
        ("3000T", {"tokens_per_step": 10}, 300),
        ("3001T", {"tokens_per_step": 10}, 301),
        ("3.0019e3 T", {"tokens_per_step": 10}, 301),
        ("2ep", {"steps_per_epoch": 150}, 300),
        ("1 ep", {"steps_per_epoch": 150}, 150),
    ],
)
def test_a_run_is_as_long_as_the_trainer_makes_it(run: Any, given: dict[str, Any], steps: int) -> None:
    reading = read_config(config(run), **given)
    assert (reading.total, end_of(reading)) == (steps, steps)


@pytest.mark.parametrize(
    "run", [0, -5, True, 3e2, "ten", "10t", "10EP", "1.5ep", "1e2ep", "0T", "10 epochs", "inf", [3]]
)
def test_a_run_that_olmo_does_not_take_is_refused(run: Any) -> None:
    with pytest.raises(SpecError, match=r"max_duration: found .* 2e12T"):
        read_config(config(run), tokens_per_step=10, steps_per_epoch=10)


def test_tokens_are_those_of_the_file_or_given() -> None:
    whole = {"global_train_batch_size": 4, "model": {"max_sequence_length": 5}}
    assert read_config({**config("4000T"), **whole}).total == 200
    assert read_config({**config("4000T"), **whole}, tokens_per_step=40).total == 100
    for part, value in whole.items():
        with pytest.raises(SpecError, match=r"global_train_batch_size: .*tokens_per_step"):
            read_config({**config("4000T"), part: value})


def test_a_run_that_the_schedule_does_not_need() -> None:
    for scheduler in ({"t_max": 100}, {"name": "constant"}, {"name": "inverse_sqrt_with_warmup"}):
        assert read_config(config("3ep", **scheduler)).total is None
        assert read_config(config("3ep", **scheduler), steps_per_epoch=50).total == 150
        assert read_config(config("${run}", **scheduler)).total is None
    assert read_config({**config(), "stop_at": 150}).total == 150
    assert read_config({**config(), "stop_at": 250}).total == 200
    assert read_config({**config(), "stop_after": 10}).total is None


def test_what_olmo_does_not_say_of_the_rate_is_noted() -> None:
    notes = read_config(config(grad_clip_warmup_steps=10, grad_clip_warmup_factor=2.0)).notes
    assert any("clipping of gradients" in note for note in notes)
    assert any("a tenth of learning_rate" in note for note in notes)
    assert not any("clipping" in note or "tenth" in note for note in read_config(config(warmup_min_lr=0)).notes)
    assert any("the warmup is not shorter" in note for note in read_config(config(20)).notes)
    loaded = {**config(units="tokens", t_max=5000), "load_path": "step10"}
    assert any(note.startswith("load_path") for note in read_config(loaded, tokens_per_step=7).notes)
    fresh = read_config({**loaded, "restore_dataloader": False}, tokens_per_step=7)
    assert not any(note.startswith("load_path") for note in fresh.notes)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"warmup_min_lr": 2e-3}, "scheduler.warmup_min_lr: found 0.002, expected a number below"),
        ({"warmup_min_lr": -1e-4}, "scheduler.warmup_min_lr"),
        ({"t_warmup": -1}, "scheduler.t_warmup"),
        ({"t_warmup": "${x}"}, "scheduler.t_warmup"),
        ({"t_warmup": 1e30}, "without an equivalent"),
        ({"alpha_f": float("nan")}, "scheduler.alpha_f"),
        ({"t_max": "soon"}, "scheduler.t_max"),
        ({"units": "samples"}, "scheduler.units"),
        ({"name": "max_scheduler", "t_warmup": 0}, "timescale of an inverse square root"),
    ],
)
def test_an_edge_is_refused_by_its_key(more: dict[str, Any], message: str) -> None:
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config(config(**more))


@pytest.mark.parametrize(
    ("change", "owner"),
    [
        ({"optimizer": {"learning_rate": 1e-3, "lr": 1e-3}}, None),
        ({"optimizer": {"lr": 1e-3}}, None),
        ({"optimizer": {"lr": 1e-3}, "scheduler": {"name": "cosine_with_warmup", "t_warmup": "20ba"}}, "composer"),
        ({"scheduler": {"name": "cosine", "warmup": 20}}, None),
        ({"scheduler": {"name": "cosine_with_warmup", "type": "own", "t_warmup": 20}}, None),
        ({"scheduler": {"name": "cosine_with_warmup", "t_warmup": 20}}, "olmo"),
        ({"scheduler": {"name": "constant"}}, "olmo"),
    ],
)
def test_whose_a_file_is(change: dict[str, Any], owner: str | None) -> None:
    file = {**config("200ba" if owner == "composer" else 200), **change}
    if owner:
        assert read_config(file).framework == owner
    else:
        with pytest.raises(LrspecError, match="a config with the keys"):
            read_config(file)


def test_composer_does_not_read_it_by_force() -> None:
    with pytest.raises(LrspecError):
        load_config(FILES / "steps.yaml", system="composer")
