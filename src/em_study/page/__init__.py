"""The page `results/index.html`: each claim with the draws behind it, and where its number comes from."""
