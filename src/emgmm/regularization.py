"""What keeps covariances from collapsing: a penalty on them, and a check of `reg_covar` against the data's scale."""

from dataclasses import dataclass, replace
from numbers import Real

import numpy as np

from emgmm.checks import checked_samples, checked_weight, numbers, weighted
from emgmm.covariance import COVARIANCE_TYPES, TINY
from emgmm.statistics import SufficientStatistics, has_missing, no_statistics, samples_per_block

LARGEST_SHARE = 1e-3  # of `reg_covar` in a feature's variance


@dataclass(frozen=True, eq=False)
class CovariancePenalty:
    """Penalty on the covariances, with which the likelihood is bounded: no component can shrink to a point.

    With a the strength and S the diagonal matrix of `scale`, EM then maximizes the log-likelihood minus
    a sum_k (trace(S covariance_k^-1) - log det(S covariance_k^-1) - D), which is 0 if every covariance is S, and else
    positive [1]_ [2]_. Its M-step counts 2 a more samples in each component, with the second moments S about its mean,
    for the covariances only.

    Parameters
    ----------
    strength : float
        The strength a, in samples; 1 / sqrt(n_samples) is usual: it vanishes against the likelihood of many samples.
    scale : array-like of shape (D,)
        Variances of the features over all samples, in squared units of the features.

    Raises
    ------
    ValueError
        If `strength` is negative or not finite, or a variance is not positive.

    Notes
    -----
    After an M-step on n samples no variance, in any direction, is below 2 a / (n + 2 a) times the smallest of `scale`.
    With tied covariances each component has its penalty, too. The penalty is minus the logarithm, up to a constant, of
    an inverse Wishart prior of each covariance [3]_ with 2 a - D - 1 degrees of freedom and the scale matrix 2 a S,
    which is improper up to a = D.

    References
    ----------
    .. [1] Chen and Tan (2009), "Inference for multivariate normal mixtures", Journal of Multivariate Analysis 100; with
       the covariance of all samples as S.
    .. [2] Ciuperca, Ridolfi and Idier (2003), "Penalized maximum likelihood estimator for normal mixtures",
       Scandinavian Journal of Statistics 30.
    .. [3] Fraley and Raftery (2007), "Bayesian regularization for normal mixture estimation and model-based
       clustering", Journal of Classification 24.

    Examples
    --------
    >>> import numpy as np
    >>> from emgmm import CovariancePenalty, MixtureParameters, expectation_maximization, sklearn_stopping
    >>> X = np.array([[0.0], [1.0], [2.0], [9.0]])  # a component on the last sample alone has no variance
    >>> start = MixtureParameters.checked([0.5, 0.5], [[1.0], [9.0]], [[[1.0]], [[1.0]]])
    >>> expectation_maximization(X, start, sklearn_stopping()).collapse
    'component 1: its covariance is singular, it has shrunk to a point'
    >>> penalty = CovariancePenalty(0.5, X.var(axis=0))
    >>> expectation_maximization(X, start, sklearn_stopping(), penalty=penalty).parameters.covariances.round(1).ravel()
    array([3.6, 6.5])
    """

    strength: float
    scale: np.ndarray

    def __post_init__(self):
        scale = np.array(numbers(self.scale, "scale"), ndmin=1)
        if scale.ndim != 1:
            raise ValueError(f"the scale of the penalty must have the shape (n_features,), not {scale.shape}")
        if not isinstance(self.strength, Real) or not 0 <= self.strength < np.inf:
            raise ValueError(f"the strength of the penalty must be finite and not negative, not {self.strength!r}")
        if not (scale > 0).all():
            feature = int((~(scale > 0)).argmax())
            raise ValueError(
                f"feature {feature} (counted from 0) has the variance {scale[feature]:g}, and the penalty needs a "
                "positive one: remove the feature"
            )
        object.__setattr__(self, "scale", scale)

    def of(self, parameters) -> float:
        """Compute the penalty of a mixture.

        Parameters
        ----------
        parameters : MixtureParameters
            The mixture, with D features.

        Returns
        -------
        float
            What is subtracted from the log-likelihood of all samples, in nats; not negative.
        """
        kind, factors = parameters.type, parameters.factors
        precisions, pivots = kind.variances(kind.precisions(factors)), kind.variances(factors) ** 2
        return self.strength * float(np.sum(self.scale * precisions - 1 - np.log(self.scale * pivots)))

    def added_to(self, statistics) -> SufficientStatistics:
        """Add to each component 2 `strength` samples with the second moments `scale` about its mean.

        Parameters
        ----------
        statistics : SufficientStatistics
            Of D features.

        Returns
        -------
        SufficientStatistics
            For the covariances of the M-step.
        """
        more, kind = 2 * self.strength, COVARIANCE_TYPES[statistics.covariance_type]
        scatter = statistics.scatter + more * (self.scale if kind.diagonal else np.diag(self.scale))
        observed = None if statistics.observed is None else statistics.observed + more
        return replace(statistics, mass=statistics.mass + more, scatter=scatter, observed=observed)


@np.errstate(invalid="ignore")
def regularization_warning(X, reg_covar, sample_weight=None):
    """Return a warning if `reg_covar` is more than a thousandth of the smallest variance of a feature; else None.

    Components are narrower than all samples together, so that `reg_covar` instead of the samples may then determine
    their covariances. It takes one pass over all samples X (N, D), labeled and unlabeled, with their weights (N,); none
    if `reg_covar` is 0.
    """
    if reg_covar == 0:
        return None
    every = feature_statistics(X, sample_weight)
    variances = every.scatter[:, 0] / every.mass
    feature = int(variances.argmin())
    limit = LARGEST_SHARE * variances[feature]
    if not reg_covar > limit:  # including NaN: no samples, or values too large to square
        return None
    advice = f"Scale the data, or use a reg_covar below {limit:.2g}" if limit else "Remove this feature"
    return (
        f"reg_covar = {reg_covar:g} is too large compared with the variance {variances[feature]:.3g} of feature "
        f"{feature} (counted from 0): components may be wider than their samples. {advice}."
    )


@np.errstate(over="ignore", invalid="ignore")
def feature_statistics(X, sample_weight=None):
    """Return statistics of each feature's observed values, as those of D components with one feature.

    It takes two passes over each block, so that no digits are lost to offsets.
    """
    X = checked_samples(X)
    sample_weight, X = weighted(checked_weight(sample_weight, len(X)), X)
    n_features, size = X.shape[1], samples_per_block(*X.shape)
    total = no_statistics(n_features, 1, "diag")
    for begin in range(0, len(X), size):
        values = np.array(X[begin : begin + size].T, dtype=float, order="C")
        weight = np.ones(values.shape[1]) if sample_weight is None else sample_weight[begin : begin + size]
        share = np.broadcast_to(weight, values.shape)
        if has_missing(values):
            share = np.where(np.isnan(values), 0.0, weight)
            values[np.isnan(values)] = 0.0
        mass = share.sum(axis=1)
        first = values[np.arange(n_features), share.argmax(axis=1), None]  # so that a constant has variance 0
        values -= first
        shift = np.einsum("dn,dn->d", values, share) / np.maximum(mass, TINY)
        values -= shift[:, None]
        values *= values
        scatter = np.einsum("dn,dn->d", values, share)
        total += SufficientStatistics(mass, first + shift[:, None], scatter[:, None], "diag")
    return total
