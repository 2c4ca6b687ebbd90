"""Check one implementation, and run it on article A's data: print what was found as JSON.

    python benchmarks/wild_one.py FILE STEPS

It runs in the environment of the implementation, with the code of this folder, and fetches article A's data.
"""

import json
import re
import sys
from itertools import product
from pathlib import Path

import numpy as np

from em_study.checkup import VERSION, examine
from em_study.data.download import fetched
from em_study.diagnosis.reading import CANNOT, NOT_RUN
from em_study.diagnosis.recipe import Mixture, mixture, residual
from em_study.errors import StudyError
from em_study.evaluation.relabeling import best_names
from em_study.fits.available import wrapped_versions
from em_study.fits.implementations import Implementation
from emgmm import (
    COVARIANCE_TYPES,
    expectation_maximization,
    log_likelihoods,
    parameters_from_labels,
    posteriors,
    sklearn_stopping,
)

ARTICLE = "https://raw.githubusercontent.com/VXU1230/Medium-Tutorials/c97c7b47a945bea0b21add392f60828f63ca7e8f/em/"
UNLABELED = f"{ARTICLE}data/unlabeled.csv", "30337c2fd7e8306be2aa5f8f82889000a357f23ea6897818d2c4ee865cdc02af"
LABELED = f"{ARTICLE}data/labeled.csv", "593377ac35a5cae089d4fcaba967098f6545cbbfc700b3cba25a0c9f7eedac5a"
BASIS = {"numpy", "scipy"}  # packages that nearly every implementation imports
CHECK_LIMIT, LONG_LIMIT = 60.0, 900.0  # seconds of a call


def on_article_a(implementation, n_steps: int) -> dict:
    """Run it from the labels' parameters; compare its parameters with those of the textbook's EM.

    It uses two features or else the first, the first covariance type, and a regularization of 0 or else 1e-6: what the
    implementation supports.
    """
    X, labeled = (np.loadtxt(fetched(*file), delimiter=",", skiprows=1) for file in (UNLABELED, LABELED))
    for n_features, kind, reg_covar in product((2, 1), COVARIANCE_TYPES, (0.0, 1e-6)):
        samples = X[:, :n_features]
        start = parameters_from_labels(labeled[:, :n_features], labeled[:, -1].astype(int), 2, kind)
        run = implementation.run(samples, start, tol=0.0, max_iter=n_steps, reg_covar=reg_covar)
        if CANNOT not in run.failure:
            found = {"covariances": kind, "n_features": n_features, "reg_covar": reg_covar, "failure": run.failure}
            return found | ({} if run.failure else compared(samples, start, run.end, n_steps))
    return {"failure": run.failure}


def compared(X, start, end, n_steps: int) -> dict:
    """Compare parameters with those of the textbook's EM, under the best label matching."""
    ours = expectation_maximization(X, start, sklearn_stopping(0.0, n_steps)).parameters
    classes, others = (posteriors(X, parameters).argmax(axis=1) for parameters in (ours, end))
    names = best_names(others, classes, 2)
    in_order = Mixture(*(array[np.argsort(names)] for array in mixture(end)))
    return {
        "difference": residual(in_order, ours),
        "log_likelihood": float(log_likelihoods(X, end).mean() - log_likelihoods(X, ours).mean()),
        "other_class": float(np.mean(names[others] != classes)),
    }


def main(file: str, n_steps: str):
    """Print what was found."""
    text = Path(file).read_text(encoding="utf-8")
    commits = re.findall(r"/([0-9a-f]{40})/", text)
    versions = wrapped_versions([file])
    of_r = Path(file).stem in versions and "R" in versions  # then those of all packages of R are returned
    kept = {Path(file).stem, "R"} if of_r else versions.keys() - BASIS
    versions = {name: version for name, version in versions.items() if name in kept}
    with Implementation(file, CHECK_LIMIT) as implementation:
        found = examine(Path(file).stem, implementation)
        implementation.time_limit = LONG_LIMIT
        if found["outcome"] != NOT_RUN:
            found["article_a"] = on_article_a(implementation, int(n_steps))
    del found["seconds"]
    found["checks"] = [check for check in found["checks"] if check["outcome"] == "fails"]
    found |= {"versions": versions, "commits": commits, "checkup": VERSION}
    print(json.dumps(found))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except StudyError as error:
        sys.exit(str(error))
