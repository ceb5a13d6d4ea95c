"""Systems whose files look like those of one that is read: each is refused by name, with the recipe to start from."""

from __future__ import annotations

from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading
from lrspec.readers.system import Mark, System

_STEPS = "docs/recipes/mask_rcnn.yaml has a warmup and steps, in updates"
_COSINE = "docs/recipes/swin.yaml has a warmup and a cosine, in updates"


def _known(name: str, title: str, why: str, start: str, *marks: Mark) -> System:
    """Return a system that refuses its files.

    Args:
        name: Its short name.
        title: Its name in a sentence.
        why: What is particular about its schedules.
        start: The document that a user would start from, in words.
        marks: What only its files have.
    """

    def read(keys: Keys) -> Reading:
        raise keys.refused(f"a config of {title}", f"{why}; write a document: {start}")

    return System(name=name, title=title, marks=marks, read=read, refused={"all of it": why}, is_read=False)


LOOK_ALIKES: tuple[System, ...] = (
    _known(
        "fast-reid",
        "fast-reid",
        "its SOLVER looks like detectron2's, but counts in epochs and iterations, with defaults of its own",
        _STEPS,
        Mark(keys=("SOLVER.MAX_EPOCH", "MODEL.META_ARCHITECTURE")),
        Mark(keys=("SOLVER.SCHED",)),
        Mark(keys=("SOLVER.DELAY_EPOCHS",)),
        Mark(keys=("SOLVER.DELAY_ITERS",)),
    ),
    _known(
        "reid-strong-baseline",
        "reid-strong-baseline, TransReID and others of their kind",
        "SOLVER counts in epochs, and each of these scripts has a warmup and defaults of its own",
        _STEPS,
        Mark(keys=("SOLVER.MAX_EPOCHS", "SOLVER.OPTIMIZER_NAME")),
    ),
    _known(
        "maskrcnn-benchmark",
        "maskrcnn-benchmark, or of detectron2 without its VERSION",
        "nothing says which, and their defaults differ (a warmup of 500 from a third, or of 1000 from a thousandth); "
        "where it is detectron2's, add VERSION: 2, or give system=detectron2",
        _STEPS,
        *(
            Mark(keys=("SOLVER.MAX_ITER", key), absent=("VERSION", "SOLVER.LR_SCHEDULER_NAME", "SOLVER.SCHED"))
            for key in ("MODEL.WEIGHT", "MODEL.BACKBONE.CONV_BODY", "DATALOADER.SIZE_DIVISIBILITY")
        ),
        Mark(
            keys=("SOLVER.MAX_ITER", "SOLVER.STEPS", "MODEL.META_ARCHITECTURE"),
            absent=(
                *("VERSION", "SOLVER.LR_SCHEDULER_NAME", "SOLVER.SCHED", "SOLVER.MAX_EPOCH", "MODEL.WEIGHTS"),
                *("MODEL.RESNETS.OUT_FEATURES", "MODEL.ANCHOR_GENERATOR", "MODEL.PROPOSAL_GENERATOR"),
            ),
        ),
    ),
    _known(
        "slowfast",
        "SlowFast, or a project on top of it",
        "its SOLVER counts in epochs, with fractions of them, and its steps have rates of their own",
        _COSINE,
        Mark(keys=("SOLVER.LR_POLICY", "SOLVER.MAX_EPOCH")),
        Mark(keys=("SOLVER.OPTIMIZING_METHOD",)),
    ),
    _known(
        "detectron",
        "the first Detectron, of Caffe2",
        "its LR_POLICY and its defaults are not those of detectron2",
        _STEPS,
        Mark(keys=("SOLVER.LR_POLICY", "SOLVER.MAX_ITER")),
        Mark(keys=("SOLVER", "MODEL.TYPE", "NUM_GPUS"), absent=("SOLVER.MAX_EPOCH",)),
    ),
    _known(
        "detectron2-lazyconfig",
        "detectron2, as a LazyConfig",
        "the schedule is code, of which any part may be another file's; its live LRMultiplier can be read",
        _STEPS,
        Mark(keys=("lr_multiplier", "optimizer", "train")),
        Mark(keys=("lr_multiplier", "optimizer", "dataloader")),
        Mark(keys=("optimizer", "train.max_iter", "train.output_dir")),
    ),
    _known(
        "pycls",
        "pycls",
        "its OPTIM counts in epochs, whose rate changes in every update",
        _COSINE,
        Mark(keys=("OPTIM.LR_POLICY", "OPTIM.MAX_EPOCH")),
    ),
    _known(
        "dassl",
        "Dassl, or CoOp and others on top of it",
        "its OPTIM counts in epochs, and its warmup is by its own rule",
        _COSINE,
        Mark(keys=("OPTIM.LR_SCHEDULER", "OPTIM.MAX_EPOCH")),
    ),
    _known(
        "ssd",
        "lufficc's SSD",
        "its SOLVER has other names and defaults than detectron2's",
        _STEPS,
        Mark(keys=("SOLVER.LR_STEPS", "SOLVER.MAX_ITER")),
    ),
    _known(
        "swin",
        "Swin Transformer, or a project on top of it",
        "rates are multiplied by the batch, and its defaults are its own",
        "docs/recipes/swin.yaml",
        Mark(keys=("TRAIN.BASE_LR", "TRAIN.WARMUP_EPOCHS")),
        Mark(keys=("TRAIN.LR_SCHEDULER.NAME",)),
    ),
    _known(
        "deit",
        "DeiT, or a script that began as its main.py",
        "rates are multiplied by the batch, and the scheduler is stepped an epoch late",
        "docs/recipes/deit.yaml",
        Mark(keys=("unscale_lr",)),
        Mark(keys=("distillation_type", "sched")),
    ),
    _known(
        "mae",
        "MAE, or a script that began as its main_pretrain.py",
        "the rate is blr times the batch, and it changes within epochs by a share of one",
        "docs/recipes/mae.yaml",
        Mark(keys=("blr", "accum_iter")),
        Mark(keys=("blr", "warmup_epochs")),
    ),
    _known(
        "convnext",
        "ConvNeXt, BEiT, or a script that began as their main.py",
        "a table of all updates, whose warmup is by its own rule",
        "docs/recipes/swin.yaml",
        Mark(keys=("update_freq", "warmup_epochs", "min_lr")),
    ),
    _known(
        "gpt-neox",
        "GPT-NeoX",
        "its arguments look like Megatron's, but its decay is as long as the whole run, and cut at min_lr",
        "docs/recipes/pythia.yaml",
        *(
            Mark(keys=(first, second))
            for first in ("lr-decay-style", "lr_decay_style", "train-iters", "train_iters")
            for second in ("pipe-parallel-size", "pipe_parallel_size", "optimizer.params")
        ),
    ),
    _known(
        "megatron-bridge",
        "Megatron-Bridge",
        "its configs are completed by recipes of its own, in Python",
        _COSINE,
        Mark(keys=("scheduler.lr_decay_style",)),
        Mark(keys=("scheduler.lr_warmup_iters",)),
        Mark(keys=("train.train_iters", "optimizer.lr")),
    ),
    _known(
        "ms-swift-megatron",
        "ms-swift's command megatron",
        "it has Megatron's flags with other defaults, and fills in the lengths from its data",
        _COSINE,
        Mark(program="megatron"),
        *(
            Mark(keys=(length, own), program="(?!megatron$).*")
            for length in ("train_iters", "lr_decay_style", "lr_warmup_fraction")
            for own in ("rlhf_type", "tuner_type", "train_type", "split_dataset_ratio")
        ),
    ),
    _known(
        "slime",
        "slime, or another trainer of rollouts on Megatron",
        "it has Megatron's flags, and works out the updates from its rollouts",
        _COSINE,
        Mark(keys=("num_rollout",)),
        Mark(keys=("rollout_batch_size", "lr_decay_style")),
    ),
)
