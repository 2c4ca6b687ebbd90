"""Draw a figure of an experiment."""

from importlib import import_module

from em_study.figures.shown import read_shown
from em_study.figures.style import save
from em_study.plan.step import logged

with logged(snakemake):
    draw = import_module(f"em_study.figures.{snakemake.params.kind}").draw
    files = {name: [paths] if isinstance(paths, str) else list(paths) for name, paths in snakemake.input.items()}
    shown = read_shown(
        snakemake.wildcards.experiment, snakemake.params.fits, snakemake.params.bins, snakemake.params.other, files
    )
    save(draw(shown), snakemake.output.svg, snakemake.output.png)
