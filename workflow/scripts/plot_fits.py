"""Draw the data of replicate 0 with the components of every fit."""

from study.data import Dataset
from study.figures.mixture import draw_fits
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
    figure = draw_fits(
        dataset.replicate(0),
        dataset.features,
        dataset.classes,
        ends,
        snakemake.wildcards.experiment,
        snakemake.params.bins,
    )
    save(figure, snakemake.output.svg, snakemake.output.png)
