"""Code of frameworks, as text: up to where it is the schedule, and what is said of it. No framework is needed."""

from __future__ import annotations

from typing import Any

import pytest

import lrspec
from lrspec.writers import native_source

HUGGING_FACE = {"lr_scheduler_type": "cosine", "learning_rate": 1e-3, "max_steps": 1000, "warmup_steps": 100}


OWN = {
    "optax": "optax.warmup_cosine_decay_schedule(init_value=0.0, peak_value=0.001, warmup_steps=100, decay_steps=1000)",
    "keras": "keras.optimizers.schedules.CosineDecay(0.0, decay_steps=900, warmup_target=0.001, warmup_steps=100)",
}
SAID = "# The schedule at steps 0 to 999, the 1,000 updates of the run.\n# After them it differs: at step 1,001 "


@pytest.mark.parametrize("framework", OWN)
def test_a_cosine_of_hugging_face_until_its_end(framework: str) -> None:
    schedule = lrspec.read_config(HUGGING_FACE).schedule
    assert native_source(schedule, framework).form == "function"
    document = lrspec.from_dict({**lrspec.to_dict(schedule), "total_steps": 1000})
    for source in (native_source(schedule, framework, until=1000), native_source(document, framework)):
        code = f"schedule = {OWN[framework]}"
        assert (source.form, source.until, source.code.splitlines()[-1]) == ("native", 1000, code)
        assert SAID in source.code
    assert native_source(document, framework, until="forever").form == "function"
    assert document.to_native_source(framework) == source.code  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("until", "found"), [("total", "total"), (0, "0"), (2**31, "2147483648"), ("never", "'never'")]
)
def test_an_end_that_is_none(until: Any, found: str) -> None:
    with pytest.raises(lrspec.SpecError, match=f"until: found {found}"):
        native_source(lrspec.Constant(value=0.1), "torch", until=until)


def test_what_holds_for_ever_is_not_cut() -> None:
    """Where the code for every step is no longer, it is the one."""
    warmup = lrspec.presets.warmup_cosine(peak_value=0.1, warmup_steps=10, decay_steps=90)
    source = native_source(warmup, "optax", until=100)
    assert (source.until, source.afterwards, source.code) == (None, None, warmup.to_native_source("optax"))


def test_a_cosine_that_ends_before_the_run_is_held_to_its_end() -> None:
    cosine = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=40)
    assert native_source(cosine, "torch", until=60).until is None
    assert native_source(cosine, "torch", until=40).until == 40


def test_numbers_without_artefacts() -> None:
    cosine = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=100, cycles=0.4)
    assert "math.pi * 0.8 * min(step, 100) / 100" in cosine.to_native_source("torch")
    group = lrspec.Affine(part=lrspec.Linear(init_value=0.7, end_value=0.3, steps=9), scale=0.1)
    assert "init_value=0.07, end_value=0.03" in group.to_native_source("optax")
