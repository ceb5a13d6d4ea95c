"""Config files: each system's own formula, written again here from its source, against what is read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mpmath import mp, mpf

from lrspec import SpecError, UnsupportedError
from lrspec.readers.configs import load_config, read_config
from lrspec.readers.files import arguments
from lrspec.readers.reading import Reading

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


def hf_polynomial(t: int) -> Any:
    if t < 4:
        return hf_ramp(t, 4)
    end = mpf(0.0078125) / mpf(0.5)
    return (1 - end) * (1 - mpf(min(t, 24) - 4) / 20) ** mpf(2.5) + end


HF: list[tuple[str, dict[str, Any], Formula]] = [
    ("constant", {}, lambda _: 1),
    ("constant_with_warmup", {}, lambda t: min(1, hf_ramp(t, 4))),
    ("linear", {}, lambda t: hf_ramp(t, 4) if t < 4 else max(0, mpf(24 - t) / 20)),
    ("cosine", {}, lambda t: hf_cosine(t, 4, 24)),
    ("cosine", {"num_cycles": 2}, lambda t: hf_cosine(t, 4, 24, 2)),
    ("cosine_with_restarts", {"num_cycles": 3}, lambda t: hf_restarts(t, 4, 24, 3)),
    ("polynomial", {"lr_end": 0.0078125, "power": 2.5}, hf_polynomial),
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


def test_a_scheduler_of_deepspeed_goes_before_that_of_hugging_face() -> None:
    config: dict[str, Any] = {"lr_scheduler_type": "linear", "learning_rate": 0.1, "max_steps": 100}
    inline = {"scheduler": {"type": "WarmupLR", "params": {}}, "zero_optimization": {"stage": 2}}
    with pytest.raises(UnsupportedError, match=r"deepspeed\.scheduler is not supported: it goes before"):
        read_config(config | {"deepspeed": inline})
    plain = read_config(config | {"deepspeed": {"zero_optimization": {"stage": 2}}})
    assert plain.schedule == read_config(config).schedule
    with pytest.raises(SpecError, match=r"deepspeed: found 'ds\.json', expected a file beside this one"):
        read_config(config | {"deepspeed": "ds.json"})


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
        ({"lr_scheduler_type": "polynomial", "learning_rate": 1e-8}, "lr_end=1e-07 is not below the rate of 1e-08"),
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
        ("WarmupLR", {"warmup_num_steps": "auto"}, "warmup_num_steps: found 'auto', expected training_args="),
        ("WarmupLR", {"warmup_type": "auto"}, "scheduler.params.warmup_type: found 'auto'"),
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
    optimizer = {"type": "Adam", "params": {"lr": 0.1} if params else {}}
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config({"optimizer": optimizer, "scheduler": {"type": kind, "params": params}}, system="deepspeed")


# MMEngine


class MMEngine:
    """Schedulers of MMEngine, stepped one after another as its runner does, each from the value that it finds."""

    def __init__(self, base: float, schedulers: list[dict[str, Any]]) -> None:
        self.base = self.value = mpf(base)
        self.schedulers = [{"begin": 0, "end": 10**9, "local": -1, "clock": -1, **one} for one in schedulers]
        for one in self.schedulers:
            self.step(one)

    def step(self, one: dict[str, Any]) -> None:
        one["clock"] += 1
        if one["begin"] <= one["clock"] < one["end"]:
            one["local"] += 1
            self.value = getattr(self, one["type"])(one, one["local"], one["end"] - one["begin"] - 1)

    def LinearLR(self, one: dict[str, Any], s: int, total: int) -> Any:  # noqa: N802
        first, last = mpf(one["start_factor"]), mpf(one.get("end_factor", 1))
        if s == 0:
            return self.value * first
        return self.value * (1 + (last - first) / (total * first + (s - 1) * (last - first)))

    def ConstantLR(self, one: dict[str, Any], s: int, total: int) -> Any:  # noqa: N802
        if s == 0:
            return self.value * mpf(one["factor"])
        return self.value / mpf(one["factor"]) if s == total else self.value

    def ExponentialLR(self, one: dict[str, Any], s: int, total: int) -> Any:  # noqa: ARG002, N802
        return self.value * mpf(one["gamma"]) if s else self.value

    def StepLR(self, one: dict[str, Any], s: int, total: int) -> Any:  # noqa: ARG002, N802
        return self.value * mpf(one["gamma"]) if s and s % one["step_size"] == 0 else self.value

    def MultiStepLR(self, one: dict[str, Any], s: int, total: int) -> Any:  # noqa: ARG002, N802
        return self.value * mpf(one["gamma"]) ** one["milestones"].count(s)

    def PolyLR(self, one: dict[str, Any], s: int, total: int) -> Any:  # noqa: N802
        low = mpf(one.get("eta_min", 0))
        return (self.value - low) * (1 - mpf(1) / (total - s + 1)) ** mpf(one["power"]) + low if s else self.value

    def CosineAnnealingLR(self, one: dict[str, Any], s: int, total: int) -> Any:  # noqa: N802
        low, period = mpf(one.get("eta_min", 0)), one.get("T_max", total + 1)
        if s == 0:
            return self.value
        if (s - 1 - period) % (2 * period) == 0:
            return self.value + (self.base - low) * (1 - mp.cos(mp.pi / period)) / 2
        return cosine(mpf(s) / period) / cosine(mpf(s - 1) / period) * (self.value - low) + low

    def CosineRestartLR(self, one: dict[str, Any], s: int, total: int) -> Any:  # noqa: ARG002, N802
        low, begun = mpf(one.get("eta_min", 0)), 0
        for period, weight in zip(one["periods"], one["restart_weights"], strict=True):
            if s < begun + period:
                return low + (self.base * mpf(weight) - low) * cosine(mpf(s - begun) / period)
            begun += period
        return self.value


LINEAR = {"type": "LinearLR", "start_factor": 0.25, "begin": 0, "end": 6}
MMENGINE: list[list[dict[str, Any]]] = [
    [LINEAR],
    [LINEAR, {"type": "CosineAnnealingLR", "T_max": 14, "eta_min": 0.125, "begin": 6, "end": 20}],
    [LINEAR, {"type": "CosineAnnealingLR", "eta_min": 0.125, "begin": 8, "end": 20}],
    [LINEAR, {"type": "PolyLR", "power": 2.5, "eta_min": 0.125, "begin": 6, "end": 20}],
    [LINEAR, {"type": "MultiStepLR", "milestones": [3, 9, 9], "gamma": 0.5}],
    [LINEAR, {"type": "PolyLR", "power": 0.5, "begin": 2, "end": 20}],
    [{**LINEAR, "end_factor": 0.5}, {"type": "ExponentialLR", "gamma": 0.875, "begin": 6, "end": 15}],
    [{"type": "ConstantLR", "factor": 0.25, "begin": 2, "end": 7}, {"type": "StepLR", "step_size": 4, "gamma": 0.5}],
    [{"type": "CosineAnnealingLR", "T_max": 7, "eta_min": 0.125}],
    [{"type": "CosineRestartLR", "periods": [5, 8], "restart_weights": [1, 0.5], "eta_min": 0.125}],
]


@pytest.mark.parametrize("schedulers", MMENGINE)
def test_windows_of_mmengine(schedulers: list[dict[str, Any]]) -> None:
    runner = MMEngine(0.5, schedulers)
    values = []
    for _ in range(30):
        values.append(runner.value)
        for one in runner.schedulers:
            runner.step(one)
    config = {"param_scheduler": [{"by_epoch": False, **one} for one in schedulers]}
    same(read_config(config, base_value=0.5), values.__getitem__, 30)


@pytest.mark.parametrize("convert", [False, True])
@pytest.mark.parametrize("kind", ["CosineAnnealingLR", "MultiStepLR", "StepLR"])
def test_mmengine_by_epoch(kind: str, convert: bool) -> None:  # noqa: FBT001
    params: dict[str, dict[str, Any]] = {
        "CosineAnnealingLR": {"T_max": 5, "end": 5},
        "MultiStepLR": {"milestones": [2, 3], "gamma": 0.5},
        "StepLR": {"step_size": 2, "gamma": 0.5, "begin": 1},
    }
    scale, unit = (4, 1) if convert else (1, 4)
    own = {name: [4 * m for m in v] if convert and isinstance(v, list) else v for name, v in params[kind].items()}
    own = {name: v * scale if isinstance(v, int) else v for name, v in own.items()}
    runner = MMEngine(0.5, [{"type": kind, **own}])
    values = []
    for step in range(1, 30):
        values.append(runner.value)
        if step % unit == 0:
            runner.step(runner.schedulers[0])
    config = {"param_scheduler": {"type": kind, "convert_to_iter_based": convert, **params[kind]}}
    same(read_config(config, base_value=0.5, steps_per_epoch=4), values.__getitem__, 29)


def test_a_file_of_mmengine() -> None:
    def formula(t: int) -> Any:
        ramp = min(mpf(1), mpf(0.001) + (1 - mpf(0.001)) * t / 49)
        return mpf(0.02) * ramp * mpf(0.1) ** ((t // 10 >= 8) + (t // 10 >= 11))

    same(load_config(CONFIGS / "mmdet_1x.json", steps_per_epoch=10), formula, 130)
    with pytest.raises(SpecError, match=r"param_scheduler\[1\].by_epoch: found True, expected steps_per_epoch=..."):
        load_config(CONFIGS / "mmdet_1x.json")


@pytest.mark.parametrize(
    ("schedulers", "message"),
    [
        ([{"type": "ReduceOnPlateauLR"}], "follows a metric"),
        ([{"type": "QuadraticWarmupLR"}], r"param_scheduler\[0\].type: found 'QuadraticWarmupLR'"),
        ([{"type": "ExponentialLR", "by_epoch": False}], r"param_scheduler\[0\].gamma: found nothing"),
        ([{"type": "LinearLR", "by_epoch": False, "end": 9, "factor": 2}], r"param_scheduler\[0\].factor: found 2"),
        ([{"type": "LinearLR", "by_epoch": False, "begin": 4, "end": 4}], "a number above begin"),
        (
            [
                {"type": "LinearLR", "by_epoch": False, "end": 9},
                {"type": "CosineAnnealingLR", "by_epoch": False, "eta_min": 0.1, "begin": 5, "end": 50},
            ],
            "CosineAnnealingLR is not supported: its window overlaps another's",
        ),
    ],
)
def test_what_mmengine_does_not_say_is_refused(schedulers: list[dict[str, Any]], message: str) -> None:
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config({"param_scheduler": schedulers}, base_value=0.1)


def test_mmengine_counts_micro_batches_where_gradients_are_accumulated() -> None:
    optim = {"accumulative_counts": 4, "optimizer": {"lr": 0.5}}
    line = {"type": "LinearLR", "start_factor": 0.25, "by_epoch": False, "end": 101}

    def values(update: int) -> mpf:  # the one of its last micro-batch
        return mpf(0.5) * (mpf(0.25) + mpf(0.75) * min(4 * update + 3, 100) / 100)

    reading = read_config({"optim_wrapper": optim, "param_scheduler": line})
    same(reading, values, 40)
    assert "update k has the value of micro-batch 4 k + 3" in reading.conventions[-1]
    converted = {"type": "LinearLR", "start_factor": 0.25, "end": 5, "convert_to_iter_based": True}
    reading = read_config({"optim_wrapper": optim, "param_scheduler": converted}, steps_per_epoch=6)
    same(reading, lambda k: mpf(0.5) * (mpf(0.25) + mpf(0.75) * min(4 * k + 3, 119) / 119), 40)
    held = {"type": "StepLR", "step_size": 1, "gamma": 0.5}
    reading = read_config({"optim_wrapper": optim, "param_scheduler": held}, steps_per_epoch=6)
    same(reading, lambda k: mpf(0.5) ** (1 + k // 6), 40)
    mixed = {"optim_wrapper": optim, "param_scheduler": [line, held | {"begin": 30}], "train_cfg": {"max_epochs": 40}}
    reading = read_config(mixed, steps_per_epoch=6)
    same(reading, lambda k: values(k) if k < 180 else mpf(0.5) ** (1 + (k - 180) // 6), 220)


def test_one_cycle_of_mmengine() -> None:
    cycle = {"type": "OneCycleLR", "eta_max": 0.5, "total_steps": 12, "end": 12}
    optim = {"optimizer": {"lr": 0.1}}

    def values(step: int, total: int) -> mpf:
        low, top, end = mpf(0.5) / 25, mpf(0.5), mpf(0.5) / 25 / 10**4
        peak, step = mpf("0.3") * total - 1, min(step, total - 1)
        if step <= peak:
            return low + (top - low) * (1 - mp.cos(mp.pi * step / peak)) / 2
        return end + (top - end) * (1 + mp.cos(mp.pi * (step - peak) / (total - 1 - peak))) / 2

    once = {"optim_wrapper": optim, "param_scheduler": cycle | {"by_epoch": False}}
    same(read_config(once), lambda k: values(k, 12), 12)
    epochs = {"optim_wrapper": optim, "param_scheduler": cycle | {"convert_to_iter_based": True}}
    same(read_config(epochs, steps_per_epoch=10), lambda k: values(k, 120), 120)
    with pytest.raises(UnsupportedError, match="its rates come from eta_max"):
        read_config(once, base_value=0.1)
    restart = {"type": "CosineRestartLR", "periods": [6], "eta_min": 0, "by_epoch": False, "begin": 12, "end": 18}
    with pytest.raises(UnsupportedError, match="it replaces the base rate"):
        read_config({"optim_wrapper": optim, "param_scheduler": [cycle | {"by_epoch": False}, restart]})


def test_a_rate_that_mmengine_scales_has_to_be_said() -> None:
    config = {
        "optim_wrapper": {"optimizer": {"lr": 0.1}},
        "param_scheduler": {"type": "StepLR", "step_size": 5, "by_epoch": False},
    }
    scaled = config | {"auto_scale_lr": {"enable": True, "base_batch_size": 16}}
    with pytest.raises(UnsupportedError, match="auto_scale_lr is not supported: lr times the samples of an update"):
        read_config(scaled)
    assert read_config(scaled, base_value=0.4).schedule.exact(5) == pytest.approx(0.04, rel=1e-15)
    off = config | {"auto_scale_lr": {"base_batch_size": 16}}
    assert read_config(off).schedule == read_config(config).schedule


# timm


def timm_cycle(t: int, total: int, mult: int, limit: int, decay: float) -> tuple[Any, Any] | None:
    """Return the share of the cycle and its peak, or nothing after the last one."""
    begin, length = 0, total
    for i in range(limit):
        if t < begin + length:
            return mpf(t - begin) / length, mpf(0.5) * mpf(decay) ** i
        begin, length = begin + length, length * mult
    return None


def timm(t: int, config: dict[str, Any]) -> Any:
    """timm's values for a base rate of 0.5, a warmup of 3 from 0.125, 12 epochs, and a floor of 0.0625."""
    name, low, base, prefix = config["sched"], mpf(0.0625), mpf(0.5), config.get("warmup_prefix", False)
    if name == "none":
        return base
    if t < 3:
        return mpf(0.125) + t * (base - mpf(0.125)) / 3
    if name in {"wsd", "rsqrt"}:
        total, s = (12 if prefix else 9), t - 3
        stable = max(low, base if name == "wsd" else base / mp.sqrt(1 + mpf(s) / 3))
        x = min(mpf(1), max(mpf(0), mpf(s - (total - 4)) / 4))
        shape = {"1-sqrt": 1 - mp.sqrt(x), "linear": 1 - x, "cosine": cosine(x)}
        shape["exp"] = (mpf(0.1) ** x - mpf(0.1)) / (1 - mpf(0.1))
        return low + (stable - low) * shape[config.get("lr_decay_fn", "1-sqrt" if name == "wsd" else "linear")]
    t = t - 3 if prefix else t
    rate = mpf(config.get("decay_rate", 0.5))
    if name in {"constant", "step"}:
        return base if name == "constant" else base * rate ** (t // 4)
    if name == "multistep":
        return base * rate ** sum(m <= t + 1 for m in (4, 9))
    found = timm_cycle(t, 12, config.get("lr_cycle_mul", 1), config.get("lr_cycle_limit", 1), 0.75)
    if found is None:
        return low
    x, peak = found
    k = mpf(config.get("lr_k_decay", 1))
    share = {"cosine": cosine(x**k), "poly": (1 - x**k) ** rate}
    share["tanh"] = (1 - mp.tanh(-7 * (1 - x) + 3 * x)) / 2
    return low + (peak - low) * share[name]


TIMM: list[dict[str, Any]] = [
    *({"sched": name} for name in ("cosine", "poly", "step", "multistep", "constant", "wsd", "rsqrt", "none")),
    *({"sched": name, "warmup_prefix": True} for name in ("cosine", "tanh", "poly", "step", "multistep", "wsd")),
    {"sched": "cosine", "lr_cycle_limit": 3},
    {"sched": "tanh", "lr_cycle_limit": 2, "warmup_prefix": True},
    {"sched": "cosine", "lr_cycle_limit": 3, "lr_cycle_mul": 2, "warmup_prefix": True},
    {"sched": "cosine", "lr_k_decay": 2},
    {"sched": "poly", "lr_k_decay": 0.5, "decay_rate": 1.5},
    {"sched": "wsd", "lr_decay_fn": "cosine"},
    {"sched": "rsqrt", "lr_decay_fn": "exp"},
]


@pytest.mark.parametrize("config", TIMM)
@pytest.mark.parametrize("on_updates", [False, True])
def test_every_scheduler_of_timm(config: dict[str, Any], on_updates: bool) -> None:  # noqa: FBT001
    common: dict[str, Any] = {"lr": 0.5, "epochs": 12, "warmup_epochs": 3, "warmup_lr": 0.125, "min_lr": 0.0625}
    common |= {
        "decay_epochs": 4,
        "decay_rate": 0.5,
        "decay_milestones": [4, 9],
        "lr_cycle_decay": 0.75,
        "sched_on_updates": on_updates,
    }
    epoch = 1 if on_updates else 3
    reading = read_config({**common, **config}, steps_per_epoch=epoch)
    assert (reading.framework, reading.construct) == ("timm", config["sched"])
    assert reading.keys["sched"] == config["sched"]
    same(reading, lambda t: timm(t // epoch, {**common, **config}), 90 * epoch)


def test_a_file_of_timm() -> None:
    def formula(t: int) -> Any:
        low, high = mpf(1e-05), mpf(0.001)
        if t < 21:
            return mpf(1e-06) + t * (high - mpf(1e-06)) / 21
        return low + (high - low) * cosine(min(mpf(1), mpf(t) / 140))

    same(load_config(CONFIGS / "timm_args.yaml", steps_per_epoch=7), formula, 150)
    with pytest.raises(SpecError, match=r"sched_on_updates: found True, expected steps_per_epoch=..."):
        load_config(CONFIGS / "timm_args.yaml")


def test_stairs_of_timm_that_are_no_whole_epochs() -> None:
    config = {"sched": "step", "lr": 0.5, "decay_epochs": 2.4, "decay_rate": 0.97, "warmup_epochs": 0}
    reading = read_config({**config, "sched_on_updates": True}, steps_per_epoch=10)
    same(reading, lambda t: mpf(0.5) * mpf(0.97) ** (t // 24), 200)
    fractional = read_config({**config, "epochs": 100}, steps_per_epoch=1)
    same(fractional, lambda t: mpf(0.5) * mpf(0.97) ** (min(t, 100) * 10 // 24), 110)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"sched": "plateau"}, "follows a metric"),
        ({"sched": "cosine", "lr_noise": [0.4, 0.9]}, "lr_noise is not supported: random numbers"),
        ({"sched": "cos"}, "sched: found 'cos'"),
        ({"sched": "cosine", "lr_cycle_limit": 2, "lr_cycle_mul": 0.5}, "lr_cycle_mul: found 0.5"),
        ({"sched": "cosine", "lr_cicle_mul": 2}, "lr_cicle_mul: found 2"),
        ({"sched": "cosine", "lr": None}, "lr: found nothing, expected batch_size="),
        ({"sched": "cosine", "epochs": None}, "epochs: found nothing"),
        ({"sched": "wsd", "epochs": 10, "decay_epochs": 9}, "a decay of 1 to 5"),
    ],
)
def test_what_timm_does_not_say_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config({"lr": 0.1, **config}, system="timm", steps_per_epoch=10)


# Composer


def composer(t: Any, warmup: Any, end: Any, name: str, first: float = 1, last: float = 0) -> Any:
    """Return the factor, at a time and with lengths that are in any one unit."""
    if t < warmup:
        return mpf(first) * mpf(t) / warmup
    if name == "constant_with_warmup":
        return mpf(first)
    x = min(mpf(1), mpf(t - warmup) / (end - warmup))
    if name == "cosine_with_warmup":
        return mpf(last) + (1 - mpf(last)) * cosine(x)
    return mpf(first) + x * (mpf(last) - mpf(first))


@pytest.mark.parametrize("name", ["constant_with_warmup", "cosine_with_warmup", "linear_decay_with_warmup"])
@pytest.mark.parametrize(
    ("duration", "t_warmup", "per_step", "warmup", "end"),
    [
        ("24ba", "4ba", 1, 4, 24),
        ("3ep", "0.15dur", 1, 3, 24),
        ("2ep", "1ep", 1, 8, 16),
        ("1000tok", "0.0995dur", 30, 99, 1000),
        ("1e3tok", "150tok", 30, 150, 1000),
        ("500sp", "0.1dur", 12, 50, 500),
        ("24ba", "0ba", 1, 0, 24),
        ("100ba", "0.29dur", 1, 28, 100),
    ],
)
def test_every_unit_of_composer(name: str, duration: str, t_warmup: str, per_step: int, warmup: int, end: int) -> None:
    config = {"max_duration": duration, "optimizer": {"lr": 0.5}}
    config["scheduler"] = {"name": name, "t_warmup": t_warmup}
    known: dict[str, Any] = {"tokens_per_step": 30, "batch_size": 12, "steps_per_epoch": 8}
    same(read_config(config, **known), lambda t: composer(t * per_step, warmup, end, name) / 2, 110)


def test_shares_of_composer() -> None:
    config = {"max_duration": "24ba", "optimizer": {"lr": 0.5}}
    for name, more, first, last in (
        ("constant_with_warmup", {"alpha": 0.75}, 0.75, 0),
        ("cosine_with_warmup", {"alpha_f": 0.125}, 1, 0.125),
        ("linear_decay_with_warmup", {"alpha_i": 0.75, "alpha_f": 0.125, "t_max": "30ba"}, 0.75, 0.125),
    ):
        reading = read_config({**config, "scheduler": {"name": name, "t_warmup": "4ba", **more}})
        assert (reading.framework, reading.construct) == ("composer", name)
        end = 30 if "t_max" in more else 24
        same(reading, lambda t, a=(4, end, name, first, last): composer(t, *a) / 2, 40)  # type: ignore[misc]


def test_a_file_of_llm_foundry() -> None:
    low = mpf(float(mpf(6e-4) * mpf(0.1))) / mpf(6e-4)
    reading = load_config(CONFIGS / "llm_foundry.yaml")
    same(reading, lambda t: mpf(6e-4) * composer(t, 10, 480, "cosine_with_warmup", 1, low), 500)


@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        ({"name": "inv_sqrt_with_warmup", "t_warmup": "2ba"}, "scheduler.t_scale: found nothing"),
        ({"name": "inv_sqrt_with_warmup", "t_warmup": "1dur"}, "scheduler.t_scale: found nothing"),
        ({"name": "cosine"}, "scheduler.name: found 'cosine'"),
        ({"name": "cosine_with_warmup"}, "scheduler.t_warmup: found nothing"),
        ({"name": "cosine_with_warmup", "t_warmup": "10 minutes"}, "scheduler.t_warmup: found '10 minutes'"),
        (
            {"name": "cosine_with_warmup", "t_warmup": "2ep"},
            "scheduler.t_warmup: found '2ep', expected steps_per_epoch",
        ),
        (
            {"name": "cosine_with_warmup", "t_warmup": "2tok"},
            "scheduler.t_warmup: found '2tok', expected tokens_per_step",
        ),
        ({"name": "cosine_with_warmup", "t_warmup": "2ba", "t_max": "5ba"}, "below max_duration"),
        ({"name": "cosine_with_warmup", "t_warmup": 2}, "scheduler.t_warmup: found 2"),
        ({"name": "cosine_with_warmup", "t_warmup": "2ba", "alpha": 0.1}, "scheduler.alpha: found 0.1"),
        ({"name": "cosine_with_warmup", "t_warmup": "2ba", "alpha_f": "${alpha}"}, "which another config fills in"),
    ],
)
def test_what_composer_does_not_say_is_refused(scheduler: dict[str, Any], message: str) -> None:
    config = {"max_duration": "100ba", "optimizer": {"lr": 0.1}, "scheduler": scheduler}
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config(config)


# Megatron


def megatron(n: Any, warmup: Any, end: Any, style: str, low: float, cooldown: int = 0, shape: str = "") -> Any:
    """Megatron's get_lr for a peak of 0.5 and a warmup from 0.125, in updates."""
    peak, low = mpf(0.5), mpf(low)
    if warmup > 0 and n <= warmup:
        return mpf(0.125) + (peak - mpf(0.125)) * n / warmup
    if style == "constant":
        return peak
    if n > end:
        return low
    if style == "inverse-square-root":
        return max(low, peak * mp.sqrt(mpf(warmup) / n))
    x = mpf(n - warmup) / (end - warmup)
    if style == "WSD":
        y = max(mpf(0), mpf(n - (end - cooldown)) / cooldown)
        share = {"linear": 1 - y, "cosine": cosine(y), "exponential": 2 * mpf(0.5) ** y - 1}
        return low + (peak - low) * {**share, "minus_sqrt": 1 - mp.sqrt(y)}[shape]
    return low + (peak - low) * {"linear": 1 - x, "cosine": cosine(x)}[style]


MEGATRON: list[tuple[str, str, int]] = [
    *((style, "", 0) for style in ("constant", "linear", "cosine", "inverse-square-root")),
    *(("WSD", shape, 9) for shape in ("linear", "cosine", "exponential", "minus_sqrt")),
]


@pytest.mark.parametrize(("style", "shape", "cooldown"), MEGATRON)
@pytest.mark.parametrize("batch", [1, 8])
def test_every_style_of_megatron(style: str, shape: str, cooldown: int, batch: int) -> None:
    words = ["--lr", "0.5", "--min-lr", "0.15625", "--lr-warmup-init", "0.125", "--lr-decay-style", style]
    unit = "iters" if batch == 1 else "samples"
    words += [f"--lr-warmup-{unit}", "5", f"--lr-decay-{unit}", "41", f"--train-{unit}", "50"]
    words += ["--global-batch-size", str(batch)]
    words += [f"--lr-wsd-decay-{unit}", str(cooldown), "--lr-wsd-decay-style", shape] if shape else []
    reading = read_config(arguments(words, "words"))
    assert (reading.framework, reading.construct) == ("megatron", style)
    same(reading, lambda t: megatron(t * batch, 5, 41, style, 0.15625, cooldown, shape), 60)


def test_a_file_of_megatron() -> None:
    def formula(t: int) -> Any:
        low, high, warmup = mpf(1e-5), mpf(0.00015), mpf("3.2")
        if t <= warmup:
            return high * t / warmup
        return low if t > 320 else low + (high - low) * cosine((t - warmup) / (320 - warmup))

    same(load_config(CONFIGS / "megatron_args.txt"), formula, 400)


def test_the_weight_decay_of_megatron() -> None:
    config = {"lr": 0.5, "train_iters": 20, "start_weight_decay": 0.125, "end_weight_decay": 0.5}
    for style, shape in (("linear", lambda x: x), ("cosine", lambda x: cosine(1 - x))):
        reading = read_config({**config, "weight_decay_incr_style": style})
        same(reading, lambda t: mpf(0.5) * max(0, mpf(20 - t) / 20), 30)
        same(reading, lambda t, f=shape: 0.125 + 0.375 * f(min(1, mpf(t) / 20)), 30, "weight_decay")  # type: ignore[misc]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"lr_decay_style": "exponential"}, "lr_decay_style: found 'exponential'"),
        ({"rampup_batch_size": ["32", "32", "1000"]}, "rampup_batch_size is not supported"),
        ({"decoupled_lr": 1e-3}, "decoupled_lr is not supported"),
        ({"lr_decay_style": "inverse-square-root"}, "without a warmup it depends on the samples"),
        (
            {"lr_decay_style": "inverse-square-root", "lr_warmup_fraction": 0.01, "global_batch_size": 4},
            "and so with one of less than a sample",
        ),
        ({"lr_decay_style": "WSD"}, "lr_wsd_decay_iters: found nothing"),
        ({"lr_warmup_iters": 20}, "a warmup of less than 20 updates"),
        ({"min_lr": 0.5}, "of at most lr"),
        ({"lr_decay_iter": 3}, "lr_decay_iter: found 3"),
        ({"lr_warmup_samples": 3}, "train_iters: found 20, expected no iterations beside lr_warmup_samples"),
        ({"train_iters": None, "train_samples": 3}, "train_samples: found 3, expected batch_size="),
        ({"train_iters": None}, "train_iters: found nothing, expected total_steps="),
    ],
)
def test_what_megatron_does_not_say_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config({"lr": 0.1, "train_iters": 20, **config}, system="megatron")


# torchtitan


def torchtitan(t: int, warmup: int, total: int, decay: int, kind: str, low: float) -> Any:
    """Return the factor up to the step after the last; then it is held."""
    stable, t = total + 1 - warmup - decay, min(t, total)
    if t < warmup:
        return mpf(t + 1) / warmup
    if t < warmup + stable:
        return mpf(1)
    x = mpf(t + 1 - warmup - stable) / decay
    share = {"linear": 1 - x, "sqrt": 1 - mp.sqrt(x), "cosine": cosine(x)}[kind]
    return mpf(low) + (1 - mpf(low)) * share


@pytest.mark.parametrize("kind", ["linear", "sqrt", "cosine"])
@pytest.mark.parametrize(
    ("warmup", "ratio", "decay"),
    [(5, None, 25), (5, 0.25, 8), (5, 0.95, 25), (0, None, 30), (29, None, 1), (50, 0.5, 0)],
)
def test_every_decay_of_torchtitan(kind: str, warmup: int, ratio: float | None, decay: int) -> None:
    section = {"warmup_steps": warmup, "decay_ratio": ratio, "decay_type": kind, "min_lr_factor": 0.125}
    reading = read_config({"lr_scheduler": section, "optimizer": {"lr": 0.5}, "training": {"steps": 30}})
    assert (reading.framework, reading.construct) == ("torchtitan", kind)
    same(reading, lambda t: torchtitan(t, min(warmup, 30), 30, decay, kind, 0.125) / 2, 40)


def test_a_file_of_torchtitan() -> None:
    low = mpf(float(mpf(3e-4) * mpf(0.1))) / mpf(3e-4)
    reading = load_config(CONFIGS / "torchtitan.toml")
    same(reading, lambda t: mpf(3e-4) * torchtitan(t, 20, 100, 80, "cosine", low), 110)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"lr_min": 0.1, "min_lr_factor": 0.2}, "lr_scheduler.lr_min: found 0.1"),
        ({"decay_type": "exp"}, "lr_scheduler.decay_type: found 'exp'"),
        ({"warmup": 5}, "lr_scheduler.warmup: found 5"),
        ({}, "training.steps: found nothing, expected total_steps="),
    ],
)
def test_what_torchtitan_does_not_say_is_refused(section: dict[str, Any], message: str) -> None:
    config = {"lr_scheduler": section, "optimizer": {"lr": 0.5}, "training": {"steps": 30} if section else {}}
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config(config, system="torchtitan")


