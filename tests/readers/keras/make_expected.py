"""Write `expected.json`: what Keras' own optimizers, made from the files here, apply.

    python tests/readers/keras/make_expected.py     # with tensorflow, keras and tf_keras

Keras 3 deserializes what it knows; what it does not, and what legacy optimizers of Keras 2 wrote, TF-Keras does. Rates
are float32. `LinearCosineDecay` is that of TF-Keras. The one class of transformers that is read here left it with
version 5: its formula is written anew from `optimization_tf.py` of 4.57, a power of the share of the warmup, and then
the schedule that it holds, from its own step 0.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}

import keras
import tf_keras
import yaml
from tf_keras.src.optimizers.schedules import learning_rate_schedule

HERE = Path(__file__).parent
Rate = Callable[[int], float]


def content(name: str) -> Any:
    """Return the data of a file, or of the config in an archive."""
    path = HERE / "files" / name
    is_archive = path.suffix == ".keras"
    text = zipfile.ZipFile(path).read("config.json").decode() if is_archive else path.read_text(encoding="utf-8")
    found = yaml.safe_load(text.replace("8e-4", "8.0e-4")) if path.suffix == ".yaml" else json.loads(text)
    if isinstance(found.get("training_config"), str):
        found = json.loads(found["training_config"])
    found = found.get("compile_config", found)
    return found.get("optimizer_config", found.get("optimizer", found))


def of_schedule(config: dict[str, Any]) -> Rate:
    """Return the rate of a schedule's config."""
    if config["class_name"] == "WarmUp":
        inside = config["config"]
        after = of_schedule(inside["decay_schedule_fn"])
        init, warmup, power = inside["initial_learning_rate"], inside["warmup_steps"], inside["power"]
        return lambda step: init * (step / warmup) ** power if step < warmup else after(step - warmup)
    kind = getattr(keras.optimizers.schedules, config["class_name"], None) or getattr(
        learning_rate_schedule, config["class_name"]
    )
    schedule = kind.from_config(config["config"])
    return lambda step: float(schedule(step))


def of_optimizer(optimizer: Any) -> Rate:
    """Return the rate that an optimizer applies at an update."""
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is not None:
        return of_optimizer(inner)
    if hasattr(optimizer, "_decayed_lr"):

        def legacy(step: int) -> float:
            optimizer.iterations.assign(step)
            return float(optimizer._decayed_lr("float32"))

        return legacy
    batches = getattr(optimizer, "gradient_accumulation_steps", None) or 1

    def rate(step: int) -> float:
        optimizer._iterations.assign(step * batches + batches - 1)
        if hasattr(optimizer, "_compute_current_learning_rate"):  # TF-Keras keeps it in a variable
            optimizer._compute_current_learning_rate()
        return float(optimizer.learning_rate)

    return rate


def named(config: Any) -> Any:
    """Return a config without the null names of TF-Keras, which Keras 3 refuses."""
    if isinstance(config, dict):
        return {key: named(value) for key, value in config.items() if key != "name" or value is not None}
    return config


def rate_of(config: Any) -> Rate:
    """Return the rate of an optimizer's or a schedule's config."""
    config = named(config)
    if isinstance(config, str):
        return of_optimizer(keras.optimizers.get(config))
    name, inside = config.get("class_name"), config.get("config")
    if name is None:
        kind = {"nadam": keras.optimizers.Nadam, "adadelta": keras.optimizers.Adadelta}[config["name"]]
        return of_optimizer(kind.from_config(dict(config)))
    if name in {"WarmUp", "AdamWeightDecay"}:
        return of_schedule(inside["learning_rate"])
    if name == "MultiOptimizer":
        return rate_of(inside["optimizer_map"]["config"]["default_optimizer"])
    if "initial_learning_rate" in inside or "boundaries" in inside or "first_decay_steps" in inside:
        return of_schedule(config)
    schedule = inside.get("learning_rate", inside.get("lr"))
    older = isinstance(schedule, dict) and "module" not in schedule
    legacy = "legacy" in str(config.get("module")) or "decay" in inside or older
    if "inner_optimizer" in inside:
        return rate_of(inside["inner_optimizer"])
    if legacy:
        kind = getattr(tf_keras.optimizers.legacy, name)
        return of_optimizer(kind.from_config(dict(inside)))
    if "is_legacy_optimizer" in inside:
        kind = getattr(tf_keras.optimizers, name.removeprefix("Custom>"))
        inside = {**inside, "learning_rate": number(inside["learning_rate"])}
        return of_optimizer(kind.from_config(inside))
    return of_optimizer(keras.optimizers.deserialize({"registered_name": None, **config}))


def number(value: Any) -> Any:
    """Return the number that a text stands for."""
    return float(value) if isinstance(value, str) else value


