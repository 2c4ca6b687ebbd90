"""Why the steps of an implementation differ: read the formulas of its step, and predict its later steps with them.

An explanation counts only if it reproduces later steps, on samples that were not used to find it.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise, product, zip_longest

import numpy as np

from em_study.diagnosis.cases import Box, Case, few_samples, many_samples, problem_of
from em_study.diagnosis.deviations import CATALOGUE, LATER, OF_ALL_PARAMETERS, after_reg_covar
from em_study.diagnosis.fitting import RESULTS, SAME, Fitting, Found
from em_study.diagnosis.recipe import WHEN, Change, Mixture, Problem, Recipe, Step, mixture, proper, residual, take_path
from em_study.diagnosis.stopping import (
    AS_ASKED,
    IN_A_ROW,
    OF_SUM,
    OTHER_TRACE,
    RULES,
    SAME_TRACE,
    compare_traces,
    stops,
)
from emgmm import COVARIANCE_TYPES

SINGLE = 3e-5  # standard deviations: rounding of single precision in one step
NOISE = 1e-9  # standard deviations by which results jump when samples move by a millionth: rounding
ROUGH = 1e-5  # the same, by more than single precision: any formula would agree to so few digits
PREDICTED = 1e-8  # standard deviations of a component, after several steps
CANNOT = "it cannot do this"  # how an implementation reports this
FEATURES = "several features", "one feature"
PATH = 4  # steps that are compared one by one
TOLERANCES = (1e-2, 1e-3, 1e-4)
MOST_STEPS = 400
# Stopping rule that a file declares by TOLERANCE_OF
RELATIVE_TO_ONE_MORE = "the change of the log-likelihood's sum relative to 1 plus its size"
DECLARED = {"mean": AS_ASKED, "sum": OF_SUM, "relative": RELATIVE_TO_ONE_MORE}
COMPARED = RULES | {
    RELATIVE_TO_ONE_MORE: lambda path: path.n * path.gains / (1 + path.n * np.abs(path.log_likelihoods[1:])),
}
RIGHT, EXPLAINED, NOT_EXPLAINED = "right", "explained", "not explained"
INDISTINGUISHABLE = "cannot be distinguished"
OWN_START, TOO_FEW, NOT_TWICE, NOT_RUN = "own start", "too few steps", "not the same twice", "not run"
JUMPS = "jumps"
# Keys by which returned components may be sorted
KEYS = {
    "their weights": lambda found: found.weights,
    "the means of the first feature": lambda found: found.means[:, 0],
    "the means of the last feature": lambda found: found.means[:, -1],
    "the sums of their means": lambda found: found.means.sum(axis=1),
    "the lengths of their means": lambda found: np.linalg.norm(found.means, axis=1),
    "the determinants of their covariances": lambda found: np.linalg.det(found.covariances),
    "the traces of their covariances": lambda found: found.covariances.trace(axis1=1, axis2=2),
    "the first variances": lambda found: found.covariances[:, 0, 0],
}
ORDERS = {"in reverse order": lambda found: np.arange(len(found.weights))[::-1]} | {
    f"sorted by {what}, the {how} first": lambda found, key=key, sign=sign: np.argsort(sign * key(found), kind="stable")
    for (what, key), (how, sign) in product(KEYS.items(), (("smallest", 1), ("largest", -1)))
}
TRACES = {
    "summed over the samples": "returns the sum of the log-likelihood over the samples as trace, not the mean",
    "the same, one step early": "starts its trace one step late, with the log-likelihood after the first step",
    "the same, one step late": "starts its trace one step too early",
    "the same but for a constant": "omits a constant from the log-likelihoods of its trace",
    OTHER_TRACE: "returns a trace that is not the log-likelihood",
}


@dataclass(frozen=True)
class Reading:
    """What was found about an implementation, for one covariance type."""

    outcome: str
    kind: str = "full"
    changes: tuple[Change, ...] = ()  # to the textbook's step
    notes: tuple[str, ...] = ()  # other deviations, each the end of "it ..."
    problem: str = ""  # why it was not run
    unexplained: tuple[str, ...] = ()  # results of the step that no known formula gives
    right: tuple[str, ...] = ()  # results that are the textbook's
    n_cases: int = 0
    rival: float = np.inf  # smallest error of any other formula
    n_tried: int = 0
    alike: tuple[tuple[Change, ...], ...] = ()  # other changes that these samples cannot distinguish
    predicted: float = np.inf  # largest difference after several steps on other samples, in standard deviations
    sets: tuple[str, ...] = ()  # other samples on which the prediction is right
    missed: tuple[str, ...] = ()  # other samples on which it is wrong
    stops: str = ""  # what its tolerance is compared with
    declared: str = AS_ASKED  # what it declares that its tolerance is compared with
    how_called: tuple = (0, "", SAME)  # how it was called: extra steps, order of components, rounding
    features: str = ""  # "one feature" or "several features", if it was read with these only

    @property
    def where(self) -> str:
        """Describe the covariances and features that it was read with."""
        return f"{self.kind} covariances" + (f" and {self.features}" if self.features else "")


@dataclass
class OfFeatures:
    """An implementation restricted to one feature, or to several, because its EM may differ between them."""

    implementation: object
    features: str

    @property
    def changed_inputs(self):
        """Names of the modified inputs."""
        return self.implementation.changed_inputs

    @property
    def tolerance_of(self) -> str:
        """Quantity that it declares for its tolerance."""
        return self.implementation.tolerance_of

    def call(self, arrays, settings):
        """Call the implementation if the number of features is allowed."""
        if features_of(arrays["X"]) != self.features:
            return {}, CANNOT
        return self.implementation.call(arrays, settings)


def features_of(X) -> str:
    """Return whether samples have one feature or several, as an entry of FEATURES."""
    return FEATURES[X.shape[1] == 1]


class Subject(Box):
    """An implementation that is called for steps with one covariance type.

    Parameters
    ----------
    implementation : Implementation, or an object with its `call`, `changed_inputs` and `tolerance_of`
    kind : str
        Covariance type.
    """

    def __init__(self, implementation, kind: str):
        super().__init__(implementation)
        self.kind, self.same, self.order, self.problem, self.seen, self.notes = kind, SAME, "", None, None, []
        for shape in ((2, 2), (3, 3), (1, 2), (4, 2), (2, 1)):
            problem = many_samples(7, kind, *shape, n=60, distance=1.2)
            seen = self(problem, 3)
            if self.seen is None or CANNOT in self.seen.problem:
                self.seen = seen
            if seen.end is not None:
                self.problem, self.seen = problem, seen
                break

    @property
    def tolerance(self) -> float:
        """Tolerance of several steps, in standard deviations of the components."""
        return max(PREDICTED, 100 * self.same * (self.same > SAME))

    def end(self, n_steps, problem=None, **settings) -> Mixture | None:
        """Return its parameters after some steps; None if it returned no mixture."""
        return self(problem or self.problem, n_steps, **settings).end

    def is_repeatable(self) -> bool:
        """Whether the same call returns the same bits."""
        again = self(self.problem, 3).end
        return again is not None and all(map(np.array_equal, again, self.seen.end))

    def noise(self) -> float:
        """Return a second difference of a step when samples move by a millionth: nearly zero without rounding."""
        random = np.random.default_rng(3)
        move = 1e-6 * random.standard_normal(self.problem.X.shape) * self.problem.X.std(axis=0)
        ends = [self.end(1, replace(self.problem, X=self.problem.X + sign * move)) for sign in (1, 0, -1)]
        if any(end is None for end in ends):
            return 0.0
        return max(float(np.abs(a - 2 * b + c).max()) for a, b, c in zip(*ends, strict=True))

    def other_start(self):
        """Return the problem with other initial parameters."""
        start = mixture(self.problem.start)
        means = start.means[::-1] + 0.3 * self.problem.X.std(axis=0)
        weights = (start.weights[::-1] + 0.1) / (start.weights + 0.1).sum()
        found = many_samples(8, self.kind, means.shape[1], len(means))
        return replace_start(self.problem, weights, means, mixture(found.start).covariances)

    def cases(self) -> list[Case]:
        """Take one step in each of the cases that it supports."""
        kind, found = self.kind, []
        problems = [
            few_samples(0, kind, 4, 3),
            few_samples(0, kind, 4, 3, far=4.0),
            many_samples(0, kind, 2, 2),
            few_samples(1, kind, 4, 3),
            few_samples(0, kind, 2, 3),
            few_samples(0, kind, 4, 3, far=12.0),
            few_samples(1, kind, 4, 3, scale=1e-3),
            many_samples(0, kind, 3, 3, n=31),
            many_samples(1, kind, 2, 2, scale=1e-3),
            many_samples(2, kind, 1, 2, n=25),
        ]
        less = [few_samples(2, kind, 2, 2), few_samples(2, kind, 2, 2, far=4.0), few_samples(2, kind, 1, 2)]
        for problem in (*problems, *less):
            if len(found) < len(problems) and (end := self.end(1, problem)) is not None:
                found.append(Case(problem, end))
        return found

    def cases_of_own_start(self) -> list[Case]:
        """Use its own results as initial parameters: each result and the next one make a step."""
        found = []
        for seed, n_features, n_components in ((0, 2, 2), (1, 2, 2), (2, 3, 3), (3, 1, 2)):
            problem = many_samples(seed, self.kind, n_features, n_components, n=60)
            ends = [self.end(n_steps, problem) for n_steps in (1, 2, 3)]
            for old, new in pairwise(ends):
                if old is not None and new is not None and proper(old):
                    with suppress(ValueError):
                        found.append(Case(replace_start(problem, *old), new))
        return found


def replace_start(problem: Problem, weights, means, covariances) -> Problem:
    """Return a problem with other initial parameters."""
    return problem_of(problem.start.covariance_type, problem.X, weights, means, covariances)


def same(one: Mixture | None, other: Mixture | None, tolerance: float = 1e-12) -> bool:
    """Whether two mixtures exist and are the same."""
    if one is None or other is None:
        return False
    return all(np.allclose(a, b, rtol=tolerance, atol=tolerance) for a, b in zip(one, other, strict=True))


def read(implementation, kind: str, pairs: bool = True) -> Reading:
    """Find why the steps of an implementation with a covariance type differ from the textbook's, if they do.

    Parameters
    ----------
    implementation : Implementation, or an object with its `call`, `changed_inputs` and `tolerance_of`
    kind : str
        Covariance type.
    pairs : bool
        Whether to search for two changes of one result of the step, which takes some seconds.
    """
    subject = Subject(implementation, kind)
    if subject.problem is None:
        return Reading(NOT_RUN, kind, problem=subject.seen.problem)
    if not subject.is_repeatable():
        return Reading(NOT_TWICE, kind)
    subject.notes += _count_steps(subject)
    one, two, three = (subject.end(n) for n in (1, 2, 3))
    if same(one, two) and same(two, three):
        return Reading(TOO_FEW, kind)
    own_start = same(subject.end(1, subject.other_start()), one)
    cases = subject.cases_of_own_start() if own_start else subject.cases()
    if not cases:
        return Reading(OWN_START if own_start else NOT_RUN, kind, problem="after one step it returns no mixture")
    noise = subject.noise()
    if noise > ROUGH and not own_start:  # an own start may jump with the samples
        return Reading(JUMPS, kind)
    if NOISE < noise <= ROUGH:
        subject.same = max(SINGLE, 100 * noise)
        subject.notes.append("computes, or returns its results, in single precision")
    features = FEATURES[1] if subject.problem.X.shape[1] == 1 else ""  # it supports one feature only
    found = _read_step(subject, cases, pairs)
    found = replace(found, kind=kind, features=features, notes=tuple(subject.notes), n_cases=len(cases))
    if not found.unexplained:
        found = _follow(subject, found, own_start)
        if found.outcome == NOT_EXPLAINED and same(two, three):
            return Reading(TOO_FEW, kind)
    if own_start:
        return replace(found, outcome=OWN_START)
    if found.outcome == NOT_EXPLAINED:
        return found
    found = _noted(subject, _stops(subject, _regularized(subject, found)))
    if found.outcome == EXPLAINED and not found.changes and not found.notes:
        return replace(found, outcome=RIGHT)
    return found


def _noted(subject: Subject, found: Reading) -> Reading:
    """Find deviations of its trace, far from the origin, far from all components, and changes of its input."""
    notes, recipe, n_steps = [*found.notes], Recipe(0.0, found.changes), 5
    single = subject.same > SAME
    trace = subject(subject.problem, n_steps).trace
    if trace is not None and not single:
        path = take_path(subject.problem, recipe, n_steps + 1)
        textbook = [Step(subject.problem, one, Recipe(), None, False).evidence.mean() for one in path.parameters]
        what = [compare_traces(trace, values, path.n)[0] for values in (textbook, path.log_likelihoods)]
        if SAME_TRACE not in what and what[0] in TRACES:
            notes.append(TRACES[what[0]])
    base = subject.problem
    start, deviations = mixture(base.start), base.X.std(axis=0)
    moved = (replace_start(replace(base, X=base.X + by), *start._replace(means=start.means + by)) for by in (1e3, 1e4))
    lost = [_apart_after_one(subject, far, recipe) for far in moved]
    if not single and lost[1] > 1e-9 and lost[1] > 20 * lost[0]:
        notes.append("loses digits when samples lie far from the origin, as the formula E[xx] - mm does")
    far = replace(base, X=np.concatenate([base.X, base.X[:1] + 500 * deviations]))
    apart = _apart_after_one(subject, far, recipe)
    if not apart <= 1e-6 + single:
        what = "miscounts a sample that" if np.isfinite(apart) else "fails when a sample"
        notes.append(f"{what} lies far from all components (densities without logarithms are 0 there)")
    if subject.changed:
        notes.append(f"modifies its input in place ({', '.join(sorted(subject.changed))})")
    return replace(found, notes=tuple(notes))


def _apart_after_one(subject: Subject, problem: Problem, recipe: Recipe) -> float:
    """Distance of a step from ours; infinity if it returns no mixture and ours does."""
    end, ours = subject.end(1, problem), Step(problem, mixture(problem.start), recipe, None, True).next
    if not proper(ours):
        return 0.0
    return np.inf if end is None or not proper(end) else _apart(ours, end, subject)


def read_all(implementation) -> tuple[Reading, ...]:
    """Read an implementation for each covariance type that it supports; if it supports none, report why."""
    readings: list[Reading] = []
    for kind in COVARIANCE_TYPES:
        found = read(implementation, kind) if not readings else _confirmed(implementation, kind, readings[0])
        if found.outcome != NOT_RUN:
            readings += _by_features(implementation, found)
        elif not readings and CANNOT not in found.problem:
            return (found,)  # the other types would fail in the same way
    return tuple(readings) or (read(implementation, "full"),)


def _by_features(implementation, found: Reading) -> list[Reading]:
    """Read an unexplained implementation with one feature and with several; keep one reading if that does not help."""
    if found.outcome != NOT_EXPLAINED or found.features:
        return [found]
    parts = [
        replace(read(OfFeatures(implementation, features), found.kind, pairs=False), features=features)
        for features in FEATURES
    ]
    return parts if all(part.outcome in (RIGHT, EXPLAINED) for part in parts) else [found]


def _confirmed(implementation, kind: str, first: Reading) -> Reading:
    """Read another covariance type; this is quick if the changes are those of the first."""
    subject = Subject(implementation, kind)
    if subject.problem is None:
        return Reading(NOT_RUN, kind, problem=subject.seen.problem)
    if first.outcome in (RIGHT, EXPLAINED):
        subject.more_steps, subject.order, subject.same = first.how_called
        tried = (
            _predict(subject, replace(first, kind=kind, changes=changes))
            for changes in dict.fromkeys([first.changes, ()])
        )
        held = [found for found in tried if found.outcome == first.outcome]
        if held:  # with this type, or on these samples, the change may have no effect
            return held[0] if len(held) == 1 else replace(held[0], outcome=INDISTINGUISHABLE)
    return read(implementation, kind, pairs=False)


def _regularized(subject: Subject, found: Reading) -> Reading:
    """Find how reg_covar is used, which was 0 up to here."""
    problems = many_samples(0, subject.kind, 2, 2), many_samples(0, subject.kind, 3, 3, n=31)
    targets = [
        (problem, value, [subject.end(n, problem, reg_covar=value) for n in (1, 2, 3)])
        for problem, value in product(problems, (0.3, 0.02))
    ]
    targets = [target for target in targets if any(end is not None for end in target[-1])]

    def fits(changes):
        far = (_distance(problem, changes, ends, subject, value) for problem, value, ends in targets)
        return all(one <= subject.tolerance for one in far)

    regularizing = [
        one for one in CATALOGUE.values() if "reg_covar" in one.words and one.part in ("regularization", "shown")
    ]
    ways = [found.changes, tuple(map(after_reg_covar, found.changes))]
    ways += [(*found.changes, Change(one, (), when)) for one, when in product(regularizing, WHEN[:2])]
    for changes in ways:
        if fits(changes):
            return replace(found, changes=changes)
    without = tuple(change for change in found.changes if change.deviation.part != "covariances")
    if len(without) < len(found.changes) and fits(without):
        return replace(found, notes=(*found.notes, "omits that when reg_covar is not 0"))
    if found.changes:
        return replace(found, notes=(*found.notes, "uses reg_covar by a formula that was not found"))
    return replace(found, outcome=NOT_EXPLAINED, unexplained=("use of reg_covar",))


def _count_steps(subject: Subject) -> list[str]:
    """Find whether it takes one step more or fewer than max_iter, and account for that in later calls."""
    start = mixture(subject.problem.start)
    one = subject.end(1)
    if same(one, start) and not same(subject.end(2), start):
        subject.more_steps, seen = -1, subject(subject.problem, 3)
        n_reported = max(-1 if seen.trace is None else len(seen.trace), -1 if seen.n_iter is None else seen.n_iter)
        fewer, before = "takes one step fewer than max_iter", "returns the parameters before its last M-step"
        return [before if n_reported >= 3 else fewer if n_reported >= 0 else f"{fewer}, or {before}"]
    none = subject.end(0)
    if none is None or same(none, start) or same(none, one) or not proper(none):
        return []
    with suppress(ValueError):
        if same(subject.end(0, replace_start(subject.problem, *none)), one, 1e-9):
            subject.more_steps = 1
            return ["takes one step more than max_iter"]
    return []


def _read_step(subject: Subject, cases: list[Case], pairs: bool) -> Reading:
    """Find the fewest changes of the textbook's step that explain all cases."""
    fitting = Fitting(cases, same=subject.same)
    if all(fitting.left(result, ()) > subject.same for result in RESULTS[1:]):
        for *others, last in OF_ALL_PARAMETERS:
            changes = tuple(Change(CATALOGUE[words]) for words in others)
            left, change = fitting.fitted("next", CATALOGUE[last], changes)
            if left <= subject.same:
                rival, changes = fitting.left("next", ()), (*changes, change)
                return Reading(EXPLAINED, changes=changes, rival=rival, n_tried=fitting.n_tried)
    means = fitting.find("means", pairs=False)
    if means.left > subject.same:
        permuted = Fitting(cases, same=subject.same, permuted=True)
        in_order = permuted.find("means", pairs=False)
        if in_order.left <= subject.same:
            ordered = []
            for case, step in permuted.steps(in_order.changes):
                order = min(permuted.orders(case), key=lambda one: np.abs(step.means - case.end.means[one]).max())
                ordered.append(Case(case.problem, Mixture(*(array[order] for array in case.end))))
            pairs_of_ends = [(case.end, one.end) for case, one in zip(cases, ordered, strict=True)]
            fits = (how for how in ORDERS if all(same(put_in_order(b, how), a) for a, b in pairs_of_ends))
            subject.order = next(fits, "")
            subject.notes.append(f"returns the components {subject.order or 'in an order by an unknown rule'}")
            fitting, means = Fitting(ordered, same=subject.same), in_order
    masses = np.concatenate([case.end.weights * len(case.problem.X) for case in cases])
    if means.left > subject.same and np.abs(masses - np.round(masses)).max() < SAME:
        subject.notes.append("assigns each sample to one component, not always to the likeliest: as if drawn at random")
    elif means.left > subject.same:
        means = fitting.find("means", pairs=pairs)
    if means.left > subject.same:
        return _read_without_means(fitting)
    ways = []
    for changes in [means.changes, *means.alike][:4]:
        weights = fitting.find("weights", changes)
        covariances = fitting.find("covariances", (*changes, *weights.changes), pairs)
        if weights.left > subject.same:  # they may come from an E-step that uses the new covariances
            covariances = fitting.find("covariances", changes, pairs)
            weights = fitting.find("weights", (*changes, *covariances.changes))
        founds = Found(changes, means.left, means.alike, means.rival), weights, covariances
        n_changes = sum(len(found.changes) for found in founds if found.left <= subject.same)
        n_missed = sum(found.left > subject.same for found in founds)
        # A negative value may compensate for a change of another part.
        n_negative = sum(v < 0 for found in founds for change in found.changes for v in change.values)
        ways.append((n_missed, n_changes, n_negative, len(ways), founds))
    ways.sort(key=lambda way: way[:4])
    ways = [way[-1] for way in ways if way[:2] == ways[0][:2]]  # equally good, with equally few changes
    alternatives = [
        tuple(change for changes in choice for change in changes)
        for way in ways
        for choice in product(*([found.changes, *found.alike] for found in way))
    ]
    founds = dict(zip(RESULTS, ways[0], strict=True))
    unexplained = tuple(name for name, found in founds.items() if found.left > subject.same)
    return Reading(
        NOT_EXPLAINED if unexplained else EXPLAINED,
        changes=() if unexplained else alternatives[0],
        unexplained=unexplained,
        right=tuple(name for name, found in founds.items() if not found.changes and found.left <= subject.same),
        rival=min((found.rival for found in ways[0] if found.changes), default=np.inf),
        n_tried=fitting.n_tried,
        alike=tuple(alternatives[1:12]),
    )


