"""Put the published tables together."""

from study.script import logged
from study.storage import read_table, write_table
from study.tables import PARTS, collect

with logged(snakemake.log[0]):
    for name in PARTS:
        write_table(snakemake.output[name], collect(name, [read_table(part) for part in snakemake.input[name]]))
