"""One learning-rate schedule, every framework, bit for bit.

Each public name is imported from its module when it is first used, so that `import lrspec` costs next to nothing.
"""

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lrspec import presets as presets
    from lrspec.document import (
        Document as Document,
    )
    from lrspec.document import (
        dump as dump,
    )
    from lrspec.document import (
        dumps as dumps,
    )
    from lrspec.document import (
        from_dict as from_dict,
    )
    from lrspec.document import (
        load as load,
    )
    from lrspec.document import (
        loads as loads,
    )
    from lrspec.document import (
        to_dict as to_dict,
    )
    from lrspec.errors import (
        LrspecError as LrspecError,
    )
    from lrspec.errors import (
        SpecError as SpecError,
    )
    from lrspec.errors import (
        StepError as StepError,
    )
    from lrspec.errors import (
        UnsupportedError as UnsupportedError,
    )
    from lrspec.kinds import (
        Affine as Affine,
    )
    from lrspec.kinds import (
        Clamp as Clamp,
    )
    from lrspec.kinds import (
        Constant as Constant,
    )
    from lrspec.kinds import (
        Cosine as Cosine,
    )
    from lrspec.kinds import (
        Every as Every,
    )
    from lrspec.kinds import (
        Exponential as Exponential,
    )
    from lrspec.kinds import (
        Freeze as Freeze,
    )
    from lrspec.kinds import (
        Geometric as Geometric,
    )
    from lrspec.kinds import (
        InverseTime as InverseTime,
    )
    from lrspec.kinds import (
        Linear as Linear,
    )
    from lrspec.kinds import (
        Logarithmic as Logarithmic,
    )
    from lrspec.kinds import (
        Maximum as Maximum,
    )
    from lrspec.kinds import (
        Minimum as Minimum,
    )
    from lrspec.kinds import (
        NormalizedExponential as NormalizedExponential,
    )
    from lrspec.kinds import (
        OneMinusPower as OneMinusPower,
    )
    from lrspec.kinds import (
        PiecewiseConstant as PiecewiseConstant,
    )
    from lrspec.kinds import (
        Polynomial as Polynomial,
    )
    from lrspec.kinds import (
        PowerLaw as PowerLaw,
    )
    from lrspec.kinds import (
        Product as Product,
    )
    from lrspec.kinds import (
        Repeat as Repeat,
    )
    from lrspec.kinds import (
        Rex as Rex,
    )
    from lrspec.kinds import (
        Sequence as Sequence,
    )
    from lrspec.kinds import (
        Shift as Shift,
    )
    from lrspec.kinds import (
        Stretch as Stretch,
    )
    from lrspec.kinds import (
        Table as Table,
    )
    from lrspec.kinds import (
        Tanh as Tanh,
    )
    from lrspec.native import (
        from_native as from_native,
    )
    from lrspec.native import (
        read_native as read_native,
    )
    from lrspec.plateau import (
        PlateauRule as PlateauRule,
    )
    from lrspec.plateau import (
        ReduceOnPlateau as ReduceOnPlateau,
    )
    from lrspec.sampling import (
        sample as sample,
    )
    from lrspec.schedule import (
        Schedule as Schedule,
    )
    from lrspec.spec import (
        SPEC_VERSION as SPEC_VERSION,
    )
    from lrspec.spec import (
        Node as Node,
    )

__version__ = "0.1.0"

_HOMES = {
    "lrspec.document": (
        "Document",
        "dump",
        "dumps",
        "from_dict",
        "load",
        "loads",
        "to_dict",
    ),
    "lrspec.errors": (
        "LrspecError",
        "SpecError",
        "StepError",
        "UnsupportedError",
    ),
    "lrspec.kinds": (
        "Affine",
        "Clamp",
        "Constant",
        "Cosine",
        "Every",
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
        "PowerLaw",
        "Product",
        "Repeat",
        "Rex",
        "Sequence",
        "Shift",
        "Stretch",
        "Table",
        "Tanh",
    ),
    "lrspec.native": (
        "from_native",
        "read_native",
    ),
    "lrspec.plateau": (
        "PlateauRule",
        "ReduceOnPlateau",
    ),
    "lrspec.sampling": ("sample",),
    "lrspec.schedule": ("Schedule",),
    "lrspec.spec": (
        "SPEC_VERSION",
        "Node",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
__all__ = [*_HOME, "presets"]  # noqa: PLE0604 - texts


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name == "presets":
        return importlib.import_module("lrspec.presets")
    if name not in _HOME:
        raise AttributeError(f"module 'lrspec' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
