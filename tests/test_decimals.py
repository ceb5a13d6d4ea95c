"""Numbers as people write them: what readers write is the exact product of decimals, not what floats make of it."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Iterator
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import lrspec
from lrspec.readers.decimals import decimal, in_decimals, product

CONFIGS = Path(__file__).parent / "configs"
EXACT = Context(prec=60)
GIVEN: dict[str, dict[str, Any]] = {
    "detectron2.yaml": {"total_steps": 1000},
    "ds_config.json": {"total_steps": 1000},
    "llm_foundry.yaml": {"steps_per_epoch": 100, "total_steps": 1000, "batch_size": 8, "tokens_per_step": 1000},
    "mmdet_1x.json": {"steps_per_epoch": 100},
    "timm_args.yaml": {"steps_per_epoch": 100},
    "training_args.json": {"total_steps": 1000},
}


@st.composite
def decimals(draw: st.DrawFn) -> Decimal:
    """A number as people write it: up to six digits, from 1e-9 to 1e3."""
    return Decimal(draw(st.integers(1, 999_999))).scaleb(draw(st.integers(-14, -3)), EXACT)


@given(decimals(), decimals())
def test_a_product_is_that_of_the_decimals(a: Decimal, b: Decimal) -> None:
    computed, exact = float(a) * float(b), float(EXACT.multiply(a, b))
    assume(np.float32(computed) == np.float32(exact))
    assert product(float(a), float(b)) == exact
    assert decimal(computed) == exact
    assert np.float32(product(float(a), float(b))) == np.float32(computed)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_the_same_number_in_float32_and_all_but_the_same_in_float64(value: float) -> None:
    with np.errstate(over="ignore"):
        assert np.float32(decimal(value)) == np.float32(value)
    assert abs(decimal(value) - value) <= 8 * math.ulp(value)


def test_a_product_that_float32_tells_apart_stays_as_computed() -> None:
    """The exact product lies at the middle between two numbers of float32; the computed one beside it."""
    middle = 1 + 3 * 2.0**-24
    assert product(middle, 1.0) == middle
    for value in (middle, np.nextafter(middle, 2), np.nextafter(middle, 0)):
        assert np.float32(decimal(float(value))) == np.float32(value)


def test_numbers_that_are_no_values_stay() -> None:
    node = lrspec.Exponential(init_value=0.1 * 0.7, decay_rate=0.1 * 7, decay_period=3)
    assert in_decimals(node) == lrspec.Exponential(init_value=0.07, decay_rate=0.1 * 7, decay_period=3)
    measured = lrspec.Table(values=[0.5, float(np.float32(0.1))])
    assert in_decimals(measured) is measured
    assert in_decimals(lrspec.Table(values=[0.1 * 0.7, 0.1])) == lrspec.Table(values=[0.07, 0.1])


def test_a_document_keeps_its_names() -> None:
    data = {"lrspec": 1, "other": {"kind": {"kind": "constant", "value": 0.1 * 0.7}}}
    node = {"kind": "piecewise_constant", "boundaries": [3], "values": [0.1 * 0.7, 0.0]}
    found = in_decimals(lrspec.from_dict({**data, "learning_rate": node, "groups": {"kind": {"scale": 0.5}}}))
    assert isinstance(found, lrspec.Document)
    assert (found.to_dict()["other"]["kind"]["value"], found["learning_rate"].levels) == (0.07, (0.07, 0.0))  # type: ignore[attr-defined]
    assert found.groups == ["kind"]


def artefacts(text: str) -> Iterator[str]:
    """Yield the numbers of more than 12 digits that miss a shorter one by a few roundings."""
    for found in re.findall(r"(?<![\w.])-?\d+\.\d+(?:e[-+]?\d+)?", text):
        value = float(found)
        short = float(f"{value:.12g}")
        if len(Decimal(found).as_tuple().digits) > 12 and abs(short - value) <= 8 * math.ulp(value):
            yield found


def test_artefacts_are_seen() -> None:
    assert list(artefacts("end_value: 9.999999999999998e-08, value: 0.1, decay_rate: 0.3333333333333333")) == [
        "9.999999999999998e-08"
    ]


@pytest.mark.parametrize("name", sorted(path.name for path in CONFIGS.iterdir()))
def test_no_config_is_written_with_an_artefact(name: str) -> None:
    reading = lrspec.load_config(CONFIGS / name, **GIVEN.get(name, {}))
    assert not list(artefacts(lrspec.dumps(reading.schedule)))


@pytest.mark.parametrize("corpus", sorted(Path(__file__).parent.glob("readers/*/expected.json")), ids=str)
def test_no_file_of_the_corpora_is_written_with_an_artefact(corpus: Path) -> None:
    files = corpus.parent / "files"
    found: dict[str, list[str]] = {}
    entries = json.loads(corpus.read_text()).get("read", {})
    for name, entry in entries.items():
        options = dict(entry["options"])
        if "training_args" in options:
            options["training_args"] = files / options["training_args"]
        with contextlib.suppress(lrspec.LrspecError):  # that it is read is the matter of other tests
            found[name] = list(artefacts(lrspec.dumps(lrspec.load_config(files / name, **options).schedule)))
    assert found or not entries
    assert not any(found.values()), found


SHARES = (0.1, 0.3, 0.7, 1e-3, 3e-4, 0.05)
RATES = (1e-3, 3e-4, 1e-6, 7e-5, 0.1, 6e-4)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("part", SHARES)
def test_shares_of_a_rate(rate: float, part: float) -> None:
    """The configs and objects that need no framework, whose floors are shares of the rate."""
    floor = float(EXACT.multiply(Decimal(repr(rate)), Decimal(repr(part))))
    configs: list[dict[str, Any]] = [
        {
            "lr_scheduler_type": "cosine_with_min_lr",
            "lr_scheduler_kwargs": {"min_lr_rate": part},
            "learning_rate": rate,
            "max_steps": 100,
        },
        {
            "lr_scheduler_type": "warmup_stable_decay",
            "lr_scheduler_kwargs": {"num_decay_steps": 50, "min_lr_ratio": part},
            "learning_rate": rate,
            "max_steps": 100,
        },
    ]
    objects = [
        {"class_name": "CosineDecay", "config": {"initial_learning_rate": rate, "decay_steps": 100, "alpha": part}},
        {
            "class_name": "CosineDecayRestarts",
            "config": {
                "initial_learning_rate": rate,
                "first_decay_steps": 100,
                "alpha": part,
                "t_mul": 1.0,
                "m_mul": 0.5,
            },
        },
    ]
    written = [lrspec.dumps(lrspec.read_config(config).schedule) for config in configs]
    written += [lrspec.dumps(lrspec.from_native(native)) for native in objects]
    for text in written:
        assert floor in [float(found) for found in re.findall(r"value: (.*)", text)], text
        assert not list(artefacts(text))
