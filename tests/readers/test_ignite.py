"""Parameter schedulers of pytorch-ignite, read: against their formulas in mpmath, and against what they set."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import ignite.handlers.param_scheduler as ignite
import pytest
import torch
from ignite.handlers.state_param_scheduler import ExpStateScheduler

import lrspec
from lrspec import UnsupportedError
from lrspec.readers import read_native
from lrspec.readers.reading import MismatchError
from reader_rows import check_formula, check_live, cos01, mp, optimizer, share

STEPS = 70
Value = Callable[[int], Any]
LINE, COSINE, KNOTS = ignite.LinearCyclicalScheduler, ignite.CosineAnnealingScheduler, ignite.PiecewiseLinear
JOINED, GROUPED, WRAPPED = ignite.ConcatScheduler, ignite.ParamGroupScheduler, ignite.LRScheduler


def between(first: Any, last: Any, x: Any) -> Any:
    return mp.mpf(first) + (mp.mpf(last) - mp.mpf(first)) * x


def there_and_back(first: Any, last: Any, x: Any) -> Any:
    return between(last, first, abs(2 * x - 1))


def curved(first: Any, last: Any, x: Any) -> Any:
    return between(last, first, cos01(x))


def cycle(t: int, size: int, growth: Fraction = Fraction(1), warmup: int = 0) -> tuple[int, int, int, int]:
    """Return the cycle's number, the event in it, and the lengths of its two parts."""
    number = 0
    while t >= size + warmup:
        t, number = t - size - warmup, number + 1
        size, warmup = int(size * growth), int(warmup * growth)
    return number, t, size, warmup


def cycles(
    t: int, shape: Any, size: int, growth: Fraction = Fraction(1), up: Any = 1, down: Any = 1, ends: Any = (0.1, 0.01)
) -> Any:
    number, event, length, _ = cycle(t, size, growth)
    first, last = (mp.mpf(end) * mp.mpf(by) ** number for end, by in zip(ends, (up, down), strict=True))
    return shape(first, last, share(event, length))


def with_warmups(t: int) -> Any:
    number, event, size, warmup = cycle(t, 9, Fraction(2), 3)
    first, last = mp.mpf(0.1) / 2**number, mp.mpf(0.01) / 2**number
    if event <= size:
        return curved(first, last, share(event, size))
    return between(last, first / 2, share(event - size, warmup))


def knots(t: int, pairs: list[tuple[int, float]]) -> Any:
    if t < pairs[0][0]:
        return mp.mpf(pairs[0][1])
    for (begin, first), (end, last) in pairwise(pairs):
        if begin <= t < end:
            return between(first, last, share(t - begin, end - begin))
    return mp.mpf(pairs[-1][1])


