"""The plugin of pytest. Nothing but this file and `current` is loaded until a test or an option uses it."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lrspec.testing.current import current

if TYPE_CHECKING:
    from lrspec.testing import AppliedRates, Golden


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("lrspec", "learning-rate schedules (lrspec)")
    group.addoption(
        "--update-schedules", action="store_true", help="rewrite the golden files of schedule_golden, and say which"
    )
    group.addoption("--lrspec-report", type=Path, metavar="FILE", help="write what was compared, for lrspec merge")
    group.addoption(
        "--lrspec-require",
        metavar="NAMES",
        help="fail where one of these is not installed, and use no other: a list such as torch,keras,optax",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check what is required, and prepare the report, where the options ask for them."""
    asked = config.getoption("--lrspec-require")
    if asked is not None:
        from lrspec.errors import LrspecError
        from lrspec.testing.frameworks import installed, named

        try:
            missing = [name for name in named(asked) if name not in installed()]
        except LrspecError as error:
            raise pytest.UsageError(f"--lrspec-require: {error}") from None
        if missing:
            raise pytest.UsageError(f"--lrspec-require: not installed: {', '.join(missing)}")
    report = config.getoption("--lrspec-report")
    if config.getoption("--update-schedules") or report is not None:
        config.pluginmanager.register(_Collected(config, report), "lrspec-collected")


class _Collected:
    """Hears of every test's properties, also from other processes; writes the report and says what was rewritten."""

    def __init__(self, config: pytest.Config, report: Path | None) -> None:
        self._report = (
            None if report is None or hasattr(config, "workerinput") else config.invocation_params.dir / report
        )
        self._rows: list[Any] = []
        self._said: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the rows of a test that has ended."""
        if report.when != "teardown":
            return
        import json
        from dataclasses import replace

        from lrspec.reports import row_of

        for name, text in report.user_properties:
            if name == "lrspec":
                self._rows.append(replace(row_of(json.loads(str(text))), test=report.nodeid))
            elif name == "lrspec_golden":
                self._said.append(str(text))

    def pytest_sessionfinish(self) -> None:
        """Write the report."""
        if self._report is not None:
            from lrspec.reports import Report, environment

            Report(environment=environment(), rows=tuple(self._rows)).write(self._report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was rewritten and written."""
        if self._said or self._report is not None:
            terminalreporter.section("lrspec")
            for line in self._said:
                terminalreporter.line(line)
            if self._report is not None:
                terminalreporter.line(f"{len(self._rows)} comparisons in {self._report}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Know which test runs."""
    with current.running(item):
        return (yield)


@pytest.fixture
def schedule_golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a schedule with its golden file: `schedule_golden(document, steps=400)`."""
    from lrspec.testing.frameworks import installed, named
    from lrspec.testing.golden import Golden

    name = re.sub(r"[^\w.-]+", "_", request.node.name).strip("_")
    asked = request.config.getoption("--lrspec-require")
    return Golden(
        request.path.parent / "schedules" / f"{name}.txt",
        request.config.rootpath,
        tuple(installed() if asked is None else named(asked)),
        update=request.config.getoption("--update-schedules"),
    )


@pytest.fixture
def applied_rates() -> Iterator[AppliedRates]:
    """Record the rates that an optimizer applies: `.torch(optimizer)`, `.keras()`, `.optax(schedule)`."""
    from lrspec.testing.recording import AppliedRates

    recorder = AppliedRates()
    yield recorder
    recorder.close()
