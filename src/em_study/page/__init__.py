"""The page `results/index.html`: each claim with its replicates, and the provenance of its number."""
