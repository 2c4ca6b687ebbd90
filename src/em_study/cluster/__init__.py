"""What a run asks of Slurm, beside what Snakemake's executor asks: whether it can start, and why its jobs wait."""
