"""Compare our EM with other implementations by each of their protocols."""

from em_study.data.storage import write_table
from em_study.evaluation.agreement import compare
from em_study.evaluation.compared import read_compared
from em_study.plan.step import logged

with logged(snakemake):
    write_table(snakemake.output[0], compare(*read_compared(snakemake), snakemake.wildcards.experiment))
