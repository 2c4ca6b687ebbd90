"""Rows of diagnosis.csv: why another implementation ends elsewhere, run by run."""

import numpy as np
import pandas as pd

from em_study.data.dataset import Dataset
from em_study.diagnosis.deviations import Problem
from em_study.diagnosis.report import sentence
from em_study.diagnosis.search import Diagnosis, diagnose
from em_study.evaluation.protocols import settings
from em_study.fits.runs import Run, Runs
from em_study.fits.settings import Fit

DIAGNOSED = 2  # replicates: another draw may tell apart what one does not


def tabulate_diagnoses(
    dataset: Dataset, ours: Runs, by_protocol: dict[str, Runs], fit: Fit, experiment: str, other: str = "scikit-learn"
) -> pd.DataFrame:
    """Diagnose the runs of the other implementation, of that name, by each protocol on the first replicates."""
    rows = []
    for protocol, theirs in by_protocol.items():
        for r in range(min(DIAGNOSED, len(ours))):
            row = {"experiment": experiment, "protocol": protocol, "replicate": r}
            if ours.failure[r] or theirs.failure[r]:
                nothing = dict.fromkeys(COLUMNS, np.nan) | {"outcome": "not diagnosed"}
                rows.append(row | nothing | {"explanation": ours.failure[r] or theirs.failure[r]})
                continue
            replicate = dataset.replicate(r)
            counts = np.bincount(replicate.labels) if fit.initialization == "labels" else None
            found = diagnose(
                Problem(replicate.unlabeled, ours.start(r), counts),
                _run(theirs, r),
                ours.end(r),
                int(ours.n_maximizations[r]),
                fit.reg_covar,
                settings(protocol, fit, 0)["tol"],
            )
            rows.append(row | _row(found, f"{other}, run by {protocol},"))
    return pd.DataFrame(rows, columns=["experiment", "protocol", "replicate", *COLUMNS])


COLUMNS = (
    *("outcome", "deviations", "residual_before", "residual_after", "steps_ours", "steps_theirs", "stopped_by"),
    *("trace", "alike", "next_best", "next_best_residual", "n_runs", "explanation"),
)


def _run(runs: Runs, r: int) -> Run:
    trace = tuple(runs.trace[r, : runs.n_traced[r]])
    return Run(runs.start(r), runs.end(r), trace, int(runs.n_maximizations[r]), bool(runs.converged[r]))


def _row(found: Diagnosis, who: str) -> dict:
    next_best = found.next_best
    return {
        "outcome": found.outcome,
        "deviations": " + ".join(found.best.deviations),
        "residual_before": found.before,
        "residual_after": found.best.residual,
        "steps_ours": found.our_steps,
        "steps_theirs": found.best.n_steps,
        "stopped_by": "; ".join(found.stopped_by),
        "trace": found.best.trace,
        "alike": "; ".join(" + ".join(one.deviations) for one in found.alike),
        "next_best": "" if next_best is None else " + ".join(next_best.deviations),
        "next_best_residual": np.nan if next_best is None else next_best.residual,
        "n_runs": found.n_runs,
        "explanation": sentence(found, who),
    }
