"""Documents: what goes out comes in again; every refusal says where, what was found and what was expected."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies as st

import lrspec
from cases import CASES, nodes
from lrspec import Constant, Cosine, Document, Exponential, Linear, Node, Sequence, SpecError, kinds, presets

SETTINGS = settings(deadline=None, derandomize=True, database=None)
FORMATS: tuple[Any, ...] = ("yaml", "json")
COUNT = len(kinds.KINDS) + len(presets.PRESETS)
KINDS = f"one of the {COUNT} kinds and presets, such as constant, linear, cosine, sequence or warmup_cosine"
DURATIONS = "a number of steps, or a duration such as '5 epochs', '300e9 tokens' or '10 %'"
KEYS = (
    "lrspec, learning_rate, momentum, weight_decay, other, groups, relative, base_value, steps_per_epoch, batch_size, "
    "tokens_per_step, total_steps, rounding, at_least_one"
)
DESIGN = """
lrspec: 1
learning_rate:
  kind: sequence
  parts:
    - {kind: linear, init_value: 0.0, end_value: 1.0e-3, steps: 5 epochs}
    - {kind: cosine, init_value: 1.0e-3, end_value: 1.0e-5, steps: 295 epochs}
steps_per_epoch: 1252
"""


def document_of(node: str, more: str = "") -> str:
    return f"{{lrspec: 1, learning_rate: {{{node}}}{more}}}"


def linear(change: str) -> str:
    return document_of(f"kind: linear, init_value: 0.0, end_value: 1.0, {change}")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_a_case_goes_out_and_comes_in_again(name: str, form: Any) -> None:
    node = CASES[name]
    document = lrspec.loads(lrspec.dumps(node, format=form))
    assert document.node == node
    assert document == node
    assert document.fingerprint == node.fingerprint
    assert lrspec.loads(lrspec.dumps(document, format=form)) == document
    assert lrspec.from_dict(lrspec.to_dict(node)).node == node


@settings(SETTINGS, max_examples=150)
@given(nodes(), st.sampled_from(FORMATS))
def test_a_random_schedule_goes_out_and_comes_in_again(node: Node, form: Any) -> None:
    text = lrspec.dumps(node, format=form)
    assert lrspec.loads(text).node == node
    assert lrspec.loads(text.encode()).node == node
    if form == "json":
        assert lrspec.from_dict(json.loads(text)).node == node


@settings(SETTINGS, max_examples=200)
@given(st.floats(2.0**-126, 3e38), st.booleans(), st.sampled_from(FORMATS))
def test_a_random_number_goes_out_and_comes_in_again(number: float, negative: bool, form: Any) -> None:  # noqa: FBT001
    node = Constant(value=-number if negative else number)
    assert lrspec.loads(lrspec.dumps(node, format=form)).node == node


@pytest.mark.parametrize("number", ["1e-3", "1.0e-3", ".001", "0.001", "1E-3", "+1e-3", "0.1e-2", "1.e-3", "100e-5"])
def test_every_way_to_write_a_number_means_the_number(number: str) -> None:
    assert lrspec.loads(document_of(f"kind: constant, value: {number}")).node == Constant(value=0.001)


def test_the_numbers_of_json_are_read() -> None:
    for number in ("1e-3", "1E-3", "1.0e-3", "0.001"):
        text = f'{{"lrspec":1,"learning_rate":{{"kind":"constant","value":{number}}}}}'
        assert lrspec.loads(text).node == Constant(value=0.001)


@pytest.mark.parametrize("indent", [None, 0, 2, "\t"])
def test_json_is_read_however_it_is_indented(indent: int | str | None) -> None:
    assert lrspec.loads(json.dumps(lrspec.to_dict(CASES["sequence"]), indent=indent)).node == CASES["sequence"]


def test_the_document_of_the_design() -> None:
    document = lrspec.loads(DESIGN)
    warmup = Linear(init_value=0.0, end_value=1e-3, steps=5 * 1252)
    assert document.node == Sequence(parts=[warmup, Cosine(init_value=1e-3, end_value=1e-5, steps=295 * 1252)])
    assert document(5 * 1252) == 0.0010000000474974513
    assert document.to_dict() == yaml.safe_load(DESIGN.replace("e-3", "e-03"))
    assert "5 epochs" in lrspec.dumps(document)
    assert (list(document), len(document), "momentum" in document) == (["learning_rate"], 1, False)


def test_other_hyperparameters_by_name() -> None:
    text = document_of(
        "kind: constant, value: 0.1", ", momentum: {kind: linear, init_value: 0, end_value: 1, steps: 2}"
    )
    document = lrspec.loads(text)
    assert document["momentum"] == Linear(init_value=0.0, end_value=1.0, steps=2)
    assert list(document) == ["learning_rate", "momentum"]
    with pytest.raises(KeyError):
        document["weight_decay"]


@pytest.mark.parametrize(
    ("written", "steps"), [("5 epochs", 50), ("1 epoch", 10), ("0.5epochs", 5), ("7 steps", 7), ("7", 7)]
)
def test_durations(written: str, steps: int) -> None:
    text = document_of(f"kind: linear, init_value: 0, end_value: 1, steps: {written}", ", steps_per_epoch: 10")
    assert lrspec.loads(text).node == Linear(init_value=0.0, end_value=1.0, steps=steps)


def test_a_decay_period_in_epochs_is_exact() -> None:
    text = document_of(
        "kind: exponential, init_value: 1, decay_rate: 0.5, decay_period: 2.4 epochs", ", steps_per_epoch: 625.55"
    )
    node = lrspec.loads(text).node
    assert isinstance(node, Exponential)
    assert node.decay_period == Fraction("1501.32")


def test_a_byte_order_mark_is_skipped() -> None:
    assert lrspec.loads(b"\xef\xbb\xbf" + DESIGN.encode()) == lrspec.loads(DESIGN)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
CHAIN = ", ".join(["&a0 " + "[" * 80 + "]" * 80, *(f"&a{i} {'[' * 80}*a{i - 1} {']' * 80}" for i in range(1, 40))])
STEPS = "a whole number of steps from 1 to 2147483647"
FLOAT32 = "0 or a number that float32 can hold, of size 1.18e-38 to 3.40e+38"
YAML = "a YAML or JSON document"
PARTS = "{{lrspec: 1, learning_rate: {{kind: sequence, parts: [{first}, {{kind: constant, value: 1}}]}}}}"

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "no mapping": ("[1]", "found [1], expected a document: a mapping with the key `lrspec`"),
    "null": ("null", "found null, expected a document: a mapping with the key `lrspec`"),
    "empty": ("", "found an empty text, expected a document"),
    "comment": ("# nothing", "found an empty text, expected a document"),
    "two documents": (
        "---\nlrspec: 1\n---\nlrspec: 1",
        f"line 3, column 1: found another document, expected {YAML}",
    ),
    "no version": (
        "learning_rate: {kind: constant, value: 1}",
        "lrspec: found nothing, expected the version of the spec, 1",
    ),
    "newer version": (
        "{lrspec: 2, anything: 1}",
        "lrspec: found version 2, expected version 1 or older; a newer lrspec reads this document",
    ),
    "bool version": ("lrspec: true", "lrspec: found True, expected the version of the spec, 1"),
    "version 0": ("lrspec: 0", "lrspec: found 0, expected the version of the spec, 1"),
    "text version": ("lrspec: '1'", "lrspec: found '1', expected the version of the spec, 1"),
    "float version": ("lrspec: 1.0", "lrspec: found 1.0, expected the version of the spec, 1"),
    "no learning rate": ("lrspec: 1", "learning_rate: found nothing, expected a schedule"),
    "null learning rate": (
        "{lrspec: 1, learning_rate: }",
        "learning_rate: found null, expected a value, or no such key",
    ),
    "number as a schedule": (
        "{lrspec: 1, learning_rate: 0.1}",
        "learning_rate: found 0.1, expected a schedule: a mapping with a `kind`",
    ),
    "unknown key outside": (
        document_of("kind: constant, value: 1", ", colour: red"),
        f"colour: found an unknown key, expected one of {KEYS}",
    ),
    "key that is no word": (
        document_of("kind: constant, value: 1", ", 5: red"),
        f"found the key 5, expected one of {KEYS}",
    ),
    "merge key": (
        "base: &b {lrspec: 1}\n<<: *b",
        "lrspec: found nothing, expected the version of the spec, 1",
    ),
    "unknown key": (
        linear("steps: 5, colour: red"),
        "learning_rate.colour: found an unknown key, expected one of init_value, end_value, steps, after",
    ),
    "unknown key that is no word": (
        document_of("kind: constant, value: 1, 7: 1"),
        "learning_rate: found the key 7, expected one of value, steps, after",
    ),
    "no kind": (document_of("value: 1"), f"learning_rate.kind: found nothing, expected {KINDS}"),
    "unknown kind": (document_of("kind: square"), f"learning_rate.kind: found 'square', expected {KINDS}"),
    "list as a kind": (document_of("kind: [a]"), f"learning_rate.kind: found ['a'], expected {KINDS}"),
    "missing key": (
        document_of("kind: linear, init_value: 1, steps: 5"),
        "learning_rate.end_value: found nothing, expected this key, which kind linear needs",
    ),
    "null value": (
        document_of("kind: constant, value: ~"),
        "learning_rate.value: found null, expected a value, or no such key",
    ),
    "bool for a number": (
        document_of("kind: constant, value: true"),
        "learning_rate.value: found True, expected a number",
    ),
    "yes": (document_of("kind: constant, value: yes"), "learning_rate.value: found 'yes', expected a number"),
    "yes for a flag": (
        document_of("kind: exponential, init_value: 1, decay_rate: 1, decay_period: 1, staircase: yes"),
        "learning_rate.staircase: found 'yes', expected true or false",
    ),
    "grouped digits": (
        document_of("kind: constant, value: 1_000"),
        "learning_rate.value: found '1_000', expected a number",
    ),
    "sexagesimal": (
        document_of("kind: constant, value: 1:30"),
        "learning_rate.value: found '1:30', expected a number",
    ),
    "nan": (document_of("kind: constant, value: .nan"), "learning_rate.value: found nan, expected a finite number"),
    "inf": (document_of("kind: constant, value: -.inf"), "learning_rate.value: found -inf, expected a finite number"),
    "1e999": (document_of("kind: constant, value: 1e999"), "learning_rate.value: found inf, expected a finite number"),
    "too large for float32": (
        document_of("kind: constant, value: 1e39"),
        f"learning_rate.value: found 1e+39, expected {FLOAT32}",
    ),
    "too small for float32": (
        document_of("kind: constant, value: -1e-39"),
        f"learning_rate.value: found -1e-39, expected {FLOAT32}",
    ),
    "inexact integer": (
        document_of("kind: constant, value: 9007199254740993"),
        "learning_rate.value: found 9007199254740993, expected a number that binary64 holds exactly",
    ),
    "huge integer": (
        document_of("kind: constant, value: 1" + "0" * 350),
        "learning_rate.value: found a very large integer, expected a number that binary64 holds exactly",
    ),
    "number of many digits": (
        document_of("kind: constant, value: 1" + "0" * 400),
        "line 1: found a number of 401 characters, expected at most 400",
    ),
    "bool for an integer": (
        linear("steps: true"),
        "learning_rate.steps: found True, expected a positive whole number of steps",
    ),
    "float for an integer": (
        linear("steps: 5.0"),
        "learning_rate.steps: found 5.0, expected a positive whole number of steps",
    ),
    "exponent for an integer": (
        linear("steps: 1e5"),
        "learning_rate.steps: found 100000.0, expected a positive whole number of steps",
    ),
    "no steps": (linear("steps: 0"), f"learning_rate.steps: found 0, expected {STEPS}"),
    "negative steps": (linear("steps: -5"), f"learning_rate.steps: found -5, expected {STEPS}"),
    "too many steps": (linear("steps: 2147483648"), f"learning_rate.steps: found 2147483648, expected {STEPS}"),
    "steps in epochs, too many": (
        linear("steps: 3000000000 steps"),
        f"learning_rate.steps: found 3000000000, expected {STEPS}",
    ),
    "unknown after": (
        linear("steps: 5, after: stop"),
        "learning_rate.after: found 'stop', expected one of hold, continue, error",
    ),
    "after without steps": (
        document_of("kind: constant, value: 1, after: error"),
        "learning_rate.after: found 'error', expected no `after` where there are no `steps`",
    ),
    "continued power": (
        document_of("kind: polynomial, init_value: 1, end_value: 0, steps: 5, power: 0.5, after: continue"),
        "learning_rate.after: found 'continue' with power 0.5, expected hold or error, or a whole power",
    ),
    "power 0": (
        document_of("kind: polynomial, init_value: 1, end_value: 0, steps: 5, power: 0"),
        "learning_rate.power: found 0, expected a number above 0",
    ),
    "power 101": (
        document_of("kind: polynomial, init_value: 1, end_value: 0, steps: 5, power: 101"),
        "learning_rate.power: found 101, expected a number up to 100",
    ),
    "decay rate 0": (
        document_of("kind: exponential, init_value: 1, decay_rate: 0.0, decay_period: 5"),
        "learning_rate.decay_rate: found 0.0, expected a number above 0",
    ),
    "period 0": (
        document_of("kind: exponential, init_value: 1, decay_rate: 0.5, decay_period: 0"),
        "learning_rate.decay_period: found 0, expected a positive number of steps up to 2147483647",
    ),
    "period inf": (
        document_of("kind: exponential, init_value: 1, decay_rate: 0.5, decay_period: .inf"),
        "learning_rate.decay_period: found inf, expected a finite number of steps",
    ),
    "period bool": (
        document_of("kind: exponential, init_value: 1, decay_rate: 0.5, decay_period: false"),
        "learning_rate.decay_period: found False, expected a positive number of steps",
    ),
    "period over 0": (
        document_of("kind: exponential, init_value: 1, decay_rate: 0.5, decay_period: 1/0"),
        "learning_rate.decay_period: found '1/0', expected a number of steps, or a fraction such as '1000/3'",
    ),
    "period in words": (
        document_of("kind: exponential, init_value: 1, decay_rate: 0.5, decay_period: long"),
        f"learning_rate.decay_period: found 'long', expected {DURATIONS}",
    ),
    "stairs of less than a step": (
        document_of("kind: exponential, init_value: 1, decay_rate: 0.5, decay_period: 0.5, staircase: true"),
        "learning_rate.decay_period: found 0.5, expected at least 1 step for a staircase",
    ),
    "unsorted boundaries": (
        document_of("kind: piecewise_constant, boundaries: [5, 4], values: [1, 2, 3]"),
        "learning_rate.boundaries[1]: found 4, expected more than 5, the one before",
    ),
    "equal boundaries": (
        document_of("kind: piecewise_constant, boundaries: [5, 5], values: [1, 2, 3]"),
        "learning_rate.boundaries[1]: found 5, expected more than 5, the one before",
    ),
    "boundary 0": (
        document_of("kind: piecewise_constant, boundaries: [0], values: [1, 2]"),
        f"learning_rate.boundaries[0]: found 0, expected {STEPS}",
    ),
    "no boundaries": (
        document_of("kind: piecewise_constant, boundaries: [], values: [1]"),
        "learning_rate.boundaries: found 0 items, expected 1 to 4096 items",
    ),
    "number for a list": (
        document_of("kind: piecewise_constant, boundaries: 5, values: [1]"),
        "learning_rate.boundaries: found 5, expected a list",
    ),
    "too many values": (
        document_of("kind: piecewise_constant, boundaries: [5], values: [1, 2, 3]"),
        "learning_rate.values: found 3 items, expected 2 items, one more than there are boundaries",
    ),
    "too few values": (
        document_of("kind: piecewise_constant, boundaries: [5], values: [1]"),
        "learning_rate.values: found 1 items, expected 2 items, one more than there are boundaries",
    ),
    "wrong value in a list": (
        document_of("kind: piecewise_constant, boundaries: [5], values: [1, x]"),
        "learning_rate.values[1]: found 'x', expected a number",
    ),
    "end before a boundary": (
        document_of("kind: piecewise_constant, boundaries: [5], values: [1, 2], steps: 5"),
        "learning_rate.steps: found 5, expected more than 5, the last boundary",
    ),
    "no parts": (
        document_of("kind: sequence, parts: []"),
        "learning_rate.parts: found 0 items, expected 1 to 4096 items",
    ),
    "parts that are no list": (
        document_of("kind: sequence, parts: 5"),
        "learning_rate.parts: found 5, expected a list",
    ),
    "part that is no schedule": (
        document_of("kind: sequence, parts: [5]"),
        "learning_rate.parts[0]: found 5, expected a schedule: a mapping with a `kind`",
    ),
    "part without steps": (
        PARTS.format(first="{kind: constant, value: 1}"),
        "learning_rate.parts[0].steps: found nothing, expected a length, because another part follows",
    ),
    "part of a part without steps": (
        PARTS.format(first="{kind: sequence, parts: [{kind: constant, value: 1}]}"),
        "learning_rate.parts[0].parts[0].steps: found nothing, expected a length, because another part follows",
    ),
    "part with after": (
        PARTS.format(first="{kind: constant, value: 1, steps: 5, after: error}"),
        "learning_rate.parts[0].after: found 'error', expected no `after`, because another part follows",
    ),
    "part after the last step": (
        document_of(
            "kind: sequence, parts: [{kind: constant, value: 1, steps: 2147483647}, "
            "{kind: constant, value: 1, steps: 1}, {kind: constant, value: 1}]"
        ),
        "learning_rate.parts[2]: found a part that starts at step 2147483648, expected a start at or before "  # noqa: ISC004
        "2147483647, the last step",
    ),
    "sequences too deep": (
        document_of("kind: sequence, parts: [{" * 33 + "kind: constant, value: 1" + "}]" * 33),
        f"learning_rate{'.parts[0]' * 33}: found schedules nested 33 deep, expected at most 32",
    ),
    "epochs that are not whole": (
        document_of("kind: piecewise_constant, boundaries: [1.5 epochs], values: [1, 0]", ", steps_per_epoch: 5"),
        (
            "learning_rate.boundaries[0]: found '1.5 epochs', which is 7.5 steps, "
            "expected a whole number of steps, or a `rounding` in the document: `ceil` is the first step at or after it"
        ),
    ),
    "unit that is none": (
        linear("steps: 5 fortnights"),
        f"learning_rate.steps: found '5 fortnights', expected {DURATIONS}",
    ),
    "steps_per_epoch 0": (
        document_of("kind: constant, value: 1", ", steps_per_epoch: 0"),
        "steps_per_epoch: found 0, expected a positive number of steps up to 2147483647",
    ),
    "fault in another hyperparameter": (
        document_of("kind: constant, value: 1", ", momentum: {kind: constant, value: x}"),
        "momentum.value: found 'x', expected a number",
    ),
    "YAML key twice": (
        "lrspec: 1\nlearning_rate:\n  kind: constant\n  value: 1\n  value: 2\n",
        "line 5: found the key 'value' a second time, expected each key once",
    ),
    "key of no number twice": (
        "{.nan: 1,\n.NaN: 2}",
        "line 2: found the key nan a second time, expected each key once",
    ),
    "JSON key twice": (
        '{"lrspec": 1,\n"lrspec": 1}',
        "line 2: found the key 'lrspec' a second time, expected each key once",
    ),
    "list as a key": ("{[1]: 2}", "line 1: found a list or mapping as a key, expected a word"),
    "malformed": (
        "{lrspec: 1",
        f"line 1, column 11: found expected ',' or '}}', but got '<stream end>', expected {YAML}",
    ),
    "control character": (
        "lrspec: \x00",
        f"found unacceptable character #x0000: special characters are not allowed, expected {YAML}",
    ),
    "undefined alias": ("*a", f"line 1, column 1: found undefined alias 'a', expected {YAML}"),
    "billion laughs": (BOMB, "found a document that stands for 123456797 values, expected at most 100000"),
    "alias in itself": (
        "{lrspec: 1, learning_rate: &a [*a]}",
        "line 1: found an alias inside what it stands for, expected no such circle",
    ),
    "document in itself": (
        "&a {lrspec: 1,\nlearning_rate: *a}",
        "line 1: found an alias inside what it stands for, expected no such circle",
    ),
    "too large": ("#" * (2**21 + 1), "found more than 2097152 bytes, expected a smaller document"),
    "too deep": ("\n" + "[" * 101, "line 2: found more than 100 levels of nesting, expected fewer"),
    "very deep": ("[" * 10**6, "line 1: found more than 100 levels of nesting, expected fewer"),
    "not UTF-8": (b"lrspec: \xff", "found text that is not UTF-8, expected a document in UTF-8"),
    "UTF-16": (DESIGN.encode("utf-16"), "found text that is not UTF-8, expected a document in UTF-8"),
    "lone surrogate": ("lrspec: \ud800", "found text that is not UTF-8, expected a document in UTF-8"),
    "python object": (
        "!!python/object/apply:os.getcwd []",
        "line 1: found the tag tag:yaml.org,2002:python/object/apply:os.getcwd, expected a value without a tag",
    ),
    "python name": (
        document_of("kind: constant, value: !!python/name:os.getcwd x"),
        "line 1: found the tag tag:yaml.org,2002:python/name:os.getcwd, expected a value without a tag",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_where_what_was_found_and_what_was_expected(name: str) -> None:
    text, message = REFUSED[name]
    with pytest.raises(SpecError) as caught:
        lrspec.loads(text)
    assert str(caught.value) == message


HOSTILE = {
    "int": "!!int x",
    "int of a list": "!!int [1]",
    "empty int": "!!int ''",
    "float": "!!float x",
    "bool": "!!bool x",
    "timestamp": "!!timestamp x",
    "impossible timestamp": "!!timestamp 2001-13-45",
    "map of a list": "!!map [1]",
    "set": "!!set {a, b}",
    "omap": "!!omap [a: 1]",
    "binary": "!!binary x",
    "no character": r'"\U00110000"',
    "no character by far": r'"\UFFFFFFFF"',
    "deep by aliases": f"[{CHAIN}]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_with_a_spec_error(name: str) -> None:
    with pytest.raises(SpecError):
        lrspec.loads(document_of(f"kind: constant, value: {HOSTILE[name]}"))


def test_a_directive_of_many_digits_is_refused_with_a_spec_error() -> None:
    with pytest.raises(SpecError):
        lrspec.loads(f"%YAML 1.{'1' * 5000}\n---\nlrspec: 1")


def only_documents_and_spec_errors(text: str | bytes) -> None:
    try:
        document = lrspec.loads(text)
    except SpecError as error:
        assert str(error)  # noqa: PT017 - either outcome is right
        return
    assert isinstance(document, Document)
    assert lrspec.loads(lrspec.dumps(document)) == document


TOKENS = (*"{}[],:-?&*!|>'\"%@`#~ \n\tabe01.+<=\\", "lrspec", "!!int ", "kind", "\\U0")
SYNTAX = st.lists(st.sampled_from(TOKENS), max_size=30).map("".join)


@settings(SETTINGS, max_examples=300)
@given(st.one_of(st.text(), SYNTAX, st.binary()))
def test_no_text_does_anything_but_load_or_raise_a_spec_error(text: str | bytes) -> None:
    only_documents_and_spec_errors(text)


@settings(SETTINGS, max_examples=300)
@given(st.sampled_from(sorted(CASES)), st.integers(0, 200), st.integers(0, 4), SYNTAX)
def test_no_damaged_document_does_anything_else(name: str, at: int, cut: int, put: str) -> None:
    text = lrspec.dumps(CASES[name])
    at %= len(text)
    only_documents_and_spec_errors(text[:at] + put + text[at + cut :])


PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=10,
)


@settings(SETTINGS, max_examples=300)
@given(st.sampled_from(["lrspec", "learning_rate", "momentum", "steps_per_epoch", "kind", "value", "steps"]), PLAIN)
def test_no_plain_data_does_anything_else(key: str, plain: Any) -> None:
    node: dict[str, Any] = {"kind": "constant", "value": 0.5}
    data: dict[str, Any] = {"lrspec": 1, "learning_rate": node}
    (node if key in {"kind", "value", "steps"} else data)[key] = plain
    try:
        assert isinstance(lrspec.from_dict(data), Document)
    except SpecError as error:
        assert str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".json"])
def test_files(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"schedule{suffix}"
    document = lrspec.loads(DESIGN)
    lrspec.dump(document, path)
    assert lrspec.load(path) == document
    assert lrspec.load(str(path)).to_dict() == document.to_dict()
    assert path.read_text(encoding="utf-8").startswith("{" if suffix == ".json" else "lrspec: 1")


def test_a_file_of_another_kind_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "schedule.toml"
    with pytest.raises(ValueError, match=r"expected a name that ends in \.yaml") as caught:
        lrspec.dump(CASES["sequence"], path)
    assert str(caught.value) == f"{path}: expected a name that ends in .yaml, .yml, .json"
    assert not path.exists()


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lrspec.load(tmp_path / "none.yaml")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text("#" * (2**21 + 1))
    with pytest.raises(SpecError) as caught:
        lrspec.load(path)
    assert str(caught.value) == "found more than 2097152 bytes, expected a smaller document"


def test_a_document_is_not_changed_from_outside() -> None:
    data = lrspec.to_dict(CASES["sequence"])
    document = lrspec.from_dict(data)
    data["learning_rate"]["parts"].clear()
    document.to_dict()["learning_rate"]["parts"].clear()
    assert document.node == CASES["sequence"]
    assert len(document.to_dict()["learning_rate"]["parts"]) == 2
