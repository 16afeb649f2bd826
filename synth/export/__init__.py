"""A run folder as a dataset that others can use and re-check."""
