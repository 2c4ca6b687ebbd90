"""Observed information of a fitted mixture: standard errors, whether it is a maximum, EM's rate, what is left to gain.

The observed information is minus the second derivatives of the log-likelihood. It equals the expected information of
the complete data given the observed data, minus the covariance of the complete data's score, which is the missing
information (Louis, 1982, "Finding the observed information matrix when using the EM algorithm"). Missing are the
components of the samples, and their missing values.

It is computed in `Coordinates`. There, with z the deviation of a sample from a component's mean, in units of the
component's own standard deviations, the score is 1 by the weight, z by the mean, and z_i z_j (minus 1 if i = j) by the
factor.
"""

from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import combinations
from statistics import NormalDist

import numpy as np

from emgmm.incomplete import patterns_of
from emgmm.parameters import Coordinates, MixtureParameters
from emgmm.parts import as_parts, split
from emgmm.statistics import normalize
from emgmm.threads import one_thread

MOST_PARAMETERS = 2_000  # the matrix then takes 32 MB
FLAT = 1e-7  # curvature, as a share of the complete data's, that counts as none
NEAR = 0.005  # nats below the maximum up to which a mixture counts as a maximum: a tenth of a standard error
FAR = 0.5  # nats below the maximum at which it is one standard error away
ALIKE = 3.0  # standard errors by which some mean or covariance of two components must differ
LEAST_WEIGHT = 4.0  # in its standard errors; below, 95 % intervals of overlapping components cover 69 to 85 %
_lengths = partial(np.linalg.norm, axis=-1)


