"""Draw the predictions of the first and the last rows."""

from study.data.dataset import Dataset
from study.data.storage import read_arrays
from study.figures.first_and_last import draw
from study.figures.style import save
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    ends = {
        name: read_arrays(runs, Runs).end(0)
        for name, runs in zip(snakemake.params.fits, snakemake.input.runs, strict=True)
    }
    figure = draw(dataset.replicate(0), ends, snakemake.wildcards.experiment)
    save(figure, snakemake.output.svg, snakemake.output.png)
