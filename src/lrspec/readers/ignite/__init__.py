"""Reading PyTorch-Ignite."""
