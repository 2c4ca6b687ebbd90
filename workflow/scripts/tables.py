"""Put the published tables together, and their data dictionary beside them."""

from study.script import logged
from study.storage import read_table, whole_file, write_table
from study.tables import COLUMNS, collect, data_dictionary

with logged(snakemake.log[0]):
    for name in COLUMNS:
        write_table(snakemake.output[name], collect(name, [read_table(part) for part in snakemake.input[name]]))
    with whole_file(snakemake.output.dictionary) as file:
        file.write_text(data_dictionary(), encoding="utf-8")
