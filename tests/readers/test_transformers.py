"""What `transformers.get_scheduler` returns, read: against its formulas in mpmath, and against its own steps."""

from fractions import Fraction
from functools import partial
from typing import Any

import pytest
import torch
from transformers import SchedulerType, get_scheduler
from transformers.optimization import AdafactorSchedule, GreedyLR

import lrspec
from lrspec import UnsupportedError
from lrspec.kinds import Cosine
from lrspec.readers import read_native
from lrspec.readers.param_groups import nodes_of
from lrspec.readers.reading import MismatchError, exact_values
from reader_rows import Formula, check_formula, check_live, cos01, mp, optimizer, rates_of, share

RATES = (0.1, 0.03)
STEPS = 130


def up(t: int, warmup: float, then: Formula) -> Any:
    """Return a linear warmup, and then a formula of the step."""
    return share(t, warmup) if t < warmup else then(t)


def down(t: int, warmup: float, total: float, power: Any = 1) -> Any:
    return (1 - share(min(t, total) - mp.mpf(warmup), mp.mpf(total) - mp.mpf(warmup))) ** power


def wave(t: int, warmup: int, steps: int, cycles: Any = 0.5, low: Any = 0) -> Any:
    return low + (1 - mp.mpf(low)) * cos01(2 * mp.mpf(str(cycles)) * share(t - warmup, steps))


def saw(t: int, warmup: int, total: int, cycles: int) -> Any:
    if t >= total:
        return 0
    turns = Fraction((t - warmup) * cycles, total - warmup)
    return cos01(share((turns % 1).numerator, (turns % 1).denominator))


def to_low(low: Any, factor: Any) -> Any:
    return low + (1 - mp.mpf(low)) * factor


def stable(t: int, rise: Formula, fall: Formula, low: Any, ends: tuple[int, int, int]) -> Any:
    if t < ends[0]:
        return to_low(low, rise(t))
    if t < ends[1]:
        return 1
    return to_low(low, fall(t - ends[1])) if t < ends[2] else low


