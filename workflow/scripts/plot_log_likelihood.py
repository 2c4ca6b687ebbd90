"""Draw the log-likelihood of a fit against step."""

from study.figures.log_likelihood import draw_log_likelihood
from study.figures.style import save
from study.runs import Runs
from study.script import logged
from study.storage import read_arrays

with logged(snakemake.log[0]):
    figure = draw_log_likelihood(
        read_arrays(snakemake.input.runs[0], Runs),
        snakemake.wildcards.experiment,
        snakemake.wildcards.fit,
        snakemake.params.clamped,
    )
    save(figure, snakemake.output.svg, snakemake.output.png)
