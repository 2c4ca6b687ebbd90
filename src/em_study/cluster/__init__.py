"""Queries to Slurm in addition to those of Snakemake's executor: whether a run can start, and why its jobs wait."""