def _read_without_means(fitting: Fitting) -> Reading:
    """Find what is right when no formula gives the means."""
    given = [{"means": case.end.means} for case in fitting.cases]
    ways = [("means", "E-step", Fitting(fitting.cases, same=fitting.same, given=given))]
    read_out = [(case, shares) for case in fitting.cases if (shares := read_responsibilities(case)) is not None]
    n_simplices = sum(len(np.unique(case.problem.X, axis=0)) == case.problem.X.shape[1] + 1 for case in fitting.cases)
    if read_out and len(read_out) == n_simplices:  # the means are averages of the samples by unknown responsibilities
        given = [{"responsibilities": shares, "means": case.end.means} for case, shares in read_out]
        ways.append(("E-step", "means", Fitting([case for case, _ in read_out], same=1e-6, given=given)))
    for wrong, other, way in ways:
        founds = {result: way.find(result, pairs=False) for result in RESULTS[1:]}
        right = tuple(name for name, found in founds.items() if not found.changes and found.left <= way.same)
        if right:  # given these responsibilities
            unexplained = (wrong, *(name for name, found in founds.items() if found.left > way.same))
            changes = tuple(change for found in founds.values() if found.left <= way.same for change in found.changes)
            return Reading(NOT_EXPLAINED, changes=changes, unexplained=unexplained, right=(other, *right))
    return Reading(NOT_EXPLAINED, unexplained=("E-step or means",))


