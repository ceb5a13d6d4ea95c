"""Sizes and lengths at the edge of what a document may say: what is read at the limit, and what is refused early."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import pytest

import lrspec
from lrspec import Constant, Linear, Minimum, PiecewiseConstant, Product, Sequence, SpecError, Sum, Table
from lrspec.compiler import formula
from lrspec.presets import multi_step


def document(schedule: str, more: str = "") -> lrspec.Document:
    return lrspec.loads(f"{{lrspec: 1, learning_rate: {schedule}{more}}}")


def test_4096_boundaries_have_4097_values() -> None:
    boundaries, values = list(range(3, 3 + 2 * 4096, 2)), [1 + k / 8192 for k in range(4097)]
    schedule = lrspec.loads(lrspec.dumps(PiecewiseConstant(boundaries=boundaries, values=values), format="json"))
    for k, boundary in enumerate(boundaries):
        assert schedule(boundary - 1) == values[k]
        assert schedule(boundary) == values[k + 1]
    assert schedule(2**31 - 1) == values[-1]
    rates = multi_step(init_value=1.0, boundaries=boundaries, decay_rate=1 - 2**-12)
    assert rates(boundaries[-1]) == pytest.approx((1 - 2**-12) ** 4096, rel=2**-24)


@pytest.mark.parametrize(
    ("boundaries", "values", "message"),
    [
        (4097, 4098, "boundaries: found 4097 items, expected 1 to 4096 items"),
        (4096, 4098, "values: found 4098 items, expected 1 to 4097 items"),
        (4096, 4096, "values: found 4096 items, expected 4097 items, one more than there are boundaries"),
    ],
)
def test_more_boundaries_or_values_are_refused(boundaries: int, values: int, message: str) -> None:
    with pytest.raises(SpecError) as error:
        PiecewiseConstant(boundaries=list(range(1, boundaries + 1)), values=[1.0] * values)
    assert str(error.value) == message


def test_the_lengths_of_presets_may_be_fractions() -> None:
    """Each is the formula with the length as it is; shares of a run of 1001 steps are not whole."""
    total = ", total_steps: 1001"
    warmup, decay = Fraction(1001 * 3, 100), Fraction(1001 * 97, 100)

    def line(t: int) -> Fraction:
        return t / warmup if t < warmup else max(1 - (t - warmup) / decay, Fraction(0))

    schedule = document("{kind: warmup_linear, peak_value: 1, warmup_steps: 3 %, decay_steps: 97 %}", total)
    assert [schedule.exact(t) for t in range(1010)] == [float(line(t)) for t in range(1010)]
    late = document(
        "{kind: wsd, peak_value: 1, warmup_steps: 61/2, stable_steps: 5/3, decay_steps: 1 %, warmup: (k+1)/W}", total
    )

    def phases(t: int) -> Fraction:
        end = Fraction(61, 2) + Fraction(5, 3)
        rise = min(t + Fraction(1), Fraction(61, 2)) / Fraction(61, 2)
        return rise if t < end else max(1 - (t - end) / Fraction(1001, 100), Fraction(0))

    assert [late.exact(t) for t in range(60)] == [float(phases(t)) for t in range(60)]
    saw = document("{kind: triangular, init_value: 0, peak_value: 1, up_steps: 5/2, down_steps: 7/3}")
    rest = [t % Fraction(29, 6) for t in range(100)]
    expected = [u / Fraction(5, 2) if u < Fraction(5, 2) else 1 - (u - Fraction(5, 2)) / Fraction(7, 3) for u in rest]
    assert [saw.exact(t) for t in range(100)] == [float(value) for value in expected]


@pytest.mark.parametrize("steps", ["1/3", "1", "9/8"])
def test_a_short_warmup_that_begins_with_its_second_value(steps: str) -> None:
    schedule = document(f'{{kind: warmup_constant, peak_value: 1, warmup_steps: {steps}, warmup: "(k+1)/W"}}')
    assert [schedule.exact(t) for t in range(4)] == [
        float(min((t + 1) / Fraction(steps), Fraction(1))) for t in range(4)
    ]


def test_what_must_be_whole_in_a_preset_stays_whole() -> None:
    with pytest.raises(SpecError, match=r"learning_rate\.total_steps: .*expected"):
        document("{kind: one_cycle, peak_value: 1, total_steps: 201/2}")


@pytest.mark.parametrize("last", [5, 8, 12])
def test_the_length_of_a_sequence_in_global_time_is_not_before_its_last_part_starts(last: int) -> None:
    parts = [Constant(value=1.0, steps=8), Linear(init_value=0.0, end_value=1.0, steps=last)]
    whole = Sequence(parts=parts, time="global")
    assert whole.length == max(last, 8)
    followed = Sequence(parts=[whole, Constant(value=3.0)])
    expected = [1.0] * 8 + [float(Fraction(min(t, last), last)) for t in range(8, max(last, 8))] + [3.0] * 3
    assert [followed.exact(t) for t in range(len(expected))] == expected


REPEAT = "{{kind: repeat{}, part: {{kind: linear, init_value: 1, end_value: 0.5, steps: {}}}}}"


@pytest.mark.parametrize("more", ["", ", num_cycles: 1000000"])
def test_cycles_that_do_not_go_together_are_refused_early(more: str) -> None:
    parts = ", ".join(REPEAT.format(more, 1_000_000 + k) for k in range(30))
    schedule = document(f"{{kind: product, parts: [{parts}]}}")
    begun = time.process_time()
    with pytest.raises(SpecError, match="more than 4096 pieces"):
        schedule.fingerprint  # noqa: B018
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("kind", ["minimum", "maximum", "product", "sum"])
def test_thousands_of_curves_at_a_time_are_refused_early(kind: str) -> None:
    parts = ", ".join(
        f"{{kind: cosine, init_value: {1 + k / 4096}, end_value: 0.5, steps: {1000 + k}}}" for k in range(4096)
    )
    schedule = document(f"{{kind: {kind}, parts: [{parts}]}}")
    begun = time.process_time()
    with pytest.raises(SpecError, match="found 4096 parts that change, expected at most 1024"):
        schedule.fingerprint  # noqa: B018
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("kind", [Product, Sum])
def test_64_curves_are_multiplied_or_added_and_not_65(kind: Any) -> None:
    parts = [Linear(init_value=1.0, end_value=1.0 + k / 64, steps=100) for k in range(65)]
    assert kind(parts=[*parts[:64], Constant(value=1.0)]).exact(0) == (64 if kind is Sum else 1) + (kind is Sum)
    for more in (parts, [*parts[:33], kind(parts=parts[33:])]):
        with pytest.raises(SpecError, match="65 curves multiplied or added at a time, expected at most 64"):
            kind(parts=more).exact(0)


def test_too_many_comparisons_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [Linear(init_value=0.0, end_value=1.0 + k, steps=100 + k * k) for k in range(12)]
    assert Minimum(parts=lines).exact(0) == 0
    monkeypatch.setattr(formula, "MAX_CURVES", 40)
    with pytest.raises(SpecError, match="more than 40 curves of pieces that are combined or compared"):
        Minimum(parts=[*lines, Constant(value=9.0)]).exact(0)


def test_too_many_values_are_refused_where_they_become_too_many() -> None:
    with pytest.raises(SpecError) as error:
        lrspec.loads("- a\n" * (1 << 18))
    assert str(error.value) == "line 100000: found more than 100000 values, expected fewer"


@pytest.mark.long
def test_the_largest_number_of_values_is_read() -> None:
    names = "\n".join("  - 1.0" for _ in range(99_991))  # with the keys, the mappings, the list: 100,000 values
    with pytest.raises(SpecError, match="99991 items, expected 1 to 65536 items"):
        lrspec.loads(f"lrspec: 1\nlearning_rate:\n  kind: table\n  values:\n{names}\n")


@pytest.mark.parametrize("key", [2**61 - 1, -(2**61), 10**300])
def test_integers_that_share_a_hash_are_no_keys(key: int) -> None:
    with pytest.raises(SpecError) as error:
        lrspec.loads(f"lrspec: 1\n{key}: 1\n")
    assert str(error.value) == "line 2: found a very large integer as a key, expected a word"


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_is_written_can_be_read(form: Any) -> None:
    table = Table(values=[0.1 + k * 1.2345678912345e-6 for k in range(65_536)])
    assert lrspec.loads(lrspec.dumps(table, format=form)).node == table


def test_what_could_not_be_read_is_not_written() -> None:
    node: lrspec.Node = Table(values=[0.1 + k * 1.2345678912345e-6 for k in range(65_536)])
    for _ in range(12):
        node = lrspec.Affine(part=node, scale=0.9)
    assert lrspec.loads(lrspec.dumps(node, format="json")).node == node
    with pytest.raises(SpecError, match=r"found a document of [0-9]+ bytes, expected at most 2097152"):
        lrspec.dumps(node)


@pytest.mark.parametrize(
    ("samples", "steps"), [("1234567", "123456.7"), ("10000001", "1000000.1"), ("30", None), ("7", "0.7")]
)
def test_a_message_has_the_number_as_it_is(samples: str, steps: str | None) -> None:
    text = f"{{kind: piecewise_constant, boundaries: [{samples} samples], values: [1, 2]}}"
    if steps is None:
        assert document(text, ", batch_size: 10").node.boundaries == (3,)  # type: ignore[attr-defined]
        return
    with pytest.raises(SpecError, match=f"which is {steps} steps, expected a whole number of steps, or a `rounding`"):
        document(text, ", batch_size: 10")
