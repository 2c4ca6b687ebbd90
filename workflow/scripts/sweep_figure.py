"""Draw a sweep."""

from em_study.data.storage import read_rows
from em_study.figures.style import save
from em_study.figures.sweep import draw
from em_study.plan.step import logged
from em_study.sweeps.settings import Sweep, text_keys

with logged(snakemake):
    sweep = Sweep.model_validate(snakemake.params.sweep)
    # `converged` is there of every cell, also of those in which each fit failed
    rows = read_rows(
        snakemake.input.summary, "quantity", {*sweep.figure.quantities, "converged"}, text_keys(sweep.vary)
    )
    figure = draw(rows, sweep, snakemake.wildcards.sweep)
    save(figure, snakemake.output.svg, snakemake.output.png)
