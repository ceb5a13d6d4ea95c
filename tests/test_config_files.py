"""Config files as people have them: each with the rates that the system's own code gives, or refused with a reason.

`readers/SYSTEM/expected.json` has them; the `make_expected.py` beside it runs that code.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lrspec import LrspecError
from lrspec.readers.configs import load_config
from lrspec.readers.reading import Reading, exact_values
from lrspec.readers.registry import config_systems
from lrspec.views.timeline import schedules

READERS = Path(__file__).parent / "readers"
CORPORA = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in READERS.glob("*/expected.json")}
ROUNDING, FLOAT32 = 1e-12, 1e-6
READ = [(name, file) for name, corpus in sorted(CORPORA.items()) for file in corpus.get("read", ())]
REFUSED = [(name, file) for name, corpus in sorted(CORPORA.items()) for file in corpus.get("refused", ())]


def load(corpus: str, file: str, options: dict[str, Any]) -> Reading:
    folder = READERS / corpus / "files"
    options = dict(options)
    if "training_args" in options:
        options["training_args"] = folder / options["training_args"]
    return load_config(folder / file, **options)


def values_of(expected: dict[str, Any]) -> dict[str, dict[str, float]]:
    values = expected["values"]
    return values if any(isinstance(each, dict) for each in values.values()) else {"learning_rate": values}


@pytest.mark.parametrize(("corpus", "file"), READ)
def test_a_file_is_read_as_its_own_system_does(corpus: str, file: str) -> None:
    expected = CORPORA[corpus]["read"][file]
    reading = load(corpus, file, expected.get("options", {}))
    assert reading.framework == CORPORA[corpus]["system"]
    nodes = schedules(reading.schedule)
    for name, values in values_of(expected).items():
        steps = list(map(int, values))
        found = exact_values(nodes[name], steps)
        largest = max(map(abs, values.values())) or 1.0
        allowed = (FLOAT32 if expected.get("float32") else ROUNDING) * largest
        wrong = [(s, f, v) for s, f, v in zip(steps, found, values.values(), strict=True) if not abs(f - v) <= allowed]
        assert not wrong, f"{name}: {len(wrong)} of {len(steps)} differ: {wrong[:4]}"


@pytest.mark.parametrize(("corpus", "file"), READ)
def test_a_reading_says_its_keys_and_can_be_written(corpus: str, file: str) -> None:
    reading = load(corpus, file, CORPORA[corpus]["read"][file].get("options", {}))
    assert reading.keys or reading.defaults
    assert reading.version or not reading.defaults, "of which release are the defaults?"
    for node in schedules(reading.schedule).values():
        assert len(node.fingerprint) > 64


@pytest.mark.parametrize(("corpus", "file"), REFUSED)
def test_a_look_alike_is_refused_with_the_reason(corpus: str, file: str) -> None:
    expected = CORPORA[corpus]["refused"][file]
    with pytest.raises(LrspecError) as caught:
        load(corpus, file, expected.get("options", {}))
    assert re.search(expected["message"], str(caught.value)), str(caught.value)


@pytest.mark.parametrize("name", sorted(config_systems()))
def test_every_system_has_enough_files(name: str) -> None:
    corpora = [corpus for corpus in CORPORA.values() if corpus["system"] == name]
    assert sum(len(corpus.get("read", ())) for corpus in corpora) >= 25
    assert sum(len(corpus.get("refused", ())) for corpus in corpora) >= 5