TENTH = mp.mpf(0.1)
Row = tuple[str, float | None, int | None, dict[str, Any], Formula]
ROWS: dict[str, Row] = {
    "constant": ("constant", None, None, {}, lambda _: 1),
    "constant_with_warmup": ("constant_with_warmup", 10, None, {}, lambda t: up(t, 10, lambda _: 1)),
    "constant_with_warmup of 0": ("constant_with_warmup", 0, None, {}, lambda _: 1),
    "linear": ("linear", 10, 100, {}, lambda t: up(t, 10, lambda t: down(t, 10, 100))),
    "linear without warmup": ("linear", 0, 100, {}, lambda t: down(t, 0, 100)),
    "linear, all warmup": ("linear", 10, 10, {}, lambda t: up(t, 10, lambda _: 0)),
    "linear, more warmup than steps": ("linear", 20, 10, {}, lambda t: up(t, 20, lambda _: 0)),
    "linear, warmup of 2.5": ("linear", 2.5, 40, {}, lambda t: up(t, 2.5, lambda t: down(t, 2.5, 40))),
    "linear, warmup of half a step": ("linear", 0.5, 7, {}, lambda t: up(t, 0.5, lambda t: down(t, 0.5, 7))),
    "linear of 0 steps": ("linear", 0, 0, {}, lambda _: 0),
    "cosine rises again": ("cosine", 10, 60, {}, lambda t: up(t, 10, lambda t: wave(t, 10, 50))),
    "cosine, 1.5 cycles": ("cosine", 10, 61, {"num_cycles": 1.5}, lambda t: up(t, 10, lambda t: wave(t, 10, 51, 1.5))),
    "cosine, 0.3 cycles": ("cosine", 10, 100, {"num_cycles": 0.3}, lambda t: up(t, 10, lambda t: wave(t, 10, 90, 0.3))),
    "cosine, 0 cycles": ("cosine", 5, 60, {"num_cycles": 0}, lambda t: up(t, 5, lambda _: 1)),
    "cosine of 0 steps": ("cosine", 0, 0, {}, lambda t: 1 - t % 2),
    "cosine_with_restarts": (
        "cosine_with_restarts", 10, 100, {"num_cycles": 3}, lambda t: up(t, 10, lambda t: saw(t, 10, 100, 3)),
    ),
    "cosine_with_restarts, 1 cycle": (
        "cosine_with_restarts", 4, 100, {}, lambda t: up(t, 4, lambda t: saw(t, 4, 100, 1)),
    ),
    "cosine_with_restarts, uneven": ("cosine_with_restarts", 0, 100, {"num_cycles": 7}, lambda t: saw(t, 0, 100, 7)),
    "polynomial": (
        "polynomial", 10, 100, {}, lambda t: up(t, 10, lambda t: to_low(mp.mpf(1e-7) / TENTH, down(t, 10, 100))),
    ),
    "polynomial, power 2": (
        "polynomial", 10, 100, {"power": 2.0, "lr_end": 1e-3},
        lambda t: up(t, 10, lambda t: to_low(mp.mpf(1e-3) / TENTH, down(t, 10, 100, 2))),
    ),
    "polynomial, power 0.5": (
        "polynomial", 0, 100, {"power": 0.5, "lr_end": 1e-3},
        lambda t: to_low(mp.mpf(1e-3) / TENTH, mp.sqrt(down(t, 0, 100))),
    ),
    "polynomial, power 0": (
        "polynomial", 0, 50, {"power": 0, "lr_end": 1e-3}, lambda t: 1 if t <= 50 else mp.mpf(1e-3) / TENTH,
    ),
    "polynomial, more warmup than steps": (
        "polynomial", 20, 10, {"lr_end": 1e-3}, lambda t: up(t, 20, lambda _: mp.mpf(1e-3) / TENTH),
    ),
    "inverse_sqrt": ("inverse_sqrt", 30, None, {}, lambda t: up(t, 30, lambda t: mp.sqrt(share(30, t)))),
    "inverse_sqrt without warmup": ("inverse_sqrt", 0, None, {}, lambda t: mp.sqrt(share(10000, t + 10000))),
    "inverse_sqrt, timescale": (
        "inverse_sqrt", 10, None, {"timescale": 50}, lambda t: up(t, 10, lambda t: mp.sqrt(share(50, t + 40))),
    ),
    "cosine_with_min_lr": (
        "cosine_with_min_lr", 10, 60, {"min_lr": 1e-3},
        lambda t: up(t, 10, lambda t: wave(t, 10, 50, low=mp.mpf(1e-3) / TENTH)),
    ),
    "cosine_with_min_lr, rate": (
        "cosine_with_min_lr", 0, 60, {"min_lr_rate": 0.25}, lambda t: wave(t, 0, 60, low=0.25),
    ),
    "cosine_warmup_with_min_lr": (
        "cosine_warmup_with_min_lr", 10, 60, {"min_lr_rate": 0.25},
        lambda t: share(t + 1, 10) if t < 10 else wave(t + 1, 10, 50, low=0.25),
    ),
    "cosine_warmup_with_min_lr, first rate": (
        "cosine_warmup_with_min_lr", 10, 60, {"min_lr_rate": 0.25, "warmup_lr_rate": 0.5},
        lambda t: to_low(0.5, share(t, 9)) if t < 10 else wave(t + 1, 10, 50, low=0.25),
    ),
    "cosine_warmup_with_min_lr, warmup of 1": (
        "cosine_warmup_with_min_lr", 1, 60, {"min_lr_rate": 0.25, "warmup_lr_rate": 0.5},
        lambda t: 0.5 if t == 0 else wave(t + 1, 1, 59, low=0.25),
    ),
    "cosine_warmup_with_min_lr without steps": (
        "cosine_warmup_with_min_lr", 5, 5, {"min_lr_rate": 0.25},
        lambda t: share(t + 1, 5) if t < 5 else (0.25 if t % 2 else 1),
    ),
    "warmup_stable_decay": (
        "warmup_stable_decay", 10, 100, {"num_decay_steps": 20},
        lambda t: stable(t, lambda t: share(t, 10), lambda u: cos01(share(u, 20)), 0, (10, 80, 100)),
    ),
    "warmup_stable_decay, 1-sqrt": (
        "warmup_stable_decay", 10, 100,
        {"num_decay_steps": 20, "warmup_type": "1-sqrt", "decay_type": "1-sqrt", "min_lr_ratio": 0.25},
        lambda t: stable(
            t, lambda t: 1 - mp.sqrt(1 - share(t, 10)), lambda u: 1 - mp.sqrt(share(u, 20)), 0.25, (10, 80, 100)
        ),
    ),
    "warmup_stable_decay, cosine and linear": (
        "warmup_stable_decay", 10, None,
        {"num_decay_steps": 20, "num_stable_steps": 30, "warmup_type": "cosine", "decay_type": "linear"},
        lambda t: stable(t, lambda t: 1 - cos01(share(t, 10)), lambda u: 1 - share(u, 20), 0, (10, 40, 60)),
    ),
    "warmup_stable_decay, cut off by a jump": (
        "warmup_stable_decay", 0, 60, {"num_decay_steps": 40, "num_cycles": 1.0, "min_lr_ratio": 0.25},
        lambda t: stable(t, lambda _: 0, lambda u: cos01(share(2 * u, 40)), 0.25, (0, 20, 60)),
    ),
    "warmup_stable_decay, decay longer than the run": (
        "warmup_stable_decay", 0, 10, {"num_decay_steps": 20, "min_lr_ratio": 0.25},
        lambda t: to_low(0.25, cos01(share(t + 10, 20))) if t < 10 else 0.25,
    ),
    "warmup_stable_decay without decay": (
        "warmup_stable_decay", 0, 10, {"num_decay_steps": 0, "min_lr_ratio": 0.25}, lambda t: 1 if t < 10 else 0.25,
    ),
}  # fmt: skip
ids = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())


