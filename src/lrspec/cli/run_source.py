"""Running the code that `lrspec convert` prints, in a process of its own, and comparing what it gives."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import lrspec
from lrspec.cli.waiting import advance
from lrspec.comparison import Difference, compared

NEEDED = {
    "torch": ("torch",),
    "keras": ("keras",),
    "optax": ("jax", "optax"),
    "transformers": ("torch", "transformers"),
}
_TORCH = """
import torch, warnings
warnings.simplefilter("ignore")
made, scheduler = namespace["make"]([torch.zeros(1, requires_grad=True)])
def rate(step):  # each step in turn; an optimizer's own step changes nothing of the rate, and takes most of the time
    if step:
        scheduler.step()
    return float(made.param_groups[0]["lr"])
found = one_by_one(rate)
"""
_KERAS = """
import keras
schedule = namespace["schedule"]
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})  # which divides by multiplying
    found = tf.function(lambda every: tf.vectorized_map(schedule, every))(tf.range(steps, dtype=tf.int32)).numpy()
elif keras.backend.backend() == "jax":
    import jax
    found = np.asarray(jax.jit(jax.vmap(schedule))(np.arange(steps, dtype=np.int32)))
else:
    found = one_by_one(lambda step: float(keras.ops.convert_to_numpy(schedule(step))))
"""
_OPTAX = """
import jax
found = np.asarray(jax.jit(jax.vmap(namespace["schedule"]))(np.arange(steps, dtype=np.int32)))
"""
_RUN = {"torch": _TORCH, "keras": _KERAS, "optax": _OPTAX, "transformers": _TORCH}
_SCRIPT = """
import sys, time
import numpy as np
steps, namespace = {steps}, {{"__name__": "printed"}}
def one_by_one(rate):
    found, told = np.empty(steps, np.float32), time.monotonic()
    for step in range(steps):
        found[step] = rate(step)
        if step % 100 == 0 and time.monotonic() > told + 1:
            told = time.monotonic()
            print("DONE", step, flush=True)
    return found
exec(compile({code!r}, "printed", "exec"), namespace)
{run}
np.save({path!r}, np.broadcast_to(np.asarray(found, np.float32), (steps,)))
"""


def missing(framework: str) -> list[str]:
    """Return what is not installed of what the code of a framework needs."""
    return [name for name in NEEDED[framework] if find_spec(name) is None]


def run_source(code: str, framework: str, schedule: lrspec.Schedule, steps: int) -> Difference:
    """Run code in a process of its own, and return how its values, as float32, differ from the schedule's.

    Args:
        code: The code.
        framework: Whose code it is.
        schedule: What it is to give.
        steps: At how many steps from step 0 on.

    Raises:
        LrspecError: The code fails.
    """
    with TemporaryDirectory() as folder:
        values, errors = Path(folder, "values.npy"), Path(folder, "errors")
        script = _SCRIPT.format(steps=steps, code=code, run=_RUN[framework], path=str(values))
        command = [sys.executable, "-c", script]
        with errors.open("wb") as stderr, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr) as process:  # noqa: S603 - our own code
            for line in process.stdout or ():
                if line.startswith(b"DONE "):
                    advance(int(line.split()[1]), steps)
        if process.returncode or not values.exists():
            told = errors.read_text(errors="replace").strip().splitlines() or ["no message"]
            raise lrspec.LrspecError(f"the code that was printed fails: {told[-1]}")
        found = np.load(values)
    return compared([schedule.values(0, steps)], [found])