def read_responsibilities(case: Case) -> np.ndarray | None:
    """Compute the responsibilities from the means of D + 1 different samples; None if they do not sum to 1.

    A mean is the average of the samples by barycentric coordinates, which are the responsibilities over their sum.
    """
    X, first, counts = np.unique(case.problem.X, axis=0, return_inverse=True, return_counts=True)
    if len(X) != X.shape[1] + 1:
        return None
    corners = np.concatenate([X.T, np.ones((1, len(X)))])
    means = np.concatenate([case.end.means.T, np.ones((1, len(case.end.means)))])
    try:
        shares = np.linalg.solve(corners, means)  # (D + 1, K)
    except np.linalg.LinAlgError:
        return None
    mass = np.linalg.lstsq(shares, counts.astype(float), rcond=None)[0]
    found = shares * mass / counts[:, None]
    ok = np.abs(found.sum(axis=1) - 1).max() <= 1e-8 and (found > -1e-8).all()
    return found[first.ravel()] if ok else None


def _follow(subject: Subject, found: Reading, own_start: bool) -> Reading:
    """Find in which steps the changes apply, and predict later steps, on these samples and on others."""
    problems = [
        subject.problem,
        many_samples(9, subject.kind, *subject.problem.X.shape[1:], len(subject.seen.end.weights), n=70),
    ]
    targets = []
    for problem in problems:
        ends = [subject.end(n, problem) for n in range(1, PATH + 1 + own_start)]
        if own_start and (ends[0] is None or not proper(ends[0])):
            continue
        targets.append((replace_start(problem, *ends[0]), ends[1:]) if own_start else (problem, ends))
    taken = [(problem, ends[: _n_taken(ends)]) for problem, ends in targets]
    ways = _in_which_steps([found.changes, *found.alike])
    for these, changes in product((targets, taken), ways):
        far = max((_distance(problem, changes, ends, subject) for problem, ends in these), default=np.inf)
        if far <= subject.tolerance:
            found = replace(found, changes=changes, alike=())
            return found if own_start else _predict(subject, found, stopped=these is taken)
    return replace(found, outcome=NOT_EXPLAINED, unexplained=("its first step is explained, but later steps are not",))


