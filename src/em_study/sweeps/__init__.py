"""A sweep: an experiment with some of its settings varied, cell by cell."""
