"""One learning-rate schedule, every framework, bit for bit."""

from lrspec.document import Document, dump, dumps, from_dict, load, loads, to_dict
from lrspec.errors import LrspecError, SpecError, StepError, UnsupportedError
from lrspec.native import from_native
from lrspec.schedule import Schedule
from lrspec.spec import (
    SPEC_VERSION,
    Constant,
    Cosine,
    Exponential,
    Linear,
    Node,
    PiecewiseConstant,
    Polynomial,
    Sequence,
)

__version__ = "0.1.0"
__all__ = [
    "SPEC_VERSION",
    "Constant",
    "Cosine",
    "Document",
    "Exponential",
    "Linear",
    "LrspecError",
    "Node",
    "PiecewiseConstant",
    "Polynomial",
    "Schedule",
    "Sequence",
    "SpecError",
    "StepError",
    "UnsupportedError",
    "dump",
    "dumps",
    "from_dict",
    "from_native",
    "load",
    "loads",
    "to_dict",
]