# detectron2


def detectron2(t: int, config: dict[str, Any]) -> Any:
    """fvcore's composite of a warmup and a scheduler, as detectron2 builds it, over the share of the run."""
    total, warmup, factor = config["MAX_ITER"], config["WARMUP_ITERS"], mpf(config["WARMUP_FACTOR"])

    def decay(where: Any) -> Any:
        if config["LR_SCHEDULER_NAME"] == "WarmupCosineLR":
            end = mpf(config["BASE_LR_END"]) / mpf(config["BASE_LR"])
            return end + (1 - end) * cosine(min(mpf(1), where))
        step = int((where + mpf("1e-6")) * total)
        return mpf(config["GAMMA"]) ** sum(m <= step for m in config["STEPS"] if m <= total)

    where, length = mpf(t) / total, min(mpf(1), mpf(warmup) / total)
    if where + mpf("1e-6") > length:
        return mpf(config["BASE_LR"]) * decay(where)
    share = where / length if config["WARMUP_METHOD"] == "linear" else mpf(0)
    return mpf(config["BASE_LR"]) * (factor * decay(mpf(0)) * (1 - share) + decay(length) * share)


@pytest.mark.parametrize("name", ["WarmupMultiStepLR", "WarmupCosineLR"])
@pytest.mark.parametrize("method", ["linear", "constant"])
@pytest.mark.parametrize("warmup", [0, 10, 40])
def test_every_scheduler_of_detectron2(name: str, method: str, warmup: int) -> None:
    solver = {"LR_SCHEDULER_NAME": name, "BASE_LR": 0.5, "BASE_LR_END": 0.125, "GAMMA": 0.25, "STEPS": [30, 60, 200]}
    solver |= {"MAX_ITER": 90, "WARMUP_FACTOR": 0.125, "WARMUP_ITERS": warmup, "WARMUP_METHOD": method}
    reading = read_config({"SOLVER": solver})
    assert (reading.framework, reading.construct) == ("detectron2", name)
    same(reading, lambda t: detectron2(t, solver), 90)


