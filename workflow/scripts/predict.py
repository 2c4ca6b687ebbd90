"""List the rows with their posteriors and most probable class."""

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_pieces
from em_study.evaluation.scores import tabulate_predictions
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit
from em_study.plan.step import logged

with logged(snakemake):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    runs = read_arrays(snakemake.input.runs[0], Runs)
    write_pieces(snakemake.output[0], tabulate_predictions(dataset, runs, Fit(**snakemake.params.fit)))
