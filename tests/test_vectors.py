"""The conformance vectors: made from exact arithmetic, valid, complete, and what every evaluator on the host gives."""

from __future__ import annotations

import ast
import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import make_vectors
from lrspec.cli import main
from lrspec.cli.waiting import waiting
from lrspec.conformance import FOLDER, Vector, conformance, files
from lrspec.errors import LrspecError
from lrspec.kinds import KINDS
from lrspec.presets import PRESETS
from program_shapes import shapes

ROOT = Path(__file__).parents[1]
FILES = files()
VECTORS = [vector for file in FILES for vector in file.vectors]
SAMPLE = (
    "kinds/linear",
    "presets/one_cycle",
    "units/rounding",
    "documents/names",
    "programs/programs",
    "refused/fields",
)


def test_every_kind_and_preset_has_a_file() -> None:
    names = {file.name for file in FILES}
    assert {f"kinds/{kind}" for kind in KINDS} <= names
    assert {f"presets/{preset}" for preset in PRESETS} <= names
    assert names == set(make_vectors.names())


@pytest.mark.parametrize("name", SAMPLE)
def test_making_them_again_gives_the_same_bytes(name: str) -> None:
    assert make_vectors.main(["--check", name]) == 0


@pytest.mark.long
def test_making_all_again_gives_the_same_bytes() -> None:
    assert make_vectors.main(["--check"]) == 0


def test_expected_values_know_nothing_of_lrspec() -> None:
    sources = [*(ROOT / "tests" / "vectors").glob("*.py"), ROOT / "tests" / "oracle.py"]
    for path in sources:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
        names += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not [name for name in names if name.split(".")[0] == "lrspec"], path


@pytest.mark.parametrize("most", [2, pytest.param(1000, marks=pytest.mark.long)])
def test_the_files_are_as_their_schema_says(most: int) -> None:
    schema = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for file in FILES:
        content = json.loads(file.content)
        content["vectors"] = content["vectors"][:most]
        assert not [error.message for error in validator.iter_errors(content)], file.name


def test_ids_are_unique_and_name_their_file() -> None:
    ids = [vector.id for vector in VECTORS]
    assert len(ids) == len(set(ids))
    assert all(
        vector.id.startswith(f"{file.name}/") or file.name == "programs/programs"
        for file in FILES
        for vector in file.vectors
    )


def test_flags_are_those_of_the_legend() -> None:
    legend = json.loads((FOLDER / "flags.json").read_text(encoding="utf-8"))
    assert {flag for vector in VECTORS for flag in vector.flags} == set(legend)


def test_clauses_are_headings_of_the_pages() -> None:
    headings = {}
    for page in ("spec.md", "presets.md"):
        found = re.findall(r"^#+ (.*)$", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE)
        headings[page] = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in found}
    clauses = {vector.data["clause"]: vector.data["clause"].split("#") for vector in VECTORS}
    assert [clause for clause, (page, anchor) in clauses.items() if anchor not in headings[page]] == []


def test_each_kind_has_thousands_of_points_and_the_hard_ones() -> None:
    for file in FILES:
        if file.name.startswith("kinds/"):
            vectors = [vector for vector in file.vectors if not vector.is_refused]
            least = 700 if file.name == "kinds/constant" else 2000
            assert sum(len(vector.points[0]) for vector in vectors) >= least, file.name
            steps = {step for vector in vectors for step in vector.points[0].tolist()}
            assert {0, 1, 41, 47, 55, 61, 2**24 - 1, 2**24, 2**24 + 1, 2**31 - 1} <= steps, file.name


def test_the_core_has_every_shape_of_program() -> None:
    programs = [vector for vector in VECTORS if not vector.is_refused and len(vector.data.get("program", "")) > 0]
    every, core = (
        set().union(*(shapes(vector.program) for vector in chosen))
        for chosen in (programs, [one for one in programs if "core" in one.flags])
    )
    assert core == every
    assert len([one for one in programs if "core" in one.flags]) <= 20


def test_a_tie_leaves_two_neighbours_and_is_no_point() -> None:
    tied = [vector for vector in VECTORS if not vector.is_refused and vector.either]
    assert len(tied) > 20
    for vector in tied:
        assert not vector.either.keys() & set(vector.points[0].tolist())
        assert all(high - low in {1, 0x800000} for low, high in vector.either.values())


@pytest.mark.parametrize("kinds", [("documents", "rounding", "refused", "programs"), ("sequence", "constant")])
def test_the_host_passes(kinds: tuple[str, ...]) -> None:
    found = conformance(backends=("host",), kinds=kinds)
    assert found.ok, [(row.mode, row.first_vector, row.got, row.wanted, row.error) for row in found.results]


@pytest.mark.long
def test_the_host_passes_all() -> None:
    found = conformance(backends=("host",))
    assert found.ok, [(row.mode, row.first_vector, row.got, row.wanted, row.error) for row in found.results]


def test_a_changed_program_is_noticed_in_every_mode(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "--backends", "host", "--kind", "linear", "--corrupt"]) == 1
    out = capsys.readouterr().out
    assert "python, host: kinds/linear/41, step 0: " in out
    assert out.endswith("1 of 5 rows are equal in every bit.\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fingerprint": "sha256:00"}, "sha256:00"),
        ({"last_step": 5}, "last step 5"),
        ({"document": {"lrspec": 1}}, "refused: "),
    ],
)
def test_what_the_compiler_says_otherwise_is_noticed(
    change: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = files(["rex"])
    vectors = tuple(Vector({**vector.data, **change}) for vector in file.vectors)
    monkeypatch.setattr("lrspec.conformance.vectors_file.VectorFile.vectors", vectors)
    (row,) = [row for row in conformance(backends=("host",), kinds=("rex",)).results if row.mode == "reader, compiler"]
    assert row.differing >= len(vectors)
    assert message in f"{row.got} {row.wanted}"


def test_what_takes_long_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrspec.cli.conformance.waiting", partial(waiting, after=0.0))
    assert main(["conformance", "--backends", "host", "--kind", "rex"]) == 0
    assert capsys.readouterr().err == "lrspec: running the vectors in Python and NumPy\n"


def test_what_is_asked_for_and_unknown_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LrspecError, match="kind: found 'triangle', expected one of "):
        files(["triangle"])
    assert main(["conformance", "--kind", "triangle"]) == 2
    assert main(["conformance", "--without", "warp", "--backends", "host"]) == 2
    assert main(["conformance", "--where"]) == 0
    assert capsys.readouterr().out == f"{FOLDER}\n"
