"""Config files: each system's own formula, written again here from its source, against what is read."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mpmath import mp, mpf

from lrspec import SpecError, UnsupportedError
from lrspec.native.configs import load_config, read_config
from lrspec.native.configs.files import arguments
from lrspec.native.reading import Reading

mp.dps = 40
CONFIGS = Path(__file__).parent / "configs"
Formula = Callable[[int], Any]


def same(reading: Reading, formula: Formula, steps: int, name: str = "learning_rate") -> None:
    """Compare the values with a formula, to the rounding of float32."""
    schedule: Any = reading.schedule
    values = (schedule if name == "learning_rate" else schedule[name]).values(0, steps)
    for t, value in enumerate(values):
        expected = mpf(formula(t))
        assert abs(mpf(float(value)) - expected) <= abs(expected) * mpf(2) ** -24 * 1.0001, (t, value, expected)


def cosine(x: Any) -> Any:
    """Half a wave, from 1 to 0."""
    return (1 + mp.cos(mp.pi * mpf(x))) / 2


# Hugging Face


def hf_ramp(t: int, warmup: int) -> Any:
    return mpf(t) / max(1, warmup)


def hf_cosine(t: int, w: int, n: int, cycles: float = 0.5, floor: float = 0.0) -> Any:
    if t < w:
        return hf_ramp(t, w)
    progress = mpf(t - w) / max(1, n - w)
    return cosine(2 * mpf(cycles) * progress) * (1 - mpf(floor)) + mpf(floor)


def hf_ahead(t: int, w: int, n: int, floor: float, first: float | None = None) -> Any:
    if t < w:
        if first is None:
            return mpf(t + 1) / max(1, w)
        return mpf(first) + (1 - mpf(first)) * t / max(1, w - 1)
    return cosine(mpf(t - w + 1) / max(1, n - w)) * (1 - mpf(floor)) + mpf(floor)


def hf_restarts(t: int, w: int, n: int, cycles: int) -> Any:
    if t < w:
        return hf_ramp(t, w)
    progress = mpf(t - w) / max(1, n - w)
    if progress >= 1:
        return 0
    done = (t - w) * cycles % (n - w)
    return cosine(mpf(done) / (n - w))


def hf_wsd(t: int, w: int, s: int, d: int, up: str, down: str, r: float) -> Any:
    if t < w:
        x = mpf(t) / w
        shape = {"linear": x, "cosine": 1 - cosine(x), "1-sqrt": 1 - mp.sqrt(1 - x)}[up]
    elif t < w + s:
        return 1
    elif t < w + s + d:
        x = mpf(t - w - s) / d
        shape = {"linear": 1 - x, "cosine": cosine(x), "1-sqrt": 1 - mp.sqrt(x)}[down]
    else:
        return mpf(r)
    return shape * (1 - mpf(r)) + mpf(r)


HF: list[tuple[str, dict[str, Any], Formula]] = [
    ("constant", {}, lambda _: 1),
    ("constant_with_warmup", {}, lambda t: min(1, hf_ramp(t, 4))),
    ("linear", {}, lambda t: hf_ramp(t, 4) if t < 4 else max(0, mpf(24 - t) / 20)),
    ("cosine", {}, lambda t: hf_cosine(t, 4, 24)),
    ("cosine", {"num_cycles": 2}, lambda t: hf_cosine(t, 4, 24, 2)),
    ("cosine_with_restarts", {"num_cycles": 3}, lambda t: hf_restarts(t, 4, 24, 3)),
    (
        "polynomial",
        {"lr_end": 0.0078125, "power": 2.5},
        lambda t: hf_ramp(t, 4) if t < 4 else mpf(max(0, 24 - t)) / 20 ** mpf(1),
    ),
    ("inverse_sqrt", {}, lambda t: hf_ramp(t, 4) if t < 4 else mp.sqrt(mpf(4) / t)),
    ("inverse_sqrt", {"timescale": 9}, lambda t: hf_ramp(t, 4) if t < 4 else mp.sqrt(mpf(9) / (t + 5))),
    ("cosine_with_min_lr", {"min_lr_rate": 0.125}, lambda t: hf_cosine(t, 4, 24, floor=0.125)),
    ("cosine_with_min_lr", {"min_lr": 0.0625}, lambda t: hf_cosine(t, 4, 24, floor=0.125)),
    ("cosine_warmup_with_min_lr", {"min_lr_rate": 0.125}, lambda t: hf_ahead(t, 4, 24, 0.125)),
    (
        "cosine_warmup_with_min_lr",
        {"min_lr_rate": 0.125, "warmup_lr_rate": 0.25},
        lambda t: hf_ahead(t, 4, 24, 0.125, 0.25),
    ),
    ("warmup_stable_decay", {"num_decay_steps": 7}, lambda t: hf_wsd(t, 4, 13, 7, "linear", "cosine", 0)),
    (
        "warmup_stable_decay",
        {"num_decay_steps": 7, "warmup_type": "1-sqrt", "decay_type": "1-sqrt", "min_lr_ratio": 0.25},
        lambda t: hf_wsd(t, 4, 13, 7, "1-sqrt", "1-sqrt", 0.25),
    ),
    (
        "warmup_stable_decay",
        {"num_decay_steps": 7, "num_stable_steps": 5, "warmup_type": "cosine", "decay_type": "linear"},
        lambda t: hf_wsd(t, 4, 5, 7, "cosine", "linear", 0),
    ),
]


def hf_polynomial(t: int) -> Any:
    if t < 4:
        return hf_ramp(t, 4)
    end = mpf(0.0078125) / mpf(0.5)
    return (1 - end) * (1 - mpf(min(t, 24) - 4) / 20) ** mpf(2.5) + end


HF = [(name, more, hf_polynomial if name == "polynomial" else formula) for name, more, formula in HF]


@pytest.mark.parametrize(("name", "more", "formula"), HF)
def test_every_scheduler_of_hugging_face(name: str, more: dict[str, Any], formula: Formula) -> None:
    config = {"lr_scheduler_type": name, "learning_rate": 0.5, "max_steps": 24, "warmup_steps": 4}
    reading = read_config({**config, "lr_scheduler_kwargs": more})
    assert (reading.framework, reading.construct) == ("huggingface", name)
    same(reading, lambda t: mpf(0.5) * formula(t), 40)


def test_hugging_face_counts_steps_as_its_trainer_does() -> None:
    reading = load_config(CONFIGS / "training_args.json", steps_per_epoch=101)
    total = math.ceil(3.0 * 101)
    warmup = math.ceil(total * 0.03)
    floor = mpf(float(mpf(5e-5) * mpf(0.1)))
    same(reading, lambda t: mpf(5e-5) * hf_cosine(t, warmup, total, floor=floor / mpf(5e-5)), total + 3)
    with pytest.raises(SpecError, match=r"num_train_epochs: found 3.0, expected steps_per_epoch="):
        load_config(CONFIGS / "training_args.json")


def test_hugging_face_restarts_that_its_floats_miss_are_named() -> None:
    config = {"lr_scheduler_type": "cosine_with_restarts", "learning_rate": 1.0, "max_steps": 490, "warmup_steps": 0}
    reading = read_config({**config, "lr_scheduler_kwargs": {"num_cycles": 49}})
    missed = [s for s in range(10, 490, 10) if 49.0 * (s / 490.0) % 1.0 > 0.5]
    assert missed
    assert any(str(missed) in note for note in reading.conventions)
    assert reading.schedule(missed[0]) == 1.0


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"lr_scheduler_type": "greedy"}, "huggingface: greedy is not supported"),
        ({"lr_scheduler_type": "reduce_lr_on_plateau"}, "follows a metric"),
        ({"lr_scheduler_type": "linaer"}, "lr_scheduler_type: found 'linaer'"),
        ({"lr_scheduler_type": "linear", "lr_scheduler_kwargs": {"power": 2}}, "lr_scheduler_kwargs.power: found 2"),
        ({"lr_scheduler_type": "linear", "warmup_stepz": 5}, "warmup_stepz: found 5"),
        ({"lr_scheduler_type": "cosine_with_min_lr"}, "one of min_lr and min_lr_rate"),
        ({"lr_scheduler_type": "linear", "warmup_steps": "many"}, "warmup_steps: found 'many'"),
        ({"lr_scheduler_type": "polynomial", "learning_rate": 1e-8}, "which Hugging Face refuses too"),
    ],
)
def test_what_hugging_face_does_not_say_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config({"learning_rate": 0.1, "max_steps": 10, **config})


# DeepSpeed


def ds_gamma(n: int, w: int, kind: str) -> Any:
    return mp.log(n + 1) / mp.log(w) if kind == "log" else mpf(n) / w


def ds_warmup(k: int, w: int, kind: str, low: float, high: float) -> Any:
    n = k - 1
    gamma = 0 if n < 0 else ds_gamma(n, w, kind) if n < w else 1
    return mpf(low) + (mpf(high) - mpf(low)) * gamma


def ds_decay(k: int, w: int, total: int, kind: str, low: float, high: float) -> Any:
    n = k - 1
    if n < w:
        return ds_warmup(k, w, kind, low, high)
    return mpf(low) + (mpf(high) - mpf(low)) * max(0, mpf(total - n) / max(1, total - w))


def ds_cosine(k: int, w: int, total: int, kind: str, low: float, floor: float) -> Any:
    n = k - 1
    if n < 0:
        return 0
    if n < w:
        return mpf(low) + (1 - mpf(low)) * ds_gamma(n, w, kind)
    progress = min(mpf(1), mpf(n - w + 1) / max(1, total - w))
    return mpf(floor) + (1 - mpf(floor)) * cosine(progress)


def ds_scale(k: int, first: int, second: int, up: int, down: int) -> Any:
    if k <= first:
        return mpf(k * up // first) / up if up else mpf(k) / first
    left = first + second - k
    return mpf(left * down // second) / down if down else mpf(left) / second


DEEPSPEED: list[tuple[str, dict[str, Any], Formula]] = [
    (
        "WarmupLR",
        {"warmup_min_lr": 0.125, "warmup_max_lr": 0.5, "warmup_num_steps": 6, "warmup_type": "linear"},
        lambda k: ds_warmup(k, 6, "linear", 0.125, 0.5),
    ),
    ("WarmupLR", {"warmup_num_steps": 6}, lambda k: ds_warmup(k, 6, "log", 0, 0.25)),
    ("WarmupLR", {"warmup_num_steps": 1}, lambda k: ds_warmup(k, 2, "log", 0, 0.25)),
    (
        "WarmupDecayLR",
        {"total_num_steps": 20, "warmup_num_steps": 6, "warmup_max_lr": 0.5},
        lambda k: ds_decay(k, 6, 20, "log", 0, 0.5),
    ),
    (
        "WarmupDecayLR",
        {"total_num_steps": 4, "warmup_num_steps": 6, "warmup_max_lr": 0.5, "warmup_type": "linear"},
        lambda k: ds_decay(k, 6, 4, "linear", 0, 0.5),
    ),
    (
        "WarmupCosineLR",
        {"total_num_steps": 20, "warmup_num_steps": 6, "warmup_min_ratio": 0.5, "cos_min_ratio": 0.125},
        lambda k: ds_cosine(k, 6, 20, "log", 0.5, 0.125) / 4,
    ),
    (
        "WarmupCosineLR",
        {"total_num_steps": 7, "warmup_num_steps": 6, "warmup_type": "linear", "cos_min_ratio": 0.125},
        lambda k: ds_cosine(k, 6, 7, "linear", 0, 0.125) / 4,
    ),
    (
        "LRRangeTest",
        {"lr_range_test_min_lr": 0.125, "lr_range_test_step_size": 7, "lr_range_test_step_rate": 3},
        lambda k: mpf(0.125) * (1 + 3 * mpf(k) / 7),
    ),
    (
        "LRRangeTest",
        {"lr_range_test_min_lr": 0.125, "lr_range_test_step_size": 7, "lr_range_test_staircase": True},
        lambda k: mpf(0.125) * (1 + k // 7),
    ),
    (
        "OneCycle",
        {"cycle_min_lr": 0.125, "cycle_max_lr": 1, "cycle_first_step_size": 5, "cycle_second_step_size": 9},
        lambda k: 0.125 + 0.875 * ds_scale(min(k, 14), 5, 9, 0, 0),
    ),
    (
        "OneCycle",
        {
            "cycle_min_lr": 0.125,
            "cycle_max_lr": 1,
            "cycle_first_step_size": 11,
            "cycle_second_step_size": 10,
            "cycle_first_stair_count": 4,
            "cycle_second_stair_count": 3,
            "decay_lr_rate": 2,
            "decay_step_size": 3,
        },
        lambda k: 0.125 + 0.875 * ds_scale(k, 11, 10, 4, 3) if k <= 21 else 0.125 / (1 + 2 * mpf(k - 21) / 3),
    ),
]


@pytest.mark.parametrize(("name", "params", "formula"), DEEPSPEED)
def test_every_scheduler_of_deepspeed(name: str, params: dict[str, Any], formula: Formula) -> None:
    optimizer = {"type": "SGD", "params": {"lr": 0.25}}
    reading = read_config({"optimizer": optimizer, "scheduler": {"type": name, "params": params}})
    assert (reading.framework, reading.construct) == ("deepspeed", name)
    same(reading, formula, 40)


def test_deepspeed_cycles_the_betas_of_an_optimizer_that_has_some() -> None:
    params = {"cycle_min_lr": 0.125, "cycle_max_lr": 1, "cycle_first_step_size": 5, "decay_mom_rate": 0.5}
    params |= {"cycle_min_mom": 0.5, "cycle_max_mom": 0.75, "decay_step_size": 4}
    config = {"optimizer": {"type": "Adam"}, "scheduler": {"type": "OneCycle", "params": params}}

    def momentum(k: int) -> Any:
        if k == 0:
            return 0.5
        return 0.75 - 0.25 * ds_scale(k, 5, 5, 0, 0) if k <= 10 else 0.75 * (1 + mpf(k - 10) / 8)

    same(read_config(config), momentum, 20, "momentum")
    for quiet in ({"cycle_momentum": False}, {}):
        optimizer = {"type": "Adam" if quiet else "SGD"}
        config = {"optimizer": optimizer, "scheduler": {"type": "OneCycle", "params": {**params, **quiet}}}
        assert read_config(config).schedule == read_config(config, system="deepspeed").schedule
        assert not hasattr(read_config(config).schedule, "groups")


def test_a_file_of_deepspeed() -> None:
    same(load_config(CONFIGS / "ds_config.json"), lambda k: ds_decay(k, 20, 200, "log", 0, 3e-5), 210)


@pytest.mark.parametrize(
    ("kind", "params", "message"),
    [
        ("WarmupLR", {"warmup_num_steps": "auto"}, "'auto', which another config fills in"),
        ("WarmupLR", {"warmup_max_lr": [0.1, 0.2]}, "a rate for each parameter group"),
        ("WarmupLR", {"warmup_typ": "log"}, "scheduler.params.warmup_typ: found 'log'"),
        ("WarmupLR", {"warmup_type": "cosine"}, "scheduler.params.warmup_type: found 'cosine'"),
        ("WarmupLR", {"last_batch_iteration": 5}, "the schedule from its beginning"),
        ("WarmupLR", {}, "optimizer.params.lr: found nothing, expected base_value="),
        ("WarmupDecayLR", {}, "scheduler.params.total_num_steps: found nothing, expected total_steps="),
        ("OneCycle", {"cycle_min_lr": 0.1}, "scheduler.params.cycle_max_lr: found nothing"),
        ("CosineLR", {}, "scheduler.type: found 'CosineLR', expected one of WarmupLR"),
    ],
)
def test_what_deepspeed_does_not_say_is_refused(kind: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises((SpecError, UnsupportedError), match=message):
        optimizer = {"type": "Adam", "params": {"lr": 0.1} if params else {}}
        read_config({"optimizer": optimizer, "scheduler": {"type": kind, "params": params}})


# What all share


def test_a_config_of_no_system_is_refused_by_its_keys() -> None:
    with pytest.raises(UnsupportedError, match="a config with the keys colour is not supported"):
        read_config({"colour": "red"})
    with pytest.raises(UnsupportedError, match="system='jaxline'"):
        read_config({}, system="jaxline")


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(SpecError, match="steps: found an unknown quantity"):
        read_config({"lr_scheduler_type": "linear"}, steps=5)
    with pytest.raises(SpecError, match=r"total_steps: found 1\.5"):
        read_config({"lr_scheduler_type": "linear"}, total_steps=1.5)


def test_files_hold_data_alone(tmp_path: Path) -> None:
    for name, content in {"a.json": "{", "b.json": '{"a": 1, "a": 2}', "c.toml": "a =", "d.json": "[1]"}.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(SpecError):
            load_config(tmp_path / name)
    (tmp_path / "e.yaml").write_text("a: !!python/object/apply:os.system [ls]")
    with pytest.raises(SpecError):
        load_config(tmp_path / "e.yaml")
    (tmp_path / "f.py").write_text("raise SystemExit")
    with pytest.raises(UnsupportedError, match="not executed"):
        load_config(tmp_path / "f.py")


def test_arguments_are_flags_and_values() -> None:
    found = arguments(["--lr", "1e-4", "--bf16", "--lr-decay-style=cosine", "--betas", "0.9", "-0.5"], "here")
    assert found == {"lr": "1e-4", "bf16": True, "lr_decay_style": "cosine", "betas": ["0.9", "-0.5"]}
    with pytest.raises(SpecError, match="a second time"):
        arguments(["--lr", "1", "--lr", "2"], "here")
    with pytest.raises(SpecError, match="--flag value"):
        arguments(["pretrain.py", "--lr", "2"], "here")
