"""Every kind of node: its fields, its checks and its formula, in one place each."""

from lrspec.kinds.combine import Affine, Clamp, Maximum, Minimum, Product, Sequence, Sum
from lrspec.kinds.cooldowns import Geometric, Logarithmic, NormalizedExponential, OneMinusPower, Rex, Tanh
from lrspec.kinds.decays import Exponential, InverseTime, PowerLaw
from lrspec.kinds.functions import Exp, Power
from lrspec.kinds.lists import PiecewiseConstant, Table
from lrspec.kinds.ramps import Constant, Cosine, Linear, Polynomial, Sine
from lrspec.kinds.repeat import Repeat
from lrspec.kinds.timing import Every, Freeze, Shift, Stretch
from lrspec.spec import Node

KINDS: dict[str, type[Node]] = {
    node.kind: node
    for node in (
        Constant,
        Linear,
        Polynomial,
        Cosine,
        Sine,
        Geometric,
        OneMinusPower,
        NormalizedExponential,
        Tanh,
        Logarithmic,
        Rex,
        Exponential,
        InverseTime,
        PowerLaw,
        PiecewiseConstant,
        Table,
        Sequence,
        Product,
        Sum,
        Minimum,
        Maximum,
        Clamp,
        Affine,
        Power,
        Exp,
        Shift,
        Freeze,
        Repeat,
        Every,
        Stretch,
    )
}
"""Every kind of node, by the word that a document uses for it."""
__all__ = [
    "KINDS",
    "Affine",
    "Clamp",
    "Constant",
    "Cosine",
    "Every",
    "Exp",
    "Exponential",
    "Freeze",
    "Geometric",
    "InverseTime",
    "Linear",
    "Logarithmic",
    "Maximum",
    "Minimum",
    "NormalizedExponential",
    "OneMinusPower",
    "PiecewiseConstant",
    "Polynomial",
    "Power",
    "PowerLaw",
    "Product",
    "Repeat",
    "Rex",
    "Sequence",
    "Shift",
    "Sine",
    "Stretch",
    "Sum",
    "Table",
    "Tanh",
]
