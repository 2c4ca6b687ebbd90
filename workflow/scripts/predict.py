"""List the rows with their posteriors and most probable class."""

from study.configuration.schema import Fit
from study.data.dataset import Dataset
from study.data.storage import read_arrays, write_pieces
from study.evaluation.scores import tabulate_predictions
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    runs = read_arrays(snakemake.input.runs[0], Runs)
    write_pieces(snakemake.output[0], tabulate_predictions(dataset, runs, Fit(**snakemake.params.fit)))
