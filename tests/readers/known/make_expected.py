"""The schedules of systems that are known by name, for the files whose documents are complete.

Each formula is written anew from the source that it names, in float64, as the rate of update number k, from 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import cos, pi, sqrt
from pathlib import Path

HERE = Path(__file__).parent
Rate = Callable[[int], float]


def warmed(peak: float, warmup: int, decay: Rate) -> Rate:
    """Return a line from 0 over the warmup, and what follows it."""
    return lambda k: peak * k / warmup if k < warmup else decay(k - warmup)


def half_cosine(peak: float, end: float, steps: float) -> Rate:
    """Return half a cosine, held at its end."""
    return lambda k: end + (peak - end) * (1 + cos(pi * min(k, steps) / steps)) / 2


def line(peak: float, end: float, steps: int) -> Rate:
    """Return a line, held at its end."""
    return lambda k: peak + (end - peak) * min(k, steps) / steps


def nemo(k: int) -> float:
    """NeMo 2.4, nemo/core/optim/lr_scheduler.py: WarmupAnnealHoldPolicy and CosineAnnealing."""
    if k < 100:
        return 3e-4 * (k + 1) / 101
    return half_cosine(3e-4, 3e-5, 4900)(k - 100)


def espnet(k: int) -> float:
    """ESPnet 202412, espnet2/schedulers/warmup_lr.py."""
    step, warmup = k + 1, 15000
    return float(0.002 * sqrt(warmup) * min(step**-0.5, step * warmup**-1.5))


def darknet(k: int) -> float:
    """darknet (AlexeyAB), src/network.c: get_current_rate of batch k + 1."""
    batch = k + 1
    if batch < 1000:
        return 0.002 * (batch / 1000) ** 4
    return 0.002 * 0.1 ** ((batch >= 7200) + (batch >= 8100))


def darknet_constant(k: int) -> float:
    """darknet, with policy=constant."""
    return 0.0001 * (min(k + 1, 400) / 400) ** 4


def inverse_sqrt(k: int) -> float:
    """fairseq 0.12.3, fairseq/optim/lr_scheduler/inverse_square_root_schedule.py."""
    return 7e-4 * k / 4000 if k < 4000 else 7e-4 * sqrt(4000) / sqrt(k)


def pipeline(k: int) -> float:
    """TensorFlow's models, object_detection/utils/learning_schedules.py: cosine_decay_with_warmup."""
    if k < 1500:
        return 0.02 + (0.06 - 0.02) / 1500 * k
    return half_cosine(0.06, 0.0, 28500)(k - 1500)


def inverse_sqrt_flags(k: int) -> float:
    """fairseq, with other values."""
    return 5e-4 * k / 4000 if k < 4000 else 5e-4 * sqrt(4000) / sqrt(k)


RATES: dict[str, tuple[str, str, Rate]] = {
    "torchtune_constant.yaml": ("torchtune", "no scheduler", lambda _: 2e-5),
    "torchtune_8bit.yaml": ("torchtune", "no scheduler", lambda _: 1.5e-5),
    "nemo_megatron.yaml": ("nemo", "CosineAnnealing", nemo),
    "olmo_core.json": ("olmo_core", "CosWithWarmup", warmed(6e-4, 200, half_cosine(6e-4, 6e-5, 4000))),
    "fairseq_hydra.yaml": ("fairseq", "polynomial_decay", warmed(5e-4, 6000, line(5e-4, 0.0, 54000))),
    "fairseq_inverse.yaml": ("fairseq", "inverse_sqrt", inverse_sqrt),
    "fairseq_flags.txt": ("fairseq", "inverse_sqrt", inverse_sqrt_flags),
    "maxtext.yml": ("maxtext", "cosine", warmed(2e-4, 100, half_cosine(2e-4, 2e-5, 899))),
    "nanotron.yaml": ("nanotron", "cosine", warmed(4e-4, 100, half_cosine(4e-4, 4e-5, 900))),
    "litgpt.yaml": ("litgpt", "get_lr", warmed(6e-4, 40, half_cosine(6e-4, 6e-5, 600))),
    "levanter.yaml": ("levanter", "cosine", warmed(8e-4, 80, half_cosine(8e-4, 8e-5, 7920))),
    "levanter_linear.yaml": ("levanter", "linear", warmed(3e-4, 250, line(3e-4, 0.0, 2250))),
    "big_vision.json": ("big_vision", "cosine", warmed(1e-3, 500, half_cosine(1e-3, 0.0, 4500))),
    "pipeline.config": ("tf_object_detection", "cosine_decay", pipeline),
    "pipeline_exponential.config": ("tf_object_detection", "exponential_decay", lambda k: 0.004 * 0.95 ** (k // 8000)),
    "darknet.cfg": ("darknet", "steps", darknet),
    "darknet_constant.cfg": ("darknet", "constant", darknet_constant),
    "solver.prototxt": ("caffe", "step", lambda k: 0.01 * 0.1 ** (k // 20000)),
    "solver_poly.prototxt": ("caffe", "poly", lambda k: 0.02 * (1 - min(k, 50000) / 50000) ** 0.5),
    "kohya.toml": ("sd-scripts", "cosine", warmed(1e-4, 100, half_cosine(1e-4, 0.0, 2000))),
    "kohya_gui.json": ("sd-scripts", "constant", lambda _: 3e-4),
    "espnet.yaml": ("espnet", "warmuplr", espnet),
}
PARTLY = {
    "nemo_asr.yaml": "nemo",
    "nemo2.yaml": "nemo",
    "olmo_core_wsd.json": "olmo_core",
    "maxtext_own.yml": "maxtext",
    "nanotron_wsd.yaml": "nanotron",
    "litgpt_lora.yaml": "litgpt",
    "paddledetection.yml": "paddledetection",
    "paddledetection_cosine.yml": "paddledetection",
    "big_vision_epochs.yaml": "big_vision",
    "solver_multistep.prototxt": "caffe",
    "espnet_steplr.yaml": "espnet",
}
"""Files of which the document keeps names for what they do not say."""
STEPS = (
    0,
    1,
    2,
    39,
    40,
    41,
    79,
    80,
    99,
    100,
    101,
    250,
    399,
    400,
    500,
    639,
    900,
    999,
    1000,
    1499,
    1500,
    2500,
    4000,
    4999,
)
LATE = (5999, 6000, 7198, 7199, 8000, 8099, 14999, 15000, 20000, 40000, 59999)


def main() -> None:
    """Write expected.json."""
    refused = {
        file: {
            "says": says,
            "message": f"^{name}: a config of",
            "values": {str(k): float(rate(k)) for k in (*STEPS, *LATE)},
        }
        for file, (name, says, rate) in RATES.items()
    }
    refused |= {
        file: {"says": "what the file does not say", "message": f"^{name}: a config of"}
        for file, name in PARTLY.items()
    }
    whole = {
        "system": "known",
        "version": "",
        "how": "formulas written anew from the sources they name",
        "refused": refused,
    }
    (HERE / "expected.json").write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
