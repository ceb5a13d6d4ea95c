"""Systems that train on images, and one for speech, which are known by their names."""

from __future__ import annotations

import re
from fractions import Fraction

from lrspec.readers.known.language import DECAY, LINEAR_COSINE
from lrspec.readers.known.recognised import Known, Values
from lrspec.readers.system import Mark

_TEXT = r"(?m)^\s*{}\s*[:=]\s*\"?([^\s\"#]+)"


def _at(name: str) -> str:
    """Return what finds a value in a text: after its name, and a colon or equals sign."""
    return _TEXT.format(name)


def _list(name: str) -> str:
    return rf"(?m)^\s*{name}\s*=\s*([-\d.,\s]*\d)"


def _numbers(text: object) -> list[float]:
    return [float(one) if re.search("[.e]", one) else int(one) for one in re.split(r"\s*,\s*", str(text).strip())]


def _boundaries(found: Values) -> list[float]:
    return _numbers(found["STEPS"])


def _levels(found: Values) -> list[float]:
    """Return the rate after each boundary, of which each scale multiplies the one before."""
    levels = [Fraction(str(found["PEAK"]))]
    for scale in _numbers(found["SCALES"]):
        levels.append(levels[-1] * Fraction(str(scale)))
    return [float(level) for level in levels]


def _unsaid(_: Values) -> float:
    """Return nothing: the value is in no place that is read."""
    raise KeyError


