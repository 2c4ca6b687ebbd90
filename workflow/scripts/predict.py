"""List the samples with posterior probabilities and most probable class."""

from em_study.data.storage import write_pieces
from em_study.evaluation.scores import tabulate_predictions
from em_study.fits.given import read_fitted
from em_study.plan.step import logged

with logged(snakemake):
    write_pieces(snakemake.output[0], tabulate_predictions(*read_fitted(snakemake)))