def made(row: Row, *rates: float) -> Any:
    name, warmup, total, more, _ = row
    return get_scheduler(name, optimizer(*rates), warmup, total, scheduler_specific_kwargs=more)


def times(base: float, formula: Formula, t: int) -> Any:
    return mp.mpf(base) * formula(t)


def stepped(scheduler: Any, k: int) -> None:
    if k:
        scheduler.optimizer.step()
        scheduler.step()


@ids
def test_formula(row: Row) -> None:
    reading = read_native(made(row, *RATES))
    check_formula(reading, [partial(times, base, row[-1]) for base in RATES], STEPS)
    assert reading.framework == "transformers"
    assert reading.construct == row[0]
    assert reading.position == 0
    assert reading.checked_steps >= 64
    assert reading.largest_difference < 1e-14
    assert len(reading.conventions) >= 2


@ids
def test_live_steps(row: Row) -> None:
    scheduler = made(row, *RATES)
    reading = read_native(scheduler)
    check_live(reading, rates_of(scheduler.optimizer, partial(stepped, scheduler), STEPS))


@ids
def test_mid_training(row: Row) -> None:
    scheduler = made(row, *RATES)
    fresh = read_native(scheduler)
    for k in range(1, 38):
        stepped(scheduler, k)
    reading = read_native(scheduler)
    assert reading.schedule == fresh.schedule
    assert reading.position == 37
    node = nodes_of(reading.schedule, 2)[1]
    assert exact_values(node, [37])[0] == pytest.approx(scheduler.get_last_lr()[1], rel=1e-12, abs=1e-18)


@ids
def test_values_compile(row: Row) -> None:
    schedule = lrspec.from_native(made(row, 0.1))
    found = schedule.values(0, STEPS)
    expected = [float(mp.mpf(0.1) * row[-1](t)) for t in range(STEPS)]
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-16)


def test_every_scheduler_type_has_a_row_or_is_refused() -> None:
    refused = {"reduce_lr_on_plateau", "greedy"}
    assert {row[0] for row in ROWS.values()} | refused == {kind.value for kind in SchedulerType}


