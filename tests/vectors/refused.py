"""Documents, texts and programs that must be refused, each for one reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vectors.combinators import around, cosine, decay, flat, line, of, stairs
from vectors.plain import Plain


def _of(name: str, about: str, clause: str, by: str, **what: Any) -> Plain:
    return {
        "id": name,
        "about": about,
        "clause": clause if "#" in clause else f"spec.md#{clause}",
        "flags": ["refused"],
        "refused_by": by,
        **what,
    }


def _node(name: str, about: str, clause: str, node: Any, by: str = "reader", **quantities: Any) -> Plain:
    return _of(name, about, clause, by, document={"lrspec": 1, "learning_rate": node, **quantities})


def _document(name: str, about: str, clause: str, **keys: Any) -> Plain:
    return _of(name, about, clause, "reader", document={"lrspec": 1, "learning_rate": flat(0.1), **keys})


def fields() -> Iterator[Plain]:
    """Yield nodes whose fields are not as the page says."""
    good = line(0.0, 0.1, 41)
    for field, value, why in (
        ("steps", 0, "a length of 0"), ("steps", -1, "a length below 0"), ("steps", 41.0, "a decimal as a length"), ("steps", 29.5, "a decimal as a length"),
        ("steps", 2**31, "a length above 2^31 - 1"), ("steps", "1/0", "a denominator of 0"), ("steps", "-59/2", "a fraction below 0"), ("steps", "0/7", "a fraction that is 0"),
        ("steps", True, "a flag as a length"), ("steps", None, "a null"), ("steps", "fifty", "a word as a length"), ("steps", [41], "a list as a length"),
        ("steps", "1/9223372036854775808", "a denominator of 2^63"), ("steps", "4294967296/2", "a fraction above 2^31 - 1"),
        ("init_value", 1e-39, "a subnormal number"), ("init_value", 3.5e38, "a number beyond float32"), ("init_value", "0.1", "a text as a number"), ("init_value", True, "a flag as a number"),
        ("init_value", None, "a null"), ("end_value", "previous", "`previous` where it does not stand"), ("init_value", 2**53 + 1, "an integer that binary64 does not hold"),
        ("after", "stop", "an unknown word"), ("power", 2, "a field of another kind"),
    ):  # fmt: skip
        yield _node(
            f"linear.{field}={json.dumps(value)}", f"{why[0].upper()}{why[1:]}.", "fields", {**good, field: value}
        )
    for field in ("init_value", "end_value", "steps"):
        yield _node(
            f"linear-without-{field}",
            f"No `{field}`.",
            "linear",
            {key: value for key, value in good.items() if key != field},
        )
    rows: list[tuple[str, str, Plain, str]] = [
        ("polynomial-power-0", "An exponent of 0.", {**good, "kind": "polynomial", "power": 0}, "polynomial"),
        ("polynomial-power-101", "An exponent above 100.", {**good, "kind": "polynomial", "power": 101}, "polynomial"),
        ("polynomial-continue", "An exponent that is not whole cannot go on below 0.", {**good, "kind": "polynomial", "power": 1.5, "after": "continue"}, "polynomial"),
        ("polynomial-continue-k-decay", "Nor can a `k_decay`.", {**good, "kind": "polynomial", "power": 2, "k_decay": 2, "after": "continue"}, "polynomial"),
        ("cosine-cycles", "More than 10,000 cycles.", cosine(1.0, 0.0, 100, cycles=10001), "cosine"),
        ("cosine-continue", "A period that is no whole number of steps.", cosine(1.0, 0.0, 100, cycles=0.75, after="continue"), "cosine"),
        ("geometric-zero", "An end of 0.", {**good, "kind": "geometric", "init_value": 1.0, "end_value": 0.0}, "geometric"),
        ("geometric-signs", "Ends of different signs.", {**good, "kind": "geometric", "init_value": 1.0, "end_value": -0.1}, "geometric"),
        ("one_minus_power-continue", "There is no formula after the end.", {**good, "kind": "one_minus_power", "power": 2, "after": "continue"}, "one_minus_power"),
        ("normalized_exponential-ratio", "A ratio of 1.", {**good, "kind": "normalized_exponential", "ratio": 1}, "normalized_exponential"),
        ("tanh-bounds", "Bounds that are equal.", {**good, "kind": "tanh", "lower": 1, "upper": 1}, "tanh"),
        ("tanh-range", "A bound above 100.", {**good, "kind": "tanh", "lower": 1, "upper": 101}, "tanh"),
        ("rex-continue", "There is no formula after the end.", {**good, "kind": "rex", "after": "continue"}, "rex"),
        ("exponential-rate", "A rate of 0.", decay(10, 0), "exponential"),
        ("exponential-period", "A period of 0.", decay(0), "exponential"),
        ("exponential-period-below-zero", "A period below 0.", decay(-5), "exponential"),
        ("exponential-stairs-short", "Stairs of less than a step.", stairs("1/2"), "exponential"),
        ("exponential-after", "An `after` where there is no end.", decay(10, after="error"), "times-and-ends"),
        ("exponential-staircase", "A word as a flag.", {**decay(10), "staircase": "yes"}, "fields"),
        ("power_law-offset", "An offset below 0.", {"kind": "power_law", "init_value": 1.0, "power": 1, "timescale": 10, "offset": -1}, "power_law"),
        ("piecewise-counts", "As many values as boundaries.", {"kind": "piecewise_constant", "boundaries": [1, 2], "values": [1.0, 0.5]}, "piecewise_constant"),
        ("piecewise-order", "Boundaries that do not grow.", {"kind": "piecewise_constant", "boundaries": [2, 2], "values": [1.0, 0.5, 0.2]}, "piecewise_constant"),
        ("piecewise-zero", "A boundary at 0.", {"kind": "piecewise_constant", "boundaries": [0], "values": [1.0, 0.5]}, "piecewise_constant"),
        ("piecewise-length", "An end at the last boundary.", {"kind": "piecewise_constant", "boundaries": [5], "values": [1.0, 0.5], "steps": 5}, "piecewise_constant"),
        ("piecewise-empty", "No boundary.", {"kind": "piecewise_constant", "boundaries": [], "values": [1.0]}, "fields"),
        ("table-empty", "No value.", {"kind": "table", "values": []}, "fields"),
        ("table-period", "A period of less than a step.", {"kind": "table", "values": [1.0], "period": 0.5}, "table"),
        ("table-continue", "There is no formula after the end.", {"kind": "table", "values": [1.0], "after": "continue"}, "table"),
        ("sequence-empty", "No part.", of("sequence"), "fields"),
        ("sequence-endless", "A part without a length before another.", of("sequence", flat(1.0), flat(2.0)), "sequence"),
        ("sequence-after", "A part before another that does not hold.", of("sequence", line(0.0, 1.0, 10, after="error"), flat(2.0)), "sequence"),
        ("sequence-global-order", "A part that would begin before the one before it, in global time.", of("sequence", line(0.0, 1.0, 10), line(0.0, 1.0, 10), flat(1.0), time="global"), "sequence"),
        ("sequence-late", "A part that would begin after step 2^31 - 1.", of("sequence", line(0.0, 1.0, 2**31 - 1), line(0.0, 1.0, 1), flat(1.0)), "sequence"),
        ("clamp-none", "No bound.", around("clamp", flat(1.0)), "clamp"),
        ("clamp-order", "Bounds in the wrong order.", around("clamp", flat(1.0), min_value=2.0, max_value=1.0), "clamp"),
        ("power-exponent", "An exponent of 0.", around("power", flat(1.0), exponent=0), "power"),
        ("power-exponent-large", "An exponent above 100.", around("power", flat(1.0), exponent=101), "power"),
        ("exp-base", "A base of 0.", around("exp", flat(1.0), base=0), "exp"),
        ("sine-continue", "There is no formula after the end.", {**good, "kind": "sine", "after": "continue"}, "sine"),
        ("shift-min-time", "A time below 0.", around("shift", line(0.0, 1.0, 10), by=0, min_time=-1), "shift"),
        ("repeat-fixed", "As many steps that are not stretched as the cycle has.", around("repeat", line(1.0, 0.0, 10), cycle_mult=2, fixed_steps=10), "repeat"),
        ("shift-all", "A shift by the whole part.", around("shift", line(0.0, 1.0, 10), by=10), "shift"),
        ("freeze-without-steps", "No length.", around("freeze", flat(1.0)), "freeze"),
        ("repeat-endless", "Cycles of a part that has no length.", around("repeat", flat(1.0)), "repeat"),
        ("repeat-mult", "Cycles that grow shorter.", around("repeat", line(1.0, 0.0, 10), cycle_mult=0.5), "repeat"),
        ("repeat-after", "An `after` where there is no end.", around("repeat", line(1.0, 0.0, 10), after="error"), "repeat"),
        ("repeat-peak", "`scaling: peak` without a peak.", around("repeat", line(1.0, 0.0, 10), peak_mult=0.5, scaling="peak"), "repeat"),
        ("repeat-floor", "A floor with `scaling: all`.", around("repeat", line(1.0, 0.0, 10), peak_mult=0.5, floor_value=0.1), "repeat"),
        ("every-period", "A period of less than a step.", around("every", line(1.0, 0.0, 10), period=0.5), "every"),
        ("stretch-zero", "A factor of 0.", around("stretch", line(1.0, 0.0, 10), factor=0), "stretch"),
        ("part-is-no-node", "A number in the place of a node.", around("affine", 0.1), "fields"),  # type: ignore[arg-type]
        ("unknown-kind", "An unknown kind.", {"kind": "triangle", "value": 1}, "node-kinds"),
        ("no-kind", "No kind.", {"value": 1}, "node-kinds"),
    ]  # fmt: skip
    for name, about, node, clause in rows:
        yield _node(name, about, clause, node)


def durations() -> Iterator[Plain]:
    """Yield durations and quantities that are not as the page says."""
    for text in (
        "5 weeks",
        "-5 steps",
        "epochs",
        "5e-1 epochs",
        "5 epochs 3 steps",
        "1,000 steps",
        "0x10 steps",
        "5  % of it",
        "inf steps",
        "1e100 steps",
        "1234567890123456789 steps",
    ):
        yield _node(
            f"duration-{text.replace(' ', '_')}",
            f"`{text}` is no duration.",
            "durations",
            line(0.0, 0.1, text),
            steps_per_epoch=10,
            total_steps=100,
        )
    yield _node("zero", "0 steps.", "durations", line(0.0, 0.1, "0 epochs"), steps_per_epoch=10)
    yield _node(
        "rounded-to-zero",
        "Rounded to 0 steps.",
        "durations",
        line(0.0, 0.1, "0.01 epochs"),
        steps_per_epoch=10,
        rounding="floor",
    )
    boundaries = {"kind": "piecewise_constant", "boundaries": ["0.25 epochs"], "values": [1.0, 0.5]}
    yield _node("boundary-not-whole", "A boundary that is not whole.", "durations", boundaries, steps_per_epoch=41)
    yield _node(
        "beyond-31-bits", "More than 2^31 - 1 steps.", "durations", line(0.0, 0.1, "300e9 tokens"), tokens_per_step=1
    )
    yield _node(
        "factor-with-unit",
        "A factor has no unit.",
        "fields",
        around("repeat", line(1.0, 0.0, 10), cycle_mult="2 steps"),
    )
    yield _node(
        "number-of-cycles-with-unit",
        "Nor has a number of cycles.",
        "fields",
        around("repeat", line(1.0, 0.0, 10), num_cycles="2 steps"),
    )
    yield _node(
        "missing-quantity",
        "A value asked for without the quantity that it needs.",
        "durations",
        line(0.0, 0.1, "5 epochs"),
        "compiler",
    )
    for key, value in (
        ("steps_per_epoch", 0),
        ("steps_per_epoch", -1),
        ("batch_size", "many"),
        ("tokens_per_step", None),
        ("total_steps", "10 %"),
        ("rounding", "up"),
        ("at_least_one", 1),
        ("batch_size", "5 steps"),
    ):
        yield _document(
            f"{key}={json.dumps(value)}",
            "A quantity that is none.",
            "quantities" if key not in {"rounding", "at_least_one"} else "documents",
            **{key: value},
        )


def documents() -> Iterator[Plain]:
    """Yield documents whose keys are not as the page says."""
    for version in (0, 2, "1", 1.0, True, None):
        yield _of(
            f"version={json.dumps(version)}",
            "Another version.",
            "documents",
            "reader",
            document={"lrspec": version, "learning_rate": flat(0.1)},
        )
    yield _of("no-version", "No version.", "documents", "reader", document={"learning_rate": flat(0.1)})
    yield _of("no-learning-rate", "No schedule.", "documents", "reader", document={"lrspec": 1, "total_steps": 10})
    yield _document("unknown-key", "An unknown key.", "documents", learning_rates=flat(0.1))
    yield _document("null", "A null.", "documents", momentum=None)
    yield _document("relative", "A word as a flag.", "documents", relative="yes")
    yield _document("group-key", "An unknown key of a group.", "parameter-groups", groups={"a": {"rate": 1}})
    yield _document("group-scale", "A factor that is no number.", "parameter-groups", groups={"a": {"scale": "half"}})
    yield _document("group-name", "A group without a name.", "parameter-groups", groups={"": {}})
    yield _of(
        "relative-without-base",
        "Values asked for without the base that they are multiples of.",
        "parameter-groups",
        "compiler",
        document={"lrspec": 1, "learning_rate": flat(0.1), "relative": True},
    )
    deep: Plain = flat(0.1)
    for _ in range(33):
        deep = around("affine", deep, scale=1.0)
    yield _node("nested-33", "33 combinators around a node.", "limits", deep)
    yield _node(
        "preset-argument",
        "An unknown argument of a preset.",
        "presets",
        {"kind": "step", "init_value": 0.1, "decay_period": 10, "gamma": 0.1},
    )
    yield _node(
        "preset-missing",
        "A preset without an argument that it needs.",
        "presets",
        {"kind": "warmup_cosine", "peak_value": 0.1, "warmup_steps": 10},
    )
    yield _node(
        "preset-null",
        "A null in a preset.",
        "presets",
        {"kind": "triangular", "init_value": 0.1, "peak_value": 1.0, "up_steps": 10, "down_steps": None},
    )


def texts() -> Iterator[Plain]:
    """Yield texts that are no documents."""
    body = "learning_rate: {kind: constant, value: 0.1}\n"
    rows = {
        "empty": ("", "Nothing."), "two-documents": (f"lrspec: 1\n{body}---\nlrspec: 1\n{body}", "Two documents."), "list": ("[1, 2]", "A list."),
        "same-key": (f"lrspec: 1\nlrspec: 1\n{body}", "A key twice."), "merge-key": (f"lrspec: 1\n<<: {{a: 1}}\n{body}", "A merge key is an unknown key."),
        "list-as-key": (f"lrspec: 1\n? [1, 2]\n: 3\n{body}", "A list as a key."), "tag": ("lrspec: 1\nlearning_rate: !schedule {kind: constant, value: 0.1}\n", "A tag."),
        "broken": ("lrspec: 1\nlearning_rate: {kind: constant", "A text that is no YAML."), "inf": ("lrspec: 1\nlearning_rate: {kind: constant, value: .inf}\n", "An infinity."),
        "nan": ("lrspec: 1\nlearning_rate: {kind: constant, value: .nan}\n", "A NaN."), "yes": ("lrspec: 1\nlearning_rate: {kind: constant, value: 0.1}\nrelative: yes\n", "`yes` is text, and no flag."),
        "octal": ("lrspec: 1\nlearning_rate: {kind: linear, init_value: 0, end_value: 1, steps: 041}\n", "`041` is text."),
        "underscore": ("lrspec: 1\nlearning_rate: {kind: linear, init_value: 0, end_value: 1, steps: 1_000}\n", "`1_000` is text."),
        "exponent": ("lrspec: 1\nlearning_rate: {kind: linear, init_value: 0, end_value: 1, steps: 1e3}\n", "`1e3` is a number, and no integer."),
        "null": ("lrspec: 1\nlearning_rate: {kind: constant, value: ~}\n", "A null."), "alias-inside": ("lrspec: 1\nlearning_rate: &a {kind: affine, part: *a, scale: 1}\n", "An alias inside what it stands for."),
        "unknown-alias": ("lrspec: 1\nlearning_rate: *a\n", "An alias that stands for nothing."),
        "long-number": (f"lrspec: 1\nlearning_rate: {{kind: constant, value: 0.{'1' * 400}}}\n", "A number of more than 400 characters."),
    }  # fmt: skip
    for name, (text, about) in rows.items():
        yield _of(name, about, "text", "reader", text=text)


def schedules() -> Iterator[Plain]:
    """Yield documents of which only a compiler finds that they say nothing."""
    rows: list[tuple[str, str, Plain, str]] = [
        ("growth", "Growth without an end beyond float32.", decay(10, 2.0), "steps-and-values"),
        ("product-beyond", "A product beyond float32.", of("product", flat(1e30), flat(1e30)), "steps-and-values"),
        ("no-value", "No value at step 0.", of("product", flat(1.0, steps="1/2", after="error"), around("shift", flat(1.0, steps=1, after="error"), by="1/2")), "times-and-ends"),
        ("power-law-at-zero", "A power law at time 0.", {"kind": "power_law", "init_value": 1.0, "power": 1, "timescale": 10}, "power_law"),
        ("endless-product", "Endless cycles times an endless decay.", of("product", around("repeat", line(1.0, 0.5, 10)), decay(1000)), "what-is-not-here"),
        ("power-of-negative", "The root of what goes below 0.", around("power", line(1.0, -1.0, 10), exponent=0.5), "power"),
        ("power-of-zero", "A negative power of 0.", around("power", line(1.0, 0.0, 10), exponent=-1), "power"),
        ("exp-large", "e to more than float32 holds.", around("exp", line(0.0, 100.0, 10)), "exp"),
        ("previous-first", "`previous` where no part comes before.", line("previous", 0.1, 10), "previous"),
        ("previous-sign", "`previous` that is 0, for a curve that may not begin there.", of("sequence", line(1.0, 0.0, 10), {**line("previous", 0.1, 10), "kind": "geometric"}), "previous"),
    ]  # fmt: skip
    for name, about, node, clause in rows[:2] + rows[3:]:
        yield _node(name, about, clause, node, "compiler")


REFUSED = {"fields": fields, "durations": durations, "documents": documents, "texts": texts, "schedules": schedules}
"""What must be refused, by the name of its file."""
