"""Draw where the rows of an experiment with one feature are unclear."""

from study.data import Dataset
from study.figures.one_feature import draw_uncertainty
from study.figures.style import save
from study.runs import Runs
from study.script import logged
from study.storage import read_arrays

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    ends = {
        name: read_arrays(runs, Runs).end(0)
        for name, runs in zip(snakemake.params.fits, snakemake.input.runs, strict=True)
    }
    feature, bins = str(dataset.features[0]), snakemake.params.bins
    figure = draw_uncertainty(dataset.replicate(0), feature, ends, snakemake.wildcards.experiment, bins)
    save(figure, snakemake.output.svg, snakemake.output.png)
