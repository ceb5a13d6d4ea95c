"""What users' own tests need: schedules compared, golden files, applied rates, strategies of hypothesis.

`lrspec.testing.plugin` is the plugin of pytest. Each name here is imported when it is first used, so that a run of
pytest that uses none of them loads none of them.
"""

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lrspec.testing import strategies as strategies
    from lrspec.testing.golden import Golden as Golden
    from lrspec.testing.recording import AppliedRates as AppliedRates, Recorded as Recorded
    from lrspec.testing.same import assert_same_schedule as assert_same_schedule

_HOMES = {
    "AppliedRates": "recording",
    "Golden": "golden",
    "Recorded": "recording",
    "assert_same_schedule": "same",
}
__all__ = ["AppliedRates", "Golden", "Recorded", "assert_same_schedule", "strategies"]


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name == "strategies":
        return importlib.import_module("lrspec.testing.strategies")
    if name not in _HOMES:
        raise AttributeError(f"module 'lrspec.testing' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"lrspec.testing.{_HOMES[name]}"), name)
    return value
