"""Select the runs to animate, and caption them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, islice, permutations

import numpy as np

from em_study.data.dataset import Dataset, Replicate
from em_study.evaluation.protocols import PUBLISHED, Other, settings_of_run
from em_study.evaluation.relabeling import best_names
from em_study.experiments.settings import Experiment
from em_study.fits.runs import Runs, inverse_covariances
from em_study.watch.replay import NotShownError, Replay, StoredRun, continued, replay, stored_run
from em_study.watch.ways import FALSE_CONVERGENCE, Way, named, next_to
from emgmm import MixtureParameters, posteriors

GAP = 0.05  # nats per sample: ends that lie further apart count as different
MOST_TRIED = 20  # pairs of runs for which EM goes on, to check that their maxima differ


@dataclass(frozen=True, eq=False)
class Scene:
    """The samples of a replicate, and the runs on them.

    Attributes
    ----------
    experiment : str
    replicate : int or None
        None if all replicates of the experiment have the same samples; the names of the runs then have the number of
        their initialization.
    samples : Replicate
    runs : dict of StoredRun
        By name.
    replays : dict of Replay
        The runs that can be watched.
    left_out : dict of str
        The reason why a run cannot be watched, by its name.
    """

    experiment: str
    replicate: int | None
    samples: Replicate
    runs: dict[str, StoredRun]
    replays: dict[str, Replay] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Key of this scene in the page."""
        return f"{self.experiment}/{self.replicate or 0}"

    @property
    def title(self) -> str:
        """Experiment and replicate, for readers."""
        name = self.experiment.replace("_", " ")
        return name if self.replicate is None else f"{name}, replicate {self.replicate}"

    def way(self, text: str, left: str, right: str, step: int = 1) -> Way:
        """Caption two of its runs."""
        return Way(f"{self.title}: {text}", self.key, left, right, step)


def scenes_of(
    name: str,
    experiment: Experiment,
    dataset: Dataset,
    fits: dict[str, Runs],
    others: list[tuple[Other, dict[str, Runs]]],
) -> tuple[list[Scene], list[Way]]:
    """Select the replicates of an experiment that are worth watching, and caption the pairs of runs."""
    n_replicates, shared = len(next(iter(fits.values()))), len(dataset.unlabeled) == 1
    runs = [_runs_of_replicate(experiment, dataset, fits, others, r) for r in range(n_replicates)]
    if shared:
        runs = [
            {named(key, r, shared): run for r, of_replicate in enumerate(runs) for key, run in of_replicate.items()}
        ]
    scenes = [Scene(name, None if shared else r, dataset.replicate(r), of_samples) for r, of_samples in enumerate(runs)]
    first = _replayed(scenes[0], [key for key, run in scenes[0].runs.items() if run.replicate <= 1])
    ways = [*_first_ways(first, experiment), *_collapse(scenes), *_other_optimum(scenes), *_false_convergence(scenes)]
    kept = {} if shared else {first.key: first}  # all its runs are replayed already
    for scene in scenes:
        to_see = [run for way in ways if way.scene == scene.key for run in (way.left, way.right)]
        if to_see and scene.key not in kept:
            kept[scene.key] = _replayed(scene, to_see)
    ways = [way for way in ways if {way.left, way.right} <= kept[way.scene].replays.keys()]
    return [kept[key] for key in dict.fromkeys(way.scene for way in ways)], ways


def _runs_of_replicate(experiment: Experiment, dataset: Dataset, fits, others, r: int) -> dict[str, StoredRun]:
    """Collect the runs of a replicate; describe those of another implementation by the settings of our EM."""
    found = {name: stored_run(experiment.fits[name], runs, r) for name, runs in fits.items()}
    for other, protocol, runs in [(other, name, runs) for other, found in others for name, runs in found.items()]:
        fit, ours = experiment.compared_fit, fits[experiment.protocols.fit]
        called, start = settings_of_run(protocol, other, dataset, ours, fit, r), ours.start(r)
        if called["precisions_are_covariances"] and start is not None:
            start = MixtureParameters(start.weights, start.means, inverse_covariances(start), start.covariance_type)
        as_called = fit.model_copy(
            update={"tol": called["tol"], "reg_covar": called["reg_covar"], "semi_supervised": "none"}
        )
        found[next_to(other.name, protocol)] = stored_run(as_called, runs, r, start)
    return found


def _replayed(scene: Scene, names) -> Scene:
    """Replay some runs of a scene, and give matching components the same number.

    A run that failed keeps its numbers, because the reason of the failure names one.
    """
    replays, left_out = {}, {}
    for name in (name for name in scene.runs if name in names):
        try:
            replays[name] = replay(scene.samples, scene.runs[name])
        except NotShownError as error:
            left_out[name] = str(error)
    if replays:  # labels number the components; without labels, the numbers are those of the best run
        by_labels = [name for name in replays if scene.runs[name].fit.uses_labels]
        reference = (by_labels or [max(replays, key=lambda name: replays[name].trace[-1])])[0]
        ends = {name: posteriors(scene.samples.unlabeled, found.last).argmax(axis=1) for name, found in replays.items()}
        n_components = replays[reference].last.n_components
        for name, found in replays.items():
            is_free = name not in by_labels and not scene.runs[name].failure
            if is_free and found.last.n_components == n_components:
                order = np.argsort(best_names(ends[name], ends[reference], n_components))
                replays[name] = found._replace(frames=found.frames[:, order])
    return replace(scene, replays=replays, left_out=left_out)


