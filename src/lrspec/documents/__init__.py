"""Documents as plain data and text."""
