"""Which runs the page lets one watch, and what is to be seen in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, permutations

import numpy as np

from em_study.claims.settings import Claim
from em_study.data.dataset import Dataset, Replicate
from em_study.evaluation.protocols import PUBLISHED, settings
from em_study.experiments.settings import Experiment
from em_study.fits.runs import Runs
from em_study.watch.replay import NotShownError, Replay, Watched, continued, named_alike, replay
from emgmm import MixtureParameters, has_holes

GAP = 0.05  # nats a row: ends that lie further apart are called other ones
MOST_TRIED = 20  # draws, for what takes more EM to be sure of


@dataclass(frozen=True)
class Way:
    """Something to see: words for it, and what is to be set."""

    text: str
    scene: str
    left: str
    right: str
    step: int


@dataclass(frozen=True)
class Scene:
    """The rows of a draw, and the runs on it that can be watched.

    Attributes
    ----------
    experiment : str
    draw : int
    shared : bool
        Whether all draws of the experiment have these rows; the names of the runs then tell their start.
    rows : Replicate
    features : list of str
    watched : dict of Watched
        By name.
    replays : dict of Replay
    left_out : dict of str
        Why a run cannot be watched, by its name.
    """

    experiment: str
    draw: int
    shared: bool
    rows: Replicate
    features: list[str]
    watched: dict[str, Watched]
    replays: dict[str, Replay] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its name among all."""
        return f"{self.experiment}/{self.draw}"

    @property
    def told(self) -> str:
        """Where it is, in words."""
        return self.experiment if self.shared else f"{self.experiment}, draw {self.draw}"


def what_hinders(dataset: Dataset) -> str:
    """Say why no run of an experiment can be watched; nothing if some may be."""
    n_features = len(dataset.features)
    if n_features > 2:
        return f"it has {n_features} features, and the pictures show one or two"
    return "its rows lack values" if has_holes(dataset.unlabeled) or has_holes(dataset.labeled) else ""


def scenes_of(
    name: str, experiment: Experiment, dataset: Dataset, fits: dict[str, Runs], protocols: dict[str, Runs]
) -> tuple[list[Scene], list[Way]]:
    """Choose the draws of an experiment that are worth watching, and say what is to be seen in them.

    Parameters
    ----------
    name : str
    experiment : Experiment
    dataset : Dataset
    fits, protocols : dict of Runs
        By the name of the fit, or the protocol.
    """
    n_draws, shared = len(next(iter(fits.values()))), len(dataset.unlabeled) == 1

    def scene(draws) -> Scene:
        watched = {}
        for r in draws:
            found = _of_fits(experiment, fits, r) | _of_protocols(experiment, fits, protocols, r)
            watched |= {_name(key, r, shared): value for key, value in found.items()}
        features = [str(feature) for feature in dataset.features]
        return Scene(name, draws[0], shared, dataset.replicate(draws[0]), features, watched)

    scenes = [scene(range(n_draws))] if shared else [scene([r]) for r in range(n_draws)]
    firsts = {name for name, run in scenes[0].watched.items() if run.replicate <= 1}
    first = _replayed(scenes[0], firsts)
    ways = [*_first_ways(first, experiment)]
    ways += [way for find in (_collapse, _other_optimum, _false_convergence) if (way := find(scenes)) is not None]
    kept = {} if shared else {first.key: first}  # all its runs are replayed already
    for scene in scenes:
        named = {run for way in ways if way.scene == scene.key for run in (way.left, way.right)}
        if named and scene.key not in kept:
            kept[scene.key] = _replayed(scene, named if shared else {*scene.watched})
    ways = [way for way in ways if {way.left, way.right} <= {*kept[way.scene].replays}]
    return [kept[key] for key in dict.fromkeys(way.scene for way in ways)], ways


def _name(name: str, r: int, shared: bool) -> str:
    """Name a run among those on the same rows."""
    return f"{name}, start {r}" if shared else name


def _of_fits(experiment: Experiment, fits: dict[str, Runs], r: int) -> dict[str, Watched]:
    return {name: Watched(experiment.fits[name], runs, r) for name, runs in fits.items()}


