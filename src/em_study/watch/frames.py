"""All that a study lets one watch: read, chosen, and packed for the page's script."""

import base64
from dataclasses import dataclass

import numpy as np

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays
from em_study.evaluation.protocols import PROTOCOLS
from em_study.figures.style import COMPONENTS
from em_study.fits.runs import read_runs
from em_study.plan.results import Plan
from em_study.watch.choose import Scene, Way, scenes_of, what_hinders
from em_study.watch.replay import Replay, Watched

MOST_ROWS = 2000  # that a page takes as they are; of more, only some are drawn


@dataclass(frozen=True)
class Stage:
    """What can be watched.

    Attributes
    ----------
    scenes : dict of list of Scene
        By experiment.
    ways : list of Way
    left_out : dict of str
        Why an experiment, or a run of a scene, cannot be watched.
    packed : dict
        The scenes as JSON, with numbers as 64-bit floats in base64, no digit lost.
    """

    scenes: dict[str, list[Scene]]
    ways: list[Way]
    left_out: dict[str, str]
    packed: dict


def stage_of(plan: Plan) -> Stage:
    """Read what the experiments of a study made, and choose what to show of it."""
    scenes: dict[str, list[Scene]] = {}
    ways, left_out, shown = [], {}, {}
    for name, experiment in plan.study.experiments.items():
        dataset = read_arrays(f"results/data/{name}.npz", Dataset)
        hindrance = what_hinders(dataset)
        if hindrance:
            left_out[name] = hindrance
            continue
        fits = read_runs(experiment.fits, plan.of_fits(name, "results/fits/{experiment}/{fit}.npz"))
        rungs = PROTOCOLS if experiment.protocols else {}
        protocols = read_runs(rungs, [f"results/sklearn/{name}/{rung}.npz" for rung in rungs])
        scenes[name], found = scenes_of(name, experiment, dataset, fits, protocols)
        ways += found
        for scene in scenes[name]:
            left_out |= {f"{scene.told}, {run}": reason for run, reason in scene.left_out.items()}
        if not scenes[name]:
            left_out[name] = "none of its runs can be replayed"
        shown |= {scene.key: _scene(scene, experiment.bins) for scene in scenes[name]}
    return Stage(scenes, ways, left_out, {"palette": COMPONENTS, "scenes": shown})


def _scene(scene: Scene, bins: int) -> dict:
    rows, features = scene.rows, len(scene.features)
    n_rows, n_labeled = len(rows.unlabeled), len(rows.labeled)
    found = {
        "experiment": scene.experiment,
        "draw": "all have these rows" if scene.shared else str(scene.draw),
        "features": scene.features,
        "n_rows": n_rows,
        "n_labeled": n_labeled,
        "whole": max(n_rows, n_labeled) <= MOST_ROWS,
        "runs": {name: _run(scene.watched[name], replay) for name, replay in scene.replays.items()},
    }
    if features == 1:
        counts, edges = np.histogram(rows.unlabeled[:, 0], bins=bins)
        found["histogram"] = {"edges": _numbers(edges), "counts": counts.tolist()}
    if features == 2 or found["whole"]:
        labeled = slice(None, None, -(-n_labeled // MOST_ROWS) or 1)
        found["rows"] = _numbers(rows.unlabeled[:: -(-n_rows // MOST_ROWS)])
        found["labeled"] = _numbers(rows.labeled[labeled])
        found["labels"] = rows.labels[labeled].tolist()
    return found


def _run(watched: Watched, replay: Replay) -> dict:
    lower = np.tril_indices(replay.parameters[0].n_features)
    frames = [np.hstack([p.weights[:, None], p.means, p.covariance_matrices[:, *lower]]) for p in replay.parameters]
    end = f"breaks down: {watched.failure}" if watched.failure else "stopped by max_iter"
    return {
        "n_components": replay.parameters[0].n_components,
        "n_steps": replay.n_steps,
        "steps": replay.steps.tolist(),
        "frames": _numbers(np.array(frames)),
        "trace": _numbers(replay.trace),
        "joint": watched.is_joint,
        "end": "converged" if watched.converged else end,
    }


def _numbers(values) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode()
