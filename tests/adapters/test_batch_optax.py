"""JAX: many schedules as one pytree; every rate has the bits of its schedule alone."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax import lax

import lrspec
from cases import CASES
from lrspec.evaluate import clamped_evaluator
from lrspec.program import Program

enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental").enable_x64

PEAKS = np.random.default_rng(0).uniform(1e-6, 10, 512).astype(np.float32).tolist()
COUNTS = [0, 1, 2, 3, 7, 8, 63, 64, 1000, 2**20 + 1, 2**31 - 2, 2**31 - 1]
FEW = 300


@functools.cache
def shapes() -> list[lrspec.Node]:
    """Schedules of seven shapes, 512 of each, which compile in no time."""
    return [
        node
        for peak in PEAKS
        for node in (
            lrspec.Linear(init_value=0.0, end_value=peak, steps=7),
            lrspec.Cosine(init_value=peak, end_value=0.0, steps=8),
            lrspec.Exponential(init_value=peak, decay_rate=0.5, decay_period=2.5, staircase=True, steps=60),
            lrspec.Repeat(part=lrspec.Linear(init_value=peak, end_value=0.0, steps=4)),
            lrspec.presets.warmup_constant(peak_value=peak, warmup_steps=5),
            lrspec.Every(part=lrspec.Linear(init_value=peak, end_value=1e-3, steps=3), period=21),
            lrspec.Constant(value=peak),
        )
    ]


def sweep(last: int) -> list[lrspec.Node]:
    """4,096 schedules, of which some change as late as at step `last`."""
    late = [lrspec.PiecewiseConstant(boundaries=[3, 64, last], values=[p, p / 2, 0.0, 1e-37]) for p in PEAKS]
    return [*late[:40], *shapes(), *late[40:]]


def bits(numbers: Any) -> list[int]:
    patterns: list[int] = np.asarray(numbers, np.float32).view(np.uint32).tolist()
    return patterns


def alone(programs: list[Program], count: int) -> list[int]:
    return bits([clamped_evaluator.__wrapped__(program)(count) for program in programs])


@pytest.fixture(scope="module", params=["table", "polynomials"])
def nodes(request: pytest.FixtureRequest) -> list[lrspec.Node]:
    """Schedules that are evaluated in one way or in the other."""
    made = sweep(900 if request.param == "table" else 2**20)
    assert is_table(lrspec.optax.batch(made)) == (request.param == "table")
    return made


def is_table(batch: Any) -> bool:
    return bool(batch._tables.values.shape[-2])


@pytest.mark.parametrize("x64", [False, True])
def test_thousands_have_the_bits_of_each_alone(nodes: list[lrspec.Node], *, x64: bool) -> None:
    programs = [node.program for node in nodes]
    with enable_x64(x64):
        batch = lrspec.optax.batch(nodes)
        assert batch.shape == (len(nodes),) == (4096,)
        together = jax.jit(lambda batch, count: batch(count))
        mapped = jax.jit(jax.vmap(lambda schedule, count: schedule(count), in_axes=(0, None)))
        for count in COUNTS:
            wanted = alone(programs, count)
            for function in (together, mapped):
                rates = function(batch, count)
                assert rates.dtype == jnp.float32
                assert bits(rates) == wanted, count


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.long), 12])
def test_every_case_has_its_bits_in_a_batch_of_all(every: int) -> None:
    cases = [node for node in list(CASES.values())[::every] if len(node.program.segments) <= FEW]
    programs = [node.program for node in cases]
    counts = [*COUNTS, *np.random.default_rng(1).integers(0, 2**31, 8).tolist()]
    batch = lrspec.optax.batch(cases)
    function = jax.jit(lambda batch, counts: jax.vmap(batch)(counts))
    rates = np.asarray(function(batch, jnp.asarray(counts, jnp.int32)))
    for count, row in zip(counts, rates, strict=True):
        assert bits(row) == alone(programs, count), count


def test_a_scan_with_a_sweep_in_every_step(nodes: list[lrspec.Node]) -> None:
    some = nodes[:64]
    batch = lrspec.optax.batch(some)

    @jax.jit  # type: ignore[untyped-decorator]  # jax is untyped
    def run(batch: Any) -> Any:
        return lax.scan(lambda count, _: (count + 1, batch(count)), jnp.int32(0), None, length=70)[1]

    rates = np.asarray(run(batch))
    for count in range(70):
        assert bits(rates[count]) == alone([node.program for node in some], count)


def test_counts_of_each_schedule_and_of_all(nodes: list[lrspec.Node]) -> None:
    some = nodes[:40]
    batch = lrspec.optax.batch(some)
    own = np.arange(40)
    wanted = [node(int(count)) for node, count in zip(some, own, strict=True)]
    assert np.asarray(batch(own)).tolist() == wanted
    assert np.asarray(jax.vmap(lambda s, c: s(c))(batch, jnp.asarray(own))).tolist() == wanted
    grid = jax.vmap(batch)(jnp.arange(5))
    assert grid.shape == (5, 40)
    with pytest.raises(ValueError, match=r"counts of shape \(5,\) for schedules of shape \(40,\)"):
        batch(jnp.arange(5))
    with pytest.raises(TypeError, match="expected integers"):
        batch(0.5)


def test_steps_beyond_both_ends_are_clamped() -> None:
    node = lrspec.Linear(init_value=1.0, end_value=0.5, steps=4)
    batch = lrspec.optax.batch([node])
    big = np.array(2**40, np.int64)
    assert [float(batch(count)[0]) for count in (-1, -(2**40), 2**40, big, np.uint64(2**63))] == [
        1.0,
        1.0,
        0.5,
        0.5,
        0.5,
    ]
    with enable_x64(True):  # noqa: FBT003
        assert float(jax.jit(lambda b, c: b(c))(batch, jnp.asarray(2**40, jnp.int64))[0]) == 0.5


def test_one_schedule_of_a_batch_is_an_optax_schedule(nodes: list[lrspec.Node]) -> None:
    some = nodes[:16]
    batch = lrspec.optax.batch(some)
    gradient = {"w": -jnp.ones(3)}

    def update(schedule: Any, params: Any, state: Any) -> tuple[Any, Any]:
        updates, state = optax.sgd(schedule).update(gradient, state, params)
        return optax.apply_updates(params, updates), state

    params = {"w": jnp.zeros((16, 3))}
    states = jax.vmap(lambda schedule, params: optax.sgd(schedule).init(params))(batch, params)
    step = jax.jit(jax.vmap(update))
    for count in range(3):
        before = params["w"]
        params, states = step(batch, params, states)
        applied = np.array([node(count) for node in some], np.float32)
        assert np.array_equal(params["w"], before + applied[:, None])


def test_another_batch_of_the_shape_is_not_compiled_again() -> None:
    traced: list[None] = []

    @jax.jit  # type: ignore[untyped-decorator]  # jax is untyped
    def rates(batch: Any, count: Any) -> Any:
        traced.append(None)
        return batch(count)

    for peak in (0.5, 1.0, 2.0):
        lines = [lrspec.Linear(init_value=peak * k, end_value=0.0, steps=4) for k in (1, 2)]
        assert rates(lrspec.optax.batch(lines), 2).tolist() == [peak / 2, peak]
    assert len(traced) == 1


def test_a_batch_is_indexed_and_reshaped() -> None:
    lines = [lrspec.Linear(init_value=k, end_value=0.0, steps=4) for k in (1.0, 2.0, 3.0, 4.0)]
    batch = lrspec.optax.batch(lines)
    assert len(batch) == 4
    assert [float(schedule(2)) for schedule in batch] == [0.5, 1.0, 1.5, 2.0]
    assert batch[1:3](2).tolist() == [1.0, 1.5]
    assert batch[-1].shape == ()
    assert batch[-1](jnp.arange(3)).tolist() == [4.0, 3.0, 2.0]
    square = jax.tree_util.tree_map(lambda leaf: leaf.reshape(2, 2, *leaf.shape[1:]), batch)
    assert square(2).tolist() == [[0.5, 1.0], [1.5, 2.0]]
    with pytest.raises(IndexError, match="schedule 4 of a batch of 4"):
        _ = batch[4]


def test_what_is_no_schedule_is_refused() -> None:
    line = lrspec.Linear(init_value=1.0, end_value=0.0, steps=4)
    with pytest.raises(lrspec.SpecError, match="schedules: found none, expected at least one"):
        lrspec.optax.batch([])
    with pytest.raises(TypeError, match=r"schedules\[1\]: found 0.1, expected a schedule or a document"):
        lrspec.optax.batch([line, 0.1])  # type: ignore[list-item]
    several = {"lrspec": 1, "learning_rate": {"kind": "constant", "value": 0.1}}
    document = lrspec.from_dict(several | {"momentum": {"kind": "constant", "value": 0.9}})
    with pytest.raises(lrspec.UnsupportedError, match="momentum"):
        lrspec.optax.batch([document])
    assert lrspec.optax.batch([lrspec.from_dict(several)])(0).tolist() == [np.float32(0.1)]


def test_long_schedules_have_one_factor_and_their_bits() -> None:
    nodes = [lrspec.Cosine(init_value=k / 8, end_value=1e-3, steps=2**20) for k in range(1, 18)]
    batch = lrspec.optax.batch(nodes)
    assert not is_table(batch)
    assert batch._tables.scales.shape[2] == 1
    for count in (0, 1000, 2**19, 2**20 - 1, 2**31 - 1):
        assert bits(batch(count)) == alone([node.program for node in nodes], count), count
