"""Writes presets.md from the presets and the trees here: `python docs/make_presets.py`, or `--check`."""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

from lrspec.fields import Choice, Flag, ListOf, Number, Period, Rule, Steps
from lrspec.presets import PRESETS, Preset

PAGE = Path(__file__).parent / "presets.md"
HEAD = """\
# Presets

<!-- Written by docs/make_presets.py from the presets' signatures and docstrings, and from the trees in it. -->

The schedules that people know by name. Each is a function of `lrspec.presets` that returns a tree of nodes, and
nothing more: `lrspec.presets.warmup_cosine(...)` in Python, `kind: warmup_cosine` in a document, with the arguments
as keys.

```yaml
lrspec: 1
learning_rate: {kind: warmup_cosine, peak_value: 3e-4, warmup_steps: 2 %, decay_steps: 98 %, end_value: 3e-5}
total_steps: 100000
```

This page is a part of the contract, beside [the specification](spec.md) and [the compiler](spec-compiler.md). For
each preset it has the arguments with their types ([fields](spec.md#fields)), and the tree that the preset stands for,
which is what is compiled and fingerprinted. [The gallery](gallery/index.md) has pictures.

## Trees

A tree is a document's, with the names of arguments, and names explained beside it, in the place of values. A field
that is not in it has its default. A line ends in `# if ...` where it is there only then. A `sequence` of one part
stands for that part. Where the nodes of the tree refuse a value, a preset does too: a `power` of 101, say.

`DECAY_TIME` is `global` with `decay_from: start`, and `local` with `warmup_end`.

### Warmups

`WARMUP` stands for the parts of a linear warmup of W = `warmup_steps` steps, by the argument `warmup`; it is `k/W`
where a preset has no such argument. W is a length: it may be a fraction, and W + 1 and W - 1 are exact.

| W | `warmup` | part |
|---|---|---|
| 0 | any | none |
| above 0 | `k/W` | `{kind: linear, init_value: init_value, end_value: peak_value, steps: W}` |
| at most 1 | `(k+1)/W` | `{kind: constant, value: peak_value, steps: W}` |
| above 1 | `(k+1)/W` | `{kind: freeze, steps: W, part: {kind: shift, by: 1, part: LINE}}`, LINE with `steps: W` |
| above 0 | `(k+1)/(W+1)` | the same, with LINE of `steps: W + 1` |
| at most 1 | `k/(W-1)` | `{kind: constant, value: init_value, steps: W}` |
| above 1 | `k/(W-1)` | `{kind: freeze, steps: W, part: LINE}`, LINE with `steps: W - 1` |

LINE is `{kind: linear, init_value: init_value, end_value: peak_value, steps: ...}`.

### Cooldowns

`COOLDOWN` is a node with `init_value: peak_value, end_value: end_value, steps: decay_steps, after: after`, by the
argument `shape`: `linear`, `cosine` and `geometric` are the kinds of these names; `one_minus_sqrt` is a
`one_minus_power` with `power: 0.5`; `exponential` is a `normalized_exponential` with `ratio: 0.5`.

### Arithmetic of presets

Numbers that a preset computes are exact, but for those that become a field's binary64 number. Where it says
*binary64*, each operation is that of IEEE 754, rounded to the nearest, ties to even; where it says *rounded*, the
exact result is rounded once. A result must be right for the field that it stands in: a value, where the field holds
one.
"""
LEVELS = """\
`LEVELS` are `{first}`, then the products of it and the first factor, the first two factors, and so on, one for each
boundary: the exact product of these binary64 numbers, rounded once to binary64. The factors are `decay_rates`, or
`decay_rate` (0.1 where neither is given) for each boundary. It is an error where both are given, or where there are
not as many `decay_rates` as `boundaries`."""
PHASES = """\
`UP` is `pct_start * total_steps - 1`, computed in binary64, a product and a difference (with 0.37 and 101 it is
5118622451483279 / 2^47), and then used exactly. With three phases `END` is `2 * pct_start * total_steps - 2`, in
binary64 from left to right, `BACK` is the exact difference `END - UP`, and `REST` is `total_steps - 1 - END`;
otherwise `REST` is `total_steps - 1 - UP`. Each must be above 0, with a denominator below 2^63. `shape` may be
`cosine` or `linear` alone."""
TRIANGLE = "`DOWN` is `down_steps`, or `up_steps` where it is left out."
TREES: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {}
"""The trees of each preset, each with the condition on which it is the one, and what their names stand for."""


def tree(name: str, notes: str = "", **trees: str) -> None:
    """Note the trees of a preset: one, or several by their conditions."""
    TREES[name] = tuple((condition, textwrap.dedent(text).strip()) for condition, text in trees.items()), notes.strip()


def warmed(decay: str) -> str:
    return f"kind: sequence\ntime: DECAY_TIME\nparts:\n  - WARMUP\n  - {decay}"