@pytest.mark.parametrize(
    ("native", "words"),
    [
        (lambda: get_scheduler("reduce_lr_on_plateau", optimizer(0.1)), "ReduceLROnPlateau"),
        (lambda: GreedyLR(optimizer(0.1)), "GreedyLR.*metric"),
        (lambda: AdafactorSchedule(optimizer(0.1)), "AdafactorSchedule"),
        (lambda: get_scheduler("polynomial", optimizer(0.1), 10, 10), "polynomial.*divides by 0 at step 10"),
        (lambda: get_scheduler("polynomial", optimizer(0.1), 0, 10, {"power": -1}), "polynomial.*power=-1.*sample=N"),
        (lambda: get_scheduler("linear", optimizer(0.1), -3, 10), "linear.*num_warmup_steps=-3, below 0.*sample=N"),
        (lambda: get_scheduler("inverse_sqrt", optimizer(0.1), 5, None, {"timescale": -4}), "timescale=-4"),
        (lambda: get_scheduler("cosine_with_restarts", optimizer(0.1), 0, 9, {"num_cycles": 20}), "sample=N"),
        (lambda: get_scheduler("cosine_with_min_lr", optimizer(0.1), 0, 9, {"min_lr_rate": -0.1}), "below 0"),
    ],
)
def test_refused(native: Any, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        lrspec.from_native(native())


def test_sampled() -> None:
    scheduler = get_scheduler("linear", optimizer(*RATES), -3, 10)
    reading = read_native(scheduler, sample=20)
    check_live(reading, rates_of(scheduler.optimizer, partial(stepped, scheduler), 20), 1e-15)
    assert "below 0" in " ".join(reading.conventions)


def test_a_function_of_the_users_beside_one_of_transformers_is_refused() -> None:
    made_by_transformers = get_scheduler("linear", optimizer(0.1), 5, 10).lr_lambdas[0]
    mixed = torch.optim.lr_scheduler.LambdaLR(optimizer(*RATES), [made_by_transformers, lambda _: 0.5])
    with pytest.raises(UnsupportedError, match="code"):
        lrspec.from_native(mixed)
    assert nodes_of(lrspec.from_native(mixed, sample=12), 2)[1](3) == pytest.approx(0.015)


def test_a_rate_that_is_rounding_where_the_formula_is_0_is_on_its_way() -> None:
    scheduler = get_scheduler("cosine", optimizer(0.1), 5, 50, {"num_cycles": 1.5})
    for k in range(1, 51):
        stepped(scheduler, k)
        assert read_native(scheduler).position == k


def test_a_rate_that_is_off_is_an_error() -> None:
    scheduler = get_scheduler("cosine", optimizer(0.1), 5, 50)
    for k in range(1, 9):
        stepped(scheduler, k)
    scheduler.optimizer.param_groups[0]["lr"] *= 2
    with pytest.raises(MismatchError, match=r"cosine at step 8: .*group 0") as caught:
        lrspec.from_native(scheduler)
    assert caught.value.reading.schedule == lrspec.from_native(get_scheduler("cosine", optimizer(0.1), 5, 50))


def test_a_function_that_is_not_what_it_is_called_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = get_scheduler("linear", optimizer(0.1), 5, 50)

    def halved(step: int, *, num_warmup_steps: int, num_training_steps: int) -> float:
        return 0.5 * max(0.0, (num_training_steps - step) / (num_training_steps - num_warmup_steps))

    inner = scheduler.lr_lambdas[0]
    halved.__module__, halved.__qualname__ = inner.func.__module__, inner.func.__qualname__
    monkeypatch.setattr(scheduler, "lr_lambdas", [partial(halved, **inner.keywords)])
    with pytest.raises(MismatchError, match="linear was read as"):
        lrspec.from_native(scheduler)


def test_closures_of_older_versions() -> None:
    def get_cosine_schedule_with_warmup(num_warmup_steps: int, num_training_steps: int, num_cycles: float) -> Any:
        def lr_lambda(current_step: int) -> float:
            if current_step < num_warmup_steps:
                return current_step / max(1, num_warmup_steps)
            progress = (current_step - num_warmup_steps) / max(1, num_training_steps - num_warmup_steps)
            return max(0.0, float(cos01(2 * num_cycles * progress)))

        lr_lambda.__module__ = "transformers.optimization"
        lr_lambda.__qualname__ = "get_cosine_schedule_with_warmup.<locals>.lr_lambda"
        return lr_lambda

    old = torch.optim.lr_scheduler.LambdaLR(optimizer(0.1), get_cosine_schedule_with_warmup(5, 50, 0.5))
    assert lrspec.from_native(old) == lrspec.from_native(get_scheduler("cosine", optimizer(0.1), 5, 50))


class Floor(torch.optim.lr_scheduler.LambdaLR):  # type: ignore[misc]  # untyped where torch is not installed
    """A user's own class, which holds a function of transformers."""

    def get_lr(self) -> list[float]:
        return [max(rate, 0.05) for rate in super().get_lr()]


def test_a_class_of_the_users_with_a_function_of_transformers_is_code() -> None:
    function = get_scheduler("linear", optimizer(0.1), 5, 50).lr_lambdas[0]
    with pytest.raises(UnsupportedError, match=r"Floor is not supported: .* code"):
        lrspec.from_native(Floor(optimizer(0.1), function))
    read = lrspec.from_native(Floor(optimizer(0.1), function), sample=60)
    assert [read(step) for step in (5, 50)] == pytest.approx([0.1, 0.05])


def test_conventions_say_what_was_mapped() -> None:
    cosine = read_native(get_scheduler("cosine", optimizer(0.1), 5, 50))
    assert any("includes the warmup" in note for note in cosine.conventions)
    assert any("not held: after it the cosine goes on" in note for note in cosine.conventions)
    assert isinstance(cosine.schedule.node.parts[1], Cosine)  # type: ignore[attr-defined]
    minimum = read_native(get_scheduler("cosine_with_min_lr", optimizer(*RATES), 5, 50, {"min_lr": 1e-3}))
    assert any("share of the optimizer's default lr" in note for note in minimum.conventions)
    polynomial = read_native(get_scheduler("polynomial", optimizer(*RATES), 5, 50, {"lr_end": 0.05}))
    assert any("default lr, 0.1; this group comes to 0.015" in note for note in polynomial.conventions)


def test_names_of_groups_are_kept() -> None:
    named = optimizer(*RATES, groups=[{"name": "body"}, {"name": "head"}])
    document = lrspec.from_native(get_scheduler("linear", named, 5, 50))
    assert isinstance(document, lrspec.Document)
    assert document.groups == ["body", "head"]


def test_a_function_of_transformers_inside_a_sequence_is_read() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    constant = torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0, 5)
    inner = get_scheduler("linear", optimizer, num_warmup_steps=4, num_training_steps=24)
    native = torch.optim.lr_scheduler.SequentialLR(optimizer, [constant, inner], [5])
    schedule = lrspec.from_native(native)
    for step in range(40):
        assert schedule.exact(step) == pytest.approx(native.get_last_lr()[0], abs=1e-15)
        optimizer.step()
        native.step()
