"""What `convert` and `diff` take: documents, config files, and objects of Python modules."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import lrspec
from lrspec.cli.common import GIVEN, named, number
from lrspec.cli.waiting import waiting
from lrspec.errors import argument
from lrspec.readers import files
from lrspec.readers.configs import read_config
from lrspec.readers.files import ConfigFile

HELP = (
    "a document (YAML or JSON); a config file of Keras, transformers, DeepSpeed, MMEngine, timm, Composer, Megatron, "
    "torchtitan, Detectron2 or nanoGPT, of which one in Python is read as data; or module:object or script.py:name, "
    "which IMPORTS, and so runs, that module of yours"
)


def add_inputs(command: argparse.ArgumentParser, *names: str) -> None:
    """Add the arguments for inputs, and for what they may lack."""
    for name in names:
        command.add_argument(name, metavar=name.upper(), help=HELP)
    command.add_argument("--system", metavar="NAME", help="whose config file it is, where its keys do not tell")
    command.add_argument(
        "--with", dest="training_args", type=Path, metavar="FILE",
        help="training arguments of Hugging Face, for a config of DeepSpeed that leaves values to them (auto); or the "
        "config of DeepSpeed that training arguments name",
    )  # fmt: skip
    command.add_argument(
        "--sample", type=int, metavar="N", help="for an object that is code: at how many steps to evaluate it"
    )
    given = command.add_argument_group("quantities", "what a document or config has none of, or is to have another of")
    for name in GIVEN:
        metavar = "VALUE" if name == "base_value" else "N"
        given.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=f"the input's {name}")


_TAKES = {"document": set[str](), "object": {"sample"}, "config file": {"system", "training_args"}}
"""Which of the options each kind of input takes."""


def read_inputs(options: argparse.Namespace, *texts: str) -> list[lrspec.Reading]:
    """Return what inputs are, with the conventions that were mapped.

    Raises:
        LrspecError: One is none of those that are known, or cannot be read; or an option is for none of them.
        OSError: A file cannot be read.
    """
    found = [_found(text) for text in texts]
    kinds = [kind for kind, _ in found]
    for name in ("system", "training_args", "sample"):
        if getattr(options, name) is not None and not any(name in _TAKES[kind] for kind in kinds):
            whose = next(kind for kind, taken in _TAKES.items() if name in taken)
            raise lrspec.LrspecError(f"{argument(name, '')} is for a {whose}; {texts[0]} is a {kinds[0]}")
    return [_read(text, *one, options, alone=len(texts) == 1) for text, one in zip(texts, found, strict=True)]


def _found(text: str) -> tuple[str, ConfigFile]:
    """Return which kind of input a text names, and the file where it names one."""
    _, colon, name = text.rpartition(":")
    if colon and re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name) and not Path(text).exists():
        return "object", ConfigFile()
    with named(text):
        file = files.load(Path(text))
    return "document" if "lrspec" in file.data else "config file", file


def _read(text: str, kind: str, file: ConfigFile, options: argparse.Namespace, *, alone: bool) -> lrspec.Reading:
    given = {name: number(value) for name in GIVEN if (value := getattr(options, name)) is not None}
    with waiting(f"reading {text}"), named(text):
        if kind == "object":
            if given:
                told = ", ".join(argument(name, "") for name in given)
                raise lrspec.LrspecError(f"an object takes no {told}: these are for documents and configs")
            module, _, name = text.rpartition(":")
            return lrspec.read_native(_object(module, name), sample=options.sample)
        if kind == "document":
            document = lrspec.load(text)
            schedule = document.resolve(**given) if given else document
            return lrspec.Reading(schedule=schedule, framework="lrspec", construct="document")
        beside = None if options.training_args is None else files.load(options.training_args).data
        try:
            return read_config(file, system=options.system, training_args=beside, **given)
        except lrspec.SpecError as error:
            if alone or error.path != argument("training_args", ""):
                raise
        return read_config(file, system=options.system, **given)  # the file is for the other input


def _object(module: str, name: str) -> Any:
    """Return an object of the user's module, which is imported."""
    found: Any = _module(module)
    for part in name.split("."):
        if not hasattr(found, part):
            raise lrspec.LrspecError(f"no {part} in it")
        found = getattr(found, part)
    return found


def _module(name: str) -> ModuleType:
    try:
        return _imported(name)
    except (lrspec.LrspecError, FileNotFoundError):
        raise
    except (Exception, SystemExit) as error:  # a script that runs when it is imported may also leave
        raise lrspec.LrspecError(f"importing {name} failed: {type(error).__name__}: {error}") from error


def _imported(name: str) -> ModuleType:
    if not name.endswith(".py"):
        if not all(map(str.isidentifier, name.split("."))):
            raise lrspec.LrspecError(f"{name!r} is no name of a module: expected one such as package.module")
        sys.path.insert(0, "")
        return importlib.import_module(name)
    path = Path(name)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise lrspec.LrspecError(f"{path}: no Python file")
    made = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(made)
    return made
