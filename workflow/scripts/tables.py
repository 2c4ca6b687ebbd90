"""Join the published tables."""

from em_study.data.storage import read_table, write_table
from em_study.plan.step import logged
from em_study.tables.collect import COLLECTED, collect

with logged(snakemake):
    for name in COLLECTED:
        write_table(snakemake.output[name], collect(name, [read_table(part) for part in snakemake.input[name]]))
