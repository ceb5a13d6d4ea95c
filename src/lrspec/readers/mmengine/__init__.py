"""Reading MMEngine."""
