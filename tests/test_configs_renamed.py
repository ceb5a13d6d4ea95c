"""A key near the rate that is written with a slip is refused, or what is not read is said, in every system."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lrspec import LrspecError
from lrspec.readers import files
from lrspec.readers.configs import read_config

READERS = Path(__file__).parent / "readers"
CORPORA = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in READERS.glob("*/expected.json")}
NEAR = re.compile(
    r"(?i)(^|_)lrs?(_|$)|lr[0f]$|learning_?rate|warm|gamma|milestones|param_scheduler|accum|decay_(steps|rate)"
)
LET_BE = {
    "embedding_lr": "axolotl's own among many; a note says of each such key that it is not read",
    "embedding_lr_scale": "as embedding_lr",
    "SparseStaticEmbedding\\..*": "a pattern of names",
    "momentum_config": "the momentum alone, and a config may have any key",
}


def paths(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for name, value in data.items() if isinstance(data, Mapping) else enumerate(data):
        if isinstance(data, Mapping):
            yield (*at, name)
        if isinstance(value, Mapping | list | tuple):
            yield from paths(value, (*at, name))


def renamed(data: Any, path: tuple[Any, ...]) -> Any:
    first, rest = path[0], path[1:]
    if isinstance(data, Mapping):
        return {
            (f"{name}_zz" if name == first and not rest else name): renamed(value, rest)
            if name == first and rest
            else value
            for name, value in data.items()
        }
    return [renamed(value, rest) if i == first else value for i, value in enumerate(data)]


@pytest.mark.parametrize("corpus", sorted(CORPORA))
def test_a_slip_in_a_key_near_the_rate_is_not_read_over(corpus: str) -> None:
    folder, wrong, tried = READERS / corpus / "files", [], 0
    for name, expected in CORPORA[corpus].get("read", {}).items():
        options = dict(expected.get("options", {}))
        if "training_args" in options:
            options["training_args"] = files.load(folder / options["training_args"]).data
        file = files.load(folder / name)
        if file.runs:
            continue
        reading = read_config(file, **options)
        for path in paths(file.data):
            shown = re.sub(r"\.(\d+)", r"[\1]", ".".join(map(str, path)))
            is_read = any(key == shown or key.startswith((f"{shown}.", f"{shown}[")) for key in reading.keys)
            if not is_read or not NEAR.search(str(path[-1])) or path[-1] in LET_BE:
                continue
            tried += 1
            try:
                found = read_config(replace(file, data=renamed(file.data, path)), **options)
            except LrspecError:
                continue
            if found.schedule != reading.schedule and "is not read" not in str(found.notes):
                wrong.append(f"{name}: {shown}")
    assert not wrong
    assert tried or corpus == "known"
