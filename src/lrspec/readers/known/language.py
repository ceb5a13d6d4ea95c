"""Systems that train language models, which are known by their names."""

from __future__ import annotations

from lrspec.readers.known.recognised import Known, Values
from lrspec.readers.system import Mark

LINEAR_COSINE = """
lrspec: 1
learning_rate:
  kind: sequence
  parts:
    - {kind: linear, init_value: 0.0, end_value: $PEAK, steps: $WARMUP}
    - {kind: cosine, init_value: $PEAK, end_value: $END, steps: $DECAY}
"""
_LINEAR_LINEAR = LINEAR_COSINE.replace("kind: cosine", "kind: linear")
_INVERSE_SQRT = """
lrspec: 1
learning_rate:
  kind: sequence
  parts:
    - {kind: linear, init_value: 0.0, end_value: $PEAK, steps: $WARMUP}
    - {kind: power_law, init_value: $PEAK, power: 0.5, timescale: $WARMUP, offset: $WARMUP}
"""
_CONSTANT = """
lrspec: 1
learning_rate:
  kind: sequence
  parts:
    - {kind: linear, init_value: 0.0, end_value: $PEAK, steps: $WARMUP}
    - {kind: constant, value: $PEAK}
"""


def _left(found: Values) -> int:
    """Return the steps after the warmup."""
    return _whole(found["TOTAL"] - found["WARMUP"])


def _whole(number: float) -> int:
    if number != int(number) or number < 1:
        raise ValueError(number)
    return int(number)


def _share(found: Values) -> float:
    return float(f"{found['PEAK'] * found['SHARE']:.15g}")


DECAY = ("the updates after the warmup", _left)

