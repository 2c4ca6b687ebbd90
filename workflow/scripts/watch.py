"""Choose the runs of an experiment that are worth watching, and take their steps once more."""

import json

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_text
from em_study.evaluation.protocols import PROTOCOLS
from em_study.experiments.settings import Experiment
from em_study.fits.runs import read_runs
from em_study.plan.step import logged
from em_study.settings import from_params
from em_study.watch.frames import frames_of

with logged(snakemake):
    experiment = from_params(Experiment, snakemake.params.experiment)
    dataset = read_arrays(snakemake.input.data, Dataset)
    fits = read_runs(experiment.fits, snakemake.input.runs)
    protocols = read_runs(PROTOCOLS if experiment.protocols else (), snakemake.input.protocols)
    frames = frames_of(snakemake.wildcards.experiment, experiment, dataset, fits, protocols)
    write_text(snakemake.output[0], json.dumps(frames))
