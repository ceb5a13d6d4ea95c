"""Config files that are damaged, or whose values have another type: each is an error of lrspec that says where."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from lrspec import SpecError, UnsupportedError
from lrspec.readers.configs import load_config, read_config

FILES: dict[str, tuple[str, str]] = {
    "an open quotation": ("a.txt", "--lr 'abc"),
    "JSON, a number of 5000 digits": ("a.json", '{"lr": 1%s}' % ("0" * 5000)),
    "TOML, a number of 5000 digits": ("a.toml", f"lr = 1{'0' * 5000}"),
    "JSON, nested": ("a.json", "[" * 100_000),
    "TOML, nested": ("a.toml", f"a = {'[' * 5000}{']' * 5000}"),
}


@pytest.mark.parametrize(("name", "content"), FILES.values(), ids=FILES)
def test_a_damaged_file_is_malformed(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SpecError, match=rf"{name}: found malformed"):
        load_config(tmp_path / name)


def composer(t_warmup: str) -> dict[str, Any]:
    scheduler = {"name": "cosine_with_warmup", "t_warmup": t_warmup}
    return {"max_duration": "100ba", "optimizer": {"lr": 0.1}, "scheduler": scheduler}


def mmengine(**scheduler: Any) -> dict[str, Any]:
    return {"param_scheduler": {"by_epoch": False, **scheduler}, "optim_wrapper": {"optimizer": {"lr": 0.1}}}


def restarts(weight: Any) -> dict[str, Any]:
    return mmengine(type="CosineRestartLR", periods=[5], restart_weights=[weight])


def keras(name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": name, "config": config}


CYCLES = {"initial_learning_rate": 0.1, "first_decay_steps": 10, "t_mul": 2.0, "m_mul": 1.0, "alpha": 0.0}
EXPONENTIAL = keras("ExponentialDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5, staircase=False)
VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "huggingface, a list": ({"lr_scheduler_type": ["linear"]}, r"lr_scheduler_type: found \['linear'\]"),
    "huggingface, a mapping": ({"lr_scheduler_type": {}}, "lr_scheduler_type: found {}"),
    "deepspeed, a list": (
        {"scheduler": {"type": ["WarmupLR"], "params": {}}, "zero_optimization": {}},
        r"scheduler\.type: found \['WarmupLR'\]",
    ),
    "composer, too large": (
        composer("1e400dur"),
        "composer: a value of this config is not supported: .* OverflowError",
    ),
    "composer, far too large": (composer("1e99999999ba"), r"scheduler\.t_warmup: found '1e99999999ba'"),
    "composer, far too long": (composer(f"1{'0' * 9999}ba"), r"scheduler\.t_warmup: found '1000"),
    "mmengine, a word": (
        restarts("a"),
        r"param_scheduler\.restart_weights: found \['a'\], expected finite numbers",
    ),
    "mmengine, no number": (restarts(float("nan")), r"restart_weights: found \[nan\], expected finite numbers"),
    "mmengine, nothing": (restarts(None), r"restart_weights: found \[None\], expected finite numbers"),
    "mmengine, too large": (
        mmengine(type="MultiStepLR", milestones=[1, 2], gamma=1e300),
        "mmengine: a value of this config is not supported: .* OverflowError",
    ),
    "keras, a word": (
        keras("CosineDecayRestarts", **{**CYCLES, "t_mul": "2.0"}),
        "keras: CosineDecayRestarts .* 'str'",
    ),
    "keras, a number": (
        keras("PiecewiseConstantDecay", boundaries=[5], values=5),
        "keras: PiecewiseConstantDecay .*'int'",
    ),
    "keras, nothing": (keras("PiecewiseConstantDecay", boundaries=[5], values=None), "PiecewiseConstantDecay .*'None"),
    "keras, none": (
        keras("PiecewiseConstantDecay", boundaries=[5], values=[]),
        "PiecewiseConstantDecay .*0 values for 1 boundaries",
    ),
    "keras, batches": (
        keras("SGD", learning_rate=EXPONENTIAL, gradient_accumulation_steps="2"),
        "keras: ExponentialDecay is not supported: gradient_accumulation_steps='2', no number of batches",
    ),
}


@pytest.mark.parametrize(("config", "message"), VALUES.values(), ids=VALUES)
def test_a_value_of_another_type_is_refused_by_name(config: dict[str, Any], message: str) -> None:
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config(config)


def test_cycles_without_number_are_read_or_refused_at_once() -> None:
    # were they counted out, the limit of every test, in pyproject.toml, would end this one
    config = {"lr": 0.1, "epochs": 10, "warmup_epochs": 0, "lr_cycle_limit": 10**9, "lr_cycle_mul": 2.0}
    for name, half in (("cosine", 0.05), ("tanh", 0.1 * (1 - math.tanh(-2)) / 2)):
        reading = read_config({**config, "sched": name}, steps_per_epoch=5)
        assert [reading.schedule.node.exact(step) for step in (0, 25)] == pytest.approx([0.1, half], rel=1e-6)
        assert reading.total is None


@pytest.mark.parametrize(
    ("steps", "milestones"),
    [("(60000, 80000)", [60000, 80000]), ("(30000,)", [30000]), ("( 5, 7,)", [5, 7]), ("()", [])],
)
def test_a_tuple_of_detectron2_is_a_list(steps: str, milestones: list[int], tmp_path: Path) -> None:
    solver = {"BASE_LR": 0.02, "GAMMA": 0.5, "MAX_ITER": 90000, "WARMUP_ITERS": 0}
    lines = [f"  {name}: {value}" for name, value in {**solver, "STEPS": steps}.items()]
    (tmp_path / "a.yaml").write_text("\n".join(["VERSION: 2", "SOLVER:", *lines]))
    schedule = load_config(tmp_path / "a.yaml").schedule
    for step in (0, *(m + i for m in milestones for i in (-1, 0)), 89999):
        assert schedule.exact(step) == 0.02 * 0.5 ** sum(m <= step for m in milestones)


@pytest.mark.parametrize("steps", ["(60000, 80000", "(1, -2)", "(1,,2)", "(5)", "(__import__('os'),)", "60000, 80000"])
def test_other_text_is_no_tuple_of_detectron2(steps: str) -> None:
    with pytest.raises(SpecError, match=r"SOLVER\.STEPS: found"):
        read_config({"VERSION": 2, "SOLVER": {"BASE_LR": 0.02, "STEPS": steps}})


RUN = "lr_scheduler_type: linear\nlearning_rate: 1.0e-4\n"
DISPUTED: dict[str, tuple[str, str]] = {
    "a list of merged mappings, of which releases of PyYAML take another": (
        "a: &a {max_steps: 100}\nb: &b {max_steps: 200}\n<<: [*a, *b]\n",
        "max_steps: found 'max_steps' with several values",
    ),
    "two merges": (
        "a: &a {max_steps: 100}\n<<: *a\n<<: {max_steps: 200}\n",
        "max_steps: found 'max_steps' with several",
    ),
    "a number that YAML 1.1 takes for octal": ("max_steps: 0100\n", "max_steps: found 0100, octal in YAML 1.1"),
}


@pytest.mark.parametrize(("more", "message"), DISPUTED.values(), ids=DISPUTED)
def test_what_loaders_of_yaml_take_differently_is_refused_where_it_matters(
    more: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(RUN + more)
    with pytest.raises(SpecError, match=f"^{message}"):
        load_config(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").write_text(
        f"{RUN}max_steps: 10\nbeside:\n" + "".join(f"  {one}\n" for one in more.splitlines())
    )
    assert load_config(tmp_path / "b.yaml").total == 10


def test_a_merged_mapping_may_override_what_it_merges(tmp_path: Path) -> None:
    merged = "a: &a {max_steps: 100}\nb: &b {<<: *a, max_steps: 200}\n<<: *b\n"
    (tmp_path / "a.yaml").write_text(RUN + merged)
    assert load_config(tmp_path / "a.yaml").total == 200


_TRAINER = {"lr_scheduler_type": "cosine", "learning_rate": 1e-4, "warmup_steps": 3}
_TORCH = {"_target_": "torch.optim.lr_scheduler.StepLR", "step_size": 3}
_MM = {"optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1}}, "train_cfg": {"by_epoch": False, "max_iters": 9}}
_STEP = {"lr_config": {"policy": "step", "step": [3]}, "optimizer": {"type": "SGD", "lr": 0.1}}
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "a length under a name that a Trainer does not have": (_TRAINER | {"steps": 10}, "^steps: found 10"),
    "a rate that is scaled": (_TRAINER | {"max_steps": 10, "scale_lr": True}, "^scale_lr: found True"),
    "cycles that are no argument": (_TRAINER | {"max_steps": 10, "num_cycles": 3}, "^num_cycles: found 3"),
    "of Weights & Biases, a key without its value": (
        {name: {"value": value} for name, value in _TRAINER.items()} | {"learning_rate": {"desc": 1}},
        "^learning_rate: found {'desc': 1}",
    ),
    "a schedule of Keras that is the user's": (
        {"class_name": "MyDecay", "config": {"learning_rate": 0.1, "total_steps": 100}},
        "not Keras' own, and has no key of an optimizer",
    ),
    "an optimizer of Keras without its config": (
        {"class_name": "Adam", "optimizer_config": None},
        "^config: found nothing",
    ),
    "hydra, groups with rates": (
        {"scheduler": _TORCH, "optimizer": {"_target_": "torch.optim.SGD", "lr": 0.1, "params": [{"lr": 1.0}]}},
        "^optimizer.params: found",
    ),
    "MMEngine, schedulers under another name": (
        _MM | {"param_schedulers": [{"type": "StepLR", "step_size": 3}]},
        "^param_schedulers: found",
    ),
    "MMCV, a hook of the user's": (_STEP | {"custom_hooks": [{"type": "MyLrHook"}]}, "MyLrHook is not supported"),
}


@pytest.mark.parametrize(("config", "message"), OTHERS.values(), ids=OTHERS)
def test_what_may_change_the_rate_under_another_name_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises((SpecError, UnsupportedError), match=message):
        read_config(config, steps_per_epoch=7, system="keras" if "optimizer_config" in config else None)
