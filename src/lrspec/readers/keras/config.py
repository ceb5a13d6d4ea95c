"""The configs that Keras writes: of schedules, of optimizers, of what a model was compiled with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lrspec.document import from_dict
from lrspec.errors import argument
from lrspec.kinds import Linear, OneMinusPower, Sequence, Shift
from lrspec.readers.files.lenient import pairs_once
from lrspec.readers.keras.described import refused
from lrspec.readers.keras.rates import batches_told, decaying, fixed, is_own, of_several, per_update
from lrspec.readers.keras.shapes import REFUSED, SHAPES, reading_of
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading
from lrspec.spec import Node

DEFAULT_RATES: Mapping[str, float] = dict.fromkeys(
    ("adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "ftrl", "lamb", "nadam", "rmsprop"), 0.001
) | {"sgd": 0.01}
"""The default rates of the optimizers that have the same in all releases of Keras which write such configs."""
_BESIDE = r"(?i)(^|_)lrs?(_|$)|learning_?rate|sched|warm|decay|callback"
"""Keys beside an optimizer by which a script may do something to the rate."""
_OF_RATE = r"(?i)(^|_)lrs?(_|$)|learning_?rate(?!_power$)|sched(?!ule_decay$)|warm|accumulation|^decay"
"""Keys of an optimizer's own by which a class that is not known, or a slip of the pen, may change its rate."""
_OPTIMIZERS = {
    *("use_ema", "ema_momentum", "clipnorm", "global_clipnorm", "jit_compile", "is_legacy_optimizer", "epsilon"),
    *("momentum", "beta_1", "weight_decay", "weight_decay_rate", "gradient_accumulation_steps"),
}
"""Keys of which an optimizer has at least one, and a schedule none."""
_MODELS = ("Sequential", "Functional", "Model")
_TWO_WARMUPS = (
    "transformers and the TensorFlow Model Garden both have it, with two formulas, and its module is not written here; "
    "write it as a document"
)


def read(keys: Keys) -> Reading:
    """Return the schedule of what a schedule, an optimizer or a compiled model wrote of itself.

    Args:
        keys: The config: of any of them, or with the optimizer's under `compile_config`, `training_config`,
            `optimizer_config` or `optimizer`.

    Raises:
        UnsupportedError: A class without an equivalent.
        SpecError: A key is missing or not as it should be.
    """
    total = keys.quantities.get("total_steps")
    return _of(keys, None if total is None else int(total))


def _of(keys: Keys, sample: int | None) -> Reading:
    """Return the rate of a config, wherever in it the optimizer stands."""
    data = keys.data
    if is_own(data):
        document = data.get("config", data)["document"]
        return Reading(schedule=from_dict(document), framework="keras", construct="KerasSchedule")
    if "training_config" in data:
        return _of(_training_config(keys), sample)
    if "compile_config" in data or _is_model(data):
        if not isinstance(data.get("compile_config"), Mapping):
            raise refused("a model", "without a compile_config: it was saved without compile(); give the optimizer")
        return _of(keys.inside("compile_config"), sample)
    for name in ("optimizer_config", "optimizer"):
        if "class_name" not in data and data.get(name) is not None:
            reading = _by_name(keys, name) if isinstance(data[name], str) else _of(keys.inside(name), sample)
            keys.no_more(about=_BESIDE)
            return reading
    if "class_name" in data and isinstance(data.get("config"), Mapping):
        return _of_class(keys, sample)
    if "class_name" in data and data.keys().isdisjoint(("config", "learning_rate", "lr")):
        raise keys.wrong("config", "the configuration of the class, which Keras writes beside its class_name")
    return _of_optimizer(keys, data.get("class_name"), sample)


def _is_model(data: Mapping[Any, Any]) -> bool:
    inside = data.get("config")
    return data.get("class_name") in _MODELS or (isinstance(inside, Mapping) and "layers" in inside)


def _training_config(keys: Keys) -> Keys:
    """Return the attribute of an HDF5 file, which is JSON text there."""
    text = keys.get("training_config") if isinstance(keys.data["training_config"], str) else None
    if text is None:
        return keys.inside("training_config")
    try:
        inside = json.loads(text, object_pairs_hook=lambda pairs: pairs_once(pairs, []))
    except (ValueError, RecursionError):
        raise keys.wrong("training_config", "JSON") from None
    keys.context.found.pop(keys.at("training_config"), None)  # the keys inside are named
    return Keys(inside, keys.context, keys.at("training_config"))


def _by_name(keys: Keys, name: str) -> Reading:
    """Return the rate of an optimizer that was given by its name."""
    optimizer = str(keys.get(name))
    if optimizer.lower() not in DEFAULT_RATES:
        raise keys.wrong(name, f"an optimizer's config, or one of {', '.join(DEFAULT_RATES)}")
    return _fixed(Keys({}, keys.context, keys.at(name)), optimizer)


def _of_class(keys: Keys, sample: int | None) -> Reading:
    """Return the rate of a config that says its class: of a schedule, of an optimizer, or of what holds one."""
    name, inside = keys.get("class_name"), keys.inside("config")
    if name in SHAPES:
        _check_is_keras_own(keys.data, name)
        shape = SHAPES[name]
        parameters = {key: inside.get(key, default) for key, default in shape.defaults.items()}
        parameters |= {key: inside.get(key) for key in shape.required}
        inside.read.add("name")
        inside.no_more()
        missing = [key for key in shape.required if parameters[key] is None and key not in inside.data]
        if missing:
            raise inside.wrong(missing[0], "a value")
        return reading_of(name, parameters, sample)[0]
    if name in REFUSED:
        raise refused(name, REFUSED[name])
    if name == "WarmUp":
        return _warmup(keys, inside, sample)
    name = name.removeprefix("Custom>") if isinstance(name, str) else name  # as TF-Keras writes its own optimizers
    return _of_optimizer(inside, name, sample)


