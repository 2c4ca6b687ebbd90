"""Every measurement: what the articles speak of beside the fits themselves. To add one, write its function here."""

import numpy as np

from emgmm import MixtureParameters, expectation, maximization, posteriors, weighted_statistics
from study.evaluation.measurement import REGISTERED, OneDraw, OneFit, OneRun, measured
from study.evaluation.relabeling import best_relabeling

FIRST_AND_LAST = 80  # rows whose predictions article B prints
SAME_OPTIMUM = 1e-4  # nats a row: ends this close are one optimum
SMALLEST_GAIN = 1e-10  # nats a row: below it, a ratio of gains is rounding
KMEANS_REPLICATES = 20  # k-means beside EM takes its time
SHRINKING = (1.0, 0.1, 0.01, 0.001)  # variances, as a share of the data's mean variance


@measured(
    OneRun,
    needs=("gains",),
    smallest_change=(
        "nats a row",
        "smallest change of the mean log-likelihood from one step to the next, without a ridge (reg_covar 0)",
    ),
    smallest_change_with_ridge=("nats a row", "the same of a fit with reg_covar above 0"),
)
def smallest_change(run):
    """Tell whether the likelihood ever decreases; with a ridge, the M-step does not quite maximize it."""
    return {("smallest_change_with_ridge" if run.ridge else "smallest_change", None): run.gains.min()}


@measured(
    OneRun,
    needs=("gains",),
    convergence_rate=("ratio", "last gain of the log-likelihood divided by the gain before it: near 1 is slow"),
)
def convergence_rate(run):
    """Tell how slowly EM converges near its end."""
    known = len(run.gains) > 1 and min(run.gains[-2:]) > SMALLEST_GAIN
    return run.gains[-1] / run.gains[-2] if known else None


@measured(
    OneRun,
    needs=("start",),
    start_smallest_eigenvalue=("ratio", "smallest eigenvalue of the start's covariances, divided by the largest"),
)
def start_smallest_eigenvalue(run):
    """Tell how close to singular the start is."""
    eigenvalues = np.linalg.eigvalsh(run.start.covariance_matrices)
    return (eigenvalues[:, 0] / eigenvalues[:, -1]).min()


@measured(OneRun, needs=("start",), n_parameters=("count", "free parameters of the mixture"))
def n_parameters(run):
    """Count the free parameters."""
    return run.start.n_parameters


@measured(
    OneRun,
    needs=("labels",),
    one_hot_difference=(
        "units of the data",
        "largest difference between the M-step on one-hot labels and the class proportions, means and covariances",
    ),
)
def one_hot_difference(run):
    """Tell how far the M-step on one-hot labels is from the direct estimate; NaN if a class has too few rows."""
    X = run.rows.labeled
    classes, y = np.unique(run.labels, return_inverse=True)
    if any((y == k).sum() <= X.shape[1] for k in range(len(classes))):
        return np.nan
    one_hot = (y[:, None] == np.arange(len(classes))).astype(float)
    try:
        parameters = maximization(weighted_statistics(X, one_hot))
    except ValueError:
        return np.nan
    return max(
        max(
            abs(parameters.weights[k] - (y == k).mean()),
            np.abs(parameters.means[k] - X[y == k].mean(axis=0)).max(),
            np.abs(parameters.covariances[k] - np.cov(X[y == k].T, bias=True)).max(),
        )
        for k in range(len(classes))
    )


@measured(OneRun, needs=("end",), overlap=("probability", "mean of 1 - the largest posterior, over the unlabeled rows"))
def overlap(run):
    """Tell how much the components overlap where the rows are."""
    return run.uncertainty.mean()


@measured(
    OneRun,
    needs=("end", "one_feature"),
    histogram_distance=(
        "share",
        "total variation distance between the histogram and the fitted mixture (0-1); setting: bins",
    ),
    histogram_distance_by_chance=(
        "share",
        "the same that draws from the fitted mixture itself would have on average",
    ),
)
def histogram_distance(run):
    """Compare the fitted mixture with the histogram."""
    from scipy.special import ndtr  # takes its time to import

    x = run.one_feature
    counts, edges = np.histogram(x, bins=run.bins)
    deviations = np.sqrt(run.end.covariance_matrices[:, 0, 0])
    cumulative = ndtr((edges[:, None] - run.end.means[:, 0]) / deviations) @ run.end.weights
    expected = np.diff(cumulative)
    outside = 1 - expected.sum()  # where the histogram has nothing
    return {
        ("histogram_distance", run.bins): 0.5 * (np.abs(counts / len(x) - expected).sum() + outside),
        # The mean absolute deviation of a count is about that of a normal variable.
        ("histogram_distance_by_chance", run.bins): 0.5
        * np.sqrt(2 * expected * (1 - expected) / (np.pi * len(x))).sum(),
    }