def test_a_file_of_detectron2() -> None:
    solver = {"LR_SCHEDULER_NAME": "WarmupMultiStepLR", "BASE_LR": 0.02, "GAMMA": 0.1, "STEPS": [600, 800]}
    solver |= {"MAX_ITER": 900, "WARMUP_FACTOR": 0.001, "WARMUP_ITERS": 100, "WARMUP_METHOD": "linear"}
    same(load_config(CONFIGS / "detectron2.yaml"), lambda t: detectron2(t, solver), 900)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"_BASE_": "../Base.yaml", "SOLVER": {"MAX_ITER": 900}},
            "_BASE_: '../Base.yaml' is not supported: keys of SOLVER may stand in that file",
        ),
        ({"SOLVER": {"LR_SCHEDULER_NAME": "WarmupExponentialLR"}}, "SOLVER.LR_SCHEDULER_NAME: found"),
        ({"SOLVER": {"BASE_LR": 0}}, "SOLVER.BASE_LR: found 0"),
        ({"SOLVER": {"BASE_LR": 0.1, "STEPS": [5, 3]}}, "SOLVER.STEPS: found"),
        ({"SOLVER": {"BASE_LR": 0.1, "LR_STEPS": [5, 3]}}, "SOLVER.LR_STEPS: found"),
        ({"SOLVER": {"BASE_LR": 0.1, "WARMUP_METHOD": "exponential"}}, "SOLVER.WARMUP_METHOD: found"),
        (
            {"SOLVER": {"LR_SCHEDULER_NAME": "WarmupStepWithFixedGammaLR", "MAX_ITER": 1000}},
            "SOLVER.WARMUP_ITERS: found nothing, expected fewer than MAX_ITER",
        ),
    ],
)
def test_what_detectron2_does_not_say_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config(config, system="detectron2")


