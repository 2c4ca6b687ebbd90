"""Draw where the rows of an experiment with one feature are unclear."""

from study.data.dataset import Dataset
from study.data.storage import read_arrays
from study.figures.style import save
from study.figures.uncertainty import draw
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    ends = {
        name: read_arrays(runs, Runs).end(0)
        for name, runs in zip(snakemake.params.fits, snakemake.input.runs, strict=True)
    }
    feature, bins = str(dataset.features[0]), snakemake.params.bins
    figure = draw(dataset.replicate(0), feature, ends, snakemake.wildcards.experiment, bins)
    save(figure, snakemake.output.svg, snakemake.output.png)
