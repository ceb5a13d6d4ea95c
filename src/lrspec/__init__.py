"""One learning-rate schedule, every framework, bit for bit.

Each public name is imported from its module when it is first used, so that `import lrspec` costs next to nothing.
"""

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lrspec import (
        keras as keras,
        optax as optax,
        presets as presets,
        resume as resume,
        torch as torch,
    )
    from lrspec.batched import (
        Batch as Batch,
    )
    from lrspec.comparison import (
        Difference as Difference,
        difference as difference,
    )
    from lrspec.document import (
        Document as Document,
        dump as dump,
        dumps as dumps,
        from_dict as from_dict,
        load as load,
        loads as loads,
        to_dict as to_dict,
    )
    from lrspec.errors import (
        AmbiguousPositionError as AmbiguousPositionError,
        ClockError as ClockError,
        FingerprintError as FingerprintError,
        LrspecError as LrspecError,
        SpecError as SpecError,
        StepError as StepError,
        UnsupportedError as UnsupportedError,
    )
    from lrspec.kinds import (
        Affine as Affine,
        Clamp as Clamp,
        Constant as Constant,
        Cosine as Cosine,
        Every as Every,
        Exp as Exp,
        Exponential as Exponential,
        Freeze as Freeze,
        Geometric as Geometric,
        InverseTime as InverseTime,
        Linear as Linear,
        Logarithmic as Logarithmic,
        Maximum as Maximum,
        Minimum as Minimum,
        NormalizedExponential as NormalizedExponential,
        OneMinusPower as OneMinusPower,
        PiecewiseConstant as PiecewiseConstant,
        Polynomial as Polynomial,
        Power as Power,
        PowerLaw as PowerLaw,
        Product as Product,
        Repeat as Repeat,
        Rex as Rex,
        Sequence as Sequence,
        Shift as Shift,
        Sine as Sine,
        Stretch as Stretch,
        Sum as Sum,
        Table as Table,
        Tanh as Tanh,
    )
    from lrspec.plateau import (
        PlateauRule as PlateauRule,
        ReduceOnPlateau as ReduceOnPlateau,
    )
    from lrspec.positions import (
        Counter as Counter,
        Position as Position,
        check_clock as check_clock,
        position as position,
        set_position as set_position,
    )
    from lrspec.ranks import (
        verify_ranks as verify_ranks,
    )
    from lrspec.readers import (
        MismatchError as MismatchError,
        Reading as Reading,
        from_native as from_native,
        read_native as read_native,
    )
    from lrspec.readers.configs import (
        load_config as load_config,
        read_config as read_config,
    )
    from lrspec.sampling import (
        sample as sample,
    )
    from lrspec.schedule import (
        Schedule as Schedule,
    )
    from lrspec.spec import (
        SPEC_VERSION as SPEC_VERSION,
        Node as Node,
    )
    from lrspec.writers import (
        NativeSource as NativeSource,
        native_source as native_source,
    )

__version__ = "0.1.0"

_HOMES = {
    "lrspec.batched": ("Batch",),
    "lrspec.comparison": (
        "Difference",
        "difference",
    ),
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
        "FingerprintError",
        "LrspecError",
        "SpecError",
        "StepError",
        "AmbiguousPositionError",
        "ClockError",
        "UnsupportedError",
    ),
    "lrspec.kinds": (
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
    ),
    "lrspec.readers.configs": (
        "load_config",
        "read_config",
    ),
    "lrspec.writers": (
        "NativeSource",
        "native_source",
    ),
    "lrspec.readers": (
        "MismatchError",
        "Reading",
        "from_native",
        "read_native",
    ),
    "lrspec.plateau": (
        "PlateauRule",
        "ReduceOnPlateau",
    ),
    "lrspec.positions": (
        "Counter",
        "Position",
        "check_clock",
        "position",
        "set_position",
    ),
    "lrspec.ranks": ("verify_ranks",),
    "lrspec.sampling": ("sample",),
    "lrspec.schedule": ("Schedule",),
    "lrspec.spec": (
        "SPEC_VERSION",
        "Node",
    ),
}
_MODULES = ("presets", "resume")
_FRAMEWORKS = ("keras", "optax", "torch")  # each imports its framework, so that `import *` leaves them alone
_HOME = {name: module for module, names in _HOMES.items() for name in names}
__all__ = [*_HOME, *_MODULES]  # noqa: PLE0604 - texts


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name in _MODULES or name in _FRAMEWORKS:
        return importlib.import_module(f"lrspec.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'lrspec' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_FRAMEWORKS})
