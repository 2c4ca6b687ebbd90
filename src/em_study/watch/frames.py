"""What of an experiment can be watched, packed for the page: numbers are 64-bit floats in base64, no digit lost."""

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

FEW_STEPS = 5  # for an estimate of the limit
MOST_ROWS = 2000  # that a page takes as they are; of more, only some are drawn


def frames_of(
    name: str,
    experiment: Experiment,
    dataset: Dataset,
    fits: dict[str, Runs],
    others: list[tuple[Other, dict[str, Runs]]],
) -> dict[str, dict | list]:
    """Choose what to show of an experiment, and pack it; the parameters are those of `em_study.watch.choose.scenes_of`.

    Returns
    -------
    dict
        As JSON holds it. `scenes`: rows and runs, by the key of each. `ways`: fields of each `Way`. `left_out`: why the
        experiment, or a run of a scene, cannot be watched.
    """
    hindrance = _hindrance(dataset)
    scenes, ways = ([], []) if hindrance else scenes_of(name, experiment, dataset, fits, others)
    left_out = {f"{scene.told}, {run}": reason for scene in scenes for run, reason in scene.left_out.items()}
    if not scenes:
        left_out[name] = hindrance or "none of its runs can be replayed"
    packed = {scene.key: _scene(scene, dataset.features.tolist(), experiment.bins) for scene in scenes}
    return {"scenes": packed, "ways": [asdict(way) for way in ways], "left_out": left_out}


def _hindrance(dataset: Dataset) -> str:
    """Say why no run of an experiment can be watched; nothing if some may be."""
    n_features = len(dataset.features)
    if n_features > 2:
        return f"it has {n_features} features, and the pictures show one or two"
    return "its rows lack values" if has_missing(dataset.unlabeled) or has_missing(dataset.labeled) else ""


def _scene(scene: Scene, features: list[str], bins: int) -> dict:
    rows, n_rows, n_labeled = scene.rows, len(scene.rows.unlabeled), len(scene.rows.labeled)
    found = {
        "experiment": scene.experiment,
        "draw": scene.draw,
        "features": features,
        "n_rows": n_rows,
        "n_labeled": n_labeled,
        "whole": max(n_rows, n_labeled) <= MOST_ROWS,
        "runs": {name: _run(scene.runs[name], replay) for name, replay in scene.replays.items()},
    }
    if len(features) == 1:
        counts, edges = np.histogram(rows.unlabeled[:, 0], bins=bins)
        found["histogram"] = {"edges": _numbers(edges), "counts": counts.tolist()}
    if len(features) == 2 or found["whole"]:
        labeled = slice(None, None, -(-n_labeled // MOST_ROWS) or 1)
        found["rows"] = _numbers(rows.unlabeled[:: -(-n_rows // MOST_ROWS)])
        found["labeled"] = _numbers(rows.labeled[labeled])
        found["labels"] = rows.labels[labeled].tolist()
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
    """Say why a run ends where it does, and how much is left to gain by its last steps."""
    if run.failure:
        return f"It breaks down: {run.failure}."
    rest = distance_from_limit(run.trace)
    told = "what is left to gain cannot be estimated" if np.isinf(rest) else f"about {rest:.1g} are left to gain"
    by = f"{told} by {'so few' if len(run.trace) < FEW_STEPS else 'its last'} steps"
    if not run.converged:
        return f"It stops because it may take no more steps; {by}."
    if run.fit.stopping == "aitken" or len(run.trace) < 2:
        return f"It stops because by its last steps no more than {run.fit.tol:g} nats per sample are left to gain."
    change = abs(run.trace[-1] - run.trace[-2])
    return (
        f"It stops because the last change, {change:.1e} nats per sample, is below the tolerance {run.fit.tol:g}; {by}."
    )


def _numbers(values) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode()
