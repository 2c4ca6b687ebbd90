"""The page `results/index.html`: each claim with the draws behind it, where its number comes from, and EM to watch."""
