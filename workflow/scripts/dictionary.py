"""Write the data dictionary of the tables."""

from em_study.data.storage import write_text
from em_study.plan.step import logged

with logged(snakemake):
    write_text(snakemake.output[0], snakemake.params.text)
