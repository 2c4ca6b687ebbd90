"""Tell whether an EM is right, and if not, which known mistake explains it.

python -m em_study.checkup implementations/mine.py

Prints a sentence a check, with what was expected and got, and a diagnosis on drawn rows. The exit status is 1 if one
fails, or none could be made.
"""

import argparse
from pathlib import Path

import numpy as np

from em_study.command import run
from em_study.diagnosis.conformance import check_up
from em_study.diagnosis.deviations import Problem
from em_study.diagnosis.report import sentence
from em_study.diagnosis.search import diagnose
from em_study.fits.implementations import Implementation
from emgmm import MixtureParameters, expectation_maximization, sklearn_stopping

SIGNS = {"holds": "ok    ", "fails": "FAILS ", "cannot": "cannot", "skipped": "-     "}
N_STEPS = 10  # of the diagnosis


def drawn_problem(seed: int = 1, n_rows: int = 400) -> Problem:
    """Draw rows of two groups, and a start from some labels."""
    draw = np.random.default_rng(seed)
    roots = draw.standard_normal((2, 2, 2)) + 1.5 * np.eye(2)
    y = np.arange(n_rows) % 5 > 1
    X = np.where(y[:, None], 2.0, 0.0) + np.einsum(
        "nij,nj->ni", roots[y.astype(int)], draw.standard_normal((n_rows, 2))
    )
    few = [X[:40][~y[:40]], X[:40][y[:40]]]
    start = MixtureParameters.checked(
        [0.4, 0.6], [part.mean(axis=0) for part in few], [np.cov(part.T, bias=True) for part in few]
    )
    return Problem(X, start, np.array([len(part) for part in few]))


def main() -> int:
    """Check an implementation, and diagnose it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--time-limit", type=float, default=10.0, help="seconds that a run may take (10)")
    arguments = parser.parse_args()
    if not arguments.file.is_file():
        parser.error(f"there is no file {arguments.file}")
    with Implementation(arguments.file, arguments.time_limit) as implementation:
        results = []
        for result in check_up(implementation.run):
            results.append(result)
            print(SIGNS[result.outcome], result.sentence, flush=True)
            if result.detail and result.outcome != "skipped":
                print(f"         {result.detail}", flush=True)
        problem = drawn_problem()
        theirs = implementation.run(problem.X, problem.start, tol=0.0, max_iter=N_STEPS, reg_covar=0.0)
    ours = expectation_maximization(problem.X, problem.start, sklearn_stopping(0.0, N_STEPS))
    print()
    if theirs.end is None:
        print(f"No diagnosis: {theirs.failure}")
    else:
        found = diagnose(problem, theirs, ours.parameters, ours.n_maximizations, 0.0)
        print(f"After {N_STEPS} steps with full covariances on drawn rows, beside ours: {sentence(found)}")
    n_failed, n_cannot = (sum(result.outcome == outcome for result in results) for outcome in ("fails", "cannot"))
    print(f"{len(results)} checks: {n_failed} fail, {n_cannot} it cannot do.")
    return int(n_failed > 0 or n_cannot == len(results))


if __name__ == "__main__":
    run(main)
