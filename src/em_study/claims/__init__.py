"""Verdicts on the statements of sources, and the documents of findings."""
