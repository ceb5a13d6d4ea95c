"""Reading Keras."""
