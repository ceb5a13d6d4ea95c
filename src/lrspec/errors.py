"""What can go wrong, as exceptions: every error that lrspec raises on purpose is an `LrspecError`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrspec.schedule import Schedule

_SHOWN = 20
_OPTIONS: ContextVar[Mapping[str, str]] = ContextVar("_OPTIONS", default=MappingProxyType({}))


def argument(name: str, value: str = "...", *, of: str = "") -> str:
    """Return how the caller gives an argument, for a message: as an argument in Python, as an option of the command.

    Args:
        name: The argument.
        value: What to give, in a word such as `N`; empty for its name alone.
        of: The function of Python that takes it, where that is not the one that was called.

    Example:
        >>> argument("sample", "N"), argument("base_value", of="resolve")
        ('sample=N', 'resolve(base_value=...)')
        >>> with named_as_options({"sample": "--sample"}):
        ...     argument("sample", "N")
        '--sample N'
    """
    option = _OPTIONS.get().get(name)
    if option is not None:
        return option if value in {"", "..."} else f"{option} {value}"
    if not value:
        return name
    return f"{of}({name}={value})" if of else f"{name}={value}"


@contextmanager
def named_as_options(options: Mapping[str, str]) -> Iterator[None]:
    """Have messages name the options of a command, where it has them, and not arguments of Python.

    Args:
        options: The option for each argument, such as `--sample`.
    """
    before = _OPTIONS.set(options)
    try:
        yield
    finally:
        _OPTIONS.reset(before)


class Advice:
    """A part of messages that names an argument, as `argument` has it when the message is made.

    Args:
        form: The text, with `{argument}` in it.
        name: The argument.
        value: What to give, in a word.

    Example:
        >>> f"code; {Advice('give {argument}, a number of steps', 'sample', 'N')}"
        'code; give sample=N, a number of steps'
    """

    def __init__(self, form: str, name: str, value: str = "...") -> None:
        self._form, self._name, self._value = form, name, value

    def __str__(self) -> str:
        return self._form.format(argument=argument(self._name, self._value))


class LrspecError(Exception):
    """The base of every error that lrspec raises on purpose."""


class SpecError(LrspecError, ValueError):
    """A spec or document that does not say one schedule.

    Args:
        path: Where, as a path in the document, such as `learning_rate.parts[1].steps`.
        found: What stands there, in words.
        expected: What should stand there, in words.

    Example:
        >>> print(SpecError("learning_rate.steps", found="-5", expected="a positive integer"))
        learning_rate.steps: found -5, expected a positive integer
    """

    def __init__(self, path: str, *, found: str, expected: str) -> None:
        self.path = path
        self.found = found
        self.expected = expected
        where = f"{path}: " if path else ""
        super().__init__(f"{where}found {found}, expected {expected}")

    def within(self, prefix: str) -> SpecError:
        """Return the same error as seen from further out: `steps` within `parts[1]` is `parts[1].steps`."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return SpecError(f"{prefix}{joint}{self.path}", found=self.found, expected=self.expected)

    def __reduce__(self) -> tuple[object, ...]:
        return _spec_error, (self.path, self.found, self.expected)


def _spec_error(path: str, found: str, expected: str) -> SpecError:
    return SpecError(path, found=found, expected=expected)


class StepError(LrspecError, ValueError):
    """A step at which the schedule has no value: before 0, past the last step, or past an end with `after: error`."""


class ClockError(LrspecError):
    """A schedule that counts something else than the updates that an optimizer has applied."""


class AmbiguousPositionError(ClockError):
    """Counters that leave open how many updates have been applied; naming one of them decides it.

    Args:
        reason: Why they leave it open, in words.
        candidates: The value of each counter by its name.

    Example:
        >>> print(AmbiguousPositionError("they disagree", {"optimizer.step": 40, "scheduler.last_epoch": 2}))
        they disagree; choose with counter=...: optimizer.step (40) or scheduler.last_epoch (2)
    """

    def __init__(self, reason: str, candidates: dict[str, int]) -> None:
        self.reason = reason
        self.candidates = candidates
        names = " or ".join(f"{name} ({value})" for name, value in candidates.items())
        super().__init__(f"{reason}; choose with {argument('counter')}: {names}")

    def __reduce__(self) -> tuple[object, ...]:
        return AmbiguousPositionError, (self.reason, self.candidates)


class UnsupportedError(LrspecError):
    """Something that has no equivalent on the other side, refused by name.

    Args:
        framework: The framework's name, such as `torch`.
        construct: What was met, such as `torch.optim.lr_scheduler.CyclicLR`.
        reason: Why it cannot be converted, and what to do instead.

    Example:
        >>> print(UnsupportedError("torch", "LambdaLR", "a Python function has no formula to read"))
        torch: LambdaLR is not supported: a Python function has no formula to read
    """

    def __init__(self, framework: str, construct: str, reason: str) -> None:
        self.framework = framework
        self.construct = construct
        self.reason = reason
        super().__init__(f"{framework}: {construct} is not supported: {reason}")

    def __reduce__(self) -> tuple[object, ...]:
        return UnsupportedError, (self.framework, self.construct, self.reason)


class FingerprintError(LrspecError):
    """A state, out of a checkpoint, of another schedule than the one that is to go on.

    Args:
        fingerprints: The state's, and the one expected.
        step: Updates already applied, by the state.
        differences: What differs, as lines; None where the state does not show its schedule.
        old: The schedule of the state, where it shows it.
        new: The schedule that was to go on.

    Example:
        >>> print(FingerprintError(("sha256:1", "sha256:2"), 450, ["learning_rate.steps: 900 -> 1200"]))
        a checkpoint of schedule sha256:1 at step 450: expected one of schedule sha256:2
          learning_rate.steps: 900 -> 1200
        To go on, build the document that is to follow with lrspec.resume: replace, fork, continue_from_value or stretch
    """

    def __init__(
        self,
        fingerprints: tuple[str, str],
        step: int,
        differences: Sequence[str] | None = None,
        *,
        old: Schedule | None = None,
        new: Schedule | None = None,
    ) -> None:
        self.fingerprints = fingerprints
        self.step = step
        self.differences = differences
        self.old = old
        self.new = new
        found, expected = fingerprints
        lines = [f"a checkpoint of schedule {found} at step {step}: expected one of schedule {expected}"]
        if differences is None:
            lines.append("  the checkpoint does not show its schedule")
        elif not differences:
            lines.append("  the documents are alike: other base rates in the optimizer, or another version of the spec")
        else:
            lines += [f"  {line}" for line in differences[:_SHOWN]]
            if len(differences) > _SHOWN:
                lines.append(f"  and {len(differences) - _SHOWN} more")
        policies = "replace, fork, continue_from_value or stretch"
        lines.append(f"To go on, build the document that is to follow with lrspec.resume: {policies}")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[object, ...]:
        return _fingerprint_error, (self.fingerprints, self.step, self.differences, self.old, self.new)


def _fingerprint_error(
    fingerprints: tuple[str, str],
    step: int,
    differences: Sequence[str] | None,
    old: Schedule | None,
    new: Schedule | None,
) -> FingerprintError:
    return FingerprintError(fingerprints, step, differences, old=old, new=new)