# Keras


def test_a_file_of_keras() -> None:
    reading = load_config(CONFIGS / "keras_schedule.json")
    assert (reading.framework, reading.construct) == ("keras", "PolynomialDecay")
    same(reading, lambda t: 0.375 * (1 - mpf(min(t, 20)) / 20) ** 2 + 0.125, 30)


# What all share


def test_a_config_of_no_system_is_refused_by_its_keys() -> None:
    with pytest.raises(UnsupportedError, match="a config with the keys colour is not supported"):
        read_config({"colour": "red"})
    with pytest.raises(SpecError, match="system: found 'jaxline', expected one of"):
        read_config({}, system="jaxline")


def test_keys_of_two_systems_are_refused_by_both_names() -> None:
    config = {"sched": "none", "decay_epochs": 5, "lr": 0.5, "lr_scheduler_type": "constant", "learning_rate": 0.25}
    with pytest.raises(
        UnsupportedError,
        match=r"the marks of Hugging Face.*\(huggingface\) and timm.*: give system=",
    ):
        read_config(config)
    with pytest.raises(SpecError, match=r"sched: found 'none', expected no such key"):
        read_config(config, system="huggingface")


def test_a_base_value_that_a_scheduler_does_not_take_is_refused() -> None:
    params = {"warmup_max_lr": 1e-3, "warmup_num_steps": 10}
    for more in ({"type": "WarmupLR", "params": params}, {"type": "LRRangeTest", "params": {}}):
        with pytest.raises(SpecError, match=rf"base_value: found 0.5, expected none: the rates of {more['type']} are"):
            read_config({"scheduler": more}, base_value=0.5)


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(SpecError, match="steps: found an unknown quantity"):
        read_config({"lr_scheduler_type": "linear"}, steps=5)
    with pytest.raises(SpecError, match=r"total_steps: found 1\.5"):
        read_config({"lr_scheduler_type": "linear"}, total_steps=1.5)


