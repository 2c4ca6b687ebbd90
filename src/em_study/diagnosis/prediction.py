"""What was found on one replicate, predicted for others: deviations, and where a test of the tolerance stops."""

from em_study.diagnosis.recipe import Problem, residual, take_path
from em_study.diagnosis.search import EXPLAINED, MOST_STEPS, Diagnosis, recipe_of, steps_of
from em_study.diagnosis.stopping import stopped_after
from em_study.fits.runs import Run

AS_REPORTED = "at the number of steps that it reports"  # where no test is known


def predicted(
    found: Diagnosis, problem: Problem, run: Run, reg_covar: float, tol: float, max_iter: int
) -> dict[str, bool]:
    """Tell, for each test that was found, whether it ends where the other did; nothing of the other's run is fitted.

    Parameters
    ----------
    found : Diagnosis
        Of another replicate.
    problem, run : Problem, Run
        Of this one.
    reg_covar, tol, max_iter
        As in `diagnose`; with tol 0 the other takes max_iter steps.
    """
    reported = steps_of(run, tol, max_iter)
    longest = min(max_iter, MOST_STEPS) if reported is None else min(reported + 1, MOST_STEPS)
    path = take_path(problem, recipe_of(found.best.deviations, reg_covar), longest)
    hits = {}
    for test in found.stopped_by or [AS_REPORTED]:
        if tol == 0:
            n_steps = max_iter
        elif test == AS_REPORTED:
            n_steps = longest + 1 if reported is None else reported
        else:
            n_steps = min(max_iter, stopped_after(test, tol, path.log_likelihoods, len(problem.X)))
        reached = n_steps < len(path.parameters) and residual(path.parameters[n_steps], run.end) <= EXPLAINED
        hits[test] = bool(reached)
    return hits
