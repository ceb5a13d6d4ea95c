"""The schedules that a config may name: torch's schedulers, transformers' functions, and torchtune's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrspec.errors import SpecError, UnsupportedError
from lrspec.fields import show
from lrspec.readers.targets.tree import Place, Tree
from lrspec.readers.torch.arguments import defaults_of, from_arguments
from lrspec.readers.torch.composed import COMPOSED
from lrspec.readers.torch.description import Curve
from lrspec.readers.torch.schedulers import SCHEDULERS

SYSTEM = "targets"
