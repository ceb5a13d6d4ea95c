"""Reading fvcore."""
