"""Reading the config files of training systems: plain data, of which nothing is executed.

    file --files.py--> plain data --a system's module--> Reading

Each system has a module with its name, `knows(data)` and `read(keys)`. A system is recognised by its keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from lrspec.documents.plain import plain
from lrspec.errors import LrspecError, SpecError, UnsupportedError
from lrspec.fields import show
from lrspec.readers import files
from lrspec.readers.composer import config as composer
from lrspec.readers.deepspeed import config as deepspeed
from lrspec.readers.detectron2 import config as detectron2
from lrspec.readers.keras import config as keras
from lrspec.readers.keys import Keys, known
from lrspec.readers.megatron import config as megatron
from lrspec.readers.mmengine import config as mmengine
from lrspec.readers.reading import Reading
from lrspec.readers.timm import config as timm
from lrspec.readers.torchtitan import config as torchtitan
from lrspec.readers.transformers import config as huggingface

_MODULES: tuple[ModuleType, ...] = (
    huggingface,
    deepspeed,
    mmengine,
    timm,
    composer,
    megatron,
    torchtitan,
    detectron2,
    keras,
)
SYSTEMS: dict[str, ModuleType] = {module.SYSTEM: module for module in _MODULES}
"""The systems whose configs are read, by name."""


def read_config(data: Mapping[str, Any], *, system: str | None = None, **quantities: Any) -> Reading:
    """Return the schedule that a training system's config asks for.

    Args:
        data: The config as plain data.
        system: Whose config it is, one of `SYSTEMS`; recognised by the keys where it is not given.
        quantities: What the config leaves to the run: `base_value` (the learning rate, which goes before the config's
            own), `steps_per_epoch` and `total_steps` (optimizer updates), `batch_size` (samples per update),
            `tokens_per_step`.

    Returns:
        The reading; its schedule is absolute, from step 0, and counts optimizer updates.

    Raises:
        UnsupportedError: No system, or more than one, has such keys; or the schedule has no equivalent here.
        SpecError: A key is missing, not understood, or needs a quantity that was not given; the error names the path.
            Or a `base_value` was given to a config whose rates are all in the parameters of its scheduler.

    Example:
        >>> read_config({"lr_scheduler_type": "linear", "learning_rate": 0.1, "max_steps": 10}).schedule
        Linear(init_value=0.1, end_value=0.0, steps=10, after='hold')
    """
    data = plain(data)
    name = _recognised(data) if system is None else system
    if name not in SYSTEMS:
        raise UnsupportedError("config", f"system={name!r}", f"expected one of {', '.join(SYSTEMS)}")
    given = known(quantities)
    try:
        reading: Reading = SYSTEMS[name].read(Keys(data, name, given))
    except LrspecError:
        raise
    except (TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        reason = f"one of another type, or out of range: {type(error).__name__}: {error}; correct the config"
        raise UnsupportedError(name, "a value of this config", reason) from error
    if "base_value" in given and "base_value" not in given.asked:
        expected = f"none: the rates of {reading.construct} are parameters of its own; change them in the config"
        raise SpecError("base_value", found=show(quantities["base_value"]), expected=expected)
    return reading


def load_config(path: str | Path, *, system: str | None = None, **quantities: Any) -> Reading:
    """Return the schedule that a training system's config file asks for.

    Args:
        path: A file of JSON, YAML or TOML, by its ending; any other ending is a text of `--flag value` arguments.
        system: As in `read_config`.
        quantities: As in `read_config`.

    Raises:
        OSError: The file cannot be read.
        UnsupportedError: As in `read_config`.
        SpecError: As in `read_config`, or the file is malformed.
    """
    return read_config(files.load(Path(path)), system=system, **quantities)


def _recognised(data: Mapping[str, Any]) -> str:
    found = [name for name, module in SYSTEMS.items() if module.knows(data)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnsupportedError("config", " or ".join(found), "its keys are those of more than one; give system=...")
    some = ", ".join(map(str, list(data)[:8])) or "none"
    reason = f"the keys of no system that is read ({', '.join(SYSTEMS)}); give system=..."
    raise UnsupportedError("config", f"a config with the keys {some}", reason)
