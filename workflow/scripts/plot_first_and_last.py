"""Draw the predictions of the first and the last rows."""

from study.data import Dataset
from study.figures.one_feature import draw_first_and_last
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
    figure = draw_first_and_last(dataset.replicate(0), ends, snakemake.wildcards.experiment)
    save(figure, snakemake.output.svg, snakemake.output.png)
