"""Put the parts of a sweep together, and summarize them."""

import pandas as pd

from study.script import logged
from study.storage import read_table, write_table
from study.sweeps import summarize

with logged(snakemake.log[0]):
    table = pd.concat([read_table(part) for part in snakemake.input.parts], ignore_index=True)
    write_table(snakemake.output.table, table)
    write_table(snakemake.output.summary, summarize(table, snakemake.params.varied))
