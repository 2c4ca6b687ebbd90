"""Runs of EM to watch: which are worth it, and their steps once more, stored for the page."""
