"""Conformance checks of an EM on small cases: each is a sentence, and reports the expected and the actual value.

The reference is the textbook's step. Where possible, a check compares an EM with itself, so that one mistake fails few.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from em_study.diagnosis.cases import Box, Case, few_samples, many_samples, problem_of
from em_study.diagnosis.reading import CANNOT, COMPARED, DECLARED, NOISE, Subject, read_responsibilities
from em_study.diagnosis.recipe import Mixture, Recipe, Step, mixture, proper, residual, take_path
from em_study.diagnosis.stopping import stops
from em_study.fits.implementations import checked
from em_study.fits.runs import PARAMETERS
from emgmm import COVARIANCE_TYPES

EXACT, FINE, COARSE = 1e-12, 1e-7, 1e-6  # tolerances for a correct EM, relative to the largest value
CHECKS = """
runs: The call succeeds and returns a mixture in the format of the contract.
repeats: The same call returns the same result, whatever other calls come in between.
inputs: The arrays that are passed in are not modified.
start: The initial weights, means and covariances all affect the result.
order: Components are returned in the order of the initial parameters.
steps: With tol=0, max_iter steps are taken.
e-step: The means after one step are the averages of the samples weighted by the textbook's responsibilities.
weights: The new weights are the averages of the responsibilities.
covariances: The new covariances are weighted by the responsibilities, with deviations from the new means.
later-steps: Every step equals a first step that starts from the parameters after the step before.
precision: The computation is in double precision: moving the samples by a millionth changes a step smoothly.
no-reg_covar: With reg_covar=0, nothing is added to the variances, even to very small ones.
reg_covar: reg_covar is added to each variance.
n_iter: n_iter is the number of steps.
trace: The trace is the mean log-likelihood before each step; its first value is that of the initial parameters.
increases: The log-likelihood never decreases.
far-sample: A sample far from all components is counted, and makes no result undefined.
far-origin: The covariances do not change when all samples and means are moved far from the origin.
equal: Repeated samples are counted every time.
tolerance: It stops when the mean log-likelihood, or the quantity named by TOLERANCE_OF, changes by less than tol.
"""
CHECKS = dict(line.split(": ", 1) for line in CHECKS.strip().splitlines())
CHECKS |= {kind: f"With {kind} covariances a step is the textbook's, for 1 to 4 features." for kind in COVARIANCE_TYPES}
OF_ANY_START = ("runs", "repeats", "inputs", "start")


class Result(NamedTuple):
    """Outcome of a check: "holds", "fails", "cannot" (raises NotImplementedError) or "skipped"."""

    name: str
    outcome: str
    detail: str = ""  # the expected and the actual value, or why the check was skipped
    got: Any = None


class _EndError(Exception):
    """Outcome of a check and its reason, when it ends early."""


class _Subject(Box):
    """An implementation, run on cases."""

    def __init__(self, implementation, kind):
        super().__init__(implementation)
        self.kind, self.d = kind, 2
        if CANNOT in self(self.samples(2, 2)).problem and self(self.samples(1, 2)).end is not None:
            self.d = 1  # it supports one feature only
        self.problem = self.samples(self.d, 2)
        self.given = mixture(self.problem.start)

    def samples(self, *shape, kind="", n=60, scale=1.0):
        return many_samples(21, kind or self.kind, *shape, n=n, distance=1.0, scale=scale)

    def other(self, X=None, start=None, **changed):
        return problem_of(self.kind, self.problem.X if X is None else X, *(start or self.given)._replace(**changed))

    def run(self, n_steps, problem=None, **settings):
        seen = self(problem or self.problem, n_steps, **settings)
        if seen.end is None:
            raise _EndError("cannot" if CANNOT in seen.problem else "fails", seen.problem)
        return seen

    def end(self, *case, **settings):
        return self.run(*case, **settings).end

    def returned(self, name, *case):
        if (value := getattr(self.run(*case), name)) is None:
            raise _EndError("cannot", f"no {name} is returned")
        return value

    def step(self, problem):
        return "after one step", take_path(problem, Recipe(), 1).parameters[1], self.end(1, problem), FINE

    def later(self):
        ends = [self.given]
        for n in range(1, 7):
            ends.append(self.end(1, self.other(start=ends[-1])))
            yield f"after {n} steps", ends[-1], self.end(n), FINE

    def far_sample(self):
        seen = self.step(self.other(np.concatenate([self.problem.X, [[1000.0, -1000.0][: self.d]]])))
        try:
            _compare(*self.step(self.problem))
        except _EndError:
            raise _EndError("skipped", "a step without that sample already differs") from None
        return seen

    def contract(self):
        self.run(3)
        try:
            checked(self.found, self.problem.start, 3)
        except ValueError as error:
            raise _EndError("fails", str(error), ["no mixture"]) from None
        return ()

    def idle(self):
        weights, means, covariances = self.given
        others = {"weights": weights + 0.3, "means": means + 0.2, "covariances": 1.5 * covariances}
        ends = {name: self.end(1, self.other(**{name: new})) for name, new in others.items()}
        return [name for name, end in ends.items() if residual(end, self.end(1)) < FINE]

    def by_responsibilities(self, part):
        problem = few_samples(0, self.kind, self.d, 2)
        end, step = self.end(1, problem), Step(problem, mixture(problem.start), Recipe(), None, False)
        step.responsibilities, step.means = read_responsibilities(Case(problem, end)), end.means
        if step.responsibilities is None:
            raise _EndError("skipped", "no responsibilities that sum to 1 give its means")
        return f"{part}{{}} after one step", getattr(step, part), getattr(end, part), COARSE

    def log_likelihoods(self, *numbers, problem=None):
        problem = problem or self.problem
        ends = [self.end(n, problem) if n else mixture(problem.start) for n in numbers]
        if not all(map(proper, ends)):
            raise _EndError("skipped", "what it returns is not a mixture")
        return np.array([Step(problem, end, Recipe(), None, False).evidence.mean() for end in ends])

    def trace(self):
        yield "trace{} of four steps", self.log_likelihoods(0, 1, 2, 3), self.returned("trace", 4)[:4], FINE
        three = self.samples(3, 2)
        if self(three).end is not None:
            first = self.returned("trace", 1, three)[:1]
            yield "trace{} of 3 features", self.log_likelihoods(0, problem=three), first, FINE

    def n_steps(self, most, **settings):
        end, path = self.end(most, **settings), take_path(self.problem, Recipe(), 100).parameters
        if min(far := [residual(end, one) for one in path]) > COARSE:
            raise _EndError("skipped", "its steps cannot be counted: the textbook's EM never reaches its result")
        return int(np.argmin(far))

    def stopping(self):
        path = take_path(self.problem, Recipe(), 100)
        changes = COMPARED[DECLARED[self.implementation.tolerance_of]](path)
        for tol in np.array([3e-3, 1e-4]) * (changes[0] / path.gains[0]):
            got, (last, before) = self.n_steps(1000, tol=tol), [stops(changes, tol, 1, taken) for taken in (2, 1)]
            yield f"steps with tol {tol:g}, or one fewer", before if got == before else last, got, 0

    def equal(self):
        X = np.repeat(self.problem.X[:40], 1 + np.arange(40) % 3, axis=0)
        almost = X + 1e-10 * np.random.default_rng(0).standard_normal(X.shape)
        return "after one step", self.end(1, self.other(almost)), self.end(1, self.other(X)), COARSE

    def far(self):
        for shift in (1e4, 1e6):
            moved = self.other(self.problem.X + shift, means=self.given.means + shift)
            expected, got = self.end(3).covariances, self.end(3, moved).covariances
            yield f"covariances{{}} after moving everything by {shift:g}", expected, got, COARSE

    def turned(self):
        (one, other) = self.end(5), self.end(5, self.other(start=Mixture(*(array[::-1] for array in self.given))))
        return "after five steps, initial components reversed", Mixture(*(array[::-1] for array in one)), other, FINE

    def one_component(self):
        large, small = (self.end(1, self.samples(self.d, 1, scale=scale)).covariances for scale in (1.0, 1e-4))
        of = "variances{} of samples scaled by 1e-4, multiplied by 1e8"
        return of, large.diagonal(axis1=1, axis2=2), 1e8 * small.diagonal(axis1=1, axis2=2), COARSE

    def reg_covar(self):
        expected, got = self.end(1).covariances + np.eye(self.d) / 2, self.end(1, reg_covar=0.5).covariances
        return "covariances{} with reg_covar 0.5", expected, got, FINE

    def increases(self):
        changes = np.diff(self.log_likelihoods(0, 1, 2, 3, 5, 8, 13, 21))
        return "smallest change", 0, min(0, changes.min()), 1e-9


# Of each check: a description, the expected value, the actual value and the tolerance; one comparison or several
LOOKS = {
    "runs": _Subject.contract,
    "repeats": lambda s: ("after three steps", s.end(3), (s.end(2, s.samples(s.d, 2, n=50)), s.end(3))[1], EXACT),
    "inputs": lambda s: ("modified arrays", [], (s.run(1), sorted(s.changed))[1], 0),
    "start": lambda s: ("initial parameters without effect", [], s.idle(), 0),
    "e-step": lambda s: ("means{} after one step", s.step(s.problem)[1].means, s.end(1).means, FINE),
    "weights": lambda s: s.by_responsibilities("weights"),
    "covariances": lambda s: s.by_responsibilities("covariances"),
    "later-steps": _Subject.later,
    "precision": lambda s: ("jump of a result", 0, (s.run(1), Subject(s.implementation, s.kind).noise())[1], NOISE),
    "no-reg_covar": _Subject.one_component,
    "reg_covar": _Subject.reg_covar,
    "steps": lambda s: ("steps with max_iter 5", 5, s.n_steps(5), 0),
    "n_iter": lambda s: ("n_iter with max_iter 5", 5, s.returned("n_iter", 5), 0),
    "trace": _Subject.trace,
    "increases": _Subject.increases,
    "order": _Subject.turned,
    "far-sample": _Subject.far_sample,
    "far-origin": _Subject.far,
    "equal": _Subject.equal,
    "tolerance": _Subject.stopping,
}
SHAPES = ((2, 2), (1, 2), (3, 3), (4, 1))
LOOKS |= {
    kind: lambda s, kind=kind: (s.step(s.samples(*shape, kind=kind)) for shape in SHAPES) for kind in COVARIANCE_TYPES
}


def _compare(what, expected, got, tolerance):
    if isinstance(got, Mixture):
        for name, *values in zip(PARAMETERS, expected, got, strict=True):
            _compare(f"{name}{{}} {what}", *values, tolerance)
    elif isinstance(got, list):
        if got:
            raise _EndError("fails", f"{what}: expected none, got {', '.join(got)}", got)
    elif np.shape(got) != np.shape(expected):
        raise _EndError("fails", f"values: expected {np.size(expected)}, got {np.size(got)}", np.size(got))
    elif not (far := np.abs(np.subtract(got, expected))).max() <= tolerance * (np.abs(expected).max() or 1):
        at = np.unravel_index(far.argmax(), far.shape)
        values = "expected {:.10g}, got {:.10g}".format(*(np.asarray(array)[at] for array in (expected, got)))
        raise _EndError("fails", f"{what.format(''.join(f'[{i}]' for i in at))}: {values}", got)


def check_up(implementation, kind: str, names=tuple(CHECKS), why: str = "", least: float = 0.0) -> Iterator[Result]:
    """Run the named checks of an implementation with a covariance type; yield each result.

    `why` is the reason to skip the checks that depend on the initial parameters; `least` is the smallest tolerance.
    """
    subject, useless = _Subject(implementation, kind), ""
    for name in names:
        result = Result(name, "holds")
        try:
            if reason := useless or (name not in OF_ANY_START and why):
                raise _EndError("skipped", reason)
            found = LOOKS[name](subject)
            for *compared, tolerance in [found] if isinstance(found, tuple) and found else found:
                _compare(*compared, max(tolerance, least))
        except _EndError as error:
            result = Result(name, *error.args)
        except (ValueError, np.linalg.LinAlgError):
            result = Result(name, "skipped", "what it returns is not a mixture")
        if "does not end within" in result.detail:
            useless = "an earlier run exceeded the time limit"
        yield result
