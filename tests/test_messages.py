"""What is said in passing: files named once, the argument that is wrong, one step and several, what a step must be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import lrspec
from lrspec import Constant, Cosine, Linear
from lrspec.cli import main
from lrspec.comparison import Difference, difference
from lrspec.positions.moving import checked
from lrspec.presets import PRESETS, warmup_cosine
from lrspec.readers.configs import read_config
from lrspec.views.explain import explain

LINE = Linear(init_value=1, end_value=0, steps=1)


class Mine(Mapping[str, Any]):
    """A mapping that is no dict, with sequences that are no lists: as OmegaConf has them."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def __getitem__(self, key: str) -> Any:
        return theirs(self.data[key], Mine)

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


class Items(Sequence[Any]):
    def __init__(self, items: list[Any], kind: Any) -> None:
        self.items, self.kind = items, kind

    def __getitem__(self, place: Any) -> Any:
        return theirs(self.items[place], self.kind)

    def __len__(self) -> int:
        return len(self.items)


class Attributes:
    """What `dict` takes and is no Mapping: as ml_collections has it."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def __getitem__(self, key: str) -> Any:
        return theirs(self.data[key], Attributes)

    def keys(self) -> Iterator[str]:
        return iter(self.data)


def theirs(value: Any, kind: Any) -> Any:
    if isinstance(value, dict):
        return kind(value)
    return Items(value, kind) if isinstance(value, list) else value


@pytest.mark.parametrize("kind", [Mine, Attributes])
def test_other_mappings_become_plain_data_on_entry(kind: Any) -> None:
    data: dict[str, Any] = {
        "lrspec": 1,
        "learning_rate": {
            "kind": "sequence",
            "parts": [
                {"kind": "linear", "init_value": 0.0, "end_value": 1.0, "steps": "2 epochs"},
                {"kind": "piecewise_constant", "boundaries": [3, 4], "values": [1, 0.5, 0.25]},
            ],
        },
        "groups": [{"scale": 2}],
        "steps_per_epoch": 5,
    }
    plain = lrspec.from_dict(data)
    document = lrspec.from_dict(kind(data))
    assert document == plain
    assert json.dumps(document.to_dict()) == json.dumps(data)
    assert lrspec.dumps(document) == lrspec.dumps(plain)
    assert repr(document) == repr(plain)
    assert document.resolve(steps_per_epoch=3).to_dict() == {**data, "steps_per_epoch": 3}
    data["learning_rate"]["parts"][0]["steps"] = 1
    assert document == plain
    config = {"optimizer": {"type": "SGD", "lr": 0.1}, "param_scheduler": [{"type": "LinearLR", "end": 5}]}
    config = {"optim_wrapper": {"optimizer": config["optimizer"]}, "param_scheduler": config["param_scheduler"]}
    config["param_scheduler"][0]["by_epoch"] = False  # type: ignore[index]
    assert read_config(kind(config)).schedule == read_config(config).schedule


def test_data_within_itself_is_refused() -> None:
    node: dict[str, Any] = {"kind": "shift", "by": 1}
    node["part"] = node
    with pytest.raises(lrspec.SpecError, match="nested"):
        lrspec.from_dict({"lrspec": 1, "learning_rate": node})


@pytest.mark.parametrize(
    ("arguments", "content"),
    [
        (("show", "FILE"), ""),
        (("lint", "FILE"), ""),
        (("plot", "FILE"), ""),
        (("plot", "FILE"), "{lrspec: 1, learning_rate: {kind: constant, value: fast}}"),
        (("verify", "FILE"), ""),
        (("convert", "FILE", "--to", "yaml"), "["),
        (("diff", "FILE", "FILE"), ""),
        (("migrate", "FILE", "--schedule", "GOOD", "--to", "torch"), "no checkpoint at all"),
        (("migrate", "GOOD", "--schedule", "FILE", "--to", "torch"), ""),
    ],
)
@pytest.mark.parametrize("ending", ["yaml", "json", "toml"])
def test_a_message_names_its_file_once(
    arguments: tuple[str, ...], content: str, ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"given.{ending}").write_text(content)
    (tmp_path / "good.yaml").write_text("{lrspec: 1, learning_rate: {kind: constant, value: 1}}")
    names = {"FILE": str(tmp_path / f"given.{ending}"), "GOOD": str(tmp_path / "good.yaml")}
    assert main([names.get(word, word) for word in arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("lrspec: ")
    assert err.count(f"given.{ending}") == 1
    assert "lrspec: lrspec: " not in err
    assert "good.yaml" not in err


def test_a_file_that_is_no_checkpoint_is_refused_as_one(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("lrspec: 1\nlearning_rate: 1")
    with pytest.raises(lrspec.UnsupportedError, match=r"^checkpoint: good\.yaml is not supported: its first bytes"):
        lrspec.position(tmp_path / "good.yaml")


@pytest.mark.parametrize(
    ("name", "argument"), [(name, key) for name, preset in PRESETS.items() for key in preset.rules]
)
def test_a_preset_blames_its_own_argument(name: str, argument: str) -> None:
    with pytest.raises(lrspec.SpecError) as caught:
        PRESETS[name].function(**{argument: "?"})
    assert caught.value.path == argument


def test_a_preset_refuses_a_part_of_a_step_by_name() -> None:
    with pytest.raises(lrspec.SpecError, match=r"^warmup_steps: found 0\.1, expected a whole number of steps"):
        warmup_cosine(peak_value=1.0, warmup_steps=0.1, decay_steps=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="warmup_stepz"):
        warmup_cosine(peak_value=1.0, warmup_stepz=1, decay_steps=5)  # type: ignore[call-arg]


def test_another_word_than_previous_is_refused_also_by_a_type_checker() -> None:
    with pytest.raises(lrspec.SpecError, match="init_value: found 'previos'"):
        Linear(init_value="previos", end_value=0, steps=1)  # type: ignore[arg-type]
    Cosine(init_value="previous", end_value=0, steps=1)


def test_one_step_is_no_steps() -> None:
    assert explain(LINE).totals()[0] == "1 step, then 0 is held"
    assert explain(Linear(init_value=1, end_value=0, steps=1000)).totals()[0] == "1,000 steps, then 0 is held"
    assert str(difference(LINE, LINE, 1)) == "1 step: equal in every bit"
    assert str(difference(LINE, LINE, 2)) == "2 steps: equal in every bit"
    told = str(Difference(steps=1, differing=1, first=0, largest_ulps=1, largest_relative=0.5, at=0, largest=0.5))
    assert told.startswith("1 step: 1 differ, the first at step 0; by 1 ulp at most, ")
    text = "{lrspec: 1, total_steps: 10, learning_rate: {kind: linear, init_value: 1, end_value: 0, steps: 9}}"
    assert [finding.message for finding in lrspec.loads(text).lint()] == ["ends 1 step before the total of 10"]
    assert lrspec.sample(float, steps=1).source.endswith("sampled at 1 step")


@pytest.mark.parametrize("step", [0.25, 1.0, "1", None])
def test_a_step_that_is_no_integer_is_told(step: Any) -> None:
    calls = (LINE, LINE.exact, checked, lambda t: LINE.values(t, 5), lambda t: LINE.values(0, t))
    for call in calls:
        with pytest.raises(TypeError, match=rf"^a step of {step!r}: expected an integer"):
            call(step)


def test_converting_says_that_code_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []

    def run(_code: str, _framework: str, schedule: lrspec.Schedule, steps: int) -> Difference:
        said.append(capsys.readouterr().err)
        return difference(schedule, schedule, steps)

    monkeypatch.setattr("lrspec.cli.convert.missing", lambda _: [])
    monkeypatch.setattr("lrspec.cli.convert.run_source", run)
    path = tmp_path / "one.yaml"
    path.write_text(lrspec.dumps(Constant(value=0.5)))
    assert main(["convert", str(path), "--to", "optax", "--steps", "1000"]) == 0
    assert said == ["lrspec: running that code, with optax: 1,000 steps\n"]
