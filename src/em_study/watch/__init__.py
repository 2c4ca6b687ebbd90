"""Runs of EM that the page animates: their selection, and their steps, computed once more and stored."""
