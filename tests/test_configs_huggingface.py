"""Hugging Face's training arguments and axolotl's configs, beside the files of their corpora: edges and refusals."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from lrspec import Cosine, Document, LrspecError, SpecError, UnsupportedError
from lrspec.readers.configs import load_config, read_config
from lrspec.readers.files import ConfigFile
from lrspec.readers.reading import Reading, exact_values
from lrspec.readers.transformers.numbers import times
from lrspec.readers.transformers.shapes import METRIC, SHAPES
from lrspec.schedule import Schedule

PLAIN: dict[str, Any] = {"lr_scheduler_type": "linear", "learning_rate": 1e-4, "max_steps": 100}
AXOLOTL: dict[str, Any] = {"base_model": "org/one", "micro_batch_size": 2, "learning_rate": 2e-4}


def given(**more: Any) -> Reading:
    return read_config({**PLAIN, **more})


def axolotl(total: int = 400, **more: Any) -> Reading:
    return read_config({**AXOLOTL, **more}, total_steps=total)


def values(schedule: Schedule, *steps: int) -> list[float]:
    return exact_values(schedule.node, steps)


@pytest.mark.parametrize("rate", [1e-5, 2e-5, 3e-5, 5e-5, 6e-4, 0.1, 0.3])
@pytest.mark.parametrize("low", [1e-7, 1e-6, 3e-6, 7e-8])
def test_a_minimum_is_the_number_that_was_written(rate: float, low: float) -> None:
    assert times(rate, low / rate) == low
    kind = {"lr_scheduler_type": "cosine_with_min_lr", "learning_rate": rate, "lr_scheduler_kwargs": {"min_lr": low}}
    node = given(**kind).schedule.node
    assert isinstance(node, Cosine)
    assert node.end_value == low


@pytest.mark.parametrize(("rate", "share"), [(3e-5, 1 / 3), (0.1, 0.123456789), (1e-4, 0.0), (7e-5, 1.0)])
def test_another_share_is_the_nearest_number(rate: float, share: float) -> None:
    assert abs(times(rate, share) - rate * share) <= math.ulp(rate * share)


@pytest.mark.parametrize("kind", [*SHAPES, *METRIC])
def test_an_enum_is_known_by_its_name(kind: str) -> None:
    name = {"reduce_lr_on_plateau": "REDUCE_ON_PLATEAU"}.get(kind, kind.upper())
    more = {"cosine_with_min_lr": {"min_lr": 1e-6}, "cosine_warmup_with_min_lr": {"min_lr": 1e-6}}
    kwargs = {**more, "warmup_stable_decay": {"num_decay_steps": 5}}.get(kind)
    for written in (f"SchedulerType.{name}", name, f"<SchedulerType.{name}: '{kind}'>"):
        if kind in METRIC:
            with pytest.raises(UnsupportedError, match="follows a metric"):
                given(lr_scheduler_type=written, lr_scheduler_kwargs=kwargs)
        else:
            assert given(lr_scheduler_type=written, lr_scheduler_kwargs=kwargs).construct == kind


@pytest.mark.parametrize(
    ("ratio", "total"), [(0.07, 100), (0.03, 33), (0.1, 1), (1.0, 10), (0.29, 100), (0.57, 100), (1e-9, 100)]
)
def test_a_share_is_rounded_up_in_float64(ratio: float, total: int) -> None:
    warmup = math.ceil(total * ratio)
    found = given(max_steps=total, warmup_ratio=ratio)
    assert found.schedule == given(max_steps=total, warmup_steps=warmup).schedule
    if ratio < 1:
        assert found.schedule == given(max_steps=total, warmup_steps=ratio).schedule


def test_lengths_that_contradict_are_refused() -> None:
    with pytest.raises(SpecError, match="max_steps: found 100, expected total_steps"):
        read_config(PLAIN, total_steps=99)
    assert read_config(PLAIN, total_steps=100).schedule == given().schedule
    with pytest.raises(SpecError, match=r"warmup_ratio: .*beside warmup_steps=0.1"):
        given(warmup_steps=0.1, warmup_ratio=0.2)
    with pytest.raises(SpecError, match="total_episodes"):
        given(max_steps=-1, total_episodes=1000)
    assert any("goes before warmup_ratio" in note for note in given(warmup_steps=5, warmup_ratio=0.2).conventions)


@pytest.mark.parametrize(
    "key",
    ["lr", "min_lr", "base_lr", "warmup_proportion", "num_epochs", "epochs", "scheduler",
     "lr_scheduler", "total_steps", "max_iters", "decay_steps", "end_learning_rate", "learning_rate_schedule"],
)  # fmt: skip
def test_a_key_that_may_change_the_rate_is_refused_by_name(key: str) -> None:
    with pytest.raises(SpecError, match=f"^{key}: found 3, expected no such key"):
        given(**{key: 3})
    assert given(**{key: None}).schedule == given().schedule


@pytest.mark.parametrize("key", ["fp16_opt_level", "num_iterations", "profiler_warmup_steps", "max_grad_norm"])
def test_other_arguments_are_let_be(key: str) -> None:
    assert given(**{key: 3}).schedule == given().schedule


@pytest.mark.parametrize("program", ["trl", "scripts/sft.py", "dpo.py", "train.py", "run_clm.py"])
def test_a_program_of_trl_has_a_rate_of_its_own(program: str) -> None:
    file = ConfigFile(data={"lr_scheduler_type": "linear", "max_steps": 10}, program=program)
    if program in ("train.py", "run_clm.py"):
        assert read_config(file).defaults["learning_rate"] == 5e-5
    else:
        with pytest.raises(SpecError, match="learning_rate: found nothing"):
            read_config(file)


def test_a_rate_of_other_parameters_is_said() -> None:
    assert any("mm_projector_lr=1e-05 gives some" in note for note in given(mm_projector_lr=1e-5).conventions)


@pytest.mark.parametrize("text", ["{", "min_lr=1", "[1]", '"a"'])
def test_arguments_that_are_no_mapping_are_refused(text: str) -> None:
    with pytest.raises(SpecError, match="lr_scheduler_kwargs"):
        given(lr_scheduler_kwargs=text)


def test_a_deepspeed_file_is_looked_at_where_it_is_beside(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "zero.json").write_text(json.dumps({"scheduler": {"type": "WarmupLR", "params": {}}}))
    (tmp_path / "a.json").write_text(json.dumps({**PLAIN, "deepspeed": "configs/zero.json"}))
    with pytest.raises(UnsupportedError, match=r"configs/zero\.json has one"):
        load_config(tmp_path / "a.json")
    (tmp_path / "configs" / "zero.json").write_text("{}")
    assert any("has no scheduler" in note for note in load_config(tmp_path / "a.json").conventions)
    (tmp_path / "configs" / "zero.json").rename(tmp_path / "elsewhere.json")
    with pytest.raises(SpecError, match=r"configs/zero\.json'.* a file beside this one, or training_args=FILE"):
        load_config(tmp_path / "a.json")
    read = load_config(tmp_path / "a.json", training_args=tmp_path / "elsewhere.json")
    assert any("has no scheduler" in note for note in read.conventions)
    with pytest.raises(UnsupportedError, match=r"configs/zero\.json has one"):
        load_config(tmp_path / "a.json", training_args={"scheduler": {"type": "WarmupLR"}})


@pytest.mark.parametrize(
    "name", ["zero2", "default-zero3", "deepspeed_configs/zero3_bf16.json", "ex/deepspeed/ds_z3_config.json"]
)
def test_a_deepspeed_file_that_a_system_brings_along_has_no_scheduler(name: str) -> None:
    assert any("has no scheduler" in note for note in given(deepspeed=name).conventions)


def test_another_file_that_nothing_is_left_to_is_refused() -> None:
    with pytest.raises(SpecError, match="training_args: found a file, expected none"):
        read_config(PLAIN, training_args={})


def test_a_deepspeed_file_is_looked_for_from_the_folders_above_a_script(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "zero.json").write_text(json.dumps({"scheduler": {"type": "WarmupLR", "params": {}}}))
    script = tmp_path / "scripts" / "large" / "run.sh"
    script.parent.mkdir(parents=True)
    flags = "--lr_scheduler_type linear --learning_rate 1e-4 --max_steps 100"
    script.write_text(f"torchrun train.py --deepspeed data/zero.json {flags}")
    with pytest.raises(UnsupportedError, match=r"data/zero\.json has one"):
        load_config(script)
    script.write_text(f"python train.py {flags}\npython train.py --deepspeed no.json {flags}")
    with pytest.raises(SpecError, match=r"no\.json.* a file beside this one"):
        load_config(script)
    script.write_text(f"python train.py --deepspeed $1 {flags}")
    with pytest.raises(SpecError, match=r"\$1.*"):
        load_config(script)
    assert load_config(script, training_args={}).construct == "linear"


def test_the_run_of_a_reading_is_said() -> None:
    assert given().total == 100
    assert given(lr_scheduler_type="constant", max_steps=None).total is None
    assert axolotl().total == 400


@pytest.mark.parametrize("rl", ["grpo", "gdpo", "ebft"])
def test_axolotl_leaves_the_warmup_of_some_to_the_trainer(rl: str) -> None:
    assert axolotl(999, rl=rl).schedule == axolotl(999, warmup_steps=30).schedule
    assert axolotl(999).schedule == axolotl(999, warmup_steps=29).schedule
    assert axolotl(999, rl=rl, warmup_ratio=0.1).schedule == axolotl(999, warmup_steps=100).schedule
    assert axolotl(999, warmup_ratio=0.1).schedule == axolotl(999, warmup_steps=99).schedule


def test_a_group_of_axolotl_ends_where_rex_ends() -> None:
    groups = [{"name": "q", "modules": ["q_proj"], "lr": 1e-4}]
    document = axolotl(lr_scheduler="rex", cosine_min_lr_ratio=0.1, lr_groups=groups).schedule
    assert isinstance(document, Document)
    assert values(document.group("q")["learning_rate"], 11, 399) == [1e-4, 2e-5]
    assert values(document["learning_rate"], 11, 399) == [2e-4, 2e-5]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"lr_scheduler": "rex", "jagged_restart_steps": 20}, "jagged_restart_steps is not supported: around rex"),
        ({"lr_scheduler": "one_cycle", "jagged_restart_steps": 20}, "around one_cycle"),
        ({"jagged_restart_steps": 8}, "10 steps up and 1 down in 8"),
        ({"cosine_min_lr_ratio": 1.5}, "cosine_min_lr_ratio: found 1.5"),
        ({"cosine_min_lr_ratio": 0.1, "cosine_constant_lr_ratio": 0.01}, "before the warmup's end"),
        ({"warmup_steps": 0.1}, "warmup_steps: found 0.1"),
        ({"lr_groups": [{"name": "q", "lr": 1e-4, "scale": 2}]}, "scale"),
        ({"lr_scheduler": "cosine", "lr_scheduler_kwargs": {"min_lr": 1}}, "lr_scheduler_kwargs.min_lr: found 1"),
        ({"lr_scheduler": "one_cycle", "lr_scheduler_kwargs": {"max_lr": 3.0}}, "max_lr"),
    ],
)
def test_what_axolotl_refuses_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(LrspecError, match=message):
        axolotl(**more)


def test_a_floor_of_axolotl_is_no_rate_of_a_group() -> None:
    reading = axolotl(cosine_min_lr_ratio=0.5, cosine_constant_lr_ratio=0)
    assert not any("rate of their own" in note for note in reading.conventions)
    assert values(reading.schedule, 400) == [1e-4]
