"""Reading torchtitan."""
