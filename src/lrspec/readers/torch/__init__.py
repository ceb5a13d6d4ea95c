"""Reading torch.optim.lr_scheduler."""

from lrspec.readers.system import System
from lrspec.readers.torch import objects

SYSTEM = System(name="torch", title="PyTorch", knows=objects.is_of_torch, read_object=objects.read)