def _in_which_steps(alternatives):
    """List the changes in all steps, then with deviations of later steps only, then in the first or last step only."""
    _, *others = product(WHEN, repeat=max(map(len, alternatives)))
    later = [
        (*(one for one in changes if one.deviation.part != deviation.part), Change(deviation))
        for changes, deviation in product(alternatives, LATER.values())
    ]
    placed = [
        tuple(change._replace(when=when) for change, when in zip(changes, whens, strict=False))
        for whens, changes in product(others, alternatives)
    ]
    return dict.fromkeys([*alternatives, *later, *placed])


def _distance(problem, changes, ends, subject, reg_covar=0.0) -> float:
    """Largest distance of our EM with changes from ends after 1, 2, ... steps; infinity if only one of them ends."""
    most = 0.0
    path = take_path(problem, Recipe(reg_covar, changes), len(ends)).parameters
    for ours, end in zip_longest(path[1:], ends):
        if (ours is None) != (end is None or not proper(end)):
            return np.inf
        if ours is not None:
            most = max(most, _apart(ours, end, subject))
    return most


def _n_taken(ends) -> int:
    """Return after how many steps an implementation stopped: from there on the ends are the same."""
    return next((n for n, pair in enumerate(pairwise(ends), 1) if same(*pair, 0.0)), len(ends))


