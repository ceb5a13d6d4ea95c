"""The cases of durations and quantities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vectors.case import Case, case
from vectors.plain import Plain
from vectors.trees import around, cosine, decay, line, of, stairs


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