def _of_protocols(experiment: Experiment, fits, protocols: dict[str, Runs], r: int) -> dict[str, Watched]:
    """Say what another implementation does, in our terms."""
    result = {}
    for name, runs in protocols.items():
        fit, ours = experiment.compared_fit, fits[experiment.protocols.fit]
        called = settings(name, fit, int(ours.n_maximizations[r]))
        start = ours.start(r)
        if called["precisions_are_covariances"] and start is not None:
            start = _inverted(start)
        as_called = fit.model_copy(update={"reg_covar": called["reg_covar"], "semi_supervised": "none"})
        result[beside(experiment, name)] = Watched(as_called, runs, r, start)
    return result


def beside(experiment: Experiment, protocol: str) -> str:
    """Name the run of what stands beside our EM, by a protocol."""
    return f"{experiment.protocols.implementation} {protocol}"


def _inverted(start: MixtureParameters) -> MixtureParameters:
    """Take the covariances for precisions."""
    inverse = 1 / start.covariances if start.type.diagonal else np.linalg.inv(start.covariances)
    return MixtureParameters(start.weights, start.means, inverse, start.covariance_type)


def _replayed(scene: Scene, names: set[str]) -> Scene:
    replays, left_out = {}, {}
    for name in (name for name in scene.watched if name in names):
        try:
            replays[name] = replay(scene.rows, scene.watched[name])
        except NotShownError as error:
            left_out[name] = str(error)
    if replays:  # labels name components; where there are none, they are named as in the best run
        named = [name for name in replays if scene.watched[name].fit.uses_labels]
        best = max(replays, key=lambda name: replays[name].trace[-1])
        free = {name: found for name, found in replays.items() if name not in named}
        replays |= named_alike(scene.rows, free, replays[(named or [best])[0]])
    watched = {name: scene.watched[name] for name in replays}
    return Scene(scene.experiment, scene.draw, scene.shared, scene.rows, scene.features, watched, replays, left_out)


def _first_ways(scene: Scene, experiment: Experiment) -> Iterator[Way]:
    """Say what is to be seen in the first draw."""
    names = {name: _name(name, scene.draw, scene.shared) for name in experiment.fits}
    fits = {run: experiment.fits[name] for name, run in names.items() if run in scene.replays}

    def way(text, left, right):
        return Way(f"{scene.told}: {text}", scene.key, left, right, 1)

    free = [run for run, fit in fits.items() if not fit.uses_labels]
    leaving = [run for run, fit in fits.items() if fit.initialization == "labels" and fit.semi_supervised != "clamped"]
    staying = [run for run, fit in fits.items() if fit.semi_supervised == "clamped"]
    if free and leaving:
        yield way("a start without labels beside one from labels", free[0], leaving[0])
    if staying and leaving:
        text = "labels that stay in the likelihood beside labels that only give the start"
        yield way(text, staying[0], leaving[0])
    if not leaving or not (free or staying):
        any_two = [*fits, *scene.replays][:2] if len(fits) < 2 and scene.shared else [*fits]
        if any_two:
            words = any_two[0] if any_two[0] == any_two[-1] else f"{any_two[0]} beside {any_two[-1]}"
            yield way(words, any_two[0], any_two[-1])
    for run, other in permutations(fits, 2):
        fast, plain = scene.watched[run], scene.watched[other]
        as_plain = fast.fit.model_copy(update={"acceleration": "none", "kernel": plain.fit.kernel})
        if fast.fit.acceleration != "none" and as_plain == plain.fit and _same_start(fast, plain):
            passes = f"{fast.n_passes} passes over the rows beside {plain.n_passes}"
            yield way(f"accelerated EM ({run}) beside plain EM ({other}) from the same start: {passes}", run, other)
    if experiment.protocols:
        pair = [_name(beside(experiment, name), scene.draw, scene.shared) for name in (PUBLISHED, "exact_precisions")]
        runs = [scene.watched[name] for name in pair if name in scene.replays]
        if len(runs) == 2 and not _same_start(*runs):
            text = "the published call takes the covariances for precisions, and so begins elsewhere than told"
            yield way(text, *pair)


def _collapse(scenes: list[Scene]) -> Way | None:
    """Find the run that breaks down after most steps."""
    failed = [
        (scene, name) for scene in scenes for name, run in scene.watched.items() if run.failure and len(run.trace)
    ]
    if not failed:
        return None
    scene, name = max(failed, key=lambda each: len(each[0].watched[each[1]].trace))
    n_steps = len(scene.watched[name].trace)
    others = [key for key, other in scene.watched.items() if not other.failure and len(other.trace)]
    text = f"{scene.told}: {name} breaks down at step {n_steps}"
    return Way(text, scene.key, name, (others or [name])[0], n_steps)