PADDLE = Known(
    name="paddledetection",
    title="PaddleDetection",
    marks=(Mark(keys=("LearningRate.base_lr",)), Mark(keys=("LearningRate", "OptimizerBuilder"))),
    documents={
        "": """
lrspec: 1
steps_per_epoch: $EPOCH
learning_rate:
  kind: sequence
  time: global
  parts:
    - {kind: linear, init_value: $START, end_value: $PEAK, steps: $WARMUP}
    - {kind: piecewise_constant, boundaries: [$FIRST epochs, $SECOND epochs], values: [$PEAK, $AFTER, $LAST]}
"""
    },
    values={"PEAK": "LearningRate.base_lr"},
    derived={
        name: (words, _unsaid)
        for name, words in {
            "EPOCH": "updates of an epoch",
            "START": "start_factor of LinearWarmup times base_lr",
            "WARMUP": "steps of LinearWarmup",
            "FIRST": "the first of the milestones, in epochs",
            "SECOND": "the second of the milestones, in epochs",
            "AFTER": "gamma times base_lr",
            "LAST": "gamma twice times base_lr",
        }.items()
    },
)
BIG_VISION = Known(
    name="big_vision",
    title="big_vision",
    marks=(
        Mark(keys=("schedule.decay_type",)),
        Mark(keys=("optax_name", "lr")),
        Mark(text=r"^\s*config\.optax_name\s*="),
        Mark(text=r"^\s*config\.schedule\s*=\s*dict\("),
    ),
    documents={"": LINEAR_COSINE.replace("$END", "0.0")},
    values={"PEAK": "lr", "WARMUP": "schedule.warmup_steps", "TOTAL": "total_steps"},
    derived={"DECAY": DECAY},
)
TF_DETECTION = Known(
    name="tf_object_detection",
    title="TensorFlow's Object Detection API",
    marks=(
        Mark(text=r"^\s*train_config\s*:?\s*\{"),
        Mark(text=r"^\s*(cosine_decay|manual_step)_learning_rate\s*:?\s*\{"),
    ),
    documents={
        "cosine_decay": LINEAR_COSINE.replace("init_value: 0.0", "init_value: $START").replace("$END", "0.0"),
        "exponential_decay": """
lrspec: 1
learning_rate:
  {kind: exponential, init_value: $FIRST, decay_rate: $FACTOR, decay_period: $PERIOD, staircase: true}
""",
        "manual_step": """
lrspec: 1
learning_rate: {kind: piecewise_constant, boundaries: [$STEP], values: [$FIRST, $AFTER]}
""",
    },
    values={
        "PEAK": _at("learning_rate_base"),
        "START": _at("warmup_learning_rate"),
        "WARMUP": _at("warmup_steps"),
        "TOTAL": _at("total_steps"),
        "FIRST": _at("initial_learning_rate"),
        "FACTOR": _at("decay_factor"),
        "PERIOD": _at("decay_steps"),
        "STEP": _at("step"),
        "AFTER": _at("learning_rate"),
    },
    choice=r"(?m)^\s*(cosine_decay|exponential_decay|manual_step)_learning_rate\s*:?\s*\{",
    derived={"DECAY": DECAY},
)
DARKNET = Known(
    name="darknet",
    title="darknet",
    marks=(Mark(text=r"^\s*\[net(work)?\]"),),
    documents={
        "steps": """
lrspec: 1
learning_rate:
  kind: shift
  by: 1
  part:
    kind: sequence
    time: global
    parts:
      - {kind: one_minus_power, init_value: 0.0, end_value: $PEAK, steps: $WARMUP, power: 4}
      - {kind: piecewise_constant, boundaries: $BOUNDARIES, values: $LEVELS}
""",
        "constant": """
lrspec: 1
learning_rate:
  kind: shift
  by: 1
  part:
    kind: sequence
    parts:
      - {kind: one_minus_power, init_value: 0.0, end_value: $PEAK, steps: $WARMUP, power: 4}
      - {kind: constant, value: $PEAK}
""",
    },
    values={
        "PEAK": _at("learning_rate"),
        "WARMUP": _at("burn_in"),
        "STEPS": _list("steps"),
        "SCALES": _list("scales"),
    },
    choice=_at("policy"),
    derived={
        "BOUNDARIES": ("steps", _boundaries),
        "LEVELS": ("the rate, and what the scales make of it, one after another", _levels),
    },
    counts="Its first batch is number 1, and the power of burn_in is 4 where nothing else is said.",
)
CAFFE = Known(
    name="caffe",
    title="Caffe",
    marks=(Mark(text=r"^\s*lr_policy\s*:"), Mark(text=r"^\s*base_lr\s*:")),
    documents={
        "step": """
lrspec: 1
learning_rate: {kind: exponential, init_value: $PEAK, decay_rate: $GAMMA, decay_period: $PERIOD, staircase: true}
""",
        "fixed": "lrspec: 1\nlearning_rate: {kind: constant, value: $PEAK}",
        "exp": "lrspec: 1\nlearning_rate: {kind: exponential, init_value: $PEAK, decay_rate: $GAMMA, decay_period: 1}",
        "poly": """
lrspec: 1
learning_rate: {kind: polynomial, init_value: $PEAK, end_value: 0.0, steps: $TOTAL, power: $POWER}
""",
        "multistep": """
lrspec: 1
learning_rate: {kind: piecewise_constant, boundaries: $BOUNDARIES, values: $LEVELS}
""",
    },
    values={
        "PEAK": _at("base_lr"),
        "GAMMA": _at("gamma"),
        "PERIOD": _at("stepsize"),
        "POWER": _at("power"),
        "TOTAL": _at("max_iter"),
    },
    choice=_at("lr_policy"),
    derived={
        "BOUNDARIES": ("each stepvalue, in a list", _unsaid),
        "LEVELS": ("base_lr, and gamma times the one before for each stepvalue", _unsaid),
    },
)
KOHYA = Known(
    name="sd-scripts",
    title="kohya's sd-scripts",
    marks=(
        Mark(keys=("network_module",)),
        Mark(keys=("network_dim", "pretrained_model_name_or_path")),
        Mark(keys=("lr_scheduler_num_cycles", "pretrained_model_name_or_path")),
        Mark(keys=("LoRA_type", "lr_warmup")),
        Mark(keys=("training_arguments.max_train_epochs",)),
        Mark(keys=("optimizer_arguments.lr_scheduler",)),
        Mark(program=r"(.*/)?(sdxl_|sd3_|flux_)?train_(network|db|textual_inversion|controlnet)\.py"),
    ),
    documents={
        "cosine": LINEAR_COSINE.replace("$END", "0.0"),
        "linear": LINEAR_COSINE.replace("kind: cosine", "kind: linear").replace("$END", "0.0"),
        "constant": "lrspec: 1\nlearning_rate: {kind: constant, value: $PEAK}",
        "constant_with_warmup": LINEAR_COSINE.replace(
            "{kind: cosine, init_value: $PEAK, end_value: $END, steps: $DECAY}", "{kind: constant, value: $PEAK}"
        ),
    },
    values={"PEAK": "learning_rate", "WARMUP": "lr_warmup_steps", "TOTAL": "max_train_steps"},
    choice="lr_scheduler",
    derived={"DECAY": DECAY},
    counts="unet_lr and text_encoder_lr are the rates of groups.",
)
ESPNET = Known(
    name="espnet",
    title="ESPnet, or WeNet, which has its keys",
    marks=(
        Mark(keys=("optim_conf", "scheduler_conf")),
        Mark(keys=("optim_conf.lr",)),
        Mark(keys=("transformer-warmup-steps",)),
    ),
    documents={
        "warmuplr": """
lrspec: 1
learning_rate:
  kind: shift
  by: 1
  part:
    kind: sequence
    parts:
      - {kind: linear, init_value: 0.0, end_value: $PEAK, steps: $WARMUP}
      - {kind: power_law, init_value: $PEAK, power: 0.5, timescale: $WARMUP, offset: $WARMUP}
"""
    },
    values={"PEAK": "optim_conf.lr", "WARMUP": "scheduler_conf.warmup_steps"},
    choice="scheduler",
    counts="A scheduler of batches is stepped after each update, one of epochs after each epoch.",
)
IMAGES = (PADDLE, BIG_VISION, TF_DETECTION, DARKNET, CAFFE, KOHYA, ESPNET)
