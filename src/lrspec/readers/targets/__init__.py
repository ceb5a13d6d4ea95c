"""Reading configs that name classes: those of Lightning's command line, of Hydra, and torchtune's."""

from lrspec.readers.system import Mark, System
from lrspec.readers.targets import config
from lrspec.readers.targets.schedules import FUNCTIONS
from lrspec.readers.targets.tree import TARGETS
from lrspec.readers.torch.composed import COMPOSED
from lrspec.readers.torch.schedulers import DEFAULTS_OF, SCHEDULERS

_OTHERS = "nemo|diffusers|speechbrain|olmo_core|composer"
_NAMED = rf"(?!{_OTHERS})[\w.]*(LR|Scheduler|WarmRestarts|LROnPlateau|_schedule\w*|get_scheduler)"
_SHORT = "|".join([*SCHEDULERS, *COMPOSED, "ReduceLROnPlateau"])

SYSTEM = System(
    name="targets",
    title="a config of Lightning's command line or Hydra, which names classes",
    marks=(
        *(Mark(keys=(f"**.{target}={_NAMED}",)) for target in TARGETS),
        Mark(keys=(f"**.class_path=({_SHORT})",)),
        Mark(keys=("defaults",), absent=("defaults.*", "defaults[]", "defaults=.*")),
    ),
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