def _comparable(scene: Scene) -> list[str]:
    """List the runs that converged, on the unlabeled rows alone."""
    return [
        name for name, run in scene.watched.items() if run.converged and not run.is_joint and len(run.trace) and run.end
    ]


def _other_optimum(scenes: list[Scene]) -> Way | None:
    """Find two ends that lie apart, and still do when EM goes on from each."""
    tried = 0
    for scene in scenes:
        names = [name for name in _comparable(scene) if scene.watched[name].start is None]
        if not names or tried >= MOST_TRIED:
            continue
        best = max(names, key=lambda name: scene.watched[name].trace[-1])
        for name in names:
            low, high = scene.watched[name], scene.watched[best]
            if not _same_model(low, high) or high.trace[-1] - low.trace[-1] < GAP or tried >= MOST_TRIED:
                continue
            tried += 1
            ends = [continued(scene.rows, run) for run in (low, high)]
            if ends[1] - ends[0] > GAP:
                gap = f"{high.trace[-1] - low.trace[-1]:.2f} nats a row below {best}"
                text = f"{scene.told}: another optimum. {name} ends {gap}, and {ends[1] - ends[0]:.2f} where both go on"
                return Way(text, scene.key, name, best, max(len(low.trace), len(high.trace)))
    return None


def _false_convergence(scenes: list[Scene]) -> Way | None:
    """Find a run that stops far from where another goes on to, from the same start."""
    for scene in scenes:
        found, names = [], sorted(_comparable(scene), key=lambda name: scene.watched[name].replicate)
        of_draws = groupby(names, key=lambda name: scene.watched[name].replicate)
        for name, other in (pair for _, of_draw in of_draws for pair in permutations(of_draw, 2)):
            early, late = scene.watched[name], scene.watched[other]
            if len(early.trace) >= len(late.trace):
                continue
            gain = late.trace[-1] - early.trace[-1]
            if gain > GAP and _same_model(early, late) and _same_start(early, late):
                found.append((gain, name, other))
        if found:
            gain, name, other = max(found, key=lambda each: each[0])
            n_steps = len(scene.watched[name].trace)
            goes_on = f"{other} goes on from the same start and gains {gain:.2f} nats a row"
            text = f"{scene.told}: a false convergence. {name} stops at step {n_steps}; {goes_on}"
            return Way(text, scene.key, name, other, n_steps)
    return None


def _same_model(first: Watched, second: Watched) -> bool:
    kept = {"covariance_type", "reg_covar", "missing"}
    return first.fit.model_dump(include=kept) == second.fit.model_dump(include=kept) and (
        first.runs.means.shape[1:] == second.runs.means.shape[1:]
    )


def _same_start(first: Watched, second: Watched) -> bool:
    one, other = first.began, second.began
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("weights", "means", "covariances"))


def way_of_claim(claim: Claim, experiment: Experiment, scenes: list[Scene], values, observed: float) -> Way | None:
    """Find where a claim's number can be watched: in the draw, of those that are there, whose own comes nearest to it.

    Parameters
    ----------
    claim : Claim
    experiment : Experiment
        That it is about.
    scenes : list of Scene
        Of this experiment.
    values : dict of float
        The claim's number in each draw.
    observed : float
    """
    if claim.table == "agreement":
        names = [beside(experiment, str(claim.where.get("protocol"))), experiment.protocols.fit]
    else:
        fit = claim.where.get("fit")
        names = [fit, claim.other.get("fit", fit)]
    found = []
    for scene in scenes:
        for r in sorted({run.replicate for run in scene.watched.values()} & {*values}):
            runs = [_name(name, r, scene.shared) for name in names]
            if runs[0] == runs[1]:  # the claim is about one fit: any other beside it
                runs[1] = next((run for run in scene.replays if run != runs[0]), runs[0])
            if {*runs} <= {*scene.replays}:
                step = max(int(scene.replays[run].steps[-1]) for run in runs)
                where = "" if scene.shared else f" in draw {r}"
                text = f"{runs[0]} beside {runs[1]}{where}, where this number is {values[r]:.4g}"
                found.append((abs(values[r] - observed), r, Way(text, scene.key, *runs, step)))
    return min(found, key=lambda each: each[:2])[2] if found else None