PAIRS = [(10, 0.5), (20, 0.45), (21, 0.3), (30, 0.1), (40, 0.1)]
JUMPS = [(0, 0.5), (5, 0.45), (5, 0.3), (30, 0.1), (30, 0.2)]
ROWS: dict[str, tuple[Callable[[Any], Any], Value]] = {
    "linear": (lambda o: LINE(o, "lr", 0.1, 0.01, 9), lambda t: cycles(t, there_and_back, 9)),
    "linear, monotonic": (lambda o: LINE(o, "lr", 0.1, 0.01, 9, monotonic=True), lambda t: cycles(t, between, 9)),
    "linear, cycles 1.3 times as long": (
        lambda o: LINE(o, "lr", 0.1, 0.01, 9, cycle_mult=1.3),
        lambda t: cycles(t, there_and_back, 9, Fraction(13, 10)),
    ),
    "linear of 2 events": (lambda o: LINE(o, "lr", 0.1, 0.01, 2), lambda t: mp.mpf([0.1, 0.01][t % 2])),
    "linear, a start of 0": (
        lambda o: LINE(o, "lr", 0.0, 0.1, 8, end_value_mult=0.5),
        lambda t: cycles(t, there_and_back, 8, down=0.5, ends=(0, 0.1)),
    ),
    "cosine": (lambda o: COSINE(o, "lr", 0.1, 0.01, 9), lambda t: cycles(t, curved, 9)),
    "cosine, cycles twice as long": (
        lambda o: COSINE(o, "lr", 0.1, 0.01, 9, cycle_mult=2),
        lambda t: cycles(t, curved, 9, Fraction(2)),
    ),
    "cosine, both values half as high": (
        lambda o: COSINE(o, "lr", 0.1, 0.01, 9, start_value_mult=0.5, end_value_mult=0.5),
        lambda t: cycles(t, curved, 9, up=0.5, down=0.5),
    ),
    "cosine, an end of 0": (
        lambda o: COSINE(o, "lr", 0.1, 0.0, 9, start_value_mult=0.5),
        lambda t: cycles(t, curved, 9, up=0.5, ends=(0.1, 0)),
    ),
    "cosine with warmups between": (
        lambda o: COSINE(o, "lr", 0.1, 0.01, 9, 2, 0.5, 0.5, warmup_duration=3),
        with_warmups,
    ),
    "piecewise": (lambda o: KNOTS(o, "lr", PAIRS), lambda t: knots(t, PAIRS)),
    "piecewise, equal milestones": (lambda o: KNOTS(o, "lr", JUMPS), lambda t: knots(t, JUMPS)),
    "piecewise, one value": (lambda o: KNOTS(o, "lr", [(3, 0.5)]), lambda _: mp.mpf(0.5)),
    "piecewise, begun before": (
        lambda o: KNOTS(o, "lr", [(-5, 0.5), (5, 0.25)]),
        lambda t: knots(t, [(-5, 0.5), (5, 0.25)]),
    ),
    "concatenated": (
        lambda o: JOINED([LINE(o, "lr", 0.0, 1.0, 8), COSINE(o, "lr", 1.0, 0.2, 4)], [4]),
        lambda t: share(t, 4) if t < 4 else cycles(t - 4, curved, 4, ends=(1, 0.2)),
    ),
    "concatenated, a first duration of 0": (
        lambda o: JOINED([LINE(o, "lr", 0.0, 1.0, 8), COSINE(o, "lr", 1.0, 0.2, 4)], [0]),
        lambda t: cycles(t, curved, 4, ends=(1, 0.2)),
    ),
    "concatenated, a later duration of 0 never ends": (
        lambda o: JOINED([LINE(o, "lr", 0.0, 1.0, 8), COSINE(o, "lr", 1.0, 0.2, 4), KNOTS(o, "lr", PAIRS)], [4, 0]),
        lambda t: share(t, 4) if t < 4 else cycles(t - 4, curved, 4, ends=(1, 0.2)),
    ),
    "concatenated twice": (
        lambda o: JOINED(
            [LINE(o, "lr", 0.0, 1.0, 8), JOINED([COSINE(o, "lr", 1.0, 0.2, 4), KNOTS(o, "lr", PAIRS)], [6])], [4]
        ),
        lambda t: share(t, 4) if t < 4 else cycles(t - 4, curved, 4, ends=(1, 0.2)) if t < 10 else knots(t - 10, PAIRS),
    ),
    "create_lr_scheduler_with_warmup": (
        lambda o: ignite.create_lr_scheduler_with_warmup(COSINE(o, "lr", 0.1, 0.02, 40), 0.0, 5, 0.1),
        lambda t: between(0, 0.1, share(t, 4)) if t < 4 else cycles(t - 4, curved, 40, ends=(0.1, 0.02)),
    ),
    "create_lr_scheduler_with_warmup to another rate": (
        lambda o: ignite.create_lr_scheduler_with_warmup(COSINE(o, "lr", 0.1, 0.02, 40), 0.0, 5, 0.2),
        lambda t: between(0, 0.2, share(t, 4)) if t < 5 else cycles(t - 5, curved, 40, ends=(0.1, 0.02)),
    ),
    "create_lr_scheduler_with_warmup of torch": (
        lambda o: ignite.create_lr_scheduler_with_warmup(torch.optim.lr_scheduler.ExponentialLR(o, 0.5), 0.0, 5),
        lambda t: between(0, 0.1, share(t, 4)) if t < 5 else mp.mpf(0.1) / 2 ** (t - 4),
    ),
    "wrapped StepLR": (
        lambda o: WRAPPED(torch.optim.lr_scheduler.StepLR(o, 5, 0.5)),
        lambda t: mp.mpf(0.1) / 2 ** (t // 5),
    ),
}
ids = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
Row = tuple[Callable[[Any], Any], Value]


def played(scheduler: Any, groups: Any, steps: int, key: str = "lr") -> list[list[float]]:
    rows = []
    for _ in range(steps):
        scheduler(None)
        rows.append([float(group[key]) for group in groups.param_groups])
    return rows


@ids
def test_formula(row: Row) -> None:
    scheduler = row[0](optimizer(0.1))
    reading = read_native(scheduler)
    check_formula(reading, [row[1]], STEPS)
    assert (reading.framework, reading.construct, reading.position) == ("ignite", type(scheduler).__name__, 0)
    assert reading.checked_steps >= 64
    assert reading.largest_difference < 1e-14
    assert "step k is event k" in reading.conventions[0]


@ids
def test_live_events(row: Row) -> None:
    native = optimizer(0.1)
    scheduler = row[0](native)
    reading = read_native(scheduler)
    check_live(reading, played(scheduler, native, STEPS))


@ids
@pytest.mark.parametrize("events", [1, 12, 23, 50])
def test_mid_training(row: Row, events: int) -> None:
    """A scheduler that has changed its own parameters is read as what it was at its beginning, and left as it is."""
    native = optimizer(0.1)
    scheduler = row[0](native)
    played(scheduler, native, events)
    reading = read_native(scheduler)
    check_formula(reading, [row[1]], STEPS)
    assert reading.position == events
    assert played(scheduler, native, 1)[0][0] == pytest.approx(float(row[1](events)), rel=1e-12, abs=1e-18)


@ids
def test_values_compile(row: Row) -> None:
    found = lrspec.from_native(row[0](optimizer(0.1)), sample=STEPS).values(0, STEPS)
    assert found == pytest.approx([float(row[1](t)) for t in range(STEPS)], rel=1e-6, abs=1e-16)


def test_a_changed_start_alone_needs_an_end() -> None:
    native = optimizer(0.1)
    scheduler = COSINE(native, "lr", 0.1, 0.01, 9, start_value_mult=0.5)
    with pytest.raises(UnsupportedError, match="give sample=N, the number of steps of the run"):
        lrspec.from_native(scheduler)
    played(scheduler, native, 31)
    reading = read_native(scheduler, sample=100)
    check_formula(reading, [lambda t: cycles(t, curved, 9, up=0.5)], 100)
    assert any("in cycle 3" in note for note in reading.conventions)


def test_groups() -> None:
    """Each group has its own; one that no scheduler drives keeps its rate."""
    native = optimizer(0.1, 0.03, 0.007)
    pair = [COSINE(native, "lr", 1.0, 0.2, 4, param_group_index=0), KNOTS(native, "lr", PAIRS, param_group_index=2)]
    scheduler = GROUPED(pair)
    played(scheduler, native, 17)
    reading = read_native(scheduler)
    assert reading.position == 17
    check_formula(
        reading,
        [lambda t: cycles(t, curved, 4, ends=(1, 0.2)), lambda _: 0.03, lambda t: knots(t, PAIRS)],
        STEPS,
    )
    assert isinstance(reading.schedule, lrspec.Document)
    assert reading.schedule.groups == [0, 1, 2]


def test_another_parameter() -> None:
    reading = read_native(KNOTS(optimizer(0.1), "momentum", [(0, 0.9), (20, 0.8)]))
    check_formula(reading, [lambda t: knots(t, [(0, 0.9), (20, 0.8)])], STEPS)
    assert "it drives 'momentum', and not the learning rate" in reading.conventions


def test_a_torch_scheduler_that_ignite_runs_one_step_ahead() -> None:
    """Since torch 2.8 `get_lr` of ExponentialLR multiplies at its first call, and ignite calls that."""
    native = optimizer(0.1)
    scheduler = WRAPPED(torch.optim.lr_scheduler.ExponentialLR(native, 0.9))
    reading = read_native(scheduler)
    rows = played(scheduler, native, 30)
    check_live(reading, rows)
    assert any("one step later" in note for note in reading.conventions) == (rows[0][0] != 0.1)


@pytest.mark.parametrize(
    "inner",
    [
        lambda o: torch.optim.lr_scheduler.LinearLR(o, 0.1, 1.0, 10),
        lambda o: torch.optim.lr_scheduler.ConstantLR(o, 0.1, 10),
    ],
)
def test_a_torch_scheduler_that_ignite_runs_wrong_is_refused(inner: Any) -> None:
    native = optimizer(0.1)
    scheduler = WRAPPED(inner(native))
    with pytest.raises(UnsupportedError, match=r"ignite calls get_lr of \w+LR, not step, which gives other rates"):
        lrspec.from_native(scheduler)
    reading = read_native(scheduler, sample=30)
    check_live(reading, played(scheduler, native, 30), 1e-15)


def parameters_of_two() -> Any:
    native = optimizer(0.1)
    return GROUPED([KNOTS(native, "lr", PAIRS), KNOTS(native, "momentum", PAIRS)])


def twice() -> Any:
    native = optimizer(0.1)
    one = KNOTS(native, "lr", PAIRS)
    return JOINED([one, one], [3])


@pytest.mark.parametrize(
    ("native", "words"),
    [
        (lambda: ignite.ReduceLROnPlateauScheduler(optimizer(0.1), "loss"), "ReduceLROnPlateauScheduler.*metric"),
        (lambda: ExpStateScheduler(0.1, 0.9, "x"), "ExpStateScheduler.*not a scheduler of an optimizer"),
        (lambda: COSINE(optimizer(0.1), "lr", 0.1, 0.01, 9, 0.5), "cycle_mult=0.5, below 1"),
        (lambda: COSINE(optimizer(0.1), "lr", 0.1, 0.01, 9, 1.5, warmup_duration=3), "cut by itself.*sample=N"),
        (lambda: COSINE(optimizer(0.1), "lr", 0.1, 0.01, 9, 1, 0.9, 0.8), "another curve.*sample=N"),
        (parameters_of_two, "drives lr and momentum"),
        (twice, "stands in it twice.*sample=N"),
    ],
)
def test_refused(native: Any, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        lrspec.from_native(native())


def test_lost_parameters_are_refused() -> None:
    native = optimizer(0.1)
    scheduler = COSINE(native, "lr", 0.1, 0.01, 9, start_value_mult=0.0, end_value_mult=0.5)
    played(scheduler, native, 12)
    with pytest.raises(UnsupportedError, match="was multiplied by 0; read it before that"):
        lrspec.from_native(scheduler)


def test_a_length_that_was_cut_is_found_again_or_refused() -> None:
    native = optimizer(0.1)
    scheduler = COSINE(native, "lr", 0.1, 0.01, 9, cycle_mult=1.3)
    played(scheduler, native, 40)
    assert scheduler.cycle_size == 18
    check_formula(read_native(scheduler), [lambda t: cycles(t, curved, 9, Fraction(13, 10))], STEPS)
    scheduler.cycle_size = 17  # no length grows to it in 3 cycles
    with pytest.raises(UnsupportedError, match="0 of them grow to 17 in 3 cycles"):
        lrspec.from_native(scheduler)


def test_code_is_sampled_from_its_beginning() -> None:
    class Mine(ignite.ParamScheduler):  # type: ignore[misc]
        def get_param(self) -> float:
            return 1 / (1 + int(self.event_index))

    native = optimizer(0.1)
    scheduler = Mine(native, "lr")
    played(scheduler, native, 3)
    with pytest.raises(UnsupportedError, match="code"):
        lrspec.from_native(scheduler)
    reading = read_native(scheduler, sample=10)
    check_live(reading, [[1 / (1 + t)] for t in range(10)], 1e-15)
    assert scheduler.event_index == 3


def test_a_rate_that_is_off_is_an_error() -> None:
    native = optimizer(0.1)
    scheduler = COSINE(native, "lr", 0.1, 0.01, 9)
    played(scheduler, native, 4)
    native.param_groups[0]["lr"] = 0.5
    with pytest.raises(MismatchError, match="at step 3"):
        lrspec.from_native(scheduler)


def test_an_object_that_computes_something_else_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(COSINE, "get_param", lambda self: self.start_value)
    with pytest.raises(MismatchError, match="CosineAnnealingScheduler was read as"):
        lrspec.from_native(COSINE(optimizer(0.1), "lr", 0.1, 0.01, 9))
