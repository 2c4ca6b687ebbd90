"""Compare our EM with scikit-learn under every protocol."""

import pandas as pd

from study.comparison import compare
from study.data import Dataset
from study.runs import Runs
from study.script import logged
from study.storage import read_arrays, write_table

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    ours = read_arrays(snakemake.input.ours, Runs)
    rows = [
        compare(dataset, ours, read_arrays(theirs, Runs), snakemake.wildcards.experiment, protocol)
        for protocol, theirs in zip(snakemake.params.protocols, snakemake.input.theirs, strict=True)
    ]
    write_table(snakemake.output[0], pd.concat(rows))
