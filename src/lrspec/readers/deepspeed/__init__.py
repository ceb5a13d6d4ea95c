"""Reading DeepSpeed."""
