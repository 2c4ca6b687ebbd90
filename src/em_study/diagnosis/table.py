"""Rows of diagnosis.csv: why another implementation ends elsewhere, run by run."""

from collections import Counter

import numpy as np
import pandas as pd

from em_study.columns import COLUMNS
from em_study.data.dataset import Dataset
from em_study.diagnosis.prediction import predicted
from em_study.diagnosis.recipe import Problem
from em_study.diagnosis.report import sentence
from em_study.diagnosis.search import Explanation, diagnose
from em_study.evaluation.protocols import settings
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit

DIAGNOSED = 2  # replicates: another draw may tell apart what one does not
VALUES = {
    "outcome": lambda found: found.outcome,
    "deviations": lambda found: " + ".join(found.named),
    "residual_before": lambda found: found.before,
    "residual_after": lambda found: found.best.residual,
    "steps_ours": lambda found: found.our_steps,
    "steps_theirs": lambda found: found.best.n_steps,
    "stopped_by": lambda found: "; ".join(found.stopped_by),
    "trace": lambda found: found.best.trace,
    "alike": lambda found: "; ".join(map(_names, (found.best, *found.alike)[found.outcome != "cannot tell" :])),
    "next_best": lambda found: _names(found.next_best) if found.next_best else "",
    "next_best_residual": lambda found: found.next_best.residual if found.next_best else np.nan,
    "n_runs": lambda found: found.n_runs,
    "without": lambda found: "; ".join(f"{name}: {found.without[name]:.2g}" for name in found.named),
    "residual_without": lambda found: min((found.without[name] for name in found.named), default=np.nan),
}


def _names(explanation: Explanation) -> str:
    return " + ".join(explanation.deviations) or "our EM"


def tabulate_diagnoses(
    dataset: Dataset, ours: Runs, by_protocol: dict[str, Runs], fit: Fit, experiment: str, other: str = "scikit-learn"
) -> pd.DataFrame:
    """Diagnose the runs of the other implementation, of that name, by each protocol on the first replicates.

    What is found on one is predicted for all others.
    """
    problems = [_problem(dataset, ours, fit, r) for r in range(len(ours))]  # whose paths the protocols share
    rows = []
    for protocol, theirs in by_protocol.items():
        runs = {}
        for r in np.flatnonzero((ours.failure == "") & (theirs.failure == "")):
            given = settings(protocol, fit, int(ours.n_maximizations[r]))
            runs[r] = problems[r], theirs.run(r), fit.reg_covar, given["tol"], given["max_iter"]
        for r in range(min(DIAGNOSED, len(ours))):
            row = {"experiment": experiment, "protocol": protocol, "replicate": r}
            if r not in runs:
                failure = ours.failure[r] or theirs.failure[r]
                rows.append(row | {"outcome": "not diagnosed", "explanation": failure})
                continue
            problem, run, *given = runs[r]
            found = diagnose(problem, run, ours.end(r), int(ours.n_maximizations[r]), *given)
            others = [runs[i] for i in runs if i != r] if found.outcome in ("the same", "explained") else []
            hits = Counter()
            for one in others:
                hits.update(predicted(found, *one))
            row |= {name: value(found) for name, value in VALUES.items()}
            if others:
                row |= {"n_others": len(others), "predicted": max(hits.values()) / len(others)}
            rows.append(row | {"explanation": sentence(found, f"{other}, run by {protocol},", hits, len(others))})
    return pd.DataFrame(rows, columns=list(COLUMNS["diagnosis"]))


def _problem(dataset, ours, fit, r):
    replicate = dataset.replicate(r)
    counts = np.bincount(replicate.labels) if fit.initialization == "labels" else None
    return Problem(replicate.unlabeled, ours.start(r), counts)
