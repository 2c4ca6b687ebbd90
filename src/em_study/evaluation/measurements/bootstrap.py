"""Whether samples look as if drawn from the mixture that was fitted to them: the parametric bootstrap."""

import numpy as np

from em_study.columns import Column, Tolerance
from em_study.data.gaussian_mixture import drawn
from em_study.evaluation.measurement import OneRun, measured
from emgmm import MixtureParameters, article_stopping, fit_many, posteriors

DRAWS = 200
STOPPING = article_stopping(1e-9, 10_000)
RANK = Tolerance(0.0, 100 / DRAWS)  # two near ones may swap


@measured(
    OneRun,
    needs=("end", "complete", "ours_alone"),
    first=1,
    most_rows=5000,
    bootstrap_likelihood_percentile=Column(
        "%",
        f"percentage of {DRAWS} data sets, drawn from the fit and fitted in turn, whose log-likelihood is below that "
        "of the samples (of samples that were not simulated; our EM, not clamped; each fit continues to its limit)",
        tolerance=RANK,
    ),
    bootstrap_kurtosis_percentile=Column(
        "%",
        "the same percentage for a component's fourth moment (Mardia's kurtosis, samples weighted by their "
        "posteriors); setting: the component, from 0",
        tolerance=RANK,
    ),
)
def bootstrap_percentiles(run):
    """Compare the samples with data sets drawn from their own fit; nothing if it collapses before its limit."""
    if run.mixture is not None:
        return None
    settings = {"reg_covar": run.fit.reg_covar}
    (own,) = fit_many(run.complete[None], [run.end], STOPPING, **settings)
    if own.collapse:
        return None
    fitted, generator = own.parameters, run.replicate.generator("parametric bootstrap")
    shape = DRAWS, len(run.complete)
    classes = generator.choice(fitted.n_components, size=shape, p=fitted.weights / fitted.weights.sum())
    rows = np.stack([drawn(generator, y, fitted.means, fitted.covariance_matrices) for y in classes])
    refits = fit_many(rows, [fitted] * DRAWS, STOPPING, **settings)
    every = [(X, refit) for X, refit in zip(rows, refits, strict=True) if not refit.collapse]
    if not every:
        return None

    def percentile(values, value):
        return 100 * np.mean(np.less(values, value) + 0.5 * np.equal(values, value), axis=0)

    found = {
        ("bootstrap_likelihood_percentile", None): percentile([refit.trace[-1] for _, refit in every], own.trace[-1])
    }
    kurtoses = percentile([kurtosis(X, refit.parameters) for X, refit in every], kurtosis(run.complete, fitted))
    return found | {("bootstrap_kurtosis_percentile", k): value for k, value in enumerate(kurtoses)}


def kurtosis(X, parameters: MixtureParameters):
    """Give each component's mean fourth power of the Mahalanobis distance, (K,): D (D + 2) for a Gaussian."""
    lower = np.linalg.cholesky(parameters.covariance_matrices)
    distances = np.linalg.solve(lower, (X - parameters.means[:, None]).swapaxes(1, 2))
    shares = posteriors(X, parameters)
    return (shares.T * (distances**2).sum(axis=1) ** 2).sum(axis=1) / shares.sum(axis=0)
