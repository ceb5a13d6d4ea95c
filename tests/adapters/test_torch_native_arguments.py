"""PyTorch's schedulers by the arguments of their constructors: the same as the objects that torch builds of them."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from typing import Any

import pytest
from torch.optim import lr_scheduler as native
from torch.optim.swa_utils import SWALR

import lrspec
from lrspec.readers.decimals import in_decimals
from lrspec.readers.torch.arguments import defaults_of, from_arguments
from lrspec.readers.torch.composed import COMPOSED
from lrspec.readers.torch.description import REQUIRED
from lrspec.readers.torch.schedulers import SCHEDULERS
from torch_steps import VERSION, optimizer_with, stepped

pytestmark = [
    pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning"),  # SequentialLR before torch 2.9
    pytest.mark.filterwarnings("ignore:Detected call of .lr_scheduler.step:UserWarning"),
]
Arguments = dict[str, Any]
LISTED = {name for name in native.__all__ if not name.startswith("_")} | {"SWALR"}


def class_of(name: str) -> Any:
    return SWALR if name == "SWALR" else getattr(native, name)


def built(name: str, arguments: Arguments, optimizer: Any) -> Any:
    """What torch itself builds of the arguments."""
    if name not in COMPOSED:
        return class_of(name)(optimizer, **arguments)
    children = [built(inner, own, optimizer) for inner, own in arguments["schedulers"]]
    if name == "ChainedScheduler":
        return native.ChainedScheduler(children)
    return native.SequentialLR(optimizer, children, arguments["milestones"])


def test_every_class_is_in_the_table_with_the_arguments_and_the_defaults_of_torch() -> None:
    assert set(SCHEDULERS) | set(COMPOSED) | {"LRScheduler"} == LISTED
    for name, found in SCHEDULERS.items():
        parameters = inspect.signature(class_of(name)).parameters
        wanted = {
            key: value.default for key, value in parameters.items() if key not in {"optimizer", "last_epoch", "verbose"}
        }
        assert list(found.arguments) == list(wanted)
        for key, default in found.arguments.items():
            assert (default is REQUIRED) == (wanted[key] is inspect.Parameter.empty)
            assert (
                default is REQUIRED or (default == wanted[key] and type(default) is not bool) or default is wanted[key]
            )


def drawn(rng: random.Random, *, factor: bool = False) -> tuple[str, Arguments]:
    """A class with some arguments that torch takes, among them those that are at an edge."""
    pick = rng.choice
    rows: dict[str, Arguments] = {
        "StepLR": {"step_size": pick([1, 7, 30, 2.5]), "gamma": pick([0.1, 0.5, 1.0, 0.0])},
        "MultiStepLR": {"milestones": pick([[], [3, 9], [0, 4, 4], [-1, 2.5, 8]]), "gamma": pick([0.1, 0.3])},
        "ConstantLR": {"factor": pick([1 / 3, 0.5, 1]), "total_iters": pick([0, 1, 12, 2.5])},
        "LinearLR": {
            "start_factor": pick([1 / 3, 1e-3, 1]),
            "end_factor": pick([1.0, 0.5, 0]),
            "total_iters": pick([0, 1, 12, 2.5]),
        },
        "ExponentialLR": {"gamma": pick([0.9, 0.99, 1, 0.0])},
        "PolynomialLR": {"total_iters": pick([0, 12, 2.5]), "power": pick([1.0, 2, 0.9, 0])},
        "CosineAnnealingLR": {"T_max": pick([1, 17, 7.5]), "eta_min": pick([0, 1e-3, 0.3])},
        "CosineAnnealingWarmRestarts": {"T_0": pick([1, 5]), "T_mult": pick([1, 2]), "eta_min": pick([0, 1e-3])},
        "CyclicLR": {
            "base_lr": pick([0.01, 1e-4]),
            "max_lr": pick([0.1, 1]),
            "step_size_up": pick([3, 5]),
            "step_size_down": pick([None, 4, 2.5]),
            "mode": pick(["triangular", "triangular2"]),
            "cycle_momentum": False,
        },
        "OneCycleLR": {
            "max_lr": pick([0.1, 1]),
            **pick([{"total_steps": 60}, {"epochs": 12, "steps_per_epoch": 5}]),
            "pct_start": pick([0.3, 0.25, 0.0]),
            "anneal_strategy": pick(["cos", "linear"]),
            "three_phase": pick([True, False]),
            "div_factor": pick([25, 10.0]),
            "final_div_factor": pick([1e4, 3]),
            "cycle_momentum": False,
        },
        "SWALR": {
            "swa_lr": pick([0.05, 1]),
            "anneal_epochs": pick([0, 10]),
            "anneal_strategy": pick(["cos", "linear"]),
        },
    }
    names = [name for name in rows if SCHEDULERS[name].is_factor or not factor]
    name = pick(names)
    kept = {
        key: value
        for key, value in rows[name].items()
        if SCHEDULERS[name].arguments[key] is REQUIRED or rng.random() < 0.7
    }
    if name == "OneCycleLR" and not {"total_steps", "epochs"} & set(kept):
        kept["total_steps"] = 60
    if name == "OneCycleLR" and "epochs" in rows[name]:
        kept |= {key: rows[name][key] for key in ("epochs", "steps_per_epoch")}
    return name, kept | {key: False for key in ("cycle_momentum",) if key in rows[name]}


def composed(rng: random.Random) -> tuple[str, Arguments]:
    if rng.random() < 0.4:
        return "ChainedScheduler", {"schedulers": [drawn(rng, factor=True) for _ in range(rng.randint(1, 3))]}
    children = [drawn(rng) for _ in range(rng.randint(1, 4))]
    return "SequentialLR", {"schedulers": children, "milestones": sorted(rng.sample(range(1, 40), len(children) - 1))}


def outcome(read: Callable[[], Any]) -> Any:
    """What a reading gives, or why it is refused."""
    try:
        return read()
    except lrspec.UnsupportedError as error:
        return str(error)


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("draw", [drawn, composed])
def test_arguments_are_read_as_the_object_that_torch_builds_of_them(draw: Any, seed: int) -> None:
    """What is read of both is the same; arguments of which no object tells are refused sooner, never later."""
    name, arguments = draw(random.Random(seed))  # noqa: S311 - of test cases
    ours = outcome(lambda: in_decimals(from_arguments(name, arguments, 0.1).node))
    theirs = outcome(lambda: lrspec.read_native(built(name, arguments, optimizer_with(0.1))).schedule.node)
    sooner = "not what it is by itself" in str(ours) or "without an end it has no short form" in str(theirs)
    older = VERSION < (2, 13) and "together its parts do not" in str(theirs)
    if not sooner and not older:
        assert ours == theirs


@pytest.mark.parametrize(
    ("schedulers", "milestones", "message"),
    [
        ([("StepLR", {"step_size": 3}), ("LinearLR", {"total_iters": 0})], [4], "LinearLR .* as child 1"),
        ([("StepLR", {"step_size": 3}), ("MultiStepLR", {"milestones": [-1]})], [4], "MultiStepLR .* as child 1"),
        (
            [("OneCycleLR", {"max_lr": 0.1, "total_steps": 9, "cycle_momentum": False}), ("ConstantLR", {})],
            [10],
            "OneC",
        ),
        ([("StepLR", {"step_size": 3}), ("ConstantLR", {})], [0], "a milestone of 0: versions of torch differ"),
        (
            [("SequentialLR", {"schedulers": [("ConstantLR", {})], "milestones": []}), ("ConstantLR", {})],
            [4],
            "a SequentialLR inside another one: versions of torch differ",
        ),
    ],
)
def test_a_sequence_of_which_only_the_object_would_tell_is_refused(
    schedulers: list[Any], milestones: list[int], message: str
) -> None:
    with pytest.raises(lrspec.UnsupportedError, match=message):
        from_arguments("SequentialLR", {"schedulers": schedulers, "milestones": milestones}, 0.1)


def test_a_momentum_that_cycles_is_read_of_arguments_too() -> None:
    optimizer = optimizer_with(0.1)
    scheduler = native.OneCycleLR(optimizer, 0.2, 40)
    momentum = from_arguments("OneCycleLR", {"max_lr": 0.2, "total_steps": 40}, 0.1).momentum
    assert momentum is not None
    for step in range(40):
        assert abs(momentum.exact(step) - optimizer.param_groups[0]["momentum"]) < 1e-14
        stepped(scheduler, optimizer, 1)


@pytest.mark.parametrize(
    ("name", "arguments", "path"),
    [
        ("ConstantLR", {"factor": 1.5}, "factor"),
        ("LinearLR", {"start_factor": 0.0}, "start_factor"),
        ("LinearLR", {"end_factor": 1.5}, "end_factor"),
        ("CosineAnnealingWarmRestarts", {"T_0": 0}, "T_0"),
        ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 1.5}, "T_mult"),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "mode": "square"}, "mode"),
        ("OneCycleLR", {"max_lr": 0.1}, "epochs"),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 0}, "total_steps"),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 9, "pct_start": 1}, "pct_start"),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 9, "anneal_strategy": "cosine"}, "anneal_strategy"),
        ("SWALR", {"swa_lr": 0.1, "anneal_strategy": "cosine"}, "anneal_strategy"),
        ("StepLR", {}, "step_size"),
        ("StepLR", {"step_size": 3, "gama": 0.5}, "gama"),
        ("SequentialLR", {"schedulers": [("StepLR", {"step_size": 3})], "milestones": [4]}, "milestones"),
        ("ChainedScheduler", {"schedulers": []}, "schedulers"),
    ],
)
def test_arguments_that_torch_refuses_are_refused_by_name(name: str, arguments: Arguments, path: str) -> None:
    with pytest.raises(lrspec.SpecError) as caught:
        from_arguments(name, arguments, 0.1)
    assert caught.value.path == path
    with pytest.raises((ValueError, TypeError)):
        built(name, arguments, optimizer_with(0.1))


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"gamma": "0.9"}, "gamma"),
        ({"gamma": True}, "gamma"),
        ({"gamma": None}, "gamma"),
        ({"gamma": 0.9, "last_epoch": 3}, "last_epoch"),
    ],
)
def test_arguments_of_another_type_are_refused(arguments: Arguments, path: str) -> None:
    inside = {"schedulers": [("ExponentialLR", arguments)]}
    with pytest.raises(lrspec.SpecError, match=rf"schedulers\[0\]\.{path}: found"):
        from_arguments("ChainedScheduler", inside, 0.1)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("LambdaLR", {"lr_lambda": "mine.curve"}, "a function is code"),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "scale_fn": "mine.scale"}, "code"),
        ("ReduceLROnPlateau", {"patience": 3}, r"PlateauRule\.torch\(mode='min', factor=0\.1, patience=3, .*min_lr=0"),
        ("LRFinder", {}, "not one of torch's own schedulers, which are LambdaLR, "),
    ],
)
def test_what_is_no_schedule_is_refused(name: str, arguments: Arguments, message: str) -> None:
    with pytest.raises(lrspec.UnsupportedError, match=message):
        from_arguments(name, arguments, 0.1)


def test_the_defaults_that_were_filled_in() -> None:
    assert defaults_of("PolynomialLR", {"power": 2.0}) == {"total_iters": 5}
    assert defaults_of("StepLR", {"step_size": 5}) == {"gamma": 0.1}
    assert defaults_of("SequentialLR", {}) == {}
