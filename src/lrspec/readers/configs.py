"""Reading the config files of training systems: plain data, of which nothing is executed.

    file --files/--> ConfigFile --whose marks it has--> System --its reader--> Reading

Which system a file belongs to is decided by marks that only that system's files have, never by what its values mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lrspec.documents.plain import plain
from lrspec.errors import LrspecError, SpecError, UnsupportedError
from lrspec.fields import show
from lrspec.readers import files
from lrspec.readers.files import ConfigFile
from lrspec.readers.keys import Context, Keys, known
from lrspec.readers.reading import Reading
from lrspec.readers.registry import config_systems, systems
from lrspec.readers.system import System


def read_config(
    data: Mapping[str, Any] | ConfigFile,
    *,
    system: str | None = None,
    training_args: Mapping[str, Any] | None = None,
    **quantities: Any,
) -> Reading:
    """Return the schedule that a training system's config asks for.

    Args:
        data: The config as plain data, or a file that was loaded.
        system: Whose config it is, one of `config_systems()`; recognised by its marks where it is not given.
        training_args: Hugging Face's training arguments beside a config that leaves values to them.
        quantities: What the config leaves to the run: `base_value` (the learning rate, which goes before the config's
            own), `steps_per_epoch` and `total_steps` (optimizer updates), `batch_size` (samples per update),
            `tokens_per_step`.

    Returns:
        The reading; its schedule is absolute, from step 0, and counts optimizer updates. It says which keys were read,
        and which defaults of which release stand in for those that are not there.

    Raises:
        UnsupportedError: No system, or more than one, has such marks; or the schedule has no equivalent here.
        SpecError: A key is missing, not understood, or needs a quantity that was not given; the error names the path.
            Or a `base_value` was given to a config whose rates are all in the parameters of its scheduler.

    Example:
        >>> reading = read_config({"lr_scheduler_type": "linear", "learning_rate": 0.1, "max_steps": 10})
        >>> reading.schedule
        Linear(init_value=0.1, end_value=0.0, steps=10, after='hold')
        >>> reading.keys
        {'lr_scheduler_type': 'linear', 'learning_rate': 0.1, 'max_steps': 10}
    """
    file = data if isinstance(data, ConfigFile) else ConfigFile(data=data)
    file = replace(file, data=plain(file.data))
    whose = _recognised(file) if system is None else _named(system)
    given = known(quantities)
    named = system is not None
    context = Context(system=whose.name, quantities=given, file=file, training_args=training_args, named=named)
    reading = _read(whose, Keys(file.data, context))
    if "base_value" in given and "base_value" not in given.asked:
        expected = f"none: the rates of {reading.construct} are parameters of its own; change them in the config"
        raise SpecError("base_value", found=show(quantities["base_value"]), expected=expected)
    reading = replace(
        reading, keys=context.found, defaults=context.defaults, version=whose.version, files=context.file.files
    )
    return reading.noting(*context.file.warnings) if context.file.warnings else reading


def load_config(
    path: str | Path,
    *,
    system: str | None = None,
    training_args: str | Path | Mapping[str, Any] | None = None,
    **quantities: Any,
) -> Reading:
    """Return the schedule that a training system's config file asks for.

    Args:
        path: A file of JSON, YAML or TOML, by its ending; any other ending is a text of `--flag value` arguments.
        system: As in `read_config`.
        training_args: As in `read_config`, or the file with them.
        quantities: As in `read_config`.

    Raises:
        OSError: The file cannot be read.
        UnsupportedError: As in `read_config`.
        SpecError: As in `read_config`, or the file is malformed.
    """
    if isinstance(training_args, str | Path):
        training_args = files.load(Path(training_args)).data
    return read_config(files.load(Path(path)), system=system, training_args=training_args, **quantities)


def _read(whose: System, keys: Keys) -> Reading:
    if whose.read is None:
        raise UnsupportedError(whose.name, "a config", f"{whose.title} is read as objects alone")
    try:
        return whose.read(keys)
    except LrspecError:
        raise
    except (TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        reason = f"one of another type, or out of range: {type(error).__name__}: {error}; correct the config"
        raise UnsupportedError(whose.name, "a value of this config", reason) from error


def _named(name: str) -> System:
    found = systems().get(name)
    if found is None or found.read is None:
        raise SpecError("system", found=show(name), expected=f"one of {', '.join(config_systems())}")
    return found


def _recognised(file: ConfigFile) -> System:
    found = [system for system in systems().values() if system.owns(file)]
    if len(found) == 1:
        return found[0]
    if found:
        named = " and ".join(f"{system.title} ({system.name})" for system in found)
        raise UnsupportedError("config", f"a file with the marks of {named}", "give system=..., one of these")
    some = ", ".join(map(str, list(file.data)[:8])) or "none"
    looked = "; ".join(f"{name}: {' or '.join(map(str, system.marks))}" for name, system in config_systems().items())
    reason = f"no system that is read has these marks. Looked for {looked}. Where it is one of these, give system=..."
    raise UnsupportedError("config", f"a config with the keys {some}", reason)