TOTAL = {"schedule_polynomial_cycle.json": 100}
"""The lengths that are given: cycles without an end have no short form."""
READ: dict[str, tuple[str, list[int]]] = {
    "adam_exponential.json": ("Adam of Keras 3, exponential", [250, 500, 1000, 4000]),
    "adamw_cosine_warmup.json": ("a cosine with its warmup", [50, 99, 100, 101, 550, 999, 1000, 1500]),
    "schedule_polynomial.json": ("a schedule by itself", [60, 119, 120, 121, 300]),
    "schedule_polynomial_cycle.json": ("a polynomial in cycles", [29, 30, 31, 60, 61, 75, 90, 91]),
    "schedule_inverse_time_stairs.json": ("inverse time in stairs, by its older form", [31, 32, 33, 64, 320]),
    "schedule_exponential_stairs.json": ("exponential in stairs", [63, 64, 65, 128, 640]),
    "schedule_piecewise.json": ("boundaries", [99, 100, 101, 250, 251]),
    "schedule_cosine.json": ("a cosine to a share", [100, 199, 200, 201]),
    "schedule_restarts.json": ("restarts of growing length", [63, 64, 65, 191, 192, 193, 300]),
    "schedule_restarts_equal.json": ("restarts of equal length", [63, 64, 65, 127, 128, 129]),
    "schedule_defaults.json": ("a polynomial whose defaults are left out", [40, 79, 80, 81]),
    "schedule_restarts_defaults.json": ("restarts whose defaults are left out", [15, 16, 17, 47, 48, 49]),
    "schedule_linear_cosine.json": ("the linear cosine of Keras 2", [10, 33, 34, 50, 66, 67, 99, 100, 150]),
    "model_config.json": ("a model's config, with compile_config", [50, 100, 1000]),
    "compile_config.json": ("a compile_config", [150, 299, 300, 301]),
    "compile_by_name.json": ("an optimizer by its name, whose rate is its default", [10]),
    "training_config.json": ("the training_config of an HDF5 file of Keras 3", [20, 40, 400]),
    "training_config_legacy.json": ("one of Keras 2, with decay", [10, 100, 1000]),
    "training_config_text.json": ("the attribute as text", [10]),
    "keras1_decay.json": ("lr and decay", [10, 100, 1000]),
    "keras1_lr_schedule.json": ("lr, which is a schedule", [30, 60, 600]),
    "legacy_schedule_and_decay.json": ("a schedule, divided by what decay makes", [50, 100, 500]),
    "loss_scale.json": ("a loss scale around the optimizer", [50, 99, 100, 101]),
    "loss_scale_tf_keras.json": ("the same of TF-Keras; a square root", [32, 63, 64, 65]),
    "loss_scale_legacy.json": ("the same around a legacy optimizer with decay", [10, 100]),
    "accumulation.json": ("four batches to an update", [25, 100, 200]),
    "fixed_rate.json": ("a fixed rate, as float32", [10]),
    "tf_keras_text_rate.json": ("a fixed rate as text", [10]),
    "no_rate.json": ("no rate: the class has a default", [10]),
    "get_config.json": ("what get_config returns, without a class", [10, 100]),
    "get_config_fixed.json": ("the same with a fixed rate", [10]),
    "several_alike.json": ("several optimizers of one rate", [250, 500]),
    "optimizer.yaml": ("YAML", [30, 31, 60, 61, 90, 91]),
    "optimizer_in_a_script.yaml": ("an optimizer within a script's own file", [125, 249, 250, 251]),
    "warmup_by_module.json": ("a warmup of transformers, which its module tells", [20, 39, 40, 41, 120, 199, 200, 201]),
    "run.keras": ("an archive", [10, 19, 20, 21, 110, 199, 200, 201]),
    "legacy.keras": ("an archive of TF-Keras, with decay", [10, 100]),
}
REFUSED: dict[str, tuple[str, str]] = {
    "not_compiled.keras": ("an archive of a model that was not compiled", "compile"),
    "model_without_compile.json": ("a model's config without compile_config", "compile"),
    "warmup_of_two.json": ("WarmUp, of which there are two", "WarmUp"),
    "linear_warmup.json": ("a class of the Model Garden that does not say which schedule it holds", "LinearWarmup"),
    "polynomial_warmup.json": ("another", "PolynomialWarmUp"),
    "noisy.json": ("noise", "NoisyLinearCosineDecay"),
    "own_class_of_that_name.json": ("a registered class with a name of Keras'", "CosineDecay"),
    "unknown_key.json": ("a key that the class does not take", "warmup"),
    "two_rates.json": ("lr and learning_rate that differ", "lr"),
    "decay_of_no_legacy.json": ("decay in an optimizer that has none", "decay"),
    "function.json": ("a function", "function"),
    "no_rate_own_class.json": ("no rate, and no default that is known", "learning_rate"),
    "several_unlike.json": ("several optimizers of different rates", "different rates"),
    "registered_by_default.json": ("a registered class, in the package of no name", "CosineDecay"),
    "schedule_beside.yaml": ("an optimizer beside a script's own schedule", "lr_scheduler"),
    "own_script.yaml": ("a script of one's own", "a config with the keys|no system"),
    "model_garden.yaml": ("a file of the Model Garden", "(?i)model garden|a config with the keys|no system"),
}


def main() -> None:
    """Write the file."""
    read = {}
    for name, (says, steps) in READ.items():
        rate = rate_of(content(name))
        values = {str(step): rate(step) for step in [0, 1, 2, *steps]}
        options = {"total_steps": TOTAL[name]} if name in TOTAL else {}
        read[name] = {"says": says, "options": options, "values": values, "float32": True}
    refused = {name: {"says": says, "options": {}, "message": message} for name, (says, message) in REFUSED.items()}
    how = (
        f"the optimizers of keras {keras.__version__} and tf_keras {tf_keras.__version__}, deserialized, on TensorFlow"
    )
    data = {"system": "keras", "version": keras.__version__, "how": how, "read": read, "refused": refused}
    (HERE / "expected.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
