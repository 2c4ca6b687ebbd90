"""Tell whether an EM is right, and if not, which known mistake explains it."""

from pathlib import Path

import numpy as np

from em_study.diagnosis.conformance import check_up
from em_study.diagnosis.recipe import Problem
from em_study.diagnosis.report import sentence
from em_study.diagnosis.search import diagnose
from em_study.fits.implementations import Implementation
from emgmm import MixtureParameters, expectation_maximization, sklearn_stopping

SIGNS = {"holds": "ok    ", "fails": "FAILS ", "cannot": "cannot", "skipped": "-     "}
N_STEPS = 10  # of the diagnosis


def drawn_problem(seed: int = 1, n_rows: int = 400, distance: float = 2.0) -> Problem:
    """Draw rows of two groups, so far apart in each feature, and a start from some labels."""
    draw = np.random.default_rng(seed)
    roots = draw.standard_normal((2, 2, 2)) + 1.5 * np.eye(2)
    y = np.arange(n_rows) % 5 > 1
    X = np.where(y[:, None], distance, 0.0) + np.einsum(
        "nij,nj->ni", roots[y.astype(int)], draw.standard_normal((n_rows, 2))
    )
    few = [X[:40][~y[:40]], X[:40][y[:40]]]
    start = MixtureParameters.checked(
        [0.4, 0.6], [part.mean(axis=0) for part in few], [np.cov(part.T, bias=True) for part in few]
    )
    return Problem(X, start, np.array([len(part) for part in few]))


def check_and_diagnose(file: Path, time_limit: float):
    """Yield a sentence a check and a diagnosis on drawn rows; return 1 if a check fails, 2 if it cannot be run."""
    with Implementation(file, time_limit) as implementation:
        if problem := implementation.start():
            yield problem
            return 2
        results = []
        for result in check_up(implementation.run):
            results.append(result)
            yield f"{SIGNS[result.outcome]} {result.sentence}"
            if result.detail and result.outcome != "skipped":
                yield f"         {result.detail}"
        problem = drawn_problem()
        theirs = implementation.run(problem.X, problem.start, tol=0.0, max_iter=N_STEPS, reg_covar=0.0)
    ours = expectation_maximization(problem.X, problem.start, sklearn_stopping(0.0, N_STEPS))
    yield ""
    if theirs.end is None:
        yield f"No diagnosis: {theirs.failure}"
    else:
        found = diagnose(problem, theirs, ours.parameters, ours.n_maximizations, 0.0, 0.0, N_STEPS)
        yield f"After {N_STEPS} steps with full covariances on drawn rows, compared with ours: {sentence(found)}"
    n_failed, n_cannot = (sum(result.outcome == outcome for result in results) for outcome in ("fails", "cannot"))
    yield f"{len(results)} checks: {n_failed} fail, {n_cannot} it cannot do."
    return int(n_failed > 0 or n_cannot == len(results))