def test_files_hold_data_alone(tmp_path: Path) -> None:
    for name, content in {"a.json": "{", "c.toml": "a =", "d.json": "[1]"}.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(SpecError):
            load_config(tmp_path / name)
    config = "lr_scheduler_type: linear\nlearning_rate: {}\nmax_steps: 10\nother: 1\nother: 2\n"
    (tmp_path / "e.yaml").write_text(config.format("!!python/object/apply:os.system [ls]"))
    with pytest.raises(SpecError, match=r"learning_rate: found the tag .*os.system \(line 2\)"):
        load_config(tmp_path / "e.yaml")
    (tmp_path / "e.yaml").write_text(config.format("0.5\nlearning_rate: 0.25"))
    with pytest.raises(SpecError, match=r"learning_rate: found the key 'learning_rate' a second time, .*line 3"):
        load_config(tmp_path / "e.yaml")
    (tmp_path / "e.yaml").write_text(config.format("0.5\ntag: !!python/name:os.system ''\nbase: &a {x: 1}\nalso: *a"))
    reading = load_config(tmp_path / "e.yaml")
    assert reading.schedule(0) == 0.5
    assert any("line 8: the key 'other' stands a second time" in note for note in reading.notes)
    (tmp_path / "b.json").write_text('{"lr_scheduler_type": "linear", "learning_rate": 1, "learning_rate": 2}')
    with pytest.raises(SpecError, match="learning_rate: found the key 'learning_rate' a second time"):
        load_config(tmp_path / "b.json", total_steps=5)
    (tmp_path / "f.py").write_text("raise SystemExit")
    with pytest.raises(UnsupportedError, match="a config with the keys none"):  # it was not executed
        load_config(tmp_path / "f.py")


