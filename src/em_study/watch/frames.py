"""The runs of an experiment that can be watched, packed for the page: numbers are 64-bit floats in base64."""

import base64
from dataclasses import asdict

import numpy as np

from em_study.data.dataset import Dataset
from em_study.evaluation.protocols import Other
from em_study.experiments.settings import Experiment
from em_study.fits.runs import Runs
from em_study.watch.choose import Scene, scenes_of
from em_study.watch.replay import Replay, StoredRun
from emgmm.em import distance_from_limit
from emgmm.statistics import has_missing

FEW_STEPS = 5  # fewer do not suffice to estimate the limit
MOST_SAMPLES = 2000  # in the page; of a larger data set, it shows only some


def frames_of(
    name: str,
    experiment: Experiment,
    dataset: Dataset,
    fits: dict[str, Runs],
    others: list[tuple[Other, dict[str, Runs]]],
) -> dict[str, dict | list]:
    """Select the runs of an experiment to show, and pack them; parameters as of `em_study.watch.choose.scenes_of`.

    Returns
    -------
    dict
        For JSON. `scenes`: samples and runs, by the key of each scene. `ways`: fields of each `Way`. `left_out`: the
        reason why the experiment, or a run of a scene, cannot be watched.
    """
    obstacle = _obstacle(dataset)
    scenes, ways = ([], []) if obstacle else scenes_of(name, experiment, dataset, fits, others)
    left_out = {f"{scene.title}, {run}": reason for scene in scenes for run, reason in scene.left_out.items()}
    if not scenes:
        left_out[name] = obstacle or "none of its runs can be replayed"
    packed = {scene.key: _scene(scene, dataset.features.tolist(), experiment.bins) for scene in scenes}
    return {"scenes": packed, "ways": [asdict(way) for way in ways], "left_out": left_out}


def _obstacle(dataset: Dataset) -> str:
    """State why no run of an experiment can be watched; empty if some may be."""
    n_features = len(dataset.features)
    if n_features > 2:
        return f"it has {n_features} features, and the pictures show one or two"
    return "its samples have missing values" if has_missing(dataset.unlabeled) or has_missing(dataset.labeled) else ""


def _scene(scene: Scene, features: list[str], bins: int) -> dict:
    samples, n_samples, n_labeled = scene.samples, len(scene.samples.unlabeled), len(scene.samples.labeled)
    found = {
        "experiment": scene.experiment,
        "replicate": scene.replicate,
        "features": features,
        "n_samples": n_samples,
        "n_labeled": n_labeled,
        "complete": max(n_samples, n_labeled) <= MOST_SAMPLES,
        "runs": {name: _run(scene.runs[name], replay) for name, replay in scene.replays.items()},
    }
    if len(features) == 1:
        counts, edges = np.histogram(samples.unlabeled[:, 0], bins=bins)
        found["histogram"] = {"edges": _numbers(edges), "counts": counts.tolist()}
    if len(features) == 2 or found["complete"]:
        labeled = slice(None, None, -(-n_labeled // MOST_SAMPLES) or 1)
        found["samples"] = _numbers(samples.unlabeled[:: -(-n_samples // MOST_SAMPLES)])
        found["labeled"] = _numbers(samples.labeled[labeled])
        found["labels"] = samples.labels[labeled].tolist()
    return found


def _run(run: StoredRun, replay: Replay) -> dict:
    return {
        "n_components": replay.last.n_components,
        "n_steps": len(run.trace),
        "steps": replay.steps.tolist(),
        "frames": _numbers(replay.frames),
        "trace": _numbers(replay.trace),
        "joint": run.is_joint,
        "why": _why(run),
    }


def _why(run: StoredRun) -> str:
    """State why a run stops, and the remaining gain that its last steps suggest."""
    if run.failure:
        return f"The run fails: {run.failure}."
    rest = distance_from_limit(run.trace)
    steps = "so few" if len(run.trace) < FEW_STEPS else "its last"
    left = f"the remaining gain, estimated from its last steps, is {rest:.1g} nats per sample"
    left = f"the remaining gain cannot be estimated from {steps} steps" if np.isinf(rest) else left
    if not run.converged:
        return f"It stops at the largest number of steps allowed; {left}."
    if run.fit.stopping == "aitken" or len(run.trace) < 2:
        estimate = "the remaining gain, estimated from its last steps,"
        return f"It stops because {estimate} is at most {run.fit.tol:g} nats per sample."
    change = abs(run.trace[-1] - run.trace[-2])
    stops = f"the last change, {change:.1e} nats per sample, is below the tolerance {run.fit.tol:g}"
    return f"It stops because {stops}; {left}."


def _numbers(values) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode()
