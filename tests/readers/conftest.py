"""Before any of the clients is imported."""

import torchvision_stub  # noqa: F401
