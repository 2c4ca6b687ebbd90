"""Put the parts of a sweep together, and summarize them."""

import pandas as pd

from study.data.storage import read_table, write_table
from study.plan.step import logged
from study.tables.sweeps import summarize

with logged(snakemake.log[0]):
    table = pd.concat([read_table(part) for part in snakemake.input.parts], ignore_index=True)
    write_table(snakemake.output.table, table)
    write_table(snakemake.output.summary, summarize(table, snakemake.params.varied))
