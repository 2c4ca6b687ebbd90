"""Data: simulated, read from a user's files, or scikit-learn's; and the files between the steps of a run."""