ENDS = "init_value: peak_value, end_value: end_value, steps: decay_steps, after: after"
tree("warmup_cosine", always=warmed(f"{{kind: cosine, {ENDS}}}"))
tree("warmup_linear", always=warmed(f"{{kind: linear, {ENDS}}}"))
tree("warmup_polynomial", always=warmed(f"{{kind: polynomial, {ENDS}, power: power}}"))
tree("warmup_constant", always="kind: sequence\nparts:\n  - WARMUP\n  - {kind: constant, value: peak_value}")
RATES = "decay_rate: decay_rate, decay_period: decay_period"
tree(
    "warmup_exponential", always=warmed(f"{{kind: exponential, init_value: peak_value, {RATES}, staircase: staircase}}")
)
tree(
    "warmup_multi_step",
    LEVELS.format(first="peak_value"),
    always=warmed("{kind: piecewise_constant, boundaries: boundaries, values: LEVELS}"),
)
tree("step", always=f"{{kind: exponential, init_value: init_value, {RATES}, staircase: true}}")
tree(
    "multi_step",
    LEVELS.format(first="init_value"),
    always="{kind: piecewise_constant, boundaries: boundaries, values: LEVELS}",
)
tree(
    "inverse_sqrt",
    "`warmup_steps` must not be 0.",
    always="""
    kind: sequence
    time: global
    parts:
      - WARMUP
      - {kind: power_law, init_value: peak_value, power: 0.5, timescale: warmup_steps}
    """,
)
NOAM = """
    kind: sequence
    time: global
    parts:
      - {kind: linear, init_value: 0, end_value: PEAK, steps: warmup_steps}
      - {kind: power_law, init_value: PEAK, power: 0.5, timescale: warmup_steps}
"""
tree(
    "noam",
    """
`PEAK` is `factor / sqrt(model_size * warmup_steps)`, computed thus: with the exact fraction
`s = factor^2 / (model_size * warmup_steps)`, the largest integer `m` with `m^2 <= floor(2^400 * s)`, and `m / 2^200`
rounded to binary64. `warmup_steps` must not be 0.""",
    **{
        "`n` is `t+1`": "kind: shift\nby: 1\npart:" + NOAM.rstrip(),
        "`n` is `max(t,1)`": "kind: shift\nby: 0\nmin_time: 1\npart:" + NOAM.rstrip(),
        "`n` is `t`": NOAM,
    },
)
tree(
    "wsd",
    always="""
    kind: sequence
    parts:
      - WARMUP
      - {kind: constant, value: peak_value, steps: stable_steps}  # if stable_steps is not 0
      - COOLDOWN
    """,
)
tree(
    "one_cycle",
    "`FIRST` is `peak_value / div_factor`, and `LAST` is `FIRST / final_div_factor`, both in binary64.\n" + PHASES,
    **{
        "`three_phase` is false": """
        kind: sequence
        parts:
          - {kind: shape, init_value: FIRST, end_value: peak_value, steps: UP}
          - {kind: shape, init_value: peak_value, end_value: LAST, steps: REST, after: after}
        """,
        "`three_phase` is true": """
        kind: sequence
        parts:
          - {kind: shape, init_value: FIRST, end_value: peak_value, steps: UP}
          - {kind: shape, init_value: peak_value, end_value: FIRST, steps: BACK}
          - {kind: shape, init_value: FIRST, end_value: LAST, steps: REST, after: after}
        """,
    },
)
tree(
    "one_cycle_momentum",
    PHASES,
    **{
        "`three_phase` is false": """
        kind: sequence
        parts:
          - {kind: shape, init_value: max_momentum, end_value: base_momentum, steps: UP}
          - {kind: shape, init_value: base_momentum, end_value: max_momentum, steps: REST, after: after}
        """,
        "`three_phase` is true": """
        kind: sequence
        parts:
          - {kind: shape, init_value: max_momentum, end_value: base_momentum, steps: UP}
          - {kind: shape, init_value: base_momentum, end_value: max_momentum, steps: BACK}
          - {kind: shape, init_value: max_momentum, end_value: max_momentum, steps: REST, after: after}
        """,
    },
)
UP_AND_DOWN = """part:
  kind: sequence
  parts:
    - {{kind: linear, init_value: {0}, end_value: {1}, steps: up_steps}}
    - {{kind: linear, init_value: {1}, end_value: {0}, steps: DOWN}}"""
