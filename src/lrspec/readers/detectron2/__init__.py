"""Reading detectron2: the SOLVER of its config files; its `LRMultiplier` is read with fvcore's schedulers."""

from lrspec.readers.detectron2 import config
from lrspec.readers.system import Mark, System

SYSTEM = System(
    name="detectron2",
    title="detectron2",
    marks=(
        Mark(keys=("SOLVER", "VERSION=[12]")),
        Mark(keys=("SOLVER.LR_SCHEDULER_NAME",)),
        Mark(keys=("SOLVER", "MODEL.WEIGHTS=detectron2:.+")),
        Mark(keys=("SOLVER", "MODEL.RESNETS.OUT_FEATURES")),
        Mark(keys=("SOLVER", "MODEL.ANCHOR_GENERATOR")),
        Mark(keys=("SOLVER", "MODEL.PROPOSAL_GENERATOR")),
    ),
    read=config.read,
    version=config.VERSION,
    defaults=config.DEFAULTS,
    shapes=config.NAMES,
    refused={
        "a SOLVER without any of the marks": "maskrcnn-benchmark, fast-reid and others have one, with other defaults",
        "a base that is an address or an absolute path": "only files beside the file are read",
        "REFERENCE_WORLD_SIZE without the batch": "with other workers rates and lengths change; d2go has 8",
        "a LazyConfig": "code, of which the schedule may be anything",
        "a key of SOLVER that detectron2 does not have": "a project's own, whose meaning is code",
    },
)
