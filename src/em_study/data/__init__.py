"""Rows: drawn from a known mixture, read from CSV files, or scikit-learn's; and the files between steps."""
