"""Reading the arguments of Megatron-LM, of its launch scripts and dumps, and of Megatron-DeepSpeed."""

from lrspec.readers.megatron import config
from lrspec.readers.megatron.shapes import COOLDOWNS, STYLES
from lrspec.readers.system import Mark, System

_MS_SWIFT = ("rlhf_type", "tuner_type", "train_type", "split_dataset_ratio")
_NEOX = ("pipe_parallel_size", "optimizer.params")
_OTHERS = ("num_rollout", "rollout_batch_size", *_NEOX, "max_iters", *_MS_SWIFT)  # max_iters is nanoGPT's
_PROGRAM = "(?!(megatron|swift)$).*"  # commands of ms-swift, which has these flags, and defaults of its own
_LENGTHS = ("lr_decay_iters", "lr_decay_samples", "lr_decay_tokens", "lr_warmup_samples", "lr_warmup_tokens")
_BESIDE = ("lr_warmup_fraction", "lr_warmup_iters", "micro_batch_size", "weight_decay_incr_style", "yaml_cfg")

SYSTEM = System(
    name="megatron",
    title="Megatron-LM",
    marks=(
        *(Mark(keys=(name,), absent=_OTHERS, program=_PROGRAM) for name in ("lr_decay_style", *_LENGTHS)),
        Mark(keys=("MODEL_ARGS.--lr-decay-style",)),
        Mark(keys=("MODEL_ARGS.--train-iters",)),
        Mark(keys=("MODEL_ARGS.--train-samples",)),
        *(Mark(keys=("train_iters", name), absent=_OTHERS, program=_PROGRAM) for name in _BESIDE),
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
