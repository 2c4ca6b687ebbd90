"""An experiment: data, fits and comparisons, and checks across these."""
