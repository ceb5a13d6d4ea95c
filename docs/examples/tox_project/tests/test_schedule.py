"""The schedule in whichever framework the environment has: no environment has two."""

from importlib.util import find_spec

import pytest
from trainer import SCHEDULE, UPDATES, train_keras, train_optax, train_torch

from lrspec.testing import assert_same_schedule


def test_schedule(schedule_golden):
    schedule_golden(SCHEDULE, steps=UPDATES)


def test_training_applies_the_golden_rates(applied_rates, schedule_golden):
    if find_spec("torch"):
        recorded = []
        train_torch(lambda optimizer: recorded.append(applied_rates.torch(optimizer)))
        record = recorded[0]
    elif find_spec("keras"):
        record = applied_rates.keras()
        train_keras([record.callback])
    elif find_spec("optax"):
        record = applied_rates.optax()
        train_optax(record.after)
    else:
        pytest.fail("no framework is installed")
    assert_same_schedule(record, SCHEDULE, steps=UPDATES)
    schedule_golden(record, name="test_schedule")
