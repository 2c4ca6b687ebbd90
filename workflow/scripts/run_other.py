"""Run scikit-learn, or another implementation, from the initial parameters of one of our fits, by each protocol."""

from em_study.evaluation.protocols import Other, run_protocol
from em_study.fits.given import read_fitted
from em_study.fits.implementations import running
from em_study.fits.runs import write_runs_by_name
from em_study.plan.step import logged
from em_study.settings import from_params

with logged(snakemake):
    dataset, ours, fit = read_fitted(snakemake)
    other = from_params(Other, snakemake.params.other)
    with running(other.name, snakemake.params.time_limit) as run:
        found = {name: run_protocol(name, dataset, ours, fit, run, other) for name in other.protocols}
    write_runs_by_name(snakemake.output[0], found)
