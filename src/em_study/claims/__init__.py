"""Verdicts on what the sources state, and the findings told from them."""
