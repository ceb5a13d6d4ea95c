"""Keras: what get_config or schedules.serialize writes, handed over to the reader of Keras' own objects."""

from __future__ import annotations

from lrspec.readers.keras import objects as keras
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading

SYSTEM = "keras"


def read(keys: Keys) -> Reading:
    """Return the schedule of a schedule's or an optimizer's config.

    Raises:
        UnsupportedError: A class without an equivalent.
        SpecError: A key is missing or not as it should be.
    """
    total = keys.quantities.get("total_steps")
    return keras.read(keys.data, "a configuration", None if total is None else int(total))
