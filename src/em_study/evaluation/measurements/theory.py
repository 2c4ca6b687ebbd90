"""Mathematical identities, which only a bug would violate."""

import numpy as np

from em_study.columns import Column, Tolerance
from em_study.evaluation.measurement import OneRun, measured
from em_study.evaluation.numerical import maximize_complete
from emgmm import complete_log_likelihood, log_likelihoods, maximization, posteriors, weighted_statistics


@measured(
    OneRun,
    needs=("start",),
    start_smallest_eigenvalue=Column(
        "ratio", "smallest eigenvalue of an initial covariance, divided by its largest; the least over the components"
    ),
)
def start_smallest_eigenvalue(run):
    """Measure how close to singular the initial covariances are."""
    eigenvalues = np.linalg.eigvalsh(run.start.covariance_matrices)
    return (eigenvalues[:, 0] / eigenvalues[:, -1]).min()


@measured(OneRun, needs=("start",), n_parameters=Column("count", "free parameters of the mixture"))
def n_parameters(run):
    """Count the free parameters."""
    return run.start.n_parameters


@measured(
    OneRun,
    needs=("labels",),
    one_hot_difference=Column(
        "units of the data",
        "largest difference between the result of the M-step on one-hot labels and the class proportions, means and "
        "covariances",
    ),
)
def one_hot_difference(run):
    """Compare the M-step on one-hot labels with the direct estimate; NaN if a class has too few samples."""
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


@measured(
    OneRun,
    needs=("start", "complete"),
    first=20,  # a numerical optimizer takes its time
    closed_form_gap=Column(
        "nats per sample",
        "expected complete-data log-likelihood that L-BFGS from the initial parameters finds, less that of the first "
        "M-step, both under the initial posteriors; full covariances",
        tolerance=Tolerance(0.0, 1e-6),  # as near as L-BFGS comes to a maximum
    ),
)
def closed_form_gap(run):
    """Compare the M-step with a numerical maximizer; nothing if a component collapses in it."""
    if run.start.covariance_type != "full":
        return None
    statistics = weighted_statistics(run.rows.unlabeled, posteriors(run.rows.unlabeled, run.start))
    try:
        maximum = complete_log_likelihood(statistics, maximization(statistics)) / len(run.rows.unlabeled)
    except ValueError:
        return None
    return maximize_complete(statistics, run.start) - maximum


@measured(
    OneRun,
    needs=("start", "complete"),
    bound_gap=Column(
        "nats per sample",
        "log-likelihood at the initial parameters, less EM's lower bound with the posteriors there",
        tolerance=Tolerance(0.0, 1e-9),  # a difference of large numbers, where the initial parameters are far off
    ),
    bound_gap_elsewhere=Column(
        "nats per sample", "log-likelihood at the initial parameters, less EM's lower bound with equal responsibilities"
    ),
)
def bound_gap(run):
    """Test whether the lower bound equals the log-likelihood at the posteriors, and only there."""
    X, start = run.rows.unlabeled, run.start
    log_likelihood = log_likelihoods(X, start).mean()

    def gap(responsibilities):
        expected = complete_log_likelihood(weighted_statistics(X, responsibilities, start.covariance_type), start)
        logs = np.log(responsibilities, out=np.zeros_like(responsibilities), where=responsibilities > 0)
        return log_likelihood - (expected - (responsibilities * logs).sum()) / len(X)

    equal = np.full((len(X), start.n_components), 1 / start.n_components)
    return {("bound_gap", None): gap(posteriors(X, start)), ("bound_gap_elsewhere", None): gap(equal)}