@dataclass(frozen=True, eq=False)
class ParameterValues:
    """One number for each parameter of a mixture, such as its standard error.

    Attributes
    ----------
    weights : ndarray of shape (K,)
        Of the weights; without a unit.
    means : ndarray of shape (K, D)
        Of the means, in the units of the features.
    covariances : ndarray of the shape of the mixture's covariances
        Of the covariances, in squared units of the features.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray


@dataclass(frozen=True, eq=False)
class ObservedInformation:
    """Observed information of a mixture, and what follows from it; the result of `observed_information`.

    L is the number of free parameters plus one. The coordinates are logarithms of weights, means, and logarithms of
    roots of covariances, scaled so that a step of length 1 / sqrt(n_samples) is one standard error, if components and
    missing values are known.

    Attributes
    ----------
    parameters : MixtureParameters
        The mixture.
    n_samples : float
        Total weight of the samples in the likelihood.
    labeled : ndarray of int
        Components that have labeled samples in the likelihood.
    gradient : ndarray of shape (L,)
        Gradient of the log-likelihood of all samples, in nats.
    matrix : ndarray of shape (L, L)
        The observed information, in nats. In the one direction in which the mixture does not change, it is `n_samples`.
    scores : ndarray of shape (L, L)
        Sum of the outer products of the samples' scores.
    smallest_eigenvalue : float
        Smallest eigenvalue of the information, as a share of the complete data's; negative if the log-likelihood is
        curved upwards in some direction.
    left_to_gain : float
        Nats, for all samples together, up to the maximum of the quadratic approximation of the log-likelihood
        (0.5 gradient^T matrix^-1 gradient); inf if the approximation has no maximum.

    See Also
    --------
    observed_information : Computes it.
    """

    parameters: MixtureParameters = field(repr=False)
    n_samples: float
    labeled: np.ndarray
    gradient: np.ndarray = field(repr=False)
    matrix: np.ndarray = field(repr=False)
    scores: np.ndarray = field(repr=False)
    smallest_eigenvalue: float
    left_to_gain: float

    @property
    def gradient_norm(self) -> float:
        """Norm of the gradient, in nats."""
        return float(np.linalg.norm(self.gradient))

    @property
    def rate(self) -> float:
        """Factor by which a step of EM reduces its error near a maximum: the largest share of missing information."""
        return max(0.0, 1.0 - self.smallest_eigenvalue)

    @property
    def kind(self) -> str:
        """Kind of point on the likelihood, a str.

        "saddle" if it is curved upwards in some direction, "flat" if it is not curved in some direction, "maximum" if
        it is a local maximum, and "slope" otherwise.
        """
        if self.smallest_eigenvalue <= FLAT:
            return "saddle" if self.smallest_eigenvalue < -FLAT else "flat"
        return "maximum" if self.left_to_gain <= NEAR else "slope"

    @property
    def is_maximum(self) -> bool:
        """Whether it is a local maximum: curved downwards in all directions, with at most 0.005 nats left to gain."""
        return self.kind == "maximum"

    @cached_property
    def refusal(self) -> str | None:
        """Reason why standard errors are not valid here, a str; None if they are valid."""
        if self.smallest_eigenvalue <= FLAT:
            where = "at a saddle point, far from a maximum" if self.kind == "saddle" else "on a plateau"
            information = f"the information is {self.smallest_eigenvalue:.2g} of the complete data's in some direction"
            held = "only reg_covar or covariance_penalty prevents the collapse of a component"
            return f"the mixture is {where}, or {held}: {information}"
        if self.left_to_gain > FAR:
            smaller = "tol, reg_covar or covariance_penalty"
            advice = f"pass the data of the fit, or fit with a smaller {smaller}, and a larger max_iter"
            return f"the log-likelihood is about {self.left_to_gain:.2g} nats below its maximum: {advice}"
        own, roots = self.parameters, self._roots(sandwich=False)
        arrays = [(own.means, roots[1]), (own.covariances, roots[2])][: 1 if own.type.common else 2]
        for j, k in combinations(np.setdiff1d(range(own.n_components), self.labeled), 2):
            if not any((abs(a[j] - a[k]) >= ALIKE * _lengths(root[j] - root[k])).any() for a, root in arrays):
                return f"components {j} and {k} (counted from 0) are so similar that their labels may switch"
        for k, (weight, error) in enumerate(zip(own.weights, _lengths(roots[0]), strict=True)):
            if weight < LEAST_WEIGHT * error:
                size = f"{weight:.2g}, less than {LEAST_WEIGHT:g} times its standard error of {error:.2g}"
                return f"the weight of component {k} (counted from 0) is too near 0: {size}"
        return None

    @property
    def standard_errors(self) -> ParameterValues:
        """Standard errors of weights, means and covariances in their units; ValueError if there is a `refusal`."""
        return self._errors(sandwich=False)

    @property
    def sandwich_errors(self) -> ParameterValues:
        """Standard errors that are valid for a misspecified model, too; ValueError if there is a `refusal`.

        Source: White (1982), "Maximum likelihood estimation of misspecified models", Econometrica 50.
        """
        return self._errors(sandwich=True)

    def intervals(self, level=0.95, *, sandwich=False) -> tuple[ParameterValues, ParameterValues]:
        """Return confidence intervals of the single parameters.

        They are symmetric in the logits of weights and the logarithms of variances.

        Parameters
        ----------
        level : float, default=0.95
            Probability that an interval covers the parameter, between 0 and 1.
        sandwich : bool, default=False
            Whether to use `sandwich_errors` instead of `standard_errors`.

        Returns
        -------
        lower, upper : ParameterValues
            The ends of the intervals.

        Raises
        ------
        ValueError
            If `level` is not between 0 and 1, or there is a `refusal`.
        """
        if not 0 < level < 1:
            raise ValueError(f"level must be between 0 and 1, not {level}")
        own, errors, ends = self.parameters, self._errors(sandwich), []
        is_variance = own.type.diagonal or np.eye(own.n_features, dtype=bool)
        scale, others = np.where(is_variance, own.covariances, 1.0), 1 - own.weights
        for z in (NormalDist().inv_cdf((1 - level) / 2), NormalDist().inv_cdf((1 + level) / 2)):
            odds, steps = np.exp(z * errors.weights / np.maximum(own.weights * others, 1e-300)), z * errors.covariances
            covariances = np.where(is_variance, scale * np.exp(steps / scale), own.covariances + steps)
            weights = own.weights * odds / (own.weights * odds + others)
            ends.append(ParameterValues(weights, own.means + z * errors.means, covariances))
        return tuple(ends)

    def _errors(self, sandwich):
        if self.refusal:
            raise ValueError(f"standard errors are not valid here: {self.refusal}")
        return ParameterValues(*map(_lengths, self._roots(sandwich)))

    @one_thread()
    def _roots(self, sandwich):
        """Return derivatives of weights, means, covariances along columns of a root of the estimate's covariance."""
        root = np.linalg.inv(np.linalg.cholesky(self.matrix)).T
        if sandwich:
            sizes, directions = np.linalg.eigh(root.T @ self.scores @ root)
            root = root @ (directions * np.sqrt(np.maximum(sizes, 0.0)))
        return Coordinates(self.parameters).differential(root)


