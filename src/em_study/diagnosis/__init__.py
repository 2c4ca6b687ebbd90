"""Why another EM differs from ours: known deviations, and the search for those that explain it."""