@measured(
    OneRun,
    needs=("end", "one_feature"),
    sorted_weight=("share", "weight of a component; setting: its place by mean, from 0 (one feature)"),
    sorted_mean=("units of the feature", "likewise its mean"),
    sorted_standard_deviation=("units of the feature", "likewise its standard deviation"),
)
def sorted_components(run):
    """List the components by their means, so that those of several draws can be compared."""
    found = {}
    for place, k in enumerate(np.argsort(run.end.means[:, 0])):
        found["sorted_weight", place] = run.end.weights[k]
        found["sorted_mean", place] = run.end.means[k, 0]
        found["sorted_standard_deviation", place] = np.sqrt(run.end.covariance_matrices[k, 0, 0])
    return found


@measured(
    OneRun,
    needs=("end", "one_feature", "truth"),
    uncertainty_between=(
        "share",
        "share of the rows' uncertainty (1 - largest posterior) that lies between the class means",
    ),
)
def uncertainty_between(run):
    """Tell where the unclear values are; nothing, if none is unclear."""
    x, total = run.one_feature, run.uncertainty.sum()
    centers = [x[run.truth == k].mean() for k in np.unique(run.truth)]
    between = (x > min(centers)) & (x < max(centers))
    return run.uncertainty[between].sum() / total if total > 0 else None


@measured(
    OneRun,
    needs=("end", "truth"),
    first_and_last=(
        "share",
        "share of the first and last rows with their true class, under the best renaming; setting: rows",
    ),
)
def first_and_last(run):
    """Judge the rows whose predictions article B prints; nothing, if there are not so many."""
    if len(run.truth) <= 2 * FIRST_AND_LAST:
        return None
    ends = np.r_[:FIRST_AND_LAST, -FIRST_AND_LAST:0]
    labels, truth = run.posteriors[ends].argmax(axis=1), run.truth[ends]
    named = best_relabeling(labels, truth, max(run.end.n_components, truth.max() + 1))
    return {("first_and_last", FIRST_AND_LAST): np.mean(named == truth)}


@measured(
    OneFit,
    rate_overlap_correlation=("rank correlation", "of convergence_rate and overlap over the replicates"),
)
def rate_overlap_correlation(fit):
    """Tell whether EM is slow where components overlap; nothing, from less than three replicates."""
    from scipy.stats import spearmanr  # takes its time to import

    rates, overlaps = fit.found.get("convergence_rate", {}), fit.found.get("overlap", {})
    both = [r for r in rates if r in overlaps]
    return spearmanr([rates[r] for r in both], [overlaps[r] for r in both]).statistic if len(both) > 2 else None


@measured(
    OneFit,
    needs=("ends_on_the_same_rows",),
    optimum=("number", "number of the optimum that the start ends in, 0 the best (ends within 1e-4 nats are one)"),
)
def optimum(fit):
    """Tell which starts end in the same optimum."""
    return {("optimum", r): number for r, number in enumerate(numbered_optima(fit.ends_on_the_same_rows))}


@measured(
    OneFit,
    needs=("ends_on_the_same_rows",),
    below_best=("nats a row", "mean log-likelihood of the best end less this one's"),
    reaches_best=("0 or 1", "1 if the start ends in the best optimum of all starts, else 0"),
)
def below_best(fit):
    """Tell how far below the best end each start ends."""
    ends, found = fit.ends_on_the_same_rows, {}
    best = max(ends[np.isfinite(ends)], default=np.nan)
    for r, gap in enumerate(best - ends):
        found["below_best", r] = gap
        found["reaches_best", r] = float(gap < SAME_OPTIMUM) if np.isfinite(gap) else np.nan
    return found


@measured(
    OneDraw,
    kmeans_agreement=(
        "share",
        "share of rows with the label of k-means, by EM with equal spherical covariances of fixed size; setting: "
        "their variance as a share of the data's",
    ),
)
def kmeans_agreement(rows):
    """Put EM with equal spherical covariances of fixed size beside k-means from the same centers, on some draws."""
    from sklearn.cluster import KMeans

    if rows.number >= KMEANS_REPLICATES:
        return None
    X, found = rows.X, {}
    centers = X[rows.generator("kmeans").choice(len(X), size=rows.n_components, replace=False)]
    kmeans = KMeans(rows.n_components, init=centers, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(X)
    for share in SHRINKING:
        end = em_with_fixed_variance(X, centers, share * X.var(axis=0).mean())
        found["kmeans_agreement", share] = np.mean(posteriors(X, end).argmax(axis=1) == kmeans.labels_)
    return found


def numbered_optima(ends):
    """Give each end (R,) the number of its optimum: 0 the best; ends that follow closely on one another share it."""
    numbers = np.full(len(ends), np.nan)
    order = [r for r in np.argsort(-ends) if np.isfinite(ends[r])]
    for before, r in zip([None, *order], order, strict=False):
        apart = before is not None and ends[before] - ends[r] >= SAME_OPTIMUM
        numbers[r] = 0 if before is None else numbers[before] + apart
    return numbers


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


MEASUREMENTS = tuple(REGISTERED)
QUANTITIES = {name: quantity for found in MEASUREMENTS for name, quantity in found.quantities.items()}
