"""Reading fvcore's schedulers, which detectron2 has too."""

from lrspec.readers.fvcore import objects
from lrspec.readers.system import System

SYSTEM = System(name="fvcore", title="fvcore", knows=objects.is_of_fvcore, read_object=objects.read)
