"""Running the code that `lrspec convert` prints, in a process of its own, and comparing what it gives."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import numpy as np

import lrspec
from lrspec.comparison import Difference, compared

NEEDED = {
    "torch": ("torch",),
    "keras": ("keras",),
    "optax": ("jax", "optax"),
    "transformers": ("torch", "transformers"),
}
_TORCH = """
import warnings
warnings.simplefilter("ignore")
made, scheduler = namespace["make"]([torch.zeros(1, requires_grad=True)])
found = []
for _ in range(steps):
    found.append(float(made.param_groups[0]["lr"]))
    made.step()
    scheduler.step()
"""
_KERAS = """
found = [float(keras.ops.convert_to_numpy(namespace["schedule"](step))) for step in range(steps)]
"""
_OPTAX = """
import jax
found = np.asarray(jax.jit(jax.vmap(namespace["schedule"]))(np.arange(steps, dtype=np.int32)))
"""
_RUN = {
    "torch": f"import torch\n{_TORCH}",
    "keras": f"import keras\n{_KERAS}",
    "optax": _OPTAX,
    "transformers": f"import torch\n{_TORCH}",
}


def missing(framework: str) -> list[str]:
    """Return what is not installed of what the code of a framework needs."""
    return [name for name in NEEDED[framework] if find_spec(name) is None]


def run_source(code: str, framework: str, schedule: lrspec.Schedule, steps: int) -> Difference:
    """Run code in a process of its own, and return how its values, as float32, differ from the schedule's.

    Raises:
        LrspecError: The code fails.
    """
    script = (
        f"import sys\nimport numpy as np\nsteps = {steps}\nnamespace = {{'__name__': 'printed'}}\n"
        f"exec(compile({code!r}, 'printed', 'exec'), namespace)\n{_RUN[framework]}\n"
        "sys.stdout.buffer.write(b'VALUES' + np.asarray(found, np.float32).tobytes())\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)  # noqa: S603 - our own code
    marker, values = result.stdout.rpartition(b"VALUES")[1:]
    if result.returncode or not marker:
        last = (result.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        raise lrspec.LrspecError(f"the code that was printed fails: {last}")
    return compared([schedule.values(0, steps)], [np.frombuffer(values, np.float32)])
