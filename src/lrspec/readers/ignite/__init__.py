"""Reading PyTorch-Ignite's schedulers."""

from lrspec.readers.ignite import objects
from lrspec.readers.system import System

SYSTEM = System(name="ignite", title="PyTorch-Ignite", knows=objects.is_of_ignite, read_object=objects.read)