def _apart(ours: Mixture, end: Mixture, subject) -> float:
    return residual(put_in_order(ours, subject.order), end)


def put_in_order(found: Mixture, order: str) -> Mixture:
    """Sort components as an implementation does; `order` is a key of ORDERS, or empty."""
    return Mixture(*(array[ORDERS[order](found)] for array in found)) if order else found


def other_samples(kind: str) -> dict[str, Problem]:
    """Simulate eight kinds of data sets that were not used for reading."""
    base = many_samples(15, kind, 2, 2, n=80, distance=2.0)
    return {
        "overlapping groups": many_samples(11, kind, 2, 2, n=150, distance=0.8),
        "separated groups": many_samples(12, kind, 2, 2, n=90, distance=6.0),
        "one feature": many_samples(13, kind, 1, 2, n=60),
        "three components": many_samples(14, kind, 3, 3, n=120),
        "integers, many of them equal": replace(base, X=np.round(base.X)),
        "features of unequal scale": many_samples(16, kind, 2, 2, n=80, scale=(1.0, 300.0)),
        "few samples": many_samples(17, kind, 4, 2, n=24),
        "one component": many_samples(18, kind, 2, 1, n=40),
    }


def light_component(kind: str) -> Problem:
    """Simulate data with one nearly empty component, which shows how such components are treated."""
    base = many_samples(19, kind, 2, 2, n=60, distance=0.5)
    return replace_start(base, [0.99, 0.01], *mixture(base.start)[1:])


