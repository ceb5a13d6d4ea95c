"""Names in documents: how the fingerprint of several schedules writes them, and which are refused."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

import lrspec
from lrspec import Affine, Constant, SpecError

ONE, TWO, THREE = Constant(value=1.0), Constant(value=2.0), Constant(value=3.0)


def node(value: float) -> dict[str, Any]:
    return {"kind": "constant", "value": value}


def document(**more: Any) -> lrspec.Document:
    return lrspec.from_dict({"lrspec": 1, "learning_rate": node(1.0), **more})


def of(*lines: tuple[str, lrspec.Node]) -> str:
    text = "".join(f"{names} {schedule.fingerprint}\n" for names, schedule in lines)
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("beta2", '"beta2"'),
        ("it's", '"it\'s"'),
        ('a "b" \\ / \x7f', '"a \\"b\\" \\\\ / \\u007f"'),
        ("\t\n\x00", '"\\t\\n\\u0000"'),
        ("\u00e9\u0301", '"\\u00e9\\u0301"'),  # not normalized
        ("\U0001fae8", '"\\ud83e\\udee8"'),  # unassigned in the tables of Python 3.10 and 3.11
        ("\U0010ffff", '"\\udbff\\udfff"'),
    ],
)
def test_the_notation_of_a_name(name: str, written: str) -> None:
    expected = of(('"learning_rate"', ONE), (written, TWO)) if name > "learning_rate" else None
    expected = expected or of((written, TWO), ('"learning_rate"', ONE))
    assert document(other={name: node(2.0)}).fingerprint == expected


def test_names_are_sorted_by_code_point_and_not_by_utf16_unit() -> None:
    found = document(other={"\U0001fae8": node(2.0), "\uffee": node(3.0)})
    assert found.fingerprint == of(('"learning_rate"', ONE), ('"\\uffee"', THREE), ('"\\ud83e\\udee8"', TWO))


def test_a_group_lists_what_it_inherits_with_its_name_or_its_place() -> None:
    own = (('"learning_rate"', ONE), ('"momentum"', TWO))
    half = Affine(part=ONE, scale=0.5)
    named = document(momentum=node(2.0), groups={"tête": {"scale": 0.5}})
    assert named.fingerprint == of(*own, ('"t\\u00eate" "learning_rate"', half), ('"t\\u00eate" "momentum"', TWO))
    listed = document(momentum=node(2.0), groups=[{}, {"other": {"eps": node(3.0)}}])
    first = (('0 "learning_rate"', ONE), ('0 "momentum"', TWO))
    second = (('1 "eps"', THREE), ('1 "learning_rate"', ONE), ('1 "momentum"', TWO))
    assert listed.fingerprint == of(*own, *first, *second)


@pytest.mark.parametrize("escaped", [r"\U0001FAE8", r"\ud83e\udee8"])
def test_a_pair_of_escapes_is_the_character_that_json_means(escaped: str) -> None:
    text = f'{{"lrspec": 1, "learning_rate": {{"kind": "constant", "value": 1}}, "other": {{"{escaped}": %s}}}}'
    found = lrspec.loads(text % '{"kind": "constant", "value": 2}')
    assert list(found) == ["learning_rate", "\U0001fae8"]
    assert lrspec.loads(lrspec.dumps(found)) == lrspec.loads(lrspec.dumps(found, format="json")) == found


@pytest.mark.parametrize("escaped", [r"\ud83e", r"a\udee8\ud83e"])
def test_half_of_a_pair_is_refused(escaped: str) -> None:
    name = escaped.encode("ascii").decode("unicode_escape")
    expected = "found the name '{}', expected a text without lone surrogates"
    with pytest.raises(SpecError) as error:
        document(groups={name: {}})
    assert str(error.value) == "groups: " + expected.format(escaped)
    with pytest.raises(SpecError) as error:
        lrspec.loads(f'{{lrspec: 1, learning_rate: {{kind: constant, value: 1}}, other: {{"{escaped}": {{}}}}}}')
    assert str(error.value) == "other: " + expected.format(escaped)
    with pytest.raises(SpecError, match=r"source: .*lone surrogates"):
        lrspec.Table(values=[1.0], source=name)
