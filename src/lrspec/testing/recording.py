"""The rates that a training loop applies, recorded in each framework. No framework is imported here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lrspec.errors import ClockError, SpecError, UnsupportedError
from lrspec.schedule import Schedule


@dataclass
class Recorded:
    """The rates of the updates that were applied since recording began, one for each.

    Args:
        framework: Whose optimizer applied them.
        values: The rates, in their order.
        callback: In Keras, what to give to `fit(callbacks=[...])`.
        after: In Optax, what to call with the optimizer's state after each update.
    """

    framework: str
    values: list[float] = field(default_factory=list)
    callback: Any = None
    after: Callable[[Any], None] | None = None


class AppliedRates:
    """Records the rates that optimizers really apply; the fixture `applied_rates` of pytest is one.

    Example:
        >>> recorded = applied_rates.torch(optimizer)  # doctest: +SKIP
        >>> train()  # doctest: +SKIP
        >>> assert_same_schedule(recorded, document)  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._hooks: list[Any] = []

    def torch(self, optimizer: Any, *, group: int = 0) -> Recorded:
        """Return the record of an optimizer of PyTorch: the rate with which each call of its `step` began.

        Args:
            optimizer: The optimizer. An update that `GradScaler` skips is none.
            group: Of which parameter group.

        Raises:
            UnsupportedError: An optimizer without hooks.
        """
        record, begun = Recorded("torch"), []
        if not hasattr(optimizer, "register_step_pre_hook"):
            raise UnsupportedError("torch", type(optimizer).__name__, "an optimizer without hooks of its steps")

        def begin(found: Any, _args: Any, _kwargs: Any) -> None:
            begun.append(float(found.param_groups[group]["lr"]))

        def end(_found: Any, _args: Any, _kwargs: Any) -> None:
            record.values.append(begun.pop())

        self._hooks += [optimizer.register_step_pre_hook(begin), optimizer.register_step_post_hook(end)]
        return record

    def keras(self) -> Recorded:
        """Return the record of a `fit` of Keras: give its `callback` to `fit(callbacks=[...])`.

        The rates are what the optimizer's own schedule gives, called for each update that its counter says was applied.
        """
        from lrspec.adapters.recording_keras import RecordRates

        record = Recorded("keras")
        record.callback = RecordRates(record.values)
        return record

    def optax(self, schedule: Callable[[Any], Any] | Schedule | None = None) -> Recorded:
        """Return the record of a loop of Optax: call its `after` with the optimizer's state after each update.

        Args:
            schedule: The schedule that the optimizer was made with. It is left out for an optimizer of
                `inject_hyperparams`, whose state holds the rate of its last update.
        """
        function = schedule.to_optax() if isinstance(schedule, Schedule) else schedule
        record = Recorded("optax")

        def after(state: Any) -> None:
            record.values.append(_applied(state, function, len(record.values)))

        record.after = after
        return record

    def close(self) -> None:
        """Take the hooks away again."""
        while self._hooks:
            self._hooks.pop().remove()


def _applied(state: Any, schedule: Callable[[Any], Any] | None, known: int) -> float:
    """Return the rate of the last update that a state of Optax has seen."""
    import numpy as np

    from lrspec.positions import check_clock

    updates = check_clock(state)
    if updates != known + 1:
        raise ClockError(
            f"the state has seen {updates} updates, where {known} are recorded: call after() after each one"
        )
    if schedule is not None:
        return float(schedule(np.int32(updates - 1)))
    found = [float(rate) for rate in _injected(state)]
    if len(found) != 1:
        expected = "one `learning_rate` among its hyperparameters; else give applied_rates.optax(schedule)"
        raise SpecError("state", found=f"{len(found)} of them", expected=expected)
    return found[0]


def _injected(state: Any) -> Iterator[Any]:
    own = getattr(state, "hyperparams", None)
    if isinstance(own, Mapping) and "learning_rate" in own:
        yield own["learning_rate"]
    for part in state if isinstance(state, tuple) else state.values() if isinstance(state, Mapping) else ():
        yield from _injected(part)
