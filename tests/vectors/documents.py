"""The cases of what documents hold besides kinds: durations, quantities, texts, groups, names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vectors.case import Case, case
from vectors.combinators import around, cosine, decay, flat, line, of, stairs, table
from vectors.plain import Plain


def _unit(name: str, about: str, node: Plain, *flags: str, **quantities: Any) -> Case:
    marks = quantities.pop("marks", ())
    return case(name, about, "durations", node, "units", *flags, quantities=quantities, marks=marks)


def _steps() -> Iterator[Case]:
    for text in ("41 steps", "1 step", "41steps", " 41  steps ", "4.1e1 steps", "41.0 steps", "041 steps"):
        yield _unit(
            f"{text.strip().replace(' ', '_')}" + ("-spaces" if text[0] == " " else ""),
            f"`{text}`.",
            line(0.0, 0.1, text),
        )
    yield _unit("exact-fraction", "`20.5 steps` is a length of 41/2.", line(0.0, 0.1, "20.5 steps"), "fraction")


def _epochs() -> Iterator[Case]:
    yield _unit(
        "whole",
        "5 epochs of 1252 steps.",
        of("sequence", line(0.0, 1e-3, "5 epochs"), cosine(1e-3, 1e-5, "295 epochs")),
        steps_per_epoch=1252,
        marks=(6260,),
    )
    yield _unit(
        "fraction-of-epoch",
        "0.25 epochs of 1001 steps, 1001/4 steps.",
        line(0.0, 0.1, "0.25 epochs"),
        "fraction",
        steps_per_epoch=1001,
    )
    yield _unit(
        "fraction-of-steps",
        "3 epochs of 1001/2 steps.",
        line(0.0, 0.1, "3 epochs"),
        "fraction",
        steps_per_epoch="1001/2",
    )
    yield _unit(
        "decimal", "An epoch of 97.65625 steps.", line(0.0, 0.1, "3 epochs"), "fraction", steps_per_epoch=97.65625
    )
    yield _unit(
        "period",
        "A drop every epoch of 1501.32 steps.",
        stairs("1 epoch"),
        "fraction",
        "stairs",
        steps_per_epoch=1501.32,
        marks=(1501.32, 3002.64),
    )
    yield _unit(
        "every",
        "A value for each epoch.",
        around("every", cosine(0.1, 0.0, 90), period="1 epoch"),
        "stairs",
        steps_per_epoch=47,
        marks=(47, 94),
    )
    yield _unit(
        "boundaries",
        "Boundaries in epochs.",
        {"kind": "piecewise_constant", "boundaries": ["30 epochs", "60 epochs"], "values": [0.1, 0.01, 0.001]},
        "stairs",
        steps_per_epoch=41,
        marks=(1230, 2460),
    )
    yield _unit("unused", "A quantity that nothing needs.", line(0.0, 0.1, 41), steps_per_epoch=7)


def _samples() -> Iterator[Case]:
    yield _unit("whole", "1e6 samples in steps of 250.", line(0.0, 0.1, "1e6 samples"), batch_size=250)
    yield _unit(
        "fraction",
        "1e6 samples in steps of 256, 15625/4 steps.",
        line(0.0, 0.1, "1e6 samples"),
        "fraction",
        batch_size=256,
    )
    yield _unit("period", "A halving every 1000 samples.", decay("1000 samples"), "fraction", batch_size=48)
    yield _unit(
        "beyond-31-bits",
        "3e9 samples, more than 2^31, which are 11,718,750 steps.",
        line(0.0, 0.1, "3e9 samples"),
        batch_size=256,
    )


def _tokens() -> Iterator[Case]:
    yield _unit(
        "whole",
        "300e9 tokens in steps of 3,200,000.",
        of("sequence", line(0.0, 6e-4, "375e6 tokens"), cosine(6e-4, 6e-5, "260e9 tokens")),
        "fraction",
        tokens_per_step=3_200_000,
        marks=("1875/16",),
    )
    yield _unit(
        "fraction", "1e9 tokens in steps of 2^19.", cosine(6e-4, 6e-5, "1e9 tokens"), "fraction", tokens_per_step=2**19
    )


def _percent() -> Iterator[Case]:
    yield _unit(
        "whole",
        "2 % and 98 % of 10,000 steps.",
        of("sequence", line(0.0, 0.1, "2 %"), cosine(0.1, 0.0, "98 %")),
        total_steps=10_000,
        marks=(200,),
    )
    yield _unit("fraction", "3 % of 1250 steps, 75/2 of them.", line(0.0, 0.1, "3%"), "fraction", total_steps=1250)
    yield _unit("of-epochs", "10 % of 90 epochs.", line(0.0, 0.1, "10 %"), total_steps="90 epochs", steps_per_epoch=41)
    yield _unit("decimal", "12.5 % of 1001 steps.", line(0.0, 0.1, "12.5 %"), "fraction", total_steps=1001)


def _rounding() -> Iterator[Case]:
    node = of("sequence", line(0.0, 0.1, "2.5 epochs"), cosine(0.1, 0.0, "7.5 epochs"))
    for rounding in ("exact", "floor", "ceil", "round"):
        flags = ("fraction",) if rounding == "exact" else ()
        yield _unit(
            rounding,
            f"Lengths of 205/2 and 615/2 steps, with `rounding: {rounding}`.",
            node,
            *flags,
            steps_per_epoch=41,
            rounding=rounding,
            marks=("205/2",),
        )
    for epochs, steps in (("0.5", "41/2"), ("1.5", "123/2")):
        yield _unit(
            f"even-{epochs}",
            f"{steps} steps are rounded to the even one.",
            line(0.0, 0.1, f"{epochs} epochs"),
            steps_per_epoch=41,
            rounding="round",
        )
    yield _unit(
        "period",
        "A period is never rounded.",
        stairs("2.5 epochs"),
        "fraction",
        "stairs",
        steps_per_epoch=41,
        rounding="floor",
        marks=("205/2", 205),
    )
    yield _unit(
        "fraction-text",
        "A fraction that is written is not rounded.",
        line(0.0, 0.1, "59/2"),
        "fraction",
        rounding="floor",
    )
    boundaries = {"kind": "piecewise_constant", "boundaries": ["1.5 epochs", "2.5 epochs"], "values": [1.0, 0.5, 0.25]}
    yield _unit(
        "boundaries",
        "Boundaries at 123/2 and 205/2, rounded up.",
        boundaries,
        "stairs",
        steps_per_epoch=41,
        rounding="ceil",
        marks=(62, 103),
    )


def _at_least_one() -> Iterator[Case]:
    node = of("sequence", line(0.0, 0.1, "0.1 epochs"), cosine(0.1, 0.0, "10 epochs"))
    yield _unit(
        "one",
        "4/5 of a step, rounded to 0, becomes 1.",
        node,
        steps_per_epoch=8,
        rounding="floor",
        at_least_one=True,
        marks=(1,),
    )
    yield _unit(
        "not-needed",
        "What is not rounded to 0 stays.",
        line(0.0, 0.1, "1.1 epochs"),
        steps_per_epoch=41,
        rounding="floor",
        at_least_one=True,
    )


UNITS: dict[str, Callable[[], Iterator[Case]]] = {
    "steps": _steps, "epochs": _epochs, "samples": _samples, "tokens": _tokens, "percent": _percent, "rounding": _rounding,
    "at_least_one": _at_least_one,
}  # fmt: skip
"""The cases of each rule for durations, by its name."""


def _text(name: str, about: str, text: str, node: Plain, **more: Any) -> Case:
    return case(name, about, "text", node, dense=45, few=10, text=text, **more)


def _texts() -> Iterator[Case]:
    numbers = {
        "1e-3": 1e-3, "0.001": 0.001, ".5": 0.5, "5.": 5.0, "+5": 5, "-0.25": -0.25, "1E+2": 100.0, "1e5": 1e5, "0": 0, "-0": 0, "0.1e1": 1.0,
        "16777217": 16777217, "0.1000000000000000055511151231257827": 0.1, "3.4028234663852886e38": 3.4028234663852886e38,
        "1.1754943508222875e-38": 2.0**-126,
    }  # fmt: skip
    for text, value in numbers.items():
        flags = {"text": f"lrspec: 1\nlearning_rate: {{kind: constant, value: {text}}}\n"}
        yield _text(f"number-{text}", f"`{text}` is a number.", flags["text"], flat(value))
    mapping = "lrspec: 1\nlearning_rate:\n  kind: linear\n  init_value: 0.0\n  end_value: 0.1\n  steps: 41\n"
    yield _text("block", "Block style.", mapping, line(0.0, 0.1, 41))
    yield _text("byte-order-mark", "A byte order mark is skipped.", "\ufeff" + mapping, line(0.0, 0.1, 41))
    yield _text(
        "json",
        "JSON.",
        '{"lrspec": 1, "learning_rate": {"kind": "linear", "init_value": 0.0, "end_value": 0.1, "steps": 41}}',
        line(0.0, 0.1, 41),
    )
    yield _text("carriage-returns", "Lines that end as on Windows.", mapping.replace("\n", "\r\n"), line(0.0, 0.1, 41))
    yield _text(
        "comment", "Comments and a document marker.", f"# a comment\n---\n{mapping}# another\n", line(0.0, 0.1, 41)
    )
    alias = "lrspec: 1\nlearning_rate:\n  kind: sequence\n  parts:\n    - &part {kind: linear, init_value: 0.0, end_value: 0.1, steps: 20}\n    - *part\n"
    yield _text(
        "alias",
        "An alias stands for what it names.",
        alias,
        of("sequence", line(0.0, 0.1, 20), line(0.0, 0.1, 20)),
        marks=(20,),
    )
    words = "lrspec: 1\nlearning_rate: {kind: table, values: [0.5, 0.25], source: 0x1f yes 12:30}\n"
    yield _text(
        "text", "What no other pattern fits is text.", words, table([0.5, 0.25], source="0x1f yes 12:30"), to_even=True
    )
    for word in ("yes", "0x1f", "007", "1_000", "12:30:00", "2020-01-01", "0o17"):
        text = f"lrspec: 1\nlearning_rate: {{kind: table, values: [0.5, 0.25], source: {word}}}\n"
        yield _text(
            f"text-{word.replace(':', '.')}", f"`{word}` is text.", text, table([0.5, 0.25], source=word), to_even=True
        )
    for word in ("true", "True", "TRUE"):
        text = f"lrspec: 1\nlearning_rate: {{kind: exponential, init_value: 1, decay_rate: 0.5, decay_period: 7, staircase: {word}}}\n"
        yield _text(f"flag-{word}", f"`{word}` is a flag.", text, stairs(7, 0.5, 1))


def _named(name: str, about: str, clause: str, document: Plain, quantity: str, *flags: str, whole: bool = True) -> Case:
    return Case(
        name=name,
        about=about,
        clause=f"spec.md#{clause}",
        document={"lrspec": 1, **document},
        quantity=quantity,
        flags=flags,
        dense=50,
        few=20,
        whole=whole,
    )


def _relative() -> Iterator[Case]:
    document = {"learning_rate": cosine(1.0, 0.1, 41), "relative": True, "base_value": 3e-4}
    yield _named(
        "base-value", "Multiples of 3e-4, rounded once.", "parameter-groups", document, "learning_rate", whole=False
    )
    yield _named(
        "not-relative",
        "A base value that nothing uses.",
        "parameter-groups",
        {**document, "relative": False},
        "learning_rate",
        whole=False,
    )


def _groups() -> Iterator[Case]:
    rate, other = cosine(0.1, 0.001, 61), line(0.0, 0.3, 47)
    by_name = {"learning_rate": rate, "groups": {"head": {"learning_rate": other}, "body": {"scale": 0.1}}}
    for quantity in ("learning_rate", "groups.head.learning_rate", "groups.body.learning_rate"):
        yield _named(
            f"names-{quantity}",
            "Groups with names, of which one has a rate of its own and one a factor.",
            "parameter-groups",
            by_name,
            quantity,
            "names",
        )
    listed = {
        "learning_rate": rate,
        "groups": [{}, {"learning_rate": other, "scale": 0.3}, {"weight_decay": flat(0.01)}],
    }
    for quantity in ("learning_rate", "groups[1].learning_rate", "groups[2].weight_decay"):
        yield _named(
            f"list-{quantity}",
            "Groups in a list, named by their places.",
            "parameter-groups",
            listed,
            quantity,
            "names",
        )
    relative = {**by_name, "relative": True, "base_value": 0.5}
    for quantity in ("learning_rate", "groups.head.learning_rate", "groups.body.learning_rate"):
        yield _named(
            f"relative-{quantity}",
            "Multiples of a base value, one of them scaled.",
            "parameter-groups",
            relative,
            quantity,
            "names",
        )


def _names() -> Iterator[Case]:
    rate = cosine(0.1, 0.001, 61)
    momentum = {"learning_rate": rate, "momentum": line(0.85, 0.95, 61), "weight_decay": flat(0.01)}
    for quantity in ("learning_rate", "momentum", "weight_decay"):
        yield _named(
            quantity,
            "Three hyperparameters, of which the names are sorted.",
            "the-fingerprint-of-a-document",
            momentum,
            quantity,
            "names",
        )
    yield _named(
        "no-rate",
        "No learning rate: an EMA's momentum.",
        "documents",
        {"momentum": line(0.996, 1.0, 1000)},
        "momentum",
        "names",
    )
    yield _named(
        "others-alone",
        "Other names alone.",
        "documents",
        {"other": {"temperature": decay(100), "kl": line(0.0, 1.0, 41)}},
        "other.kl",
        "names",
    )
    strange = {
        "\uffee": flat(1.0),
        "\U0001fae8": flat(2.0),
        'a"b\\c': flat(3.0),
        "e\u0301": flat(4.0),
        "\u00e9": flat(5.0),
        "tab\tline\n": flat(6.0),
        "\u007f": flat(7.0),
    }
    yield _named(
        "json",
        "Names in the notation of JSON, sorted by code points and not normalized.",
        "the-fingerprint-of-a-document",
        {"learning_rate": rate, "other": strange},
        "learning_rate",
        "names",
    )
    inherits = {"learning_rate": rate, "momentum": flat(0.9), "groups": [{}]}
    yield _named(
        "inherited",
        "A group's lines have what it has from the document, too.",
        "the-fingerprint-of-a-document",
        inherits,
        "momentum",
        "names",
    )


DOCUMENTS: dict[str, Callable[[], Iterator[Case]]] = {
    "text": _texts,
    "relative": _relative,
    "groups": _groups,
    "names": _names,
}
"""The cases of each part of documents, by its name."""
