"""Files over the files that their `_BASE_` names: merged as fvcore does, each named, and none outside of a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrspec import LrspecError, SpecError, UnsupportedError
from lrspec.readers import files as config_files
from lrspec.readers.configs import load_config
from lrspec.readers.files import ConfigFile
from lrspec.readers.files.yacs import MOST


def load(path: Path) -> ConfigFile:
    """Return a file, or raise what is wrong with its bases, which a file keeps until its system is known."""
    found = config_files.load(path)
    if found.fault is not None:
        raise found.fault
    return found


def written(folder: Path, **files: str) -> Path:
    """Write files, whose names have `__` for a slash, and return the first."""
    paths = [folder / f"{name.replace('__', '/')}.yaml" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return paths[0]


def test_mappings_are_merged_and_lists_are_replaced(tmp_path: Path) -> None:
    child = "_BASE_: b.yaml\nA: {x: 1, y: {z: 2}}\nL: [3]\nN: null"
    found = load(written(tmp_path, a=child, b="A: {x: 5, y: {w: 6, z: 7}, v: 8}\nL: [1, 2]\nN: 4\nM: 9"))
    assert found.data == {"A": {"x": 1, "y": {"w": 6, "z": 2}, "v": 8}, "L": [3], "N": None, "M": 9}
    assert found.files == ("b.yaml",)


def test_of_several_bases_the_later_goes_before_and_the_file_before_all(tmp_path: Path) -> None:
    files = {"a": "_BASE_: [b.yaml, sub/c.yaml]\nx: 1", "b": "x: 2\ny: 2\nz: 2\nm: {k: 2, l: 2}"}
    found = load(written(tmp_path, **files, sub__c="_BASE_: ../d.yaml\nx: 3\ny: 3\nm: {k: 3}", d="z: 4\nw: 4\ny: 4"))
    assert found.data == {"x": 1, "y": 3, "z": 4, "w": 4, "m": {"k": 3, "l": 2}}
    assert found.files == ("b.yaml", "sub/c.yaml", "d.yaml")


def test_one_base_of_two_is_read_twice_and_no_circle(tmp_path: Path) -> None:
    found = load(written(tmp_path, a="_BASE_: [b.yaml, c.yaml]", b="_BASE_: d.yaml", c="_BASE_: d.yaml", d="x: 1"))
    assert found.data == {"x": 1}
    assert found.files == ("b.yaml", "d.yaml", "c.yaml", "d.yaml")


def test_a_base_is_not_changed_by_what_is_over_it(tmp_path: Path) -> None:
    bases = {"b": "_BASE_: d.yaml\nm: {x: 2}", "c": "_BASE_: d.yaml\nm: {y: 3}", "d": "m: &m {x: 1, y: 1}\nn: *m"}
    assert load(written(tmp_path, a="_BASE_: [b.yaml, c.yaml]", **bases)).data == {
        "m": {"x": 1, "y": 3},
        "n": {"x": 1, "y": 1},
    }


def test_a_base_of_another_form_and_its_warnings(tmp_path: Path) -> None:
    path = written(tmp_path, a="_BASE_: b.json\ny: 2", c="_BASE_: d.yaml", d="x: 1\nx: 1")
    (tmp_path / "b.json").write_text('{"x": 1}')
    assert load(path).data == {"x": 1, "y": 2}
    assert load(tmp_path / "c.yaml").warnings == ("d.yaml: line 2: the key 'x' stands a second time",)


def test_each_file_is_named_in_the_reading(tmp_path: Path) -> None:
    solver = "SOLVER: {BASE_LR: 0.1, MAX_ITER: 100, WARMUP_ITERS: 0, STEPS: []}\nVERSION: 2"
    reading = load_config(written(tmp_path, a="_BASE_: sub/b.yaml\nSOLVER: {STEPS: [60]}", sub__b=solver))
    assert reading.files == ("sub/b.yaml",)
    assert reading.notes[0] == "merged from sub/b.yaml"
    assert [reading.schedule.node.exact(step) for step in (59, 60)] == [0.1, 0.01]


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("b.yaml", r"_BASE_: found b.yaml in .*a.yaml, which cannot be read \(No such file"),
        (".", r"_BASE_: found \. in .*a.yaml, which cannot be read"),
        ("a.yaml", r"a.yaml in .*a.yaml, which is a base of itself"),
        ("sub/../a.yaml", "a base of itself"),
        ("3", "_BASE_: found 3, expected a path relative to the file"),
        ("''", "_BASE_: found '', expected a path"),
        ("{b: c}", "_BASE_: found .*, expected a path"),
        ("[x.yaml, 3]", "_BASE_: found 3, expected a path"),
        ("/etc/hosts", "_BASE_: /etc/hosts is not supported: only a path relative"),
        ("~/b.yaml", "_BASE_: ~/b.yaml is not supported"),
        ("$HOME/b.yaml", "_BASE_: .HOME/b.yaml is not supported"),
        ("http://example.org/b.yaml", "_BASE_: http:.* is not supported"),
        ("detectron2://b.yaml", "_BASE_: detectron2:.* is not supported"),
        ("'C:\\b.yaml'", "_BASE_: C:.* is not supported"),
        ("!!python/object/apply:os.getcwd []", "_BASE_: found the tag .*python/object/apply:os.getcwd"),
    ],
)
def test_what_is_no_base_is_refused(base: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    with pytest.raises((SpecError, UnsupportedError), match=message):
        load(written(tmp_path, a=f"_BASE_: {base}\nSOLVER: {{MAX_ITER: 3}}"))


def test_a_circle_of_two_and_a_chain_without_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"a.yaml in .*b.yaml, which is a base of itself"):
        load(written(tmp_path, a="_BASE_: b.yaml", b="_BASE_: a.yaml"))
    chain = {f"c{i}": f"_BASE_: c{i + 1}.yaml" for i in range(MOST + 1)}
    with pytest.raises(SpecError, match=rf"at most {MOST} files"):
        load(written(tmp_path, **chain, **{f"c{MOST + 1}": "x: 1"}))
    wide = {"w": "_BASE_: [" + "x.yaml, " * (MOST + 1) + "]", "x": "x: 1"}
    with pytest.raises(SpecError, match=rf"at most {MOST} files"):
        load(written(tmp_path, **wide))


def test_a_mapping_over_something_else_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"A\.B: found a mapping in .*a.yaml over 3"):
        load(written(tmp_path, a="_BASE_: b.yaml\nA: {B: {x: 1}}", b="A: {B: 3}"))


def test_what_is_unread_in_a_base_stays_unread(tmp_path: Path) -> None:
    solver = "SOLVER: {BASE_LR: 0.1, MAX_ITER: 100, WARMUP_ITERS: 0, STEPS: []}\nVERSION: 2"
    base = f"{solver}\nM: {{R: {{x: 1}}, R: {{x: 2}}}}\nN: !!python/name:os.path"
    reading = load_config(written(tmp_path, a="_BASE_: b.yaml\nM: {R: {x: 3}}\nN: {x: 1}", b=base))
    assert reading.schedule.node.exact(50) == 0.1


def test_a_malformed_base_is_named(tmp_path: Path) -> None:
    with pytest.raises(LrspecError, match=r"b\.yaml"):
        load(written(tmp_path, a="_BASE_: b.yaml", b="- 1"))