@one_thread()
def observed_information(X, model_or_parameters, *, y=None, sample_weight=None, map=map) -> ObservedInformation:  # noqa: A002
    """Compute the observed information of a mixture: standard errors, and whether it is a maximum.

    Parameters
    ----------
    X : ndarray of shape (N, D), or Parts
        Samples that the mixture was fitted to. NaN is a missing value. `Parts` have labels and weights of their own.
    model_or_parameters : GaussianMixtureEM or MixtureParameters
        The mixture. For a model, its `semi_supervised` decides whether labeled samples are in the likelihood; for
        parameters, they are.
    y : ndarray of shape (N,), optional
        Component of each sample, -1 if it is not known; for a model, the labels that `fit` was given.
    sample_weight : ndarray of shape (N,), optional
        A sample of weight 2 counts as two, so that larger weights give smaller standard errors.
    map : callable, default=map
        For `Parts`: runs one task for each part, like the `map` of an executor.

    Returns
    -------
    ObservedInformation
        The information, standard errors, confidence intervals, and the kind of point on the likelihood.

    Raises
    ------
    ValueError
        If X, labels or weights cannot be used; if the mixture has more than 2,000 parameters, or not fewer than the
        total weight of the samples.
    TypeError
        If `model_or_parameters` is neither a GaussianMixtureEM nor MixtureParameters.

    Notes
    -----
    The information is minus the second derivatives of the log-likelihood: the information of the complete data,
    expected given the observed data, minus the covariance of the complete data's score [1]_.

    References
    ----------
    .. [1] Louis (1982), "Finding the observed information matrix when using the EM algorithm", Journal of the Royal
       Statistical Society B 44.

    Examples
    --------
    >>> from emgmm import MixtureParameters, observed_information
    >>> mixture = MixtureParameters.checked([1.0], [[0.0]], [[[1.0]]])
    >>> found = observed_information([[-1.0], [1.0], [-1.0], [1.0]], mixture)
    >>> found.kind, found.standard_errors.means.round(2).tolist()  # 1 / sqrt(4 samples)
    ('maximum', [[0.5]])
    """
    rows, of_model = (X, y, sample_weight), getattr(model_or_parameters, "_in_the_likelihood", None)
    if not (of_model or isinstance(model_or_parameters, MixtureParameters)):
        name = type(model_or_parameters).__name__
        raise TypeError(f"model_or_parameters must be a GaussianMixtureEM or MixtureParameters, not a {name}")
    parts, parameters = of_model(*rows, map) if of_model else (as_parts(*rows), model_or_parameters)
    parts, n_parameters = parts.to_fit(parameters, "numpy", map), parameters.n_parameters
    if not n_parameters < min(parts.total_weight, MOST_PARAMETERS + 1):
        allowed = f"at most {MOST_PARAMETERS:,}, and fewer than the total weight of the samples, {parts.total_weight:g}"
        raise ValueError(f"the mixture has {n_parameters:,} parameters; it must have {allowed}")
    if len(Coordinates(parameters).of(parameters)) != n_parameters + 1:
        raise ValueError(f"covariance_type {parameters.covariance_type!r}: log_roots and n_parameters disagree")
    found = zip(*parts.each(partial(_sums, parts.clamped, parameters), map), strict=True)
    gradient, matrix, scores = (sum(each) for each in found)
    if not np.isfinite(matrix).all():
        raise ValueError("X contains values too far from the mixture: the information overflows")
    smallest = float(np.linalg.eigvalsh(matrix / parts.total_weight)[0])
    left = 0.5 * float(gradient @ np.linalg.solve(matrix, gradient)) if smallest > FLAT else np.inf
    labeled = parts.labels if parts.clamped else parts.labels[:0]
    return ObservedInformation(parameters, parts.total_weight, labeled, gradient, matrix, scores, smallest, left)


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of samples far out, which are reported above
def _sums(clamped, parameters, _name, _columns, *part):
    """Return the gradient, the information and the sum of the scores' outer products of a part."""
    kind, coordinates, known = parameters.type, Coordinates(parameters), 1 + parameters.n_features
    (i, j, to_entries), components = kind.entries(parameters.n_features), np.arange(parameters.n_components)[:, None]
    weights, means, roots = coordinates.split(np.arange(len(coordinates.of(parameters))))
    places = np.hstack([weights[:, None], means, np.broadcast_to(roots, (len(means), roots.shape[1]))])
    units = np.where(kind.common & (np.arange(places.shape[1]) >= known), 1.0, 1 / coordinates.scales[:, None])
    gradient = squares = lost = scores = 0.0
    free, labeled = split(clamped, *part)
    for X, y, weight in [(free[0], None, free[1])] * (len(free[0]) > 0) + [labeled] * (labeled is not None):
        for patterns in patterns_of(X, parameters):
            left = kind.whitened(parameters.factors, patterns.left)
            for rows, columns, deviations, shares in patterns.blocks(X):
                if y is not None:
                    shares[y[rows] != components] = -np.inf
                normalize(shares)
                weights = np.ones(len(shares[0])) if weight is None else weight[rows]
                own, moments = np.ones((*places.shape, len(weights))), []  # score, if the component were known
                for p, of in columns.items():
                    rest = patterns.expected(p, deviations[:, :, of])
                    z = own[:, 1:known, of] = kind.whiten(parameters.factors, rest)
                    constant = (left[p] if kind.diagonal else left[p][:, i, j]) - (i == j)
                    own[:, known:, of] = to_entries.T @ (z[:, i] * z[:, j] + constant[..., None])
                    moments.append(_moments(kind, z, shares[:, of] * weights[of], left[p]))
                heads, tails = (np.stack(each) for each in zip(*moments, strict=True))
                lost = lost + np.moveaxis(heads, 0, -1) @ np.moveaxis(tails, 0, -2)
                score = np.zeros((1 + places.max(), len(weights)))
                score[: len(places)] -= coordinates.scales[:, None]
                for place, unit, each in zip(places, units, own * shares[:, None], strict=True):
                    score[place] += unit[:, None] * each
                gradient = gradient + score @ weights
                score *= np.sqrt(weights)
                scores = scores + score @ score.T
                own *= np.sqrt(shares * weights)[:, None]
                squares = squares + own @ own.mT
    if np.isscalar(gradient):  # there are no samples
        return 0.0, 0.0, 0.0
    idle = np.concatenate([coordinates.scales, np.zeros(len(gradient) - len(places))])
    information = scores + np.outer(gradient, idle) + np.outer(idle, gradient + squares[:, 0, 0].sum() * idle)
    for place, unit, block in zip(places, units, _blocks(coordinates, squares, lost), strict=True):
        information[np.ix_(place, place)] += unit[:, None] * unit * block
    return gradient, information, scores


