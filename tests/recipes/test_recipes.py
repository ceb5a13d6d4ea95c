"""The documents in docs/recipes against the formulas of their sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lrspec
from lrspec.program import Program
from oracle import CONTEXT, ulp_error
from recipes import language, others, vision  # noqa: F401 - read, they note their formulas
from recipes.sources import RECIPES, exact

FOLDER = Path(__file__).parents[2] / "docs" / "recipes"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
TOLERANCE = 0.5 + 2.0**-18
NEAR = 25


def edges(program: Program) -> Iterator[int]:
    """Yield the first step of each phase and of many segments."""
    for phase in program.phases:
        yield phase.start
        for segment in program.segments:
            if segment.start >= phase.base:
                yield phase.start + -(-(segment.start - phase.base) * phase.denominator // phase.numerator)


def document(name: str) -> lrspec.Document:
    return lrspec.load(FOLDER / f"{name}.yaml")


@pytest.mark.parametrize(("name", "hyperparameter"), RECIPES, ids=[" ".join(key) for key in RECIPES])
def test_values_are_the_formula_of_the_source_rounded_once(name: str, hyperparameter: str) -> None:
    recipe, schedule = RECIPES[name, hyperparameter], document(name)[hyperparameter]
    steps = {*range(200), *np.random.default_rng(1).integers(0, recipe.last + 1, 400).tolist()}
    for kink in (*recipe.kinks, recipe.last):
        steps |= {*range(kink - NEAR, kink + NEAR)}
    for edge in edges(schedule.program):
        steps |= {edge - 1, edge}
    for step in sorted(step for step in steps if 0 <= step <= recipe.last):
        found, wanted = schedule(step), exact(recipe.formula(step))
        assert ulp_error(found, wanted) <= TOLERANCE, f"step {step}: {found!r}, exactly {CONTEXT.nstr(wanted, 20)}"


def test_every_document_has_a_formula_for_each_hyperparameter() -> None:
    assert sorted(RECIPES) == sorted((name, key) for name in NAMES for key in document(name))
    assert len(NAMES) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_every_document_says_where_it_is_from(name: str) -> None:
    head = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").split("lrspec: 1")[0]
    assert all(line.startswith("# ") for line in head.splitlines())
    assert re.search(r"^# Source: .*(arXiv:\d{4}\.\d{4,5}|github\.com/[\w.-]+/[\w.-]+)", head, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_every_document_survives_being_written(name: str) -> None:
    written = lrspec.loads(lrspec.dumps(document(name)))
    assert written == document(name)
    assert written.fingerprint == document(name).fingerprint


def test_the_index_lists_every_document_and_the_kinds_in_it() -> None:
    rows = re.findall(
        r"^\| \[`(\w+)`\]\((\w+)\.yaml\) \|.*\| ([^|]*) \|$", (FOLDER / "index.md").read_text(), re.MULTILINE
    )
    listed = {name: kinds.replace("`", "") for name, file, kinds in rows if name == file}
    assert list(listed) == NAMES
    for name in NAMES:
        text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
        assert listed[name] == ", ".join(sorted(set(re.findall(r"kind: (\w+)", text)))), name
