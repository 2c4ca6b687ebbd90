"""EM with a prior, which increases the posterior density of the parameters (maximum a posteriori)."""

import numpy as np

from em_study.columns import Column
from em_study.evaluation.measurement import OneRun, measured
from em_study.evaluation.numerical import gradient
from emgmm import SufficientStatistics, article_stopping, expectation, expectation_maximization

STOPPING = article_stopping(1e-10, 20_000)


def conjugate_prior(X, n_components: int) -> SufficientStatistics:
    """Write a conjugate prior as labeled samples: m = 2 D + 2 per component, with the mean and covariance of X.

    Their likelihood is, up to a factor, the density of a Dirichlet distribution of the weights (each parameter m + 1)
    and of a normal-inverse-Wishart distribution of each mean and covariance (kappa m, m - D - 2 degrees of freedom,
    scale m times the covariance of X), which is a proper one, for m is above 2 D + 1.
    """
    n_features = X.shape[1]
    worth = np.full(n_components, 2.0 * n_features + 2)
    scatter = worth[0] * np.cov(X.T, bias=True).reshape(n_features, n_features)
    return SufficientStatistics(
        worth, np.tile(X.mean(axis=0), (n_components, 1)), np.tile(scatter, (n_components, 1, 1))
    )


@measured(
    OneRun,
    needs=("start", "complete", "ours_alone"),
    first=100,
    most_rows=5000,
    map_smallest_change=Column(
        "nats per sample",
        "smallest change of the log posterior density from one step to the next, of EM with a conjugate prior from the "
        "fit's initial parameters (our EM, full covariances, not clamped); the prior counts as 2 D + 2 samples per "
        "component",
    ),
    map_slope_at_end=Column(
        "nats per sample",
        "largest slope of the log posterior density where that EM ends, along any weight's logit, mean or covariance "
        "factor, in units of the component",
    ),
)
def climb_with_a_prior(run):
    """Test whether EM with a prior increases the posterior density to a stationary point; nothing if it collapses."""
    if not run.fit.max_iter or run.start.covariance_type != "full":
        return None
    prior = conjugate_prior(run.complete, run.start.n_components)
    found = expectation_maximization(run.complete, run.start, STOPPING, labeled=prior)
    if found.collapse:
        return None
    statistics = expectation(run.complete, found.parameters)[0] + prior
    slope = max(np.abs(part).max() for part in gradient(statistics, found.parameters))
    return {
        ("map_smallest_change", None): np.diff(found.trace).min(),
        ("map_slope_at_end", None): slope / statistics.mass.sum(),
    }
