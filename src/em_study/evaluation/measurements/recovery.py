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
        "standard deviations, with one feature, else variances and covariances, each once",
    ),
}
SORTED = "the components, of the fit and of the truth, are in the order of the means of the first feature"
LISTED = "likewise, but the components stay in the order in which the fit, or the source, lists them"


def _columns(name: str, what: str, matched: str, squared: bool) -> dict[str, Column]:
    """Describe a quantity of each part of a mixture."""
    return {
        name.format(part): Column(f"squared {unit}" if squared else unit, f"{what} of the {told}; {matched}")
        for part, (unit, told) in PARTS.items()
    }


BIAS = "absolute differences of the mean estimate from the truth, summed over the components"
MSE = "variance of the estimates (n - 1) and squared bias, summed over the components: mean squared error"


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
    """Sum up bias and mean squared error over the replicates whose fit has not failed; of two at least."""
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
    **_columns("squared_error_of_{}", "squared differences from the truth, summed over the components,", SORTED, True),
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
    failed_fits=Column("count", "replicates whose fit has failed; of released estimates those that the source lacks"),
)
def failed_fits(fit):
    """Count the fits that failed."""
    return np.sum(fit.runs.failure != "")


@measured(
    OneFit,
    of_recovery=True,
    weights_are_shares=Column(
        "samples",
        "largest distance of the number of samples times a weight from a whole number, over all components and "
        "replicates; 0: the weights are shares of the samples, as of hard labels",
        tolerance=Tolerance(1e-6, 1e-7),
    ),
)
def weights_are_shares(fit):
    """Tell whether weights count samples."""
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