def test_arguments_are_flags_and_values() -> None:
    found = arguments(["--lr", "1e-4", "--bf16", "--lr-decay-style=cosine", "--betas", "0.9", "-0.5"], "here")
    assert found == {"lr": "1e-4", "bf16": True, "lr_decay_style": "cosine", "betas": ["0.9", "-0.5"]}
    assert arguments(["--lr", "1", "--lr", "2"], "here") == {"lr": "2"}
    with pytest.raises(SpecError, match="--flag value"):
        arguments(["pretrain.py", "--lr", "2"], "here")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"curriculum_learning": {"enabled": True}}, "a curriculum in the DeepSpeed config"),
        ({"data_efficiency": {"data_sampling": {"curriculum_learning": {"enabled": True}}}}, "a curriculum in the"),
        ({"scheduler": {"type": "WarmupLR", "params": {}}}, "a scheduler in the DeepSpeed config"),
        ({"curriculum_learning": {"enabled": False}}, None),
        (None, None),
    ],
)
def test_megatrons_deepspeed_config_is_looked_at(tmp_path: Path, config: Any, message: str | None) -> None:
    flags = "--train-tokens 4096000 --train-samples 1000 --seq-length 2048 --global-batch-size 2 --lr 1e-3"
    (tmp_path / "run.sh").write_text(
        f"deepspeed pretrain_gpt.py {flags} --lr-decay-style cosine --lr-warmup-tokens 40960 "
        "--lr-decay-tokens 4096000 --deepspeed --deepspeed_config ds.json\n"
    )
    if config is not None:
        (tmp_path / "ds.json").write_text(json.dumps(config))
    if message is not None:
        with pytest.raises(UnsupportedError, match=message):
            load_config(tmp_path / "run.sh")
        return
    reading = load_config(tmp_path / "run.sh")
    assert any("tokens of an update grow" in note for note in reading.conventions) is (config is None)
