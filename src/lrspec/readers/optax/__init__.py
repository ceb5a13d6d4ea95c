"""Reading Optax."""
