"""What a picture shows: its points, titles and marks, whoever draws it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lrspec
from lrspec.cli import main
from lrspec.views.figure import comparison, figure
from lrspec.views.outline import horizon
from lrspec.views.svg import figure_svg, svg

FLAT = lrspec.Constant(value=0.1)
DIP = lrspec.PiecewiseConstant(boundaries=[300_001, 300_010], values=[0.1, 0.01, 0.1])
DOCUMENT = """{lrspec: 1, steps_per_epoch: 100, learning_rate: {kind: warmup_cosine, peak_value: 0.1, warmup_steps: 50,
decay_steps: 450}, weight_decay: {kind: constant, value: 0.25}, groups: [{scale: 2}]}"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "schedule.yaml"
    path.write_text(DOCUMENT)
    return str(path)


def test_nine_steps_in_a_million_are_seen_in_curve_difference_and_ulps() -> None:
    panels = comparison((FLAT, DIP), 1_000_000, ("a", "b")).panels
    lowest = [min(value for _, value in curve.points) for curve in panels[0].curves]
    assert lowest == [FLAT(0), DIP(300_005)]
    assert min(panels[1].curves[0].points, key=lambda point: point[1]) == (300_001, DIP(300_005) - FLAT(0))
    assert max(value for _, value in panels[2].curves[0].points) > 1e7
    apart = [step for step, value in panels[1].curves[0].points if value]
    assert {300_001, 300_009} <= set(apart) <= set(range(300_001, 300_010))


def test_one_ulp_is_one() -> None:
    above = lrspec.Constant(value=0.10000000894069672)  # the next float32 number after 0.1
    panel = comparison((FLAT, above), 10, ("a", "b")).panels[2]
    assert {value for _, value in panel.curves[0].points} == {1.0}
    across = comparison((lrspec.Constant(value=-(2.0**-126)), lrspec.Constant(value=0.0)), 10, ("a", "b")).panels[2]
    assert across.curves[0].points[0][1] == 2**23


def late(start: int) -> lrspec.Node:
    decay = lrspec.Exponential(init_value=0.1, decay_rate=0.9, decay_period=10_000)
    return lrspec.Sequence(parts=[lrspec.Constant(value=0.1, steps=start), decay])


@pytest.mark.parametrize(
    "other",
    [
        lrspec.Linear(init_value=0.0, end_value=1.0, steps=10_000),
        lrspec.Table(values=[0.1 * i for i in range(1, 11)], period=100),
        lrspec.Sequence(parts=[lrspec.Linear(init_value=0.0, end_value=1.0 + i, steps=100) for i in range(9)]),
    ],
    ids=lambda node: node.kind,
)
def test_a_decay_that_begins_late_in_a_product_is_drawn(other: lrspec.Node) -> None:
    product = lrspec.Product(parts=[other, late(70_000)])
    shown = horizon(product)
    assert shown > 70_000
    assert product(shown - 1) < product(70_000) / 3


def test_what_goes_on_after_an_end_is_drawn_until_it_is_small() -> None:
    cosine = lrspec.Cosine(init_value=1.0, end_value=0.1, steps=1000)
    decay = lrspec.Exponential(init_value=0.1, decay_rate=0.9, decay_period=10_000)
    product = lrspec.Product(parts=[cosine, decay])
    assert product(horizon(product) - 1) < product(1000) / 3


def test_a_picture_has_a_background_and_colours_of_its_own() -> None:
    picture = svg(DIP)
    assert "currentColor" not in picture
    assert re.search(r'<rect width="640" height="\d+" rx="4" fill="#fff"/>', picture)


def test_phases_peak_and_end_are_named() -> None:
    drawn = figure({"": {"": lrspec.loads(DOCUMENT)}})
    assert [(band.start, band.stop, band.name) for band in drawn.bands] == [(0, 50, "linear"), (50, 500, "cosine")]
    assert list(drawn.marks) == [(50, "peak"), (500.0, "end")]
    assert all(f">{word}<" in figure_svg(drawn) for word in ("linear", "cosine", "peak", "end"))


def test_a_logarithmic_axis_leaves_out_what_is_not_positive() -> None:
    line = lrspec.Sequence(parts=[lrspec.Constant(value=0.0, steps=50), lrspec.Constant(value=1e-3, steps=50), FLAT])
    picture = figure_svg(figure({"": {"": line}}, 150, log=True))
    assert ">0.01<" in picture
    assert ">0<" in picture  # the step, not the value
    assert picture.count("polyline") == 1
    assert figure_svg(figure({"": {"": lrspec.Constant(value=0.0)}}, log=True)).count("polyline") == 0


def test_all_schedules_of_two_documents_in_one_picture(file: str, tmp_path: Path) -> None:
    output = tmp_path / "both.svg"
    other = tmp_path / "other.yaml"
    other.write_text("{lrspec: 1, learning_rate: {kind: constant, value: 0.1}}")
    arguments = ["plot", file, str(other), "--schedule", "all", "--axis", "epochs", "--log", "-o", str(output)]
    assert main(arguments) == 0
    picture = output.read_text(encoding="utf-8")
    names = ["schedule.yaml", "schedule.yaml: groups[0].learning_rate", "other.yaml", "weight_decay", "epochs"]
    assert [name for name in names if f">{name}<" not in picture] == []


def test_an_axis_needs_its_quantity(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = str(tmp_path / "a.svg")
    assert main(["plot", file, "--axis", "tokens", "-o", output]) == 2
    assert "an axis in tokens needs `tokens_per_step` in the document, or --tokens-per-step" in capsys.readouterr().err
    assert main(["plot", file, "--axis", "tokens", "--tokens-per-step", "1000", "-o", output]) == 0
    assert ">400,000<" in Path(output).read_text(encoding="utf-8")


def test_the_terminal_has_ticks_and_a_logarithmic_axis(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", file, "--schedule", "learning_rate"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[0].strip() for line in lines if line[0] != " "] == ["0.1", "0.05", "0"]
    assert "200" in lines[-1]
    assert main(["plot", file, "--log"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("0.1 ")


def test_a_schedule_is_drawn_on_axes() -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    assert DIP.plot(axes, 400_000, label="dip") is axes
    line = axes.get_lines()[0]
    assert line.get_label() == "dip"
    assert min(line.get_ydata()) == DIP(300_005)
    assert lrspec.loads(DOCUMENT).plot(axes, log=True).get_yscale() == "log"


def test_a_notebook_shows_curve_and_tree() -> None:
    shown = lrspec.Table(values=[0.1], source="<&>")._repr_html_()
    assert "<svg" in shown
    assert "source=&lt;&amp;&gt;" in shown


def test_the_values_inside_an_affine_are_those_of_the_part() -> None:
    rising = lrspec.Linear(init_value=0.0, end_value=1.0, steps=100)
    flat = lrspec.Constant(value=0.1, steps=100)
    found = lrspec.Affine(part=lrspec.Product(parts=[rising, flat]), scale=2.0).explain().phases
    assert [phase.last_value for phase in found] == [lrspec.Linear(init_value=0.0, end_value=0.2, steps=100)(99)] + [
        pytest.approx(value) for value in (0.099, 0.99, 0.1)
    ]
