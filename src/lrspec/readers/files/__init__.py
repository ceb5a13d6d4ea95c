"""Config files as plain data: JSON, YAML, TOML, Python, launch scripts, arguments. Nothing is executed."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lrspec.documents import yaml
from lrspec.errors import LrspecError, SpecError, UnsupportedError
from lrspec.readers.files import hydra
from lrspec.readers.files.archive import config_in
from lrspec.readers.files.bases import BASE, Bases, plain_names
from lrspec.readers.files.lenient import Unread as Unread, pairs_once, parse_yaml
from lrspec.readers.files.shell import Launch, launches
from lrspec.readers.files.shell.flags import Flag, Flags
from lrspec.readers.files.shell.values import Known
from lrspec.readers.files.yacs import with_bases

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """A config file as plain data; a value that is none is an `Unread`, which refuses when a reader asks for it.

    Args:
        data: The file's keys.
        form: What it is written in, such as YAML.
        path: Where it is, if it is a file.
        files: The files that were merged into it, by the names that they are given in it.
        program: The script that a launch script runs.
        text: The text of a file whose form is not parsed.
        warnings: What is odd about the file, in words.
        rest: Why there may be more keys than those that are known.
        fault: Why it could not be merged with the files that it names, which is raised where its values are asked for.
        remarks: What was taken for granted of some keys, in words.
        runs: The programs that a launch script runs, where there are several, each with its flags as data.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    form: str = "a mapping"
    path: Path | None = None
    files: tuple[str, ...] = ()
    program: str | None = None
    text: str = ""
    warnings: tuple[str, ...] = ()
    rest: Unread | None = None
    fault: LrspecError | None = None
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    runs: tuple[ConfigFile, ...] = ()


def load(path: Path) -> ConfigFile:
    """Return a file as plain data, merged with the files beside it that its `_BASE_` or `_base_` names.

    Raises:
        OSError: The file cannot be read.
        SpecError: The file is malformed, or too large.
        UnsupportedError: The file is a pickle.
    """
    alone = load_alone(path)
    try:
        if BASE in alone.data and alone.form in {"JSON", "YAML"}:
            return _with_openmmlab_bases(path, alone.form)
        return with_bases(alone, load_alone)
    except LrspecError as error:
        return replace(alone, fault=error)


def load_alone(path: Path) -> ConfigFile:
    """Return a file as plain data, by the ending of its name; any other ending is arguments of a command line.

    Raises:
        OSError: The file cannot be read.
        SpecError: The file is malformed, or too large.
        UnsupportedError: The file is a pickle, or HDF5.
    """
    suffix = path.suffix.lower()
    source = config_in(path) if suffix == ".keras" else text_of(path) if suffix not in _NOT_READ else ""
    if suffix in _NOT_READ:
        raise UnsupportedError("config", str(path), _NOT_READ[suffix])
    form, parse = _FORMS.get(suffix, _SCRIPT if _SHEBANG.match(source) else _WORDS)
    try:
        found = parse(source, path)
    except SpecError:
        raise
    except (ValueError, RecursionError) as error:  # malformed, a number of too many digits, or nested too deeply
        raise SpecError(str(path), found=f"malformed {form}: {error}", expected=form) from None
    if not isinstance(found.data, Mapping):
        raise SpecError(str(path), found=f"a {type(found.data).__name__}", expected="a mapping")
    return found


def beside(own: Path | None, name: str) -> Mapping[str, Any] | None:
    """Return a JSON file that a config names by a relative path; None where there is none.

    It is sought beside the config, and from the folders above it, of which a script is usually started in one.
    """
    if own is None or name.startswith(("/", "~", "$")):
        return None
    above = own.absolute().parents[1 : 1 + _FOLDERS_ABOVE]
    alone = own.parent / name.rsplit("/", maxsplit=1)[-1]
    for path in (own.parent / name, alone, *(folder / name for folder in above)):
        if path.suffix == ".json" and path.is_file():
            return load(path).data
    return None


_FOLDERS_ABOVE = 5


