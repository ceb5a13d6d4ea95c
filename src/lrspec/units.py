"""Where pickled documents look for their units: `documents/durations.py` was this module when they were made."""

from __future__ import annotations

from lrspec.documents.durations import Units

__all__ = ["Units"]