def _first_ways(scene: Scene, experiment: Experiment) -> Iterator[Way]:
    """Caption pairs of runs on the first replicate."""
    names = {name: named(name, 0, scene.replicate is None) for name in experiment.fits}
    fits = {run: experiment.fits[name] for name, run in names.items() if run in scene.replays}
    free = [run for run, fit in fits.items() if not fit.uses_labels]
    leaving = [run for run, fit in fits.items() if fit.from_labels and fit.semi_supervised != "clamped"]
    staying = [run for run, fit in fits.items() if fit.semi_supervised == "clamped"]
    if free and leaving:
        yield scene.way("initial parameters without labels compared with those from labels", free[0], leaving[0])
    if staying and leaving:
        kept = "labels that stay in the likelihood (clamped)"
        yield scene.way(f"{kept} compared with labels that only give the initial parameters", staying[0], leaving[0])
    if not leaving or not (free or staying):
        any_two = [*fits, *scene.replays][:2] if len(fits) < 2 and scene.replicate is None else [*fits]
        if any_two:
            yield scene.way(" compared with ".join(dict.fromkeys((any_two[0], any_two[-1]))), any_two[0], any_two[-1])
    for run, other in permutations(fits, 2):
        fast, plain = scene.runs[run], scene.runs[other]
        as_plain = fast.fit.model_copy(update={"acceleration": "none", "kernel": plain.fit.kernel})
        if fast.fit.acceleration != "none" and as_plain == plain.fit and _same_start(fast, plain):
            passes = f"{fast.n_passes} passes over the samples compared with {plain.n_passes}"
            text = f"accelerated EM ({run}) compared with plain EM ({other}) from the same initial parameters: {passes}"
            yield scene.way(text, run, other)
    if experiment.protocols:
        other, steps = experiment.protocols.implementations[0], (PUBLISHED, "exact_precisions")
        pair = [named(next_to(other, step), 0, scene.replicate is None) for step in steps]
        if {*pair} <= scene.replays.keys() and not _same_start(*(scene.runs[name] for name in pair)):
            text = "the published call passes the covariances as precisions, and so has other initial parameters"
            yield scene.way(text, *pair)


def _collapse(scenes: list[Scene]) -> Iterator[Way]:
    """Find the run that fails after most steps."""
    failed = [(len(run.trace), scene, name) for scene in scenes for name, run in scene.runs.items() if run.failure]
    n_steps, scene, name = max(failed, key=lambda each: each[0], default=(0, None, None))
    if n_steps:
        others = [key for key, run in scene.runs.items() if len(run.trace) and not run.failure]
        yield scene.way(f"{name} fails at step {n_steps}", name, (others or [name])[0], n_steps)


def _comparable(scene: Scene) -> dict[str, StoredRun]:
    """Return the runs that converged, and whose likelihood is that of the unlabeled samples alone."""
    converged = {name: run for name, run in scene.runs.items() if run.converged and not run.is_joint}
    return {name: run for name, run in converged.items() if len(run.trace) and run.end}


def _other_optimum(scenes: list[Scene]) -> Iterator[Way]:
    """Find two runs whose ends differ, and still differ after EM goes on from each."""
    for scene, name, best in islice(_ends_apart(scenes), MOST_TRIED):
        low, high = scene.runs[name], scene.runs[best]
        apart = continued(scene.samples, high) - continued(scene.samples, low)
        if apart > GAP:
            gap = f"{high.trace[-1] - low.trace[-1]:.2f} nats per sample below {best}"
            text = f"another local maximum. {name} ends {gap}, and {apart:.2f} nats per sample below after both go on"
            yield scene.way(text, name, best, max(len(low.trace), len(high.trace)))
            return


def _ends_apart(scenes: list[Scene]) -> Iterator[tuple[Scene, str, str]]:
    """Find our runs that end below the best run on the same samples."""
    for scene in scenes:
        runs = {name: run for name, run in _comparable(scene).items() if run.is_ours}
        best = max(runs, key=lambda name: runs[name].trace[-1], default=None)
        for name, run in runs.items():
            if runs[best].trace[-1] - run.trace[-1] >= GAP and _same_model(run, runs[best]):
                yield scene, name, best


def _false_convergence(scenes: list[Scene]) -> Iterator[Way]:
    """Find the first replicate with a run that stops early, while another with the same initial parameters goes on."""
    for scene in scenes:
        found = []
        for _, of_replicate in groupby(_comparable(scene).items(), key=lambda item: item[1].replicate):
            for (name, early), (other, late) in permutations(of_replicate, 2):
                gain, is_longer = late.trace[-1] - early.trace[-1], len(late.trace) > len(early.trace)
                if is_longer and gain > GAP and _same_model(early, late) and _same_start(early, late):
                    found.append((gain, name, other, len(early.trace)))
        if found:
            gain, name, other, n_steps = max(found, key=lambda each: each[0])
            goes_on = f"{other} goes on from the same initial parameters and gains {gain:.2f} nats per sample"
            yield scene.way(f"{FALSE_CONVERGENCE}. {name} stops at step {n_steps}; {goes_on}", name, other, n_steps)
            return


def _same_model(first: StoredRun, second: StoredRun) -> bool:
    kept = {"covariance_type", "reg_covar", "missing"}
    alike = first.fit.model_dump(include=kept) == second.fit.model_dump(include=kept)
    return alike and first.end.means.shape == second.end.means.shape


def _same_start(first: StoredRun, second: StoredRun) -> bool:
    names = ("weights", "means", "covariances")
    return all(np.array_equal(getattr(first.start, name), getattr(second.start, name)) for name in names)