def text_of(path: Path) -> str:
    """Return the text of a file.

    Raises:
        OSError: The file cannot be read.
        SpecError: It is too large, or not UTF-8.
    """
    with path.open("rb") as file:
        content = file.read(yaml.MAX_BYTES + 1)
    if len(content) > yaml.MAX_BYTES:
        raise SpecError(str(path), found="a longer file", expected=f"at most {yaml.MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(str(path), found=f"a byte that is not UTF-8 at {error.start}", expected="UTF-8") from None


def _yaml(source: str, path: Path) -> ConfigFile:
    data, warnings = parse_yaml(source)
    if isinstance(data, Mapping) and "defaults" in data:
        whole = hydra.composed(data, path, text_of, lambda text, _: parse_yaml(text)[0] or {})
        if whole is not None:
            return ConfigFile(data=whole.data, form="YAML", path=path, files=whole.files, warnings=warnings)
    return ConfigFile(data=data, form="YAML", path=path, warnings=warnings)


def _json(source: str, path: Path) -> ConfigFile:
    warnings: list[str] = []
    data = json.loads(source, object_pairs_hook=lambda pairs: pairs_once(pairs, warnings))
    return ConfigFile(data=data, form="JSON", path=path, warnings=tuple(warnings))


def parse_toml(source: str) -> dict[str, Any]:
    """Return the data of a TOML text.

    Args:
        source: The text.

    Raises:
        ValueError: It is malformed.
    """
    return tomllib.loads(source)


def _toml(source: str, path: Path) -> ConfigFile:
    return ConfigFile(data=parse_toml(source), form="TOML", path=path)


def _arguments(source: str, path: Path) -> ConfigFile:
    words = shlex.split(source.replace("\\\n", " "), comments=True)
    if words and not words[0].startswith("-") and any(word.startswith("--") for word in words):
        return _script(source, path)  # a command, with its program
    return ConfigFile(data=arguments(words, str(path)), form="arguments", path=path)


def _python(source: str, path: Path) -> ConfigFile:  # noqa: ARG001 - bases are read in the same way
    return _with_openmmlab_bases(path, "Python")


def _with_openmmlab_bases(path: Path, form: str) -> ConfigFile:
    bases = Bases(text_of, lambda base: load_alone(base).data)
    data = plain_names(bases.load(path), path.name)
    return ConfigFile(data=data, form=form, path=path, files=tuple(bases.files))


def _script(source: str, path: Path) -> ConfigFile:
    runs = tuple(_run(launch, path) for launch in launches(source, str(path)))
    if not runs:
        raise SpecError(str(path), found="a script without a command that has flags", expected="one that trains")
    return runs[0] if len(runs) == 1 else ConfigFile(form="a launch script", path=path, runs=runs)


def _run(launch: Launch, path: Path) -> ConfigFile:
    return ConfigFile(
        data=_flags(launch.flags),
        form=f"line {launch.line} of a launch script",
        path=path,
        program=launch.program.rpartition("/")[2],
        warnings=launch.notes,
        rest=_unread(launch.rest) if launch.rest else None,
        remarks={name: tuple(flag.notes) for name, flag in launch.flags.items() if flag.notes},
    )


def _flags(flags: Mapping[str, Flag]) -> dict[str, Any]:
    return {name: _unread(flag.unknown) if flag.unknown else flag.value for name, flag in flags.items()}


def _unread(why: str) -> Unread:
    where, _, found = why.partition(": ")
    return Unread(found, where, "what the script itself sets, on every path to the same value")


def _not_parsed(source: str, path: Path) -> ConfigFile:
    return ConfigFile(form="text", path=path, text=source)


_WORDS = ("arguments of the form --flag value", _arguments)
_SCRIPT = ("a launch script", _script)
_SHEBANG = re.compile(r"#!.*\b(ba|z|k|da)?sh\b")
_NOT_READ = dict.fromkeys(
    (".pkl", ".pt", ".pth", ".bin"), "a pickle, which is not read; dump the config as JSON or YAML"
) | dict.fromkeys(
    (".h5", ".hdf5"), "HDF5, which is not read here; write its attribute training_config, which is JSON, to a file"
)
"""The endings of files that are no text, and what to do."""
_FORMS: dict[str, tuple[str, Callable[[str, Path], ConfigFile]]] = {
    ".yaml": ("YAML", _yaml),
    ".yml": ("YAML", _yaml),
    ".json": ("JSON", _json),
    ".keras": ("JSON in an archive of Keras", _json),
    ".toml": ("TOML", _toml),
    ".py": ("Python", _python),
    **dict.fromkeys((".sh", ".bash", ".slurm", ".sbatch"), _SCRIPT),
    ".prototxt": ("text", _not_parsed),
    ".config": ("text", _not_parsed),
    ".cfg": ("text", _not_parsed),
}
"""The forms by the endings of names, each with its name in words."""


def arguments(words: list[str], path: str) -> dict[str, Any]:
    """Return `--flag value` arguments as a mapping; of a flag that stands twice, the last one counts.

    Args:
        words: The words.
        path: Where they stand, for errors.

    Returns:
        The values by name, with underscores for dashes: a text, a list of several, or true for a flag alone.

    Raises:
        SpecError: A word is before the first flag.
    """
    flags = Flags().read(tuple((Known(word),) for word in words))
    if flags.led:
        raise SpecError(path, found=repr(words[0]), expected="arguments of the form --flag value")
    return _flags(flags.found)
