"""Impute the missing values of an experiment by a fit."""

from em_study.data.storage import write_table
from em_study.evaluation.imputed import tabulate_imputed
from em_study.fits.given import read_fitted
from em_study.plan.step import logged

with logged(snakemake):
    write_table(snakemake.output[0], tabulate_imputed(*read_fitted(snakemake)))
