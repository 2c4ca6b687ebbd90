"""Rows of diagnosis.csv: why another implementation ends elsewhere, run by run."""

import numpy as np
import pandas as pd

from em_study.data.dataset import Dataset
from em_study.diagnosis.deviations import Problem
from em_study.diagnosis.report import sentence
from em_study.diagnosis.search import Explanation, diagnose
from em_study.evaluation.protocols import settings
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit

DIAGNOSED = 2  # replicates: another draw may tell apart what one does not
COLUMNS = {
    "outcome": lambda found: found.outcome,
    "deviations": lambda found: _names(found.best),
    "residual_before": lambda found: found.before,
    "residual_after": lambda found: found.best.residual,
    "steps_ours": lambda found: found.our_steps,
    "steps_theirs": lambda found: found.best.n_steps,
    "stopped_by": lambda found: "; ".join(found.stopped_by),
    "trace": lambda found: found.best.trace,
    "alike": lambda found: "; ".join(map(_names, found.alike)),
    "next_best": lambda found: _names(found.next_best) if found.next_best else "",
    "next_best_residual": lambda found: found.next_best.residual if found.next_best else np.nan,
    "n_runs": lambda found: found.n_runs,
}


def _names(explanation: Explanation) -> str:
    return " + ".join(explanation.deviations)


def tabulate_diagnoses(
    dataset: Dataset, ours: Runs, by_protocol: dict[str, Runs], fit: Fit, experiment: str, other: str = "scikit-learn"
) -> pd.DataFrame:
    """Diagnose the runs of the other implementation, of that name, by each protocol on the first replicates."""
    rows = []
    for protocol, theirs in by_protocol.items():
        for r in range(min(DIAGNOSED, len(ours))):
            row = {"experiment": experiment, "protocol": protocol, "replicate": r}
            if failure := ours.failure[r] or theirs.failure[r]:
                rows.append(row | {"outcome": "not diagnosed", "explanation": failure})
                continue
            replicate = dataset.replicate(r)
            counts = np.bincount(replicate.labels) if fit.initialization == "labels" else None
            found = diagnose(
                Problem(replicate.unlabeled, ours.start(r), counts),
                theirs.run(r),
                ours.end(r),
                int(ours.n_maximizations[r]),
                fit.reg_covar,
                settings(protocol, fit, 0)["tol"],
            )
            row |= {name: value(found) for name, value in COLUMNS.items()}
            rows.append(row | {"explanation": sentence(found, f"{other}, run by {protocol},")})
    return pd.DataFrame(rows, columns=["experiment", "protocol", "replicate", *COLUMNS, "explanation"])
