"""Consistency of the numbers that a source prints of a Gaussian mixture, without its data."""
