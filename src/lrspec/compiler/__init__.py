"""Formulas as integer programs."""
