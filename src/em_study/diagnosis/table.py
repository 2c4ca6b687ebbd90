"""The rows of diagnosis.csv: why another implementation ends with other parameters, run by run."""

from collections import Counter

import numpy as np
import pandas as pd

from em_study.columns import COLUMNS
from em_study.data.dataset import Dataset
from em_study.diagnosis.recipe import Problem, Recipe, residual, take_path
from em_study.diagnosis.report import sentence
from em_study.diagnosis.search import (
    EXPLAINED,
    INDISTINGUISHABLE,
    MOST_STEPS,
    Diagnosis,
    Explanation,
    diagnose,
    recipe_of,
    steps_of,
)
from em_study.diagnosis.stopping import stopped_after
from em_study.evaluation.compared import Compared
from em_study.evaluation.protocols import settings_of_run
from em_study.fits.runs import PARAMETERS, Run

DIAGNOSED = 2  # replicates: a second one may distinguish what the first does not
FEW_STEPS = 32  # of a path at first, if the number of steps is not known
AS_REPORTED = "at the number of steps that it reports"  # if no stopping rule is known
VALUES = {
    "outcome": lambda found: found.outcome,
    "deviations": lambda found: " + ".join(found.named),
    "residual_before": lambda found: found.before,
    "residual_after": lambda found: found.best.residual,
    "steps_ours": lambda found: found.our_steps,
    "steps_theirs": lambda found: found.best.n_steps,
    "stopped_by": lambda found: "; ".join(found.stopped_by),
    "trace": lambda found: found.best.trace,
    "alike": lambda found: "; ".join(map(_names, (found.best, *found.alike)[found.outcome != INDISTINGUISHABLE :])),
    "next_best": lambda found: _names(found.next_best) if found.next_best else "",
    "next_best_residual": lambda found: found.next_best.residual if found.next_best else np.nan,
    "n_runs": lambda found: found.n_runs,
    "without": lambda found: "; ".join(f"{name}: {found.without[name]:.2g}" for name in found.named),
    "residual_without": lambda found: min((found.without[name] for name in found.named), default=np.nan),
}


def _names(explanation: Explanation) -> str:
    return " + ".join(explanation.deviations) or "our EM"


def tabulate_diagnoses(dataset: Dataset, compared: list[Compared], experiment: str) -> pd.DataFrame:
    """Diagnose the runs of other implementations by each protocol on the first replicates.

    What is found on one replicate is used to predict all others.
    """
    problems: dict = {}  # those that begin alike share their paths
    rows = [row for one in compared for row in _rows(dataset, one, experiment, problems)]
    return pd.DataFrame(rows, columns=list(COLUMNS["diagnosis"]))


def _rows(dataset: Dataset, compared: Compared, experiment: str, known: dict) -> list[dict]:
    ours, fit = compared.runs, compared.fit
    problems = [_problem(dataset, ours, fit, r) for r in range(len(ours))]
    problems = [known.setdefault((r, *_begins(problem)), problem) for r, problem in enumerate(problems)]
    rows = []
    for other, protocol, theirs in compared.each:
        runs = {}
        for r in np.flatnonzero((ours.failure == "") & (theirs.failure == "")):
            given = settings_of_run(protocol, other, dataset, ours, fit, r)
            runs[r] = problems[r], theirs.run(r), fit.reg_covar, given["tol"], given["max_iter"]
        for r in range(min(DIAGNOSED, len(ours))):
            row = {"experiment": experiment, "implementation": other.name, "protocol": protocol, "replicate": r}
            if fit.semi_supervised == "clamped" or r not in runs:
                failure = ours.failure[r] or theirs.failure[r] or "the diagnosis does not cover clamped labels"
                rows.append(row | {"outcome": "not diagnosed", "explanation": failure})
                continue
            problem, run, *given = runs[r]
            found = diagnose(problem, run, ours.end(r), int(ours.n_maximizations[r]), *given)
            others = [runs[i] for i in runs if i != r] if found.outcome in ("the same", "explained") else []
            hits = Counter()
            for one in others:
                hits.update(_predicted(found, *one))
            row |= {name: value(found) for name, value in VALUES.items()}
            if others:
                row |= {"n_others": len(others), "predicted": max(hits.values()) / len(others)}
            rows.append(row | {"explanation": sentence(found, f"{other.title}, run by {protocol},", hits, len(others))})
    return rows


def _predicted(found: Diagnosis, problem: Problem, run: Run, reg_covar: float, tol: float, max_iter: int) -> dict:
    """Return, for each test that was found on another replicate, whether it predicts the other's result on this one.

    Nothing is fitted to the other's run. The settings are those of `diagnose`; with tol 0, max_iter steps are taken.
    """
    reported = steps_of(run, tol, max_iter)
    longest = min(max_iter if reported is None else reported + 1, MOST_STEPS)
    hits, recipe = {}, recipe_of(found.best.deviations, reg_covar)
    for test in found.stopped_by or [AS_REPORTED]:
        if tol == 0:
            n_steps = max_iter
        elif test == AS_REPORTED:
            n_steps = longest + 1 if reported is None else reported
        else:
            n_steps = min(max_iter, _stopped(problem, recipe, test, tol, longest))
        end = take_path(problem, recipe, n_steps).parameters[n_steps:] if n_steps <= longest else []
        hits[test] = bool(end) and residual(end[0], run.end) <= EXPLAINED
    return hits


def _stopped(problem: Problem, recipe: Recipe, test: str, tol: float, longest: int) -> float:
    """Find after how many M-steps a test stops, by a path of no more steps than that takes, or twice as many."""
    n_steps = min(FEW_STEPS, longest)
    while (found := stopped_after(test, tol, take_path(problem, recipe, n_steps))) > n_steps < longest:
        n_steps = min(2 * n_steps, longest)
    return found


def _problem(dataset, ours, fit, r):
    replicate = dataset.replicate(r)
    counts = np.bincount(replicate.labels) if fit.initialization == "labels" else None
    return Problem(replicate.unlabeled, ours.start(r), counts)


def _begins(problem: Problem) -> tuple:
    """Return what identifies a problem of a replicate: initial parameters, covariance type, whether from labels."""
    if problem.start is None:
        return ()
    arrays = (getattr(problem.start, name).tobytes() for name in PARAMETERS)
    return problem.start.covariance_type, problem.class_counts is None, *arrays
