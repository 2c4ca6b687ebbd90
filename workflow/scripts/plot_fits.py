"""Draw the rows with the components of every fit, of the first replicate that no fit collapsed on."""

from study.data import Dataset
from study.figures.mixture import draw_fits
from study.figures.style import save
from study.runs import Runs, first_whole_replicate
from study.script import logged
from study.storage import read_arrays

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    runs = {
        name: read_arrays(file, Runs) for name, file in zip(snakemake.params.fits, snakemake.input.runs, strict=True)
    }
    r = first_whole_replicate(list(runs.values()))
    figure = draw_fits(
        dataset.replicate(r),
        dataset.features,
        dataset.classes,
        {name: found.end(r) for name, found in runs.items()},
        f"{snakemake.wildcards.experiment}, replicate {r}",
        snakemake.params.bins,
    )
    save(figure, snakemake.output.svg, snakemake.output.png)
