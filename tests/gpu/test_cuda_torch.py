"""PyTorch on CUDA: optimizers that keep their rate on the device, captured graphs, and compiled steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import lrspec
from lrspec.adapters.tensors_torch import evaluator

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)
DEVICE = torch.device("cuda")


def parameter() -> torch.Tensor:
    made = torch.zeros(1, device=DEVICE, requires_grad=True)
    made.grad = -torch.ones_like(made)
    return made


def take(applied: torch.Tensor) -> float:
    """Return what was added to a parameter of 0, and put it back to 0."""
    with torch.no_grad():
        found = float(applied)
        applied.zero_()
    return found


@pytest.mark.parametrize("options", [{"fused": True}, {"foreach": True}, {"foreach": False}], ids=str)
@pytest.mark.parametrize("device", ["cuda", "cpu", "float"])
def test_sgd_applies_the_bits(options: dict[str, bool], device: str) -> None:
    rate: Any = 1.0 if device == "float" else torch.zeros((), device=device)
    if options.get("foreach") and device != "float":
        pytest.skip("torch itself refuses a tensor rate with foreach where the optimizer is not capturable")
    held = parameter()
    optimizer = torch.optim.SGD([held], lr=rate, **options)
    scheduler = SCHEDULE.to_torch(optimizer)
    for step in range(120):
        optimizer.step()
        assert take(held) == SCHEDULE(step)
        scheduler.step()
    if device != "float":
        assert optimizer.param_groups[0]["lr"] is rate
        assert (rate.device.type, rate.dtype) == (device, torch.float32)


@pytest.mark.parametrize("kind", ["Adam", "AdamW"])
def test_a_capturable_optimizer_keeps_its_rate_on_the_device(kind: str) -> None:
    rate = torch.zeros((), device=DEVICE)
    optimizer = getattr(torch.optim, kind)([parameter()], lr=rate, capturable=True)
    scheduler = SCHEDULE.to_torch(optimizer)
    for step in range(120):
        assert float(rate) == SCHEDULE(step)
        optimizer.step()
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] is rate


def test_a_captured_graph_replays_with_the_rate_of_the_step() -> None:
    held = parameter()
    rate = torch.zeros((), device=DEVICE)
    optimizer = torch.optim.SGD([held], lr=rate, fused=True)
    scheduler = SCHEDULE.to_torch(optimizer)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        optimizer.step()  # the warm-up that capturing asks for
    torch.cuda.current_stream().wait_stream(side)
    take(held)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        optimizer.step()
    for step in range(120):
        graph.replay()
        assert take(held) == SCHEDULE(step)
        scheduler.step()


def test_a_compiled_step_is_compiled_once() -> None:
    held = parameter()
    optimizer = torch.optim.SGD([held], lr=torch.zeros((), device=DEVICE))
    scheduler = SCHEDULE.to_torch(optimizer)
    torch.compiler.reset()
    step_function = torch.compile(optimizer.step)
    step_function()
    assert take(held) == SCHEDULE(0)
    with torch._dynamo.config.patch(error_on_recompile=True):
        for step in range(1, 1000):
            scheduler.step()
            step_function()
            assert take(held) == SCHEDULE(step)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_million_steps_at_once_are_numpys_bits(*, compiled: bool) -> None:
    torch.compiler.reset()
    function = evaluator(SCHEDULE.program, DEVICE)
    function = torch.compile(function, fullgraph=True) if compiled else function
    found = function(torch.arange(1 << 20, device=DEVICE)).cpu().numpy()
    assert np.array_equal(found.view(np.int32), SCHEDULE.values(0, 1 << 20).view(np.int32))


def test_a_checkpoint_of_the_device_goes_on_elsewhere(tmp_path: Any) -> None:
    optimizer = torch.optim.Adam([parameter()], lr=torch.zeros((), device=DEVICE), capturable=True)
    scheduler = SCHEDULE.to_torch(optimizer)
    for _ in range(37):
        optimizer.step()
        scheduler.step()
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, tmp_path / "run.pt")
    saved = torch.load(tmp_path / "run.pt", weights_only=True, map_location="cpu")
    fresh = torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    resumed = SCHEDULE.to_torch(fresh)
    resumed.load_state_dict(saved["scheduler"])
    assert fresh.param_groups[0]["lr"] == SCHEDULE(37) == float(optimizer.param_groups[0]["lr"])