def _predict(subject: Subject, found: Reading, stopped: bool = False) -> Reading:
    """Compare its steps with our EM with the changes, on samples that were not used to find them."""
    apart = {}
    light = {} if found.changes else {"a light component": light_component(subject.kind)}  # N_k - 1 is negative there
    for name, problem in (other_samples(subject.kind) | light).items():
        ends = [subject.end(n, problem) for n in (1, 2, 3, 4, 5)]
        if any(end is not None for end in ends):  # it supports this
            apart[name] = _distance(problem, found.changes, ends, subject)
            if (n_taken := _n_taken(ends)) < len(ends) and apart[name] > subject.tolerance:
                apart[name] = _distance(problem, found.changes, ends[:n_taken], subject)
                stopped = True
    sets = tuple(name for name, far in apart.items() if far <= subject.tolerance)
    missed = tuple(name for name in apart if name not in sets)
    predicted = max((apart[name] for name in sets), default=np.inf)
    outcome = found.outcome if sets and not missed else NOT_EXPLAINED
    how = subject.more_steps, subject.order, subject.same
    if stopped and outcome == EXPLAINED:
        found = replace(found, notes=(*found.notes, "may stop before max_iter steps although the tolerance is 0"))
    return replace(found, outcome=outcome, predicted=predicted, sets=sets, missed=missed, how_called=how)


