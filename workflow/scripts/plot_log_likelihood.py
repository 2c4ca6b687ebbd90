"""Draw the log-likelihood of a fit against step."""

from study.data.storage import read_arrays
from study.figures.log_likelihood import draw
from study.figures.style import save
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake.log[0]):
    figure = draw(
        read_arrays(snakemake.input.runs[0], Runs),
        snakemake.wildcards.experiment,
        snakemake.wildcards.fit,
        snakemake.params.clamped,
    )
    save(figure, snakemake.output.svg, snakemake.output.png)
