"""`Schedule`, the face that every node and document shares: what one can do with a schedule.

Each method hands over to the module that does the work, imported when it is first needed: so that reading a document
loads neither NumPy nor a framework, and so that the nodes stay plain data.
"""

from __future__ import annotations

from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras
    import numpy as np
    import torch

    from lrspec.adapters.optax import OptaxSchedule
    from lrspec.program import Program
    from lrspec.spec import Node
    from lrspec.views.explain import Explanation
    from lrspec.views.lint import Finding

_TRACED = (
    "a step that is an array of JAX, as an optimizer of Optax gives it: expected an integer of Python; "
    "write schedule.to_optax() where Optax or JAX calls the schedule, and schedule(int(step)) elsewhere"
)
_NO_STEP: Any = ...  # a step that was left out


class Schedule:
    """A pure function of the step, `lr(step)`, whose values are the same float32 numbers everywhere.

    `step` is the number of optimizer updates already applied, from 0: `lr(step)` is the rate that update `step` uses.

    Example:
        >>> import lrspec
        >>> schedule = lrspec.Exponential(init_value=0.1, decay_rate=0.5, decay_period=10, staircase=True)
        >>> schedule(9), schedule(10)
        (0.10000000149011612, 0.05000000074505806)
    """

    @property
    def node(self) -> Node:
        """The node whose formula this schedule follows."""
        raise NotImplementedError

    @cached_property
    def program(self) -> Program:
        """The integer program that computes this schedule; compiled when first asked for.

        Raises:
            SpecError: A value leaves the range of float32.
        """
        from lrspec.compiler.compile import compiled

        return compiled(self.node)

    @cached_property
    def _evaluator(self) -> Callable[[int], float]:
        from lrspec.evaluate import host_evaluator

        return host_evaluator(self.program)

    @property
    def fingerprint(self) -> str:
        """`sha256:` and the SHA-256 of the program: equal fingerprints mean equal numbers."""
        return self.program.fingerprint

    def __call__(self, step: int = _NO_STEP) -> float:
        """Return the value that update `step` uses: a Python float that holds a float32 number exactly.

        Args:
            step: Updates already applied, an integer from 0 to 2^31 - 1.

        Raises:
            StepError: `step` is negative, above 2^31 - 1, or past an end with `after: error`.
            TypeError: `step` is left out, or not a host integer; `to_optax()` and `to_keras()` take arrays and tracers.
        """
        if type(step) is int:
            return self._evaluator(step)
        if type(step).__module__.startswith("jax"):
            raise TypeError(_TRACED)
        if step is _NO_STEP:
            raise TypeError(
                "a schedule of lrspec was called without a step: where an optimizer of Keras did so, give it "
                "schedule.to_keras() instead of the schedule"
            )
        return self._evaluator(step)

    def values(self, start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """Return the values of the steps `start` to `stop - 1`.

        Args:
            start: First step, from 0.
            stop: One past the last step, up to 2^31.

        Returns:
            A float32 array of `stop - start` values.

        Raises:
            StepError: A step of the range has no value.
        """
        from lrspec.evaluate import values

        return values(self.program, start, stop)

    def exact(self, step: int) -> float:
        """Return the exact formula at `step`, rounded once to float64: for analysis, not for training.

        Example:
            >>> import lrspec
            >>> lrspec.Cosine(init_value=1.0, end_value=0.0, steps=3).exact(1)
            0.75
        """
        from lrspec.compiler.formula import exact

        return exact(self.node, step)

    def to_torch(
        self,
        optimizer: torch.optim.Optimizer,
        *,
        step: int | None = None,
        every: Literal["update", "epoch", "call"] = "update",
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """Return a `torch.optim.lr_scheduler.LRScheduler` that writes this schedule into `optimizer`.

        Args:
            optimizer: The optimizer; the values of step 0 are written into every parameter group at once, and into
                one that is added later when it is added. A document writes all that it schedules.
            step: Updates already applied, where a run is resumed; 0 for a fresh one. Where it is left out it is 0, and
                an optimizer that has applied updates is a warning, unless the scheduler's state is loaded.
            every: What a step of the schedule is: an `update` that the optimizer applied; an `epoch`, where
                `scheduler.step()` is called once per epoch; or a `call` of it, whatever the optimizer does.

        Raises:
            UnsupportedError: A parameter group has no number for a hyperparameter of the document.
        """
        from lrspec.adapters.torch import to_torch

        return to_torch(self, optimizer, step=step, every=every)

    def to_keras(self, *, gradient_accumulation_steps: int = 1) -> keras.optimizers.schedules.LearningRateSchedule:
        """Return a `keras.optimizers.schedules.LearningRateSchedule` for any Keras 3 backend.

        Args:
            gradient_accumulation_steps: The optimizer's, where it accumulates gradients: Keras hands a schedule the
                number of batches, of which this many make an update.

        Raises:
            UnsupportedError: A document of more than a learning rate.
            SpecError: `gradient_accumulation_steps` is not a whole number from 1 on.
        """
        from lrspec.adapters.keras import to_keras

        return to_keras(self, gradient_accumulation_steps=gradient_accumulation_steps)

    def to_optax(self) -> OptaxSchedule:
        """Return an `optax.Schedule`: a pure, hashable, picklable function from a count to a float32 scalar."""
        from lrspec.adapters.optax import to_optax

        return to_optax(self)

    def to_native_source(
        self,
        framework: Literal["torch", "keras", "optax", "transformers"],
        *,
        until: int | Literal["total", "forever"] | None = None,
    ) -> str:
        """Return the shortest idiomatic code of a framework that gives this schedule, without lrspec.

        Args:
            framework: Whose code. For `keras` and `optax` it defines `schedule`; for `torch` and `transformers`
                `make(params)`, which returns an optimizer, in place of yours, and its scheduler.
            until: Up to where the code has to be this schedule: so many steps, the updates of the run; `total`, the
                document's `total_steps`; or `forever`. By default the total of a document that has one, else
                `forever`. Code that differs after those steps says so, and how.

        Raises:
            SpecError: There is no such framework, or no such end.
            UnsupportedError: A document of more than a learning rate; or a schedule that has no formula in the
                framework, and too many values for a table.
        """
        from lrspec.writers import to_native_source

        return to_native_source(self, framework, until=until)

    def lint(
        self, *, total_steps: int | None = None, jump: float | None = None, epochs: int | None = None
    ) -> list[Finding]:
        """Return warnings about what is probably not meant; `lrspec.views.lint.lint` says which there are.

        Args:
            total_steps: The length of the whole run, where a document does not say it, or another one.
            jump: The share of the larger value by which the value may change between two parts; by default 0.005.
            epochs: Up to which number a length may have been meant as epochs; by default 1000.
        """
        from lrspec.views.lint import EPOCHS, JUMP, lint

        return lint(
            self,
            total_steps=total_steps,
            jump=JUMP if jump is None else jump,
            epochs=EPOCHS if epochs is None else epochs,
        )

    def explain(self) -> Explanation:
        """Return the phases with their formulas, first and last steps and values there; print it for a table."""
        from lrspec.views.explain import explain

        return explain(self)

    def __str__(self) -> str:
        from lrspec.views.explain import tree

        return tree(self)

    def plot(self, ax: Any = None, steps: int | None = None, *, log: bool = False, label: str = "") -> Any:
        """Draw the curve on axes of matplotlib.

        Args:
            ax: The axes; by default the current ones of pyplot.
            steps: How many steps to draw; by default a tenth more than the schedule lasts, or a fitting number.
            log: Whether the axis of the values is logarithmic.
            label: What a legend calls the curve.

        Returns:
            The axes.

        Raises:
            LrspecError: matplotlib is not installed.
        """
        from lrspec.views.axes import plot

        return plot(self, ax, steps, log=log, label=label)

    def _repr_svg_(self) -> str:
        from lrspec.views.svg import svg

        return svg(self)

    def _repr_html_(self) -> str:
        from lrspec.views.svg import svg

        tree = f'<pre style="margin:0;padding:8px;flex:1 1 240px;overflow:auto">{escape(str(self))}</pre>'
        return f'<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">{svg(self)}{tree}</div>'

    def __getstate__(self) -> dict[str, Any]:
        derived = {"program", "_evaluator"}
        return {name: value for name, value in self.__dict__.items() if name not in derived}
