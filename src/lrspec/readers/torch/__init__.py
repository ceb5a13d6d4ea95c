"""Reading PyTorch."""
