"""Reading configs that name classes: those of Lightning's command line, of Hydra, and torchtune's."""

from lrspec.readers.system import Mark, System
from lrspec.readers.targets import config
from lrspec.readers.targets.schedules import FUNCTIONS
from lrspec.readers.targets.tree import TARGETS
from lrspec.readers.torch.composed import COMPOSED
from lrspec.readers.torch.schedulers import DEFAULTS_OF, SCHEDULERS

_DEEPEST = 5
_NAMED = (
    r"(?!nemo|diffusers|speechbrain|olmo_core)[\w.]*(LR|Scheduler|WarmRestarts|LROnPlateau|_schedule\w*|get_scheduler)"
)
_SHORT = rf"({'|'.join([*SCHEDULERS, *COMPOSED, 'ReduceLROnPlateau'])})"


def _marks() -> tuple[Mark, ...]:
    """Return a mark for each depth at which a class of schedulers may be named."""
    places = [".".join(["*"] * depth) for depth in range(1, _DEEPEST + 1)]
    named = [f"{place}.{target}={_NAMED}" for place in places for target in TARGETS]
    short = [f"{place}lr_scheduler.class_path={_SHORT}" for place in ("", "*.")]
    return tuple(Mark(keys=(path,)) for path in (*named, *short, "defaults"))


SYSTEM = System(
    name="targets",
    title="a config of Lightning's command line or Hydra, which names classes",
    marks=_marks(),
    read=config.read,
    version=DEFAULTS_OF,
    shapes=(*SCHEDULERS, *COMPOSED, *FUNCTIONS),
    refused={
        "ReduceLROnPlateau": "it follows a metric",
        "LambdaLR, MultiplicativeLR": "functions, which are not run",
        "a class of another library": "only its code says what it computes",
        "two schedulers": "the file does not say whose rate is wanted",
    },
)
