"""Evaluation: scores are computed here from stored parameters, never by the solver."""
