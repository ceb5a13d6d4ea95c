"""Reading timm."""