def _moments(kind, z, shares, left):
    """Return moments of a pattern's samples, of each component or feature, and conditional ones of missing values."""
    mass, first = shares.sum(axis=1), (z @ shares[..., None])[..., 0]
    second = kind.scatter(z, shares) + 0.5 * kind.scaled(left, mass)
    if kind.diagonal:
        return np.stack(np.broadcast_arrays(mass[:, None], first, second), axis=-1), left[..., None]
    return np.hstack([mass[:, None], first, second.reshape(len(mass), -1)]), left.reshape(len(mass), -1)


def _covariances(kind, lost, i, j):
    """Return the covariances of z and z_i z_j due to missing values, from products of `_moments`."""
    if kind.diagonal:
        mass, first, second = (each[:, None] * np.eye(len(i)) for each in np.moveaxis(lost[..., 0], -1, 0))
        return np.block([[mass, 2 * first], [2 * first, 4 * second]])
    size = (1 + max(i),) * 2
    mass, first, second = np.split(lost.reshape(*lost.shape[:2], *size), [1, 1 + size[0]], axis=1)
    first = (first[:, i, :, j] + first[:, j, :, i]).swapaxes(0, 1)
    second, a, b = second.reshape(-1, *size, *size), i[:, None], j[:, None]
    second = second[:, a, i, b, j] + second[:, b, j, a, i] + second[:, a, j, b, i] + second[:, b, i, a, j]
    return np.block([[mass[:, 0], first.mT], [first, second]])


def _blocks(coordinates, squares, lost):
    """Return each component's information by the samples' responsibilities, minus the squares of its score."""
    mixture, mass = coordinates.reference, squares[:, 0, 0]
    (i, j, to_entries), known = mixture.type.entries(mixture.n_features), 1 + mixture.n_features
    removed, first, eye = _covariances(mixture.type, lost, i, j), squares[:, 0, 1:known], np.eye(known - 1)
    second, a, b = squares[:, 1:known, 1:known] + removed[:, : known - 1, : known - 1], i[:, None], j[:, None]
    cross = eye[:, i] * first[:, None, j] + eye[:, j] * first[:, None, i]
    curved = (a == i) * second[:, b, j] + (b == i) * second[:, a, j] + (a == j) * second[:, b, i]
    curved -= (a == i) * (b == j) * (i == j) * second[:, None, i, j]
    complete = np.block([[mass[:, None, None] * eye, cross], [cross.mT, curved]])
    turn = np.eye(known - 1 + len(i), known - 1 + to_entries.shape[1])
    turn[known - 1 :, known - 1 :] = to_entries
    own = -squares
    own[:, 0, 0] += mass.sum() * mixture.weights
    own[:, 1:, 1:] += turn.T @ (complete - removed) @ turn
    return own
