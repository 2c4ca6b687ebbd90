"""Compare our EM with other implementations by each of their protocols."""

from em_study.data.storage import write_table
from em_study.evaluation.agreement import compare
from em_study.evaluation.compared import read_compared, with_nearest_steps
from em_study.plan.step import logged

with logged(snakemake):
    dataset, compared = read_compared(snakemake)
    compared = with_nearest_steps(dataset, compared)
    write_table(snakemake.output[0], compare(dataset, compared, snakemake.wildcards.experiment))
