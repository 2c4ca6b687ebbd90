"""Draw a figure of an experiment."""

from importlib import import_module

from study.figures.shown import read_shown
from study.figures.style import save
from study.plan.step import logged

with logged(snakemake):
    draw = import_module(f"study.figures.{snakemake.params.kind}").draw
    files = {name: [paths] if isinstance(paths, str) else list(paths) for name, paths in snakemake.input.items()}
    shown = read_shown(
        snakemake.wildcards.experiment, snakemake.params.fits, snakemake.params.bins, snakemake.params.other, files
    )
    save(draw(shown), snakemake.output.svg, snakemake.output.png)
