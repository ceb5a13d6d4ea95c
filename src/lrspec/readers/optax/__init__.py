"""Reading Optax's schedules and optimizers."""

from lrspec.readers.optax import objects
from lrspec.readers.system import System

SYSTEM = System(name="optax", title="Optax", knows=objects.is_of_optax, read_object=objects.read)