def _stops(subject: Subject, found: Reading) -> Reading:
    """Find the stopping rule, from the steps at which it stops on several data sets."""
    seen = []
    for problem in (subject.problem, other_samples(subject.kind)["overlapping groups"]):
        path = take_path(problem, Recipe(0.0, found.changes), MOST_STEPS)
        for tol in TOLERANCES:
            if (end := subject.end(MOST_STEPS, problem, tol=tol)) is not None:
                is_there = [_apart(one, end, subject) <= subject.tolerance for one in path.parameters]
                seen.append((path, tol, is_there))
    found = replace(found, declared=DECLARED[subject.implementation.tolerance_of])
    if not seen:
        return found
    for in_a_row, of, taken in product(IN_A_ROW, dict.fromkeys([found.declared, *COMPARED]), (1, 2)):
        n_steps = (stops(COMPARED[of](path), tol, in_a_row, taken) for path, tol, _ in seen)
        if all(is_there[int(min(n, len(is_there) - 1))] for n, (_, _, is_there) in zip(n_steps, seen, strict=True)):
            return replace(found, stops=of + (f", small {in_a_row} times in a row" if in_a_row > 1 else ""))
    takes_all = all(is_there[-1] for *_, is_there in seen)
    return replace(found, stops="nothing: it takes all steps" if takes_all else "unknown")