tree("triangular", TRIANGLE, always="kind: repeat\n" + UP_AND_DOWN.format("init_value", "peak_value"))
tree(
    "triangular2",
    TRIANGLE,
    always="kind: repeat\npeak_mult: 0.5\nscaling: height\nfloor_value: init_value\n"
    + UP_AND_DOWN.format("init_value", "peak_value"),
)
tree(
    "exp_range",
    TRIANGLE + " `HEIGHT` is `peak_value - init_value` in binary64.",
    always="""
    kind: freeze
    steps: total_steps
    part:
      kind: affine
      scale: HEIGHT
      offset: init_value
      part:
        kind: product
        parts:
          - kind: repeat
"""
    + textwrap.indent(UP_AND_DOWN.format("0", "1"), " " * 12)
    + """
          - {kind: exponential, init_value: 1, decay_rate: decay_rate, decay_period: 1}
    """,
)
tree(
    "sigmoid",
    "`QUARTER` is `steepness / 4` in binary64.",
    always="""
    kind: tanh
    init_value: init_value
    end_value: end_value
    steps: steps
    lower: -QUARTER
    upper: QUARTER
    after: after
    """,
)
tree(
    "cosine_restarts",
    """
`CYCLE_WARMUP` is `WARMUP` with `warmup: k/W`, from `end_value` to `peak_value`, of `cycle_warmup_steps` steps, which
must be less than `cycle_steps`.""",
    always="""
    kind: sequence
    time: DECAY_TIME
    parts:
      - WARMUP
      - kind: repeat
        part:
          kind: sequence
          parts:
            - CYCLE_WARMUP
            - {kind: cosine, init_value: peak_value, end_value: end_value, steps: cycle_steps - cycle_warmup_steps}
        cycle_mult: cycle_mult
        num_cycles: num_cycles                                # if num_cycles is given
        fixed_steps: cycle_warmup_steps
        peak_mult: peak_mult                                  # if peak_mult is not 1
        scaling: scaling                                      # if peak_mult is not 1
        floor_value: end_value                                # if peak_mult is not 1, and scaling is not all
        peak_value: peak_value                                # if peak_mult is not 1, and scaling is peak
    """,
)


def phrase(rule: Rule) -> str:  # noqa: C901 - a case for each rule
    """Return the type of an argument in the words of docs/spec.md."""
    match rule:
        case Number(positive=False, minimum=None, maximum=None, float32=True):
            return "value"
        case Number(maximum=maximum):
            return "number above 0" + ("" if maximum is None else f", at most {maximum:g}")
        case Steps(duration=False):
            return "integer from 1 to 2147483647"
        case Steps(fractional=True, zero=zero):
            return "length, or 0" if zero else "length"
        case Steps():
            return "steps"
        case Period(duration=duration):
            return "period" if duration else "factor"
        case ListOf(item=Steps(), increasing=True):
            return "list of steps, each above the one before"
        case ListOf(item=Number()):
            return "list of numbers above 0"
        case Flag():
            return "flag"
        case Choice(words=words):
            return "word: " + ", ".join(f"`{word}`" for word in words)
        case _:
            raise TypeError(f"no words for {rule}")


def default(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "required"
    if parameter.default is None:
        return "none"
    value = parameter.default
    return f"`{str(value).lower() if isinstance(value, bool) else f'{value:g}' if isinstance(value, float) else value}`"


def parts_of(preset: Preset) -> tuple[str, dict[str, str]]:
    """Return what a preset's docstring says, and what it says of each argument."""
    text = inspect.getdoc(preset.function) or ""
    body, _, rest = text.partition("\nArgs:\n")
    body = body.partition("\nExample:\n")[0]
    told: dict[str, str] = {}
    for line in textwrap.dedent(rest.partition("\nExample:\n")[0]).splitlines():
        if match := re.match(r"(\w+): (.*)", line):
            last = match[1]
            told[last] = match[2]
        elif line.strip() and told:
            told[last] += " " + line.strip()
    body = "\n".join(textwrap.wrap(" ".join(body.split()), 120)) if "\n\n" not in body else body
    return body.strip(), told


def section(name: str, preset: Preset) -> str:
    body, told = parts_of(preset)
    others: dict[str, str] = {}
    if "arguments are those of" in body:
        named = [other for other in re.findall(r"`(\w+)`", body) if other in PRESETS]
        for other in sorted(named, key=list(PRESETS).index, reverse=True):
            others |= parts_of(PRESETS[other])[1]
    lines = [f"## {name}", "", body, "", "| argument | type | default | |", "|---|---|---|---|"]
    parameters = inspect.signature(preset.function).parameters
    for key, rule in preset.rules.items():
        means = told.get(key) or others.get(key, "")
        lines.append(f"| `{key}` | {phrase(rule)} | {default(parameters[key])} | {means} |")
    trees, notes = TREES[name]
    for condition, text in trees:
        lines += [
            "",
            f"Where {condition}:" if condition != "always" else "The tree:",
            "",
            textwrap.indent(text, "    "),
        ]
    lines += ["", notes] if notes else []
    return "\n".join(line.rstrip() for line in lines) + "\n"


def page() -> str:
    """Return the page."""
    tail = """\
## In Python

```{eval-rst}
.. automodule:: lrspec.presets
   :members:
   :exclude-members: Preset, PRESETS
```
"""
    return "\n".join([HEAD, *(section(name, preset) for name, preset in PRESETS.items()), tail])


def main(arguments: list[str]) -> Any:
    text = page()
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != text:
        return f"{PAGE.name} is not what its presets say: run python docs/make_presets.py"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
