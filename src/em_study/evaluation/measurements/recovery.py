"""How well a fit recovers the mixture that the data were drawn from, over the replicates and in each."""

import numpy as np

from em_study.columns import Column, Tolerance
from em_study.evaluation.measurement import OneFit, OneRun, measured
from emgmm import MixtureParameters

PARTS = {
    "weights": ("share", "weights"),
    "means": ("units of the feature", "means"),
    "spreads": (
        "units of the feature, of several squared",
        "standard deviations (one feature), or variances and covariances, each once (several)",
    ),
}
SORTED = "components of the fit and of the true mixture are sorted by the mean of the first feature"
LISTED = "components stay in the order in which the fit, or the source, lists them"


def _columns(name: str, what: str, matched: str, squared: bool) -> dict[str, Column]:
    """Describe a quantity of each part of a mixture."""
    return {
        name.format(part): Column(f"squared {unit}" if squared else unit, f"{title}: {what}; {matched}")
        for part, (unit, title) in PARTS.items()
    }


BIAS = "absolute bias (mean estimate minus true value), summed over the components"
MSE = "mean squared error (variance of the estimates, by n - 1, plus squared bias), summed over the components"


@measured(
    OneFit,
    needs=("mixture",),
    of_recovery=True,
    **_columns("bias_of_{}", BIAS, SORTED, squared=False),
    **_columns("mse_of_{}", MSE, SORTED, squared=True),
    **_columns("bias_of_{}_as_listed", BIAS, LISTED, squared=False),
    **_columns("mse_of_{}_as_listed", MSE, LISTED, squared=True),
)
def recovery(fit):
    """Sum up bias and mean squared error over the replicates whose fit has not failed, if there are at least two."""
    ends = [*fit.runs.ends().values()]
    if len(ends) < 2 or ends[0].n_components != fit.mixture.n_components:
        return None
    found = {}
    for ending, parts in {"": _sorted_parts, "_as_listed": _parts}.items():
        true, estimates = parts(fit.mixture), [parts(end) for end in ends]
        for name in PARTS:
            errors = np.array([estimate[name] for estimate in estimates]) - true[name]
            bias = errors.mean(axis=0)
            found[f"bias_of_{name}{ending}", None] = np.abs(bias).sum()
            found[f"mse_of_{name}{ending}", None] = (errors.var(axis=0, ddof=1) + bias**2).sum()
    return found


@measured(
    OneRun,
    needs=("end", "mixture"),
    of_recovery=True,
    **_columns("squared_error_of_{}", "squared error, summed over the components", SORTED, True),
)
def squared_errors(run):
    """Sum up the squared errors of one replicate."""
    if run.end.n_components != run.mixture.n_components:
        return None
    true, estimate = _sorted_parts(run.mixture), _sorted_parts(run.end)
    return {(f"squared_error_of_{name}", None): np.sum((estimate[name] - true[name]) ** 2) for name in PARTS}


@measured(
    OneFit,
    of_recovery=True,
    failed_fits=Column("count", "replicates whose fit failed; of released estimates, those that the source lacks"),
)
def failed_fits(fit):
    """Count the fits that failed."""
    return np.sum(fit.runs.failure != "")


@measured(
    OneFit,
    of_recovery=True,
    weights_are_shares=Column(
        "samples",
        "largest distance of the number of samples times a weight from an integer, over all components and replicates; "
        "0 if the weights are shares of the samples, as with hard labels",
        tolerance=Tolerance(1e-6, 1e-7),
    ),
)
def weights_are_shares(fit):
    """Test whether the weights are counts of samples."""
    ends = fit.runs.ends().values()
    counts = np.array([end.weights for end in ends]) * fit.dataset.unlabeled.shape[1]
    return np.abs(counts - np.round(counts)).max() if ends else None


def _sorted_parts(mixture: MixtureParameters) -> dict[str, np.ndarray]:
    return _parts(mixture, np.argsort(mixture.means[:, 0], kind="stable"))


def _parts(mixture: MixtureParameters, order=slice(None)) -> dict[str, np.ndarray]:
    """Give weights, means and spreads, the components in an order, or as they are listed."""
    matrices = mixture.covariance_matrices[order]
    i, j = np.tril_indices(mixture.n_features)
    spreads = np.sqrt(matrices[:, 0, 0]) if mixture.n_features == 1 else matrices[:, i, j]
    return {"weights": mixture.weights[order], "means": mixture.means[order], "spreads": spreads}
