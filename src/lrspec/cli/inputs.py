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
        help="training arguments of Hugging Face, for a config of DeepSpeed that leaves values to them (auto)",
    )  # fmt: skip
    command.add_argument(
        "--sample", type=int, metavar="N", help="for an object that is code: at how many steps to evaluate it"
    )
    given = command.add_argument_group("quantities", "what a document or config has none of, or is to have another of")
    for name in GIVEN:
        metavar = "VALUE" if name == "base_value" else "N"
        given.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=f"the input's {name}")


def read_input(text: str, options: argparse.Namespace) -> lrspec.Reading:
    """Return what an input is, with the conventions that were mapped.

    Raises:
        LrspecError: It is none of those that are known, or cannot be read.
        OSError: A file cannot be read.
    """
    with waiting(f"reading {text}"):
        return _read(text, options)


def _read(text: str, options: argparse.Namespace) -> lrspec.Reading:
    given = {name: number(value) for name in GIVEN if (value := getattr(options, name)) is not None}
    module, colon, name = text.rpartition(":")
    if colon and re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name) and not Path(text).exists():
        with named(text):
            if given:
                told = ", ".join(argument(name, "") for name in given)
                raise lrspec.LrspecError(f"an object takes no {told}: these are for documents and configs")
            return lrspec.read_native(_object(module, name), sample=options.sample)
    path = Path(text)
    with named(path):
        file = files.load(path)
        if "lrspec" in file.data:
            document = lrspec.load(path)
            schedule = document.resolve(**given) if given else document
            return lrspec.Reading(schedule=schedule, framework="lrspec", construct="document")
        training_args = None if options.training_args is None else files.load(options.training_args).data
        return read_config(file, system=options.system, training_args=training_args, **given)


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
