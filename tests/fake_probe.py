"""A probe of torch without torch, whose second mode goes wrong as `FAKE` in the environment says."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

import numpy as np

from lrspec.probes import MODES, Mode, Native, Sampler, Values
from lrspec.schedule import Schedule
from lrspec.spec import Node

VERSION = "9.9"
FAULT = os.environ.get("FAKE", "")


def fail() -> NoReturn:
    cause = ModuleNotFoundError("No module named 'setuptools'")
    raise RuntimeError("backend='inductor' raised:\nsomething\n\nYou can suppress it:\n    a = True\n") from cause


def good(schedule: Schedule) -> Sampler:
    return schedule.values


def wrong(schedule: Schedule) -> Sampler:
    def sample(start: int, stop: int) -> Values:
        if FAULT == "raises":
            fail()
        if FAULT == "raises alone":
            raise RuntimeError("backend='inductor' raised:\n\nOSError: no space left\n\nYou can suppress it:\n    True")
        if FAULT == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if FAULT == "interrupted":
            os.kill(os.getpid(), signal.SIGINT)
        if FAULT == "exits":
            sys.stderr.write("a word\nthe last word\n")
            sys.stderr.flush()
            os._exit(7)
        if FAULT == "ends":
            os._exit(0)
        values = schedule.values(start, stop)
        if FAULT == "float64":
            return values.astype(np.float64)
        return np.nextafter(values, np.float32(1)) if "differs" in FAULT else values

    return sample


def modes() -> list[Mode]:
    samplers = (good, wrong, broken if "another raises" in FAULT else good, good)
    return [Mode(name=name, device="cpu", sampler=s) for name, s in zip(MODES["torch"], samplers, strict=True)]


def broken(schedule: Schedule) -> Sampler:  # noqa: ARG001 - a mode's sampler
    fail()


def native(node: Node) -> Native | None:
    def sample(start: int, stop: int) -> Values:
        if FAULT == "native raises":
            fail()
        return node.values(start, stop)

    return Native(name="Fake", sample=sample, steps=10)
