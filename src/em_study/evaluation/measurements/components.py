"""The components that a fit finds, compared with the data and with the true mixture."""

import numpy as np

from em_study.columns import Column, Tolerance
from em_study.evaluation.measurement import OneReplicate, OneRun, measured
from em_study.evaluation.printed import compared_with_printed
from emgmm import CollapsedComponentError, MixtureParameters, parameters_from_labels


@measured(
    OneRun,
    needs=("end", "one_feature"),
    histogram_distance=Column(
        "share", "total variation distance between the histogram and the fitted mixture (0-1); setting: bins"
    ),
    histogram_distance_by_chance=Column(
        "share", "average distance from the fitted mixture of data drawn from this mixture itself"
    ),
)
def histogram_distance(run):
    """Compare the fitted mixture with the histogram."""
    from scipy.special import ndtr  # takes its time to import

    x = run.one_feature
    counts, edges = np.histogram(x, bins=run.bins)
    deviations = np.sqrt(run.end.variances[:, 0])
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
    in_sweeps=False,
    sorted_weight=Column("share", "weight of a component; setting: its rank by mean, from 0 (one feature)"),
    sorted_mean=Column("units of the feature", "mean of a component; setting: likewise"),
)
def sorted_components(run):
    """Sort the components by their means, so that those of several replicates can be compared."""
    found = {}
    for place, k in enumerate(np.argsort(run.end.means[:, 0])):
        found["sorted_weight", place] = run.end.weights[k]
        found["sorted_mean", place] = run.end.means[k, 0]
    return found


@measured(
    OneRun,
    needs=("end",),
    smallest_weight=Column("share", "smallest weight of a component where the fit ended"),
    smallest_eigenvalue=Column("squared units of the data", "smallest eigenvalue of a covariance where the fit ended"),
)
def smallest_component(run):
    """Find components that are about to vanish."""
    return {
        ("smallest_weight", None): run.end.weights.min(),
        ("smallest_eigenvalue", None): np.linalg.eigvalsh(run.end.covariance_matrices).min(),
    }


@measured(
    OneRun,
    needs=("end", "mixture"),
    component_error=Column(
        "standard deviations",
        "largest error of a mean or standard deviation, in standard deviations of the true component",
    ),
)
def error_of_components(run):
    """Compare the fit with the true mixture, components matched by their means; nothing if their numbers differ."""
    if run.end.n_components != run.mixture.n_components:
        return None
    from scipy.optimize import linear_sum_assignment  # takes its time to import

    k, j = linear_sum_assignment(np.abs(run.end.means[:, None] - run.mixture.means).sum(axis=2))
    return _largest_error(run.end, k, run.mixture, j)


def _largest_error(found: MixtureParameters, k, true: MixtureParameters, j) -> float:
    """Return the largest error of a mean or standard deviation of components k, which are the true ones j."""
    deviations = np.sqrt(true.variances)[j]
    of_means = np.abs(found.means[k] - true.means[j]) / deviations
    return max(of_means.max(), np.abs(np.sqrt(found.variances)[k] / deviations - 1).max())


@measured(
    OneRun,
    needs=("end", "published"),
    in_sweeps=False,
    printed_numbers=Column(
        "count", "printed numbers that the fit gives to every digit; setting: how many were printed"
    ),
)
def printed_numbers(run):
    """Count the numbers of the source that this replicate gives as well."""
    found = [agrees for _, agrees in compared_with_printed(run.published, run.end).values()]
    return {("printed_numbers", len(found)): sum(found)}


@measured(
    OneReplicate,
    needs=("truth", "mixture"),
    known_labels_error=Column(
        "standard deviations",
        "largest error of a mean or standard deviation that is estimated with the true labels, in standard deviations "
        "of the true component",
        tolerance=Tolerance(1e-5, 1e-6),  # with missing values the estimate is EM's, whose last step rounding decides
    ),
)
def known_labels_error(replicate):
    """Estimate the parameters from the true labels; nothing if a class has too few samples."""
    every = np.arange(replicate.mixture.n_components)
    try:
        found = parameters_from_labels(replicate.unlabeled, replicate.truth, len(every))
    except CollapsedComponentError:
        return None
    return _largest_error(found, every, replicate.mixture, every)