TORCHTUNE = Known(
    name="torchtune",
    title="torchtune",
    marks=(Mark(keys=("optimizer._component_",), absent=("lr_scheduler._component_",)),),
    documents={"": "lrspec: 1\nlearning_rate: {kind: constant, value: $PEAK}"},
    values={"PEAK": "optimizer.lr"},
)
NEMO = Known(
    name="nemo",
    title="NeMo",
    marks=(
        Mark(keys=("model.optim.sched.name",)),
        Mark(keys=("optim.sched.name",)),
        Mark(keys=(r"**._target_=nemo\.lightning.*",)),
    ),
    documents={
        "CosineAnnealing": """
lrspec: 1
learning_rate:
  kind: sequence
  parts:
    - {kind: shift, by: 1, part: {kind: linear, init_value: 0.0, end_value: $PEAK, steps: $RISE}}
    - {kind: cosine, init_value: $PEAK, end_value: $END, steps: $DECAY}
"""
    },
    values={
        "PEAK": "model.optim.lr",
        "WARMUP": "model.optim.sched.warmup_steps",
        "END": "model.optim.sched.min_lr",
        "TOTAL": "trainer.max_steps",
    },
    choice="model.optim.sched.name",
    derived={
        "DECAY": ("the updates after the warmup: trainer.max_steps - sched.warmup_steps", _left),
        "RISE": ("sched.warmup_steps + 1", lambda found: _whole(found["WARMUP"] + 1)),
    },
    counts="Update k of its warmup has (k + 1) / (W + 1) of the rate, and constant_steps follow it where they are set.",
)
OLMO_CORE = Known(
    name="olmo_core",
    title="OLMo-core",
    marks=(Mark(keys=(r"**._CLASS_=olmo_core\..*",)),),
    documents={"": LINEAR_COSINE},
    values={
        "PEAK": "train_module.optim.lr",
        "WARMUP": "train_module.scheduler.warmup_steps",
        "SHARE": "train_module.scheduler.alpha_f",
        "TOTAL": "trainer.max_duration.value",
    },
    derived={"DECAY": DECAY, "END": ("alpha_f (0.1) times the rate", _share)},
    counts="Its schedulers count steps or tokens, as their `units` say.",
)
FAIRSEQ = Known(
    name="fairseq",
    title="fairseq",
    marks=(
        Mark(keys=("lr_scheduler._name",)),
        Mark(keys=("warmup_updates",)),
        Mark(keys=("optimization.max_update",)),
        Mark(program=r"(.*/)?fairseq(-hydra)?-train|(.*/)?fairseq_cli[/.](hydra_)?train(\.py)?"),
    ),
    documents={
        "polynomial_decay": _LINEAR_LINEAR.replace("$END", "0.0"),
        "inverse_sqrt": _INVERSE_SQRT,
        "cosine": LINEAR_COSINE.replace("$END", "0.0"),
    },
    values={
        "PEAK": "optimization.lr|lr",
        "WARMUP": "lr_scheduler.warmup_updates|warmup_updates",
        "TOTAL": "optimization.max_update|max_update",
    },
    choice="lr_scheduler._name|lr_scheduler",
    derived={"DECAY": DECAY},
)
MAXTEXT = Known(
    name="maxtext",
    title="MaxText",
    marks=(
        Mark(keys=("warmup_steps_fraction",)),
        Mark(keys=("cosine_learning_rate_final_fraction",)),
        Mark(keys=("learning_rate_schedule_steps",)),
    ),
    documents={"": LINEAR_COSINE},
    values={
        "PEAK": "learning_rate",
        "FRACTION": "warmup_steps_fraction",
        "SHARE": "cosine_learning_rate_final_fraction",
        "TOTAL": "steps",
    },
    derived={
        "WARMUP": (
            "warmup_steps_fraction of the steps, rounded down",
            lambda found: _whole(int(found["TOTAL"] * found["FRACTION"])),
        ),
        "DECAY": (
            "one less than the steps after the warmup",
            lambda found: _whole(found["TOTAL"] - found["WARMUP"] - 1),
        ),
        "END": ("cosine_learning_rate_final_fraction (0.1) times learning_rate", _share),
    },
    counts="Its cosine reaches the end with the last step.",
)
NANOTRON = Known(
    name="nanotron",
    title="nanotron",
    marks=(Mark(keys=("optimizer.learning_rate_scheduler",)),),
    documents={"cosine": LINEAR_COSINE, "linear": _LINEAR_LINEAR},
    values={
        "PEAK": "optimizer.learning_rate_scheduler.learning_rate",
        "WARMUP": "optimizer.learning_rate_scheduler.lr_warmup_steps",
        "END": "optimizer.learning_rate_scheduler.min_decay_lr",
        "DECAY": "optimizer.learning_rate_scheduler.lr_decay_steps",
    },
    choice="optimizer.learning_rate_scheduler.lr_decay_style",
)
LITGPT = Known(
    name="litgpt",
    title="LitGPT",
    marks=(
        Mark(keys=("train.lr_warmup_steps", "train.micro_batch_size")),
        Mark(keys=("train.lr_warmup_fraction",)),
        Mark(program=r"(.*/)?litgpt"),
    ),
    documents={"": LINEAR_COSINE},
    values={
        "PEAK": "optimizer.init_args.lr",
        "WARMUP": "train.lr_warmup_steps",
        "END": "train.min_lr",
        "TOTAL": "train.max_steps",
    },
    derived={"DECAY": DECAY},
    counts="Its pretraining counts micro-batches, of which an update has several.",
)
LEVANTER = Known(
    name="levanter",
    title="Levanter",
    marks=(
        Mark(keys=("trainer.num_train_steps",)),
        Mark(keys=("trainer.mp",)),
        Mark(keys=("trainer.per_device_parallelism",)),
    ),
    documents={"cosine": LINEAR_COSINE, "linear": _LINEAR_LINEAR, "constant": _CONSTANT},
    values={
        "PEAK": "optimizer.learning_rate",
        "RATIO": "optimizer.warmup",
        "SHARE": "optimizer.min_lr_ratio",
        "TOTAL": "trainer.num_train_steps",
    },
    choice="optimizer.lr_schedule",
    derived={
        "WARMUP": (
            "optimizer.warmup, or that share of the steps",
            lambda found: _whole(found["RATIO"] if found["RATIO"] >= 1 else int(found["RATIO"] * found["TOTAL"])),
        ),
        "DECAY": DECAY,
        "END": ("optimizer.min_lr_ratio (0.1) times the rate", _share),
    },
)
LANGUAGE = (TORCHTUNE, NEMO, OLMO_CORE, FAIRSEQ, MAXTEXT, NANOTRON, LITGPT, LEVANTER)