def _check_is_keras_own(data: Mapping[Any, Any], name: str) -> None:
    module, registered = str(data.get("module") or "keras."), data.get("registered_name")
    if not module.startswith(("keras.", "tf_keras.")) or registered not in {None, "", name}:
        way_out = f"give the object, and {argument('sample', 'N')}"
        raise refused(name, f"a registered class of that name, which is not Keras' own; {way_out}")


def _warmup(keys: Keys, inside: Keys, sample: int | None) -> Reading:
    """Return a `WarmUp` of transformers or of the Model Garden: a power of the share, then another schedule."""
    module = str(keys.data.get("module") or "").split(".")[0]
    if module not in {"transformers", "official"}:
        raise refused("WarmUp", _TWO_WARMUPS)
    after = _of(inside.inside("decay_schedule_fn"), sample)
    peak, steps = inside.number("initial_learning_rate"), inside.steps("warmup_steps", least=0)
    power = inside.number("power", 1.0, least=0)
    inside.read.add("name")
    inside.no_more()
    if steps == 0:
        return after
    rise: Node = Linear(init_value=0.0, end_value=peak, steps=steps)
    if power != 1:
        rise = OneMinusPower(init_value=0.0, end_value=peak, steps=steps, power=power)
    node, counts = after.schedule.node, "its own step 0"
    if module == "official":
        node, counts = Shift(part=node, by=steps), f"step {steps}"
    note = f"after {steps} steps of warmup the schedule goes on from {counts}"
    return replace(
        after, schedule=Sequence(parts=[rise, node]), construct="WarmUp", conventions=(*after.conventions, note)
    )


def _of_optimizer(keys: Keys, name: Any, sample: int | None) -> Reading:
    """Return the rate of what an optimizer's `get_config` returns."""
    data = keys.data
    if isinstance(data.get("inner_optimizer"), Mapping):
        return _of(keys.inside("inner_optimizer"), sample)
    if "optimizer_map" in data:
        return of_several([_of(one, sample) for one in _mapped(keys)])
    key = _rate_key(keys, name)
    rate = data.get(key)
    if name is None and "name" not in data and not isinstance(rate, Mapping):
        reason = "without a class_name it does not say which class; give {class_name: ..., config: ...}"
        raise refused("a configuration", reason)
    keys.read.update(("learning_rate", "lr", "decay", "gradient_accumulation_steps"))
    if not data.get("total_steps"):  # without it, a RectifiedAdam of TensorFlow Addons has no warmup
        keys.read.update(("warmup_proportion", "min_lr"))
    keys.no_more(about=_OF_RATE)
    if not isinstance(rate, Mapping):
        return _decayed(keys, _fixed(keys, str(name or data["name"]), key), sample)
    reading = _decayed(keys, _of(keys.inside(key), sample), sample)
    return per_update(reading, keys.get("gradient_accumulation_steps"), batches_told(rate))


def _rate_key(keys: Keys, name: Any) -> str:
    """Return the key of the rate: `lr` is its older name."""
    given = [key for key in ("learning_rate", "lr") if keys.data.get(key) is not None]
    if len(given) == 2 and keys.data["lr"] != keys.data["learning_rate"]:
        raise keys.wrong("lr", "the learning_rate beside it")
    is_known = str(name or keys.data.get("name")).lower() in DEFAULT_RATES
    is_fixed = given and not isinstance(keys.data[given[0]], Mapping)
    if is_fixed and not is_known and keys.data.keys().isdisjoint(_OPTIMIZERS):
        reason = (
            "a class that is not Keras' own, and has no key of an optimizer: what its learning_rate is, is not known"
        )
        raise refused(str(name or keys.data.get("name")), reason)
    if not given and str(name).lower() not in DEFAULT_RATES and "base_value" not in keys.quantities:
        if name is None:
            return "learning_rate"
        raise refused(str(name), "neither a schedule that Keras has nor an optimizer with a learning_rate")
    return given[0] if given else "learning_rate"


def _fixed(keys: Keys, name: str, key: str = "learning_rate") -> Reading:
    default = DEFAULT_RATES.get(name.lower())
    if default is None or keys.data.get(key) is not None or "base_value" in keys.quantities:
        return fixed(keys.rate(key), name)
    return fixed(keys.number(key, default), name)


def _decayed(keys: Keys, reading: Reading, sample: int | None) -> Reading:
    """Return the rate with a legacy optimizer's `decay`."""
    decay = keys.number("decay", least=0) if keys.data.get("decay") is not None else 0.0
    if decay and keys.data.get("is_legacy_optimizer") is False:
        raise refused("decay", f"{decay:g}, in an optimizer that is not a legacy one; Keras refuses it too")
    return decaying(reading, decay, sample)


def _mapped(keys: Keys) -> list[Keys]:
    """Return the configs of the optimizers in the config of an `OptimizerMap`."""
    outer = keys.data["optimizer_map"]
    holds = isinstance(outer, Mapping) and isinstance(outer.get("config"), Mapping)
    inside = keys.inside("optimizer_map").inside("config") if holds else None
    by_name = inside.data.get("optimizer_map") if inside else None
    if inside is None or not isinstance(by_name, Mapping) or "default_optimizer" not in inside.data:
        raise refused("MultiOptimizer", "its optimizers are chosen by a function, which is code; give one of them")
    listed = inside.inside("optimizer_map")
    found = [(listed, name) for name in by_name] + [(inside, "default_optimizer")]
    if not all(isinstance(one.data[name], Mapping) for one, name in found):
        raise refused("OptimizerMap", "it does not hold the configs of optimizers")
    return [one.inside(name) for one, name in found]
