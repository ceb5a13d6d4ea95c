"""Lets torchvision be imported where it was built for CUDA, beside a torch for CPUs: two operators are declared.

tests/conftest.py imports this with `--clients`, before timm, Lightning and transformers import torchvision.
"""

LIBRARY = None
try:
    import torchvision  # noqa: F401
except ModuleNotFoundError:
    pass
except RuntimeError:
    import torch

    LIBRARY = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
