"""Reading the arguments of Megatron-LM, of its launch scripts and dumps, and of Megatron-DeepSpeed."""

from lrspec.readers.megatron import config
from lrspec.readers.megatron.shapes import COOLDOWNS, STYLES
from lrspec.readers.system import Mark, System

_OTHERS = ("num_rollout", "rollout_batch_size", "pipe_parallel_size", "optimizer.params", "scheduler.params")
_PROGRAM = r"(.*\.py)?"  # a file of Python, or arguments of which no script says whose they are

SYSTEM = System(
    name="megatron",
    title="Megatron-LM",
    marks=(
        Mark(keys=("lr_decay_style",), absent=_OTHERS, program=_PROGRAM),
        *(
            Mark(keys=(f"lr_{what}",), absent=("lr_decay_style", *_OTHERS), program=_PROGRAM)
            for what in ("decay_iters", "decay_samples", "decay_tokens", "warmup_samples", "warmup_tokens")
        ),
        Mark(keys=("train_iters", "lr_warmup_fraction"), absent=_OTHERS, program=_PROGRAM),
        Mark(keys=("train_iters", "lr_warmup_iters"), absent=_OTHERS, program=_PROGRAM),
        Mark(keys=("train_iters", "micro_batch_size"), absent=_OTHERS, program=_PROGRAM),
        Mark(keys=("train_iters", "weight_decay_incr_style"), absent=_OTHERS, program=_PROGRAM),
        Mark(keys=("train_iters", "yaml_cfg"), program=_PROGRAM),
    ),
    read=config.read,
    version="core 0.16",
    shapes=(*(style for style in STYLES if style != "WSD"), *(f"WSD {shape}" for shape in COOLDOWNS)),
    refused={
        "a batch that grows": "the scheduler counts samples, of which an update has more and more",
        "lr-decay-tokens with a curriculum": "the sequences, and so the tokens of an update, grow",
        "decoupled-lr, head-lr-mult, use-mup": "rates of their own for some parameters",
        "warmup, batch-size": "arguments of the first releases, whose formulas are others",
        "inverse-square-root without a warmup": "it depends on the samples of an update",
    },
)
