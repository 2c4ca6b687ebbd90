"""Draw a sweep."""

from study.configuration.schema import Sweep
from study.figures.style import save
from study.figures.sweep import draw_sweep
from study.script import logged
from study.storage import read_table

with logged(snakemake.log[0]):
    figure = draw_sweep(
        read_table(snakemake.input.summary),
        Sweep.model_validate(snakemake.params.sweep),
        snakemake.wildcards.sweep,
    )
    save(figure, snakemake.output.svg, snakemake.output.png)
