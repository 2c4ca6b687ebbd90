"""Draw a figure of an experiment."""

from importlib import import_module

from em_study.figures.shown import read_shown
from em_study.figures.style import save
from em_study.plan.step import logged

with logged(snakemake):
    given, named = snakemake.params, snakemake.wildcards.experiment
    files = {name: [paths] if isinstance(paths, str) else list(paths) for name, paths in snakemake.input.items()}
    shown = read_shown(named, given.fits, given.bins, given.others, files, given.original)
    save(import_module(f"em_study.figures.{given.kind}").draw(shown), snakemake.output.svg, snakemake.output.png)
