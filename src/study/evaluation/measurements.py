"""What the articles speak of beside the fits themselves: rows of measurements.csv."""

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import spearmanr

from emgmm import MixtureParameters, expectation, maximization, posteriors, weighted_statistics
from study.data import Dataset, Replicate
from study.dictionary import COLUMNS
from study.evaluation import best_relabeling
from study.runs import Runs
from study.seeds import generator

FIRST_AND_LAST = 80  # rows whose predictions article B prints
SAME_OPTIMUM = 1e-4  # nats a row: ends this close are one optimum
SMALLEST_GAIN = 1e-10  # nats a row: below it, a ratio of gains is rounding
SHRINKING = (1.0, 0.1, 0.01, 0.001)  # variances, as a share of the data's mean variance
KMEANS_REPLICATES = 20


def measure(
    dataset: Dataset,
    runs_by_fit: dict[str, Runs],
    ridges: dict[str, bool],
    replicates: int,
    bins: int,
    seed: int,
    experiment: str,
) -> pd.DataFrame:
    """Rows of measurements.csv of an experiment.

    Parameters
    ----------
    dataset : Dataset
    runs_by_fit : dict
        Runs of every fit.
    ridges : dict
        Whether a fit adds a ridge to its covariances.
    replicates : int
    bins : int
        Of the histogram, for data with one feature.
    seed : int
        The study's root seed.
    experiment : str
    """
    rows = []
    for fit, runs in runs_by_fit.items():
        pairs = []
        for r in range(len(runs)):
            found = {**_of_run(runs, r, ridges[fit]), **_of_end(dataset.replicate(r), runs.end(r), bins)}
            rows += [(experiment, fit, r, *name, value) for name, value in found.items()]
            pairs.append((found.get(("convergence_rate", np.nan)), found.get(("overlap", np.nan))))
        known = [pair for pair in pairs if None not in pair]
        if len(known) > 2:
            correlation = spearmanr(*zip(*known, strict=True)).statistic
            rows.append((experiment, fit, 0, "rate_overlap_correlation", np.nan, correlation))
        if len(dataset.unlabeled) == 1 and len(runs) > 1:
            ends = [np.nan if runs.failure[r] else runs.trace[r, runs.n_iter[r] - 1] for r in range(len(runs))]
            optima = _number_optima(np.array(ends))
            rows += [(experiment, fit, r, "optimum", np.nan, optimum) for r, optimum in enumerate(optima)]
            below = np.nanmax(ends) - ends if np.isfinite(ends).any() else np.array(ends)
            for r, gap in enumerate(below):
                rows.append((experiment, fit, r, "below_best", np.nan, gap))
                rows.append(
                    (
                        experiment,
                        fit,
                        r,
                        "reaches_best",
                        np.nan,
                        float(gap < SAME_OPTIMUM) if np.isfinite(gap) else np.nan,
                    )
                )
    n_components = max((runs.means.shape[1] for runs in runs_by_fit.values()), default=1)
    for r in range(min(replicates, KMEANS_REPLICATES, 1 if len(dataset.unlabeled) == 1 else replicates)):
        for share, value in _kmeans_agreement(
            dataset.replicate(r).unlabeled, n_components, generator(seed, experiment, "kmeans", r)
        ):
            rows.append((experiment, "", r, "kmeans_agreement", share, value))
    return pd.DataFrame(rows, columns=list(COLUMNS["measurements"]))


def _number_optima(ends):
    """Give each end the number of its optimum: 0 the best; ends that follow closely on one another share it."""
    numbers = np.full(len(ends), np.nan)
    order = [r for r in np.argsort(-ends) if np.isfinite(ends[r])]
    for before, r in zip([None, *order], order, strict=False):
        apart = before is not None and ends[before] - ends[r] >= SAME_OPTIMUM
        numbers[r] = 0 if before is None else numbers[before] + apart
    return numbers


def _of_run(runs: Runs, r: int, ridge: bool):
    """Measurements of the way that EM took."""
    found = {}
    gains = np.diff(runs.trace[r, : runs.n_iter[r]])
    if len(gains):
        found["smallest_change_with_ridge" if ridge else "smallest_change", np.nan] = gains.min()
    if len(gains) > 1 and min(gains[-2:]) > SMALLEST_GAIN:
        found["convergence_rate", np.nan] = gains[-1] / gains[-2]
    start = runs.start(r)
    if start is not None:
        eigenvalues = np.linalg.eigvalsh(start.covariance_matrices)
        found["start_smallest_eigenvalue", np.nan] = (eigenvalues[:, 0] / eigenvalues[:, -1]).min()
        found["n_parameters", np.nan] = start.n_parameters
    return found


