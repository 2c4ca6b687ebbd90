"""Join the parts of a sweep, and summarize them."""

from em_study.plan.step import logged
from em_study.sweeps.run import put_together

with logged(snakemake):
    put_together(snakemake.input.parts, snakemake.params.varied, snakemake.output.table, snakemake.output.summary)
