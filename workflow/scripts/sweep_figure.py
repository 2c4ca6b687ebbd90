"""Draw a sweep."""

from study.configuration.schema import Sweep
from study.data.storage import read_table
from study.figures.style import save
from study.figures.sweep import draw
from study.plan.step import logged

with logged(snakemake.log[0]):
    sweep = Sweep.model_validate(snakemake.params.sweep)
    figure = draw(read_table(snakemake.input.summary), sweep, snakemake.wildcards.sweep)
    save(figure, snakemake.output.svg, snakemake.output.png)
