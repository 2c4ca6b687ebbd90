"""Diagnose why the results of other implementations differ from ours."""

from em_study.data.storage import write_table
from em_study.diagnosis.table import tabulate_diagnoses
from em_study.evaluation.compared import read_compared
from em_study.plan.step import logged

with logged(snakemake):
    write_table(snakemake.output[0], tabulate_diagnoses(*read_compared(snakemake), snakemake.wildcards.experiment))
