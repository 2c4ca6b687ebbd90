"""Fetch a file by its address, and check its sha256."""

from study.download import fetch
from study.script import logged

with logged(snakemake.log[0]):
    fetch(snakemake.params.url, snakemake.wildcards.sha256, snakemake.output[0])
