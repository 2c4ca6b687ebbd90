"""Write the data dictionary of the tables."""

from em_study.data.storage import write_text
from em_study.plan.step import logged
from em_study.tables.dictionary import data_dictionary

with logged(snakemake):
    write_text(snakemake.output[0], data_dictionary(snakemake.params.changes))
