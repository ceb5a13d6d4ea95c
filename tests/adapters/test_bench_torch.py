"""The benchmark steps schedulers as a training loop does: without a warning."""

from __future__ import annotations

import pytest

from bench import rows_scale, rows_torch
from bench.measure import Pair


@pytest.mark.parametrize("groups", [1, 3])
def test_the_benchmark_of_torch_warns_of_nothing(groups: int) -> None:
    pairs: list[Pair] = [rows_torch.one_rate(groups), rows_torch.own_rates(groups), rows_torch.tensor_rate()]
    for pair in [*pairs, rows_scale.schedulers(groups)]:
        assert callable(pair.ours)
        assert callable(pair.native)
        pair.ours()
        pair.native()
