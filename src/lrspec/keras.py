"""What lrspec has for Keras beside `Schedule.to_keras`: schedules by class, callbacks by metric and for logging.

Importing this imports Keras, and registers the class of saved schedules with it.
"""

from __future__ import annotations

from lrspec.adapters.keras import KerasSchedule
from lrspec.adapters.logging_keras import AppliedRate
from lrspec.adapters.plateau_keras import PlateauCallback

__all__ = ["AppliedRate", "KerasSchedule", "PlateauCallback"]