def _of_end(rows: Replicate, end: MixtureParameters | None, bins: int):
    """Measurements of where it ended, and of the labels."""
    found = {}
    if len(rows.labeled):
        found["one_hot_difference", np.nan] = _one_hot_difference(rows)
    if end is None:
        return found
    responsibilities = posteriors(rows.unlabeled, end)
    uncertainty = 1 - responsibilities.max(axis=1)
    found["overlap", np.nan] = uncertainty.mean()
    if rows.unlabeled.shape[1] == 1:
        distance, by_chance = _histogram_distance(rows.unlabeled[:, 0], end, bins)
        found["histogram_distance", bins] = distance
        found["histogram_distance_by_chance", bins] = by_chance
        for place, k in enumerate(np.argsort(end.means[:, 0])):
            found["sorted_weight", place] = end.weights[k]
            found["sorted_mean", place] = end.means[k, 0]
            found["sorted_standard_deviation", place] = np.sqrt(end.covariance_matrices[k, 0, 0])
    if rows.unlabeled.shape[1] == 1 and rows.truth is not None and uncertainty.sum() > 0:
        x = rows.unlabeled[:, 0]
        centers = [x[rows.truth == k].mean() for k in np.unique(rows.truth)]
        between = (x > min(centers)) & (x < max(centers))
        found["uncertainty_between", np.nan] = uncertainty[between].sum() / uncertainty.sum()
    if rows.truth is not None and len(rows.truth) > 2 * FIRST_AND_LAST:
        ends = np.r_[:FIRST_AND_LAST, -FIRST_AND_LAST:0]
        labels, truth = responsibilities[ends].argmax(axis=1), rows.truth[ends]
        named = best_relabeling(labels, truth, max(end.n_components, truth.max() + 1))
        found["first_and_last", FIRST_AND_LAST] = np.mean(named == truth)
    return found


def _one_hot_difference(rows: Replicate):
    """How far the M-step on one-hot labels is from the direct estimate of each class."""
    classes, y = np.unique(rows.labels, return_inverse=True)
    big = [k for k in range(len(classes)) if (y == k).sum() > rows.labeled.shape[1]]
    if len(big) < len(classes):
        return np.nan  # a class is too small for a covariance
    one_hot = (y[:, None] == np.arange(len(classes))).astype(float)
    try:
        parameters = maximization(weighted_statistics(rows.labeled, one_hot))
    except ValueError:
        return np.nan
    return max(
        max(
            abs(parameters.weights[k] - (y == k).mean()),
            np.abs(parameters.means[k] - rows.labeled[y == k].mean(axis=0)).max(),
            np.abs(parameters.covariances[k] - np.cov(rows.labeled[y == k].T, bias=True)).max(),
        )
        for k in range(len(classes))
    )


def _histogram_distance(x, end: MixtureParameters, bins: int):
    counts, edges = np.histogram(x, bins=bins)
    deviations = np.sqrt(end.covariance_matrices[:, 0, 0])
    cumulative = ndtr((edges[:, None] - end.means[:, 0]) / deviations) @ end.weights
    expected = np.diff(cumulative)
    outside = 1 - expected.sum()  # where the histogram has nothing
    distance = 0.5 * (np.abs(counts / len(x) - expected).sum() + outside)
    # The mean absolute deviation of a count is about that of a normal variable.
    return distance, 0.5 * np.sqrt(2 * expected * (1 - expected) / (np.pi * len(x))).sum()


def _kmeans_agreement(X, n_components: int, draw: np.random.Generator):
    """EM with equal spherical covariances of fixed size, beside k-means from the same centers."""
    from sklearn.cluster import KMeans

    centers = X[draw.choice(len(X), size=n_components, replace=False)]
    kmeans = KMeans(n_components, init=centers, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(X)
    for share in SHRINKING:
        end = em_with_fixed_variance(X, centers, share * X.var(axis=0).mean())
        yield share, np.mean(posteriors(X, end).argmax(axis=1) == kmeans.labels_)


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
