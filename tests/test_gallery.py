"""The gallery's pictures are those of its documents; and a picture shows jumps, ends and small values as they are."""

from __future__ import annotations

import importlib.util
import re
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

import lrspec
from lrspec.kinds import KINDS
from lrspec.views.svg import svg

GALLERY = Path(__file__).parent.parent / "docs" / "gallery"
PAGE = GALLERY / "index.md"

Corners = list[tuple[float, float]]


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_gallery", GALLERY / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_picture_is_stale(make: ModuleType) -> None:
    assert make.stale() == [], "run: python docs/gallery/make.py"
    assert make.main(["--check"]) == 0


def test_every_kind_has_a_picture(make: ModuleType) -> None:
    drawn = {kind for _, source in make.sources(PAGE.read_text(encoding="utf-8")) for kind in _kinds(source)}
    assert drawn >= KINDS.keys()


def _kinds(source: str) -> set[str]:
    return set(re.findall(r"kind: (\w+)", source))


def test_every_block_of_the_page_is_drawn(make: ModuleType) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("```yaml\n") == len(list(make.sources(page)))


def test_a_stale_missing_or_unwanted_picture_is_noticed(make: ModuleType, tmp_path: Path) -> None:
    block = "```yaml\n{lrspec: 1, learning_rate: {kind: constant, value: 1}}\n```\n\n![A level line](level.svg)\n"
    (tmp_path / "page.md").write_text(block, encoding="utf-8")
    assert make.stale(tmp_path) == ["level.svg"]
    (tmp_path / "level.svg").write_text(make.pictures(tmp_path)["level.svg"], encoding="utf-8")
    assert make.stale(tmp_path) == []
    (tmp_path / "old.svg").write_text("<svg/>", encoding="utf-8")
    assert make.stale(tmp_path) == ["old.svg"]
    (tmp_path / "page.md").write_text(block.replace("value: 1", "value: 2"), encoding="utf-8")
    assert make.stale(tmp_path) == ["level.svg", "old.svg"]


@pytest.mark.parametrize("page", ["![A line](a.svg)\n", "```yaml\na: 1\n```\n![A](a.svg)\n![B](b.svg)\n"])
def test_a_picture_needs_its_own_source(make: ModuleType, page: str) -> None:
    with pytest.raises(ValueError, match="expected a YAML block"):
        list(make.sources(page))


def corners(picture: str) -> Corners:
    """Return the corners of the curve, in pixels."""
    root = ET.fromstring(picture)  # noqa: S314 - what the package itself has drawn
    line = root.find("{http://www.w3.org/2000/svg}polyline")
    assert line is not None
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.attrib["points"].split())]


def is_upright_or_level(points: Corners) -> bool:
    return all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points))


@pytest.mark.parametrize(
    "node",
    [
        lrspec.PiecewiseConstant(boundaries=[3, 4, 8], values=[0.1, 0.5, -0.2, 0.3], steps=12, after="error"),
        lrspec.Exponential(init_value=0.1, decay_rate=0.5, decay_period=7, staircase=True, steps=70),
        lrspec.Exponential(init_value=0.1, decay_rate=0.96, decay_period=100_000, staircase=True),
        lrspec.Every(part=lrspec.Cosine(init_value=1.0, end_value=0.0, steps=10), period=2.5),
        lrspec.Table(values=[0.1, 0.3, 0.2], period=5),
        lrspec.Clamp(
            part=lrspec.Exponential(init_value=1.0, decay_rate=0.5, decay_period=9, staircase=True, steps=50),
            min_value=0.2,
        ),
    ],
    ids=lambda node: node.kind,
)
def test_stairs_are_drawn_without_slopes(node: lrspec.Node) -> None:
    points = corners(svg(node))
    assert is_upright_or_level(points)
    assert len(points) > 4


def test_a_restart_is_upright_and_a_corner_is_not() -> None:
    saw = corners(svg(lrspec.Repeat(part=lrspec.Linear(init_value=1.0, end_value=0.0, steps=1000))))
    assert sum(a[0] == b[0] for a, b in pairwise(saw)) >= 4
    up, down = (
        lrspec.Linear(init_value=0.0, end_value=1.0, steps=6),
        lrspec.Linear(init_value=1.0, end_value=0.0, steps=6),
    )
    roof = corners(svg(lrspec.Sequence(parts=[up, down])))
    assert all(a[0] < b[0] for a, b in pairwise(roof))


def test_a_curve_with_too_many_kinks_is_drawn_from_its_lowest_to_its_highest() -> None:
    teeth = lrspec.Repeat(part=lrspec.Linear(init_value=1.0, end_value=0.0, steps=7))
    heights = [y for _, y in corners(svg(teeth, 100_000))]
    assert min(heights) == pytest.approx(30)
    assert max(heights) == pytest.approx(30 + 190 * 6 / 7, abs=0.1)


def test_the_end_and_what_follows_it_are_shown() -> None:
    line = lrspec.Linear(init_value=1.0, end_value=0.0, steps=100, after="error")
    assert "no value" in svg(line)
    assert "no value" not in svg(line, 50)
    assert ">end<" in svg(lrspec.Linear(init_value=1.0, end_value=0.0, steps=100))
    assert ">end<" not in svg(lrspec.Constant(value=1.0))


def test_what_changes_after_the_end_is_shown() -> None:
    stairs = lrspec.PiecewiseConstant(boundaries=[200, 300], values=[1.0, 0.5, 0.25])
    warmup = lrspec.Linear(init_value=0.0, end_value=1.0, steps=50)
    assert "step 331: 0.25" in svg(lrspec.Product(parts=[warmup, stairs]))


def test_small_and_negative_values_are_told() -> None:
    assert "step 111: 1e-06" in svg(lrspec.Geometric(init_value=0.1, end_value=1e-6, steps=100))
    assert "largest: -3e+38" in svg(lrspec.Constant(value=-3e38))
    assert "step 15: 0" in svg(lrspec.Constant(value=0.0))


def test_a_title_is_cut_without_breaking_the_picture() -> None:
    table = lrspec.Table(values=[0.1] * 400, source="<&\"'" * 200)
    ET.fromstring(svg(table))  # noqa: S314 - what the package itself has drawn


@pytest.mark.parametrize("steps", [1, 2, 7, 2**31, 2**40])
def test_any_number_of_steps_can_be_drawn(steps: int) -> None:
    assert len(corners(svg(lrspec.Linear(init_value=0.0, end_value=1.0, steps=1000), steps))) >= 2
