"""Fetch a file by its address, and check its sha256."""

from em_study.data.download import fetch
from em_study.plan.step import logged

with logged(snakemake):
    fetch(snakemake.params.url, snakemake.wildcards.sha256, snakemake.output[0])
