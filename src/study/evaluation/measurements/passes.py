"""EM beside k-means, which it becomes, and what each pass over the rows is worth."""

import numpy as np

from emgmm import (
    CollapsedComponentError,
    MixtureParameters,
    article_stopping,
    expectation,
    expectation_maximization,
    parameters_from_labels,
    posteriors,
)
from study.data.dataset import standardized
from study.evaluation.measurement import OneDraw, measured
from study.evaluation.numerical import maximize_likelihood
from study.evaluation.relabeling import accuracy

SOME = 20  # replicates: k-means beside EM takes its time
SHRINKING = (1.0, 0.1, 0.01, 0.001)  # variances, as a share of the data's mean variance
NEAR = 1e-6  # nats a row from the end


@measured(
    OneDraw,
    first=SOME,
    kmeans_agreement=(
        "share",
        "share of rows with the label of k-means, by EM with equal spherical covariances of fixed size; setting: "
        "their variance as a share of the data's",
    ),
)
def kmeans_agreement(draw):
    """Put EM with equal spherical covariances of fixed size beside k-means from the same centers."""
    from sklearn.cluster import KMeans

    X, found = draw.unlabeled, {}
    centers = X[draw.generator("kmeans").choice(len(X), size=draw.n_components, replace=False)]
    kmeans = KMeans(draw.n_components, init=centers, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(X)
    for share in SHRINKING:
        end = em_with_fixed_variance(X, centers, share * X.var(axis=0).mean())
        found["kmeans_agreement", share] = np.mean(posteriors(X, end).argmax(axis=1) == kmeans.labels_)
    return found


def em_with_fixed_variance(X, means, variance: float, max_iter: int = 1000) -> MixtureParameters:
    """Fit the means alone: equal weights, and covariances variance * I that stay. As it shrinks, this is k-means.

    Parameters
    ----------
    X : ndarray of shape (N, D)
    means : ndarray of shape (K, D)
        To start from.
    variance : float
    max_iter : int

    Returns
    -------
    MixtureParameters
    """
    n_components = len(means)
    for _ in range(max_iter):
        parameters = MixtureParameters(
            np.full(n_components, 1 / n_components), means, np.full(n_components, variance), "spherical"
        )
        statistics, _ = expectation(X, parameters)
        moved = np.where(statistics.mass[:, None] > 0, statistics.means, means)
        if np.abs(moved - means).max() <= 1e-9 * np.sqrt(variance):
            break
        means = moved
    return parameters


@measured(
    OneDraw,
    first=SOME,
    passes_of_em=("passes", "E-steps from k-means' clusters until 1e-6 nats a row below EM's end; full covariances"),
    passes_of_optimizer=("passes", "likelihoods and gradients that L-BFGS takes from the same start to get as far"),
    passes_of_kmeans=("passes", "passes of k-means itself, from its own best start"),
    em_over_optimizer=("ratio", "passes_of_em divided by passes_of_optimizer; 0 if L-BFGS does not get as far"),
    em_over_kmeans=("ratio", "passes_of_em divided by passes_of_kmeans"),
    em_above_kmeans=("share", "accuracy where that EM ends, less that of k-means' clusters (kmeans_accuracy)"),
)
def passes(draw):
    """Count the passes over the rows; nothing if EM collapses."""
    X = standardized(draw.unlabeled)  # EM does not mind, L-BFGS would
    try:
        start = parameters_from_labels(X, draw.kmeans.labels_, draw.n_components)
    except CollapsedComponentError:
        return None
    result = expectation_maximization(X, start, article_stopping(1e-12, 20_000))
    if result.collapse:
        return None
    enough = result.trace[-1] - NEAR
    of_em = 1 + np.argmax(np.array(result.trace) >= enough)
    reached = np.array(maximize_likelihood(X, start)) >= enough
    of_optimizer = 1 + np.argmax(reached) if reached.any() else np.nan
    of_kmeans = draw.kmeans.n_iter_
    found = {
        ("passes_of_em", None): of_em,
        ("passes_of_optimizer", None): of_optimizer,
        ("passes_of_kmeans", None): of_kmeans,
        ("em_over_optimizer", None): of_em / of_optimizer if reached.any() else 0.0,
        ("em_over_kmeans", None): of_em / of_kmeans,
    }
    if draw.truth is not None:
        by_em = posteriors(X, result.parameters).argmax(axis=1)
        found["em_above_kmeans", None] = accuracy(by_em, draw.truth, named=False) - draw.accuracy_of_kmeans
    return found
