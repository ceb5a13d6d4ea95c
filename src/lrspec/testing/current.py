"""The test that runs now, which the plugin sets: where pictures go, and whose rows of the report these are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Current:
    """What is known of the test that runs: `item`, the test of pytest, or None outside of one."""

    def __init__(self) -> None:
        self.item: Any = None

    @contextmanager
    def running(self, item: Any) -> Iterator[None]:
        """Be in a test."""
        before, self.item = self.item, item
        try:
            yield
        finally:
            self.item = before

    def folder(self) -> Path:
        """Return a new folder for pictures: among pytest's temporary ones, or outside of a test the system's."""
        factory = getattr(getattr(self.item, "config", None), "_tmp_path_factory", None)
        return Path(factory.mktemp("lrspec") if factory is not None else tempfile.mkdtemp(prefix="lrspec-"))

    def add_row(self, text: str) -> None:
        """Add a row of the report to the test, where a report is asked for."""
        if self.item is not None and self.item.config.getoption("--lrspec-report") is not None:
            self.item.user_properties.append(("lrspec", text))

    def say(self, text: str) -> None:
        """Add a line to the summary that pytest prints at the end."""
        if self.item is not None:
            self.item.user_properties.append(("lrspec_golden", text))


current = Current()
