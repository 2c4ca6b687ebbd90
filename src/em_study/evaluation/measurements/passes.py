"""EM compared with k-means, its limit at small variances, and with L-BFGS by passes over the samples."""

import numpy as np

from em_study.columns import Column, Tolerance
from em_study.data.dataset import standardized
from em_study.evaluation.measurement import NotMeasurableError, OneReplicate, measured
from em_study.evaluation.numerical import maximize_likelihood
from em_study.evaluation.relabeling import accuracy
from emgmm import (
    CollapsedComponentError,
    MixtureParameters,
    article_stopping,
    expectation_maximization,
    judge_many,
    parameters_from_labels,
    posteriors,
)
from emgmm.complete import normalize

SOME = 20  # replicates: k-means and EM take much time
MOST_ROWS = 200_000  # samples, which are copied for it, some of them several times
SHRINKING = (1.0, 0.1, 0.01, 0.001)  # variances, as a share of the data's mean variance
NEAR = 1e-6  # nats per sample below the end
BY_LINE_SEARCH = Tolerance(0.1)  # rounding decides on a step of L-BFGS more or less


@measured(
    OneReplicate,
    needs=("complete",),
    first=SOME,
    most_rows=MOST_ROWS,
    kmeans_agreement=Column(
        "share",
        "share of samples to which EM with equal spherical covariances of fixed size gives the label of k-means; "
        "setting: their variance as a share of the data's",
    ),
)
def kmeans_agreement(replicate):
    """Compare EM with equal spherical covariances of fixed size with k-means from the same centers."""
    replicate.check_rows_for_kmeans()
    if not np.ptp(replicate.unlabeled, axis=0).any():
        raise NotMeasurableError("all samples are equal, so the data have no variance to take a share of")
    return replicate.together(kmeans_agreements, SOME)


def kmeans_agreements(replicates: list[OneReplicate]) -> list[dict]:
    """Measure `kmeans_agreement` of several replicates, whose many short passes are computed together."""
    from sklearn.cluster import KMeans

    X = np.stack([replicate.unlabeled for replicate in replicates])
    n_rows, n_components = X.shape[1], replicates[0].n_components
    chosen = [
        replicate.generator("kmeans").choice(n_rows, size=n_components, replace=False) for replicate in replicates
    ]
    centers = np.take_along_axis(X, np.array(chosen)[:, :, None], axis=1)
    settings = {"n_init": 1, "tol": 0, "max_iter": 1000, "algorithm": "lloyd"}
    fits = [KMeans(n_components, init=start, **settings).fit(x) for x, start in zip(X, centers, strict=True)]
    found: list[dict] = [{} for _ in replicates]
    for share in SHRINKING:
        ends = em_with_fixed_variance(X, centers, share * X.var(axis=1).mean(axis=1))
        for numbers, (by_em, _), kmeans in zip(found, judge_many(X, ends), fits, strict=True):
            numbers["kmeans_agreement", share] = np.mean(by_em.argmax(axis=1) == kmeans.labels_)
    return found


def em_with_fixed_variance(X, means, variances, max_iter: int = 1000) -> list[MixtureParameters]:
    """Fit the means alone: equal weights, and covariances variance * I that stay. As it shrinks, this is k-means.

    Parameters
    ----------
    X : ndarray of shape (R, N, D)
        Samples of R data sets, each with its own fit.
    means : ndarray of shape (R, K, D)
        Initial means.
    variances : ndarray of shape (R,)
    max_iter : int

    Returns
    -------
    list of R MixtureParameters
    """
    center, (n_components, _) = X.mean(axis=1, keepdims=True), means.shape[1:]
    rows, means, active = X - center, means - center, np.arange(len(X))
    for _ in range(max_iter - 1):
        here, scale = means[active], variances[active, None, None]
        log_joint = (here @ rows.swapaxes(1, 2) - 0.5 * (here**2).sum(axis=2, keepdims=True)) / scale
        normalize(log_joint)
        mass = log_joint.sum(axis=2, keepdims=True)
        moved = np.where(mass > 0, log_joint @ rows / np.maximum(mass, np.finfo(float).tiny), here)
        going = np.abs(moved - here).max(axis=(1, 2)) > 1e-9 * np.sqrt(variances[active])
        means[active[going]] = moved[going]
        active, rows = active[going], rows[going]
        if not len(active):
            break
    weights = np.full(n_components, 1 / n_components)
    return [
        MixtureParameters(weights.copy(), mean, np.full(n_components, variance), "spherical")
        for mean, variance in zip(means + center, variances, strict=True)
    ]


@measured(
    OneReplicate,
    needs=("complete",),
    first=SOME,
    most_rows=MOST_ROWS,
    passes_of_em=Column(
        "passes", "E-steps from k-means' clusters until 1e-6 nats per sample below EM's end; full covariances"
    ),
    passes_of_optimizer=Column(
        "passes",
        "evaluations of likelihood and gradient that L-BFGS needs from the same start to reach as much",
        tolerance=BY_LINE_SEARCH,
    ),
    accelerated_above_em=Column(
        "nats per sample",
        "log-likelihood where accelerated EM ends, less that where EM ends",
        tolerance=Tolerance(1e-8, 1e-9),
    ),
    em_over_optimizer=Column(
        "ratio",
        "passes_of_em divided by passes_of_optimizer; 0 if L-BFGS does not reach as much",
        tolerance=BY_LINE_SEARCH,
    ),
    em_over_kmeans=Column("ratio", "passes_of_em divided by those of k-means itself, from its own best start"),
    em_above_kmeans=Column("share", "accuracy where that EM ends, less that of k-means' clusters (kmeans_accuracy)"),
)
def passes(replicate):
    """Count the passes over the samples; nothing if EM collapses."""
    X = standardized(replicate.unlabeled)  # changes nothing for EM, but helps L-BFGS
    try:
        start = parameters_from_labels(X, replicate.kmeans.labels_, replicate.n_components)
    except CollapsedComponentError:
        return None
    rule = article_stopping(1e-12, 20_000)
    result = expectation_maximization(X, start, rule)
    if result.collapse:
        return None
    enough = result.trace[-1] - NEAR
    fast = expectation_maximization(X, start, rule, acceleration="anderson")
    of_em = 1 + np.argmax(np.array(result.trace) >= enough)
    reached = np.array(maximize_likelihood(X, start)) >= enough
    of_optimizer = 1 + np.argmax(reached) if reached.any() else np.nan
    found = {
        ("passes_of_em", None): of_em,
        ("passes_of_optimizer", None): of_optimizer,
        ("em_over_optimizer", None): of_em / of_optimizer if reached.any() else 0.0,
        ("em_over_kmeans", None): of_em / replicate.kmeans.n_iter_,
    }
    if not fast.collapse:
        found["accelerated_above_em", None] = fast.trace[-1] - result.trace[-1]
    if replicate.truth is not None:
        by_em = posteriors(X, result.parameters).argmax(axis=1)
        found["em_above_kmeans", None] = accuracy(by_em, replicate.truth, named=False) - replicate.accuracy_of_kmeans
    return found
