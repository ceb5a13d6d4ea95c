"""Going on with a run: the state that a checkpoint holds, and the documents that go on from it.

The state of a schedule is the step, which is the number of updates already applied, and the fingerprint of the schedule
that it is a step of. Beside them stands the schedule itself, as text, so that a difference can be shown. A state of
another schedule is refused (`FingerprintError`) until somebody says what is to follow; four functions say it:

    result(t)                          for t >= step
    replace(old, new, step)            new(t)
    fork(old, new, step)               new(t - step)
    continue_from_value(old, new, ..)  new(t) * old(step) / new(step)
    stretch(old, total_steps, step)    old(step + (t - step) * (horizon - step) / (total_steps - step))

Before `step` the result has the formula of `old`, whichever it is: the result is one document for the whole run, with
what happened and what follows. It is an ordinary document that dumps, plots and has a fingerprint; the next checkpoint
is one of it. Formulas are equal exactly; values are those of the result's own program, so that one may be the other
neighbour where the formula lies in the middle between two float32 numbers.

Loading takes no name of a policy. The policies need the old schedule, and one of them a number; PyTorch, Lightning and
others call `load_state_dict(state)` with nothing else; and a scheduler whose schedule changes while it is loaded would
not be the document that its user holds. So a policy makes a document, and the document makes the scheduler:
`stretch(old, 12_000, step).to_torch(optimizer, step=step)`, or, where a trainer loads the state by itself,
`load_state_dict(restated(state, document))`.
"""

from lrspec.resume.checkpoint import check, restated, spec_text, state
from lrspec.resume.documents import differences, resolved
from lrspec.resume.policies import continue_from_value, fork, replace, stretch

__all__ = [
    "check",
    "continue_from_value",
    "differences",
    "fork",
    "replace",
    "resolved",
    "restated",
    "spec_text",
    "state",
    "stretch",
]
