"""The judges: solvers never score themselves. Fits, two implementations side by side, and what claims speak of."""
