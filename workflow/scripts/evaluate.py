"""Evaluate a fit, and tabulate its parameters."""

from em_study.data.storage import write_table
from em_study.evaluation.scores import evaluate_fit, tabulate_estimates, tabulate_parameters
from em_study.evaluation.settings import Published
from em_study.fits.given import read_fitted
from em_study.plan.step import logged
from em_study.settings import from_params

with logged(snakemake):
    fitted, named = read_fitted(snakemake), (snakemake.wildcards.experiment, snakemake.wildcards.fit)
    published = from_params(list[Published], snakemake.params.published)
    write_table(snakemake.output.fits, evaluate_fit(*fitted, *named))
    write_table(snakemake.output.parameters, tabulate_parameters(*fitted, published, *named))
    write_table(snakemake.output.estimates, tabulate_estimates(*fitted, *named, wanted=snakemake.params.estimates))
