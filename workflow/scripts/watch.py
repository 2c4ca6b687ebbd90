"""Choose the runs of an experiment that are worth watching, and take their steps once more."""

import json

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, whole_file
from em_study.evaluation.protocols import PROTOCOLS
from em_study.experiments.settings import Experiment
from em_study.fits.runs import read_runs
from em_study.plan.step import logged
from em_study.watch.frames import frames_of

with logged(snakemake):
    experiment = Experiment.model_validate(snakemake.params.experiment)
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    fits = read_runs(experiment.fits, snakemake.input.runs)
    protocols = read_runs(PROTOCOLS if experiment.protocols else (), snakemake.input.protocols)
    frames = frames_of(snakemake.wildcards.experiment, experiment, dataset, fits, protocols)
    with whole_file(snakemake.output[0]) as file:
        file.write_text(json.dumps(frames), encoding="utf-8")
