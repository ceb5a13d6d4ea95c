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
from lrspec.errors import LrspecError, SpecError, UnsupportedError, argument
from lrspec.fields import show
from lrspec.readers import files
from lrspec.readers.decimals import in_decimals
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
        training_args: What stands in another file: Hugging Face's training arguments for a config of DeepSpeed, and
            DeepSpeed's config for training arguments that name one which is not beside them.
        quantities: What the config leaves to the run: `base_value` (the learning rate, which goes before the config's
            own), `steps_per_epoch` and `total_steps` (optimizer updates), `batch_size` (samples per update),
            `tokens_per_step`.

    Returns:
        The reading; its schedule is absolute, from step 0, and counts optimizer updates. It says which keys were read,
        and which defaults of which release stand in for those that are not there.

    Raises:
        UnsupportedError: No system, or more than one, has such marks; or the schedule has no equivalent here.
        SpecError: A key is missing, not understood, or needs a quantity that was not given; the error names the path.
            Or a `base_value` was given to a config whose rates are all in the parameters of its scheduler, or
            `training_args` to one that leaves nothing to another file.

    Example:
        >>> reading = read_config({"lr_scheduler_type": "linear", "learning_rate": 0.1, "max_steps": 10})
        >>> reading.schedule
        Linear(init_value=0.1, end_value=0.0, steps=10, after='hold')
        >>> reading.keys
        {'learning_rate': 0.1, 'lr_scheduler_type': 'linear', 'max_steps': 10}
    """
    file = data if isinstance(data, ConfigFile) else ConfigFile(data=data)
    if file.runs:
        return _read_script(file, system, training_args, quantities)
    file = replace(file, data=plain(file.data))
    whose = _recognised(file) if system is None else _named(system)
    if file.fault is not None and whose.is_read:
        raise file.fault
    given = known(quantities)
    named = system is not None
    context = Context(
        system=whose.name,
        quantities=given,
        file=file,
        training_args=training_args,
        table=whose.defaults,
        named=named,
    )
    reading = _read(whose, Keys(file.data, context))
    if "base_value" in given and "base_value" not in given.asked:
        expected = f"none: the rates of {reading.construct} are parameters of its own; change them in the config"
        raise SpecError(argument("base_value", ""), found=show(quantities["base_value"]), expected=expected)
    if training_args is not None and not context.looked:
        expected = f"none: a config of {whose.title} leaves nothing to another file"
        raise SpecError(argument("training_args", ""), found="a file", expected=expected)
    total = int(given["total_steps"]) if reading.total is None and "total_steps" in given else reading.total
    reading = replace(reading, schedule=in_decimals(reading.schedule), total=total)
    reading = replace(
        reading, keys=context.found, defaults=context.defaults, version=whose.version, files=context.file.files
    )
    remarks = [remark for key in context.found for remark in context.file.remarks.get(key, ())]
    said = tuple(dict.fromkeys((*remarks, *context.file.warnings)))
    return reading.noting(*said) if said else reading


def load_config(
    path: str | Path,
    *,
    system: str | None = None,
    training_args: str | Path | Mapping[str, Any] | None = None,
    **quantities: Any,
) -> Reading:
    """Return the schedule that a training system's config file asks for.

    Args:
        path: A file of JSON, YAML or TOML, or a launch script, by its ending; any other ending is a text of
            `--flag value` arguments.
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


def _read_script(
    file: ConfigFile, system: str | None, training_args: Mapping[str, Any] | None, quantities: Mapping[str, Any]
) -> Reading:
    """Return the reading of a launch script that runs several programs, of which some have the marks of a system."""
    wanted = [_named(system)] if system is not None else list(systems().values())
    runs = [run for run in file.runs if any(one.owns(run) for one in wanted)]
    if not runs:
        programs = ", ".join(f"{run.program or '?'} ({run.form.partition(' of ')[0]})" for run in file.runs[:8])
        raise UnsupportedError(
            "config", f"a script that runs {programs}", "none has the marks of a system that is read"
        )
    readings = [read_config(run, system=system, training_args=training_args, **quantities) for run in runs]
    if any(reading.schedule != readings[0].schedule for reading in readings):
        lines = " and ".join(run.form.partition(" of ")[0] for run in runs)
        raise UnsupportedError("config", f"a script that trains on {lines}", "the schedules differ; keep one of them")
    said = (note for reading in readings[1:] for note in reading.conventions)
    return readings[0].noting(*(note for note in dict.fromkeys(said) if note not in readings[0].conventions))


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
        raise SpecError(argument("system", ""), found=show(name), expected=f"one of {', '.join(config_systems())}")
    return found


def _recognised(file: ConfigFile) -> System:
    found = [system for system in systems().values() if system.owns(file)]
    if len(found) == 1:
        return found[0]
    if file.fault is not None:
        raise file.fault
    if found:
        named = " and ".join(f"{system.title} ({system.name})" for system in found)
        raise UnsupportedError(
            "config", f"a file with the marks of {named}", f"give {argument('system')}, one of these"
        )
    some = ", ".join(map(str, list(file.data)[:8])) or "none"
    looked = "; ".join(f"{name}: {' or '.join(map(str, system.marks))}" for name, system in config_systems().items())
    choice = f"Where it is one of these, give {argument('system')}"
    reason = f"no system that is read has these marks. Looked for {looked}. {choice}"
    raise UnsupportedError("config", f"a config with the keys {some}", reason)
