"""PyTorch: the rates of many schedules as one tensor; each has the bits of its schedule alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import lrspec
from cases import CASES
from lrspec.evaluate import clamped_evaluator

FEW = 300
COUNTS = [0, 1, 7, 64, 1000, 2**20 + 1, 2**31 - 1]


def bits(numbers: Any) -> list[int]:
    patterns: list[int] = np.asarray(numbers, np.float32).view(np.uint32).tolist()
    return patterns


def sweep(size: int) -> list[lrspec.Node]:
    peaks = np.random.default_rng(0).uniform(1e-6, 10, size).astype(np.float32).tolist()
    return [lrspec.presets.warmup_linear(peak_value=peak, warmup_steps=3, decay_steps=8) for peak in peaks]


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.long), 12])
def test_every_case_has_its_bits_in_a_batch_of_all(every: int) -> None:
    cases = [node for node in list(CASES.values())[::every] if len(node.program.segments) <= FEW]
    batch = lrspec.torch.batch(cases)
    for count in [*COUNTS, *np.random.default_rng(1).integers(0, 2**31, 8).tolist()]:
        wanted = bits([clamped_evaluator(node.program)(count) for node in cases])
        assert bits(batch(count)) == wanted, count


def test_a_compiled_function_has_the_same_rates() -> None:
    nodes = sweep(1000)
    batch = lrspec.torch.batch(nodes)
    compiled = torch.compile(batch, backend="aot_eager", fullgraph=True)
    for count in (0, 2, 3, 7, 11, 2**31 - 1, -1):
        wanted = [clamped_evaluator(node.program)(count) for node in nodes]
        assert compiled(torch.tensor(count)).tolist() == batch(count).tolist() == wanted
    own = torch.arange(1000) % 13
    assert batch(own).tolist() == [node(count) for node, count in zip(nodes, own.tolist(), strict=True)]


def test_an_ensemble_under_vmap_uses_each_rate() -> None:
    nodes = sweep(8)
    batch = lrspec.torch.batch(nodes)
    weights = torch.ones(8, 3)

    def update(weight: torch.Tensor, rate: torch.Tensor) -> torch.Tensor:
        return weight - rate * torch.func.grad(lambda w: w.sum())(weight)

    updated = torch.func.vmap(update)(weights, batch(3))
    assert torch.equal(updated, weights - torch.tensor([node(3) for node in nodes])[:, None])


def test_one_tensor_holds_the_rates_of_a_thousand_groups() -> None:
    nodes = sweep(1000)
    batch, rates = lrspec.torch.batch(nodes), torch.zeros(1000)
    parameters = [torch.zeros(1, requires_grad=True) for _ in nodes]
    groups = [{"params": [p], "lr": rates[place]} for place, p in enumerate(parameters)]
    optimizer = torch.optim.SGD(groups, foreach=False)
    wanted = np.zeros(1000, np.float32)
    for count in range(4):
        rates.copy_(batch(count))
        for parameter in parameters:
            parameter.grad = -torch.ones(1)
        optimizer.step()
        wanted += np.array([node(count) for node in nodes], np.float32)
    assert [parameter.item() for parameter in parameters] == wanted.tolist()


def test_tables_follow_no_dtype_and_are_not_saved() -> None:
    nodes = sweep(3)
    model = torch.nn.Sequential(lrspec.torch.batch(nodes)).half()
    assert model[0](5).tolist() == [node(5) for node in nodes]
    assert not model.state_dict()


def test_what_is_no_step_is_refused() -> None:
    batch = lrspec.torch.batch(sweep(3))
    for step, name in ((0.5, "float"), (torch.tensor(0.5), "torch.float32"), (torch.tensor([True])[0], "torch.bool")):
        with pytest.raises(TypeError, match=f"a step of {name}: expected integers"):
            batch(step)
    with pytest.raises(ValueError, match=r"steps of shape \(2,\): expected one, or one for each of 3 schedules"):
        batch(torch.tensor([1, 2]))


def test_long_schedules_have_one_factor_and_their_bits() -> None:
    nodes = [lrspec.Cosine(init_value=k / 8, end_value=1e-3, steps=2**20) for k in range(1, 18)]
    batch = lrspec.torch.batch(nodes)
    assert batch.scales.shape[2] == 1
    for count in (0, 1000, 2**19, 2**20 - 1):
        assert batch(count).tolist() == [node(count) for node in nodes], count
