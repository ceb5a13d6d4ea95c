"""A system of another distribution, registered by an entry point: the example of docs/systems.md, as a wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from processes import HANG

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXAMPLE = Path(__file__).parent.parent / "docs/examples/tinytrain"


def install(folder: Path, module: str, source: str, points: dict[str, str], name: str = "tinytrain-lrspec") -> None:
    """Build a wheel and install it into a folder: what an installer does with a pure one is to unpack it."""
    wheel = folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{module}.py", source)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        lines = [f"{point} = {target}" for point, target in points.items()]
        archive.writestr(f"{info}/entry_points.txt", "\n".join(["[lrspec.readers]", *lines, ""]))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    run = [sys.executable, "-m", "lrspec", *arguments]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(run, capture_output=True, text=True, env=environment, timeout=HANG, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    source = (EXAMPLE / "tinytrain_lrspec.py").read_text(encoding="utf-8")
    install(tmp_path, "tinytrain_lrspec", source, project["entry-points"]["lrspec.readers"], project["name"])
    return tmp_path


def test_the_example_is_read_where_it_is_installed(installed: Path) -> None:
    done = command(installed, "convert", str(EXAMPLE / "run.yaml"), "--to", "csv", "--steps", "1101")
    assert done.returncode == 0, done.stderr
    rates = [float(line.split(",")[1]) for line in done.stdout.splitlines()[1:]]
    assert rates[0] == 0
    assert rates[50] == pytest.approx(1.5e-4, rel=1e-6)
    assert rates[100] == pytest.approx(3e-4, rel=1e-6)
    assert rates[600] == pytest.approx(1.65e-4, rel=1e-6)
    assert rates[1100] == pytest.approx(3e-5, rel=1e-6)
    assert "tinytrain 2.1: schedule.floor=0.1" in done.stderr
    named = command(installed, "convert", str(EXAMPLE / "run.yaml"), "--to", "yaml", "--system", "tinytrain")
    assert named.returncode == 0, named.stderr


def test_without_it_nothing_is_read(tmp_path: Path) -> None:
    done = command(tmp_path, "convert", str(EXAMPLE / "run.yaml"), "--to", "csv", "--steps", "3")
    assert done.returncode == 2
    assert "no system" in done.stderr


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("SYSTEM = 1", "other:SYSTEM", "is a int: expected a lrspec.readers.system.System"),
        ("", "other:SYSTEM", "cannot be loaded"),
        ("import not_there", "other:SYSTEM", "cannot be loaded"),
        (
            "from lrspec.readers.system import System\nSYSTEM = System(name='timm', title='mine')",
            "other:SYSTEM",
            "has the name 'timm', which another system has",
        ),
    ],
)
def test_a_wrong_entry_point_is_named(tmp_path: Path, source: str, target: str, message: str) -> None:
    install(tmp_path, "other", source, {"own": target}, "other")
    done = command(tmp_path, "convert", str(EXAMPLE / "run.yaml"), "--to", "csv", "--steps", "3")
    assert done.returncode == 2, done.stdout
    assert message in done.stderr
    assert "'own' of other" in done.stderr
