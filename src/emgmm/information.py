"""What the data say of a fitted mixture: standard errors, whether it is a maximum, EM's rate, what is left to gain.

All come from the observed information: minus the second derivatives of the log-likelihood. It is the complete data's,
expected given what is observed, less the covariance of their score, which is what is missing (Louis, 1982, "Finding the
observed information matrix when using the EM algorithm"). Missing are the rows' components, and their missing values.

It is taken in `Coordinates`. The score of a component there comes from a row's deviation z from the mean, in units of
the component's own standard deviations: 1 by the weight, z by the mean, z_i z_j (less 1 where i = j) by the factor.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from statistics import NormalDist

import numpy as np

from emgmm import checks
from emgmm.coordinates import Coordinates
from emgmm.incomplete import patterns_of
from emgmm.one_thread import one_thread
from emgmm.parameters import MixtureParameters
from emgmm.parts import Parts, split
from emgmm.statistics import normalize

MOST_PARAMETERS = 2_000  # the matrix then takes 32 MB
FLAT = 1e-7  # curvature, as a share of the complete data's, that counts as none
NEAR = 0.005  # nats below the maximum up to which a mixture is at it: a tenth of a standard error
FAR = 0.5  # nats below the maximum from which on it is a whole standard error away
LEAST_WEIGHT = 2.0  # in its standard errors
ALIKE = 3.0  # standard errors by which some parameter of two components must differ


@dataclass(frozen=True, eq=False)
class ParameterValues:
    """A number for each parameter of a mixture, in arrays of the shapes of its weights, means and covariances."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray


@dataclass(frozen=True, eq=False)
class ObservedInformation:
    """The observed information of a mixture, and what follows from it (`observed_information`).

    Attributes
    ----------
    parameters : MixtureParameters
    n_samples : float
        Weight of the rows in the likelihood.
    gradient : ndarray of shape (L,)
        Of the log-likelihood, in nats, in `Coordinates` with the parameters as reference: a step of length
        1 / sqrt(n_samples) is there one standard error, if components and missing values are known.
    matrix, scores : ndarray of shape (L, L)
        The information, and the sum of the outer products of the rows' scores. Along the one direction in which the
        mixture stays as it is the information is n_samples.
    """

    parameters: MixtureParameters
    n_samples: float
    gradient: np.ndarray
    matrix: np.ndarray
    scores: np.ndarray

    @property
    def gradient_norm(self) -> float:
        """Length of the gradient, in nats."""
        return float(np.linalg.norm(self.gradient))

    @cached_property
    @one_thread()
    def smallest_eigenvalue(self) -> float:
        """Least downward curvature of the log-likelihood, as a share of the complete data's; negative if upward."""
        return float(np.linalg.eigvalsh(self.matrix / self.n_samples)[0])

    @property
    def rate(self) -> float:
        """Factor by which a step of EM shrinks its error near a maximum: the largest share of missing information."""
        return max(0.0, 1.0 - self.smallest_eigenvalue)

    @cached_property
    @one_thread()
    def left_to_gain(self) -> float:
        """Nats, of all rows, to the maximum of the quadratic like the log-likelihood here; inf if it has none."""
        if self.smallest_eigenvalue <= FLAT:
            return np.inf
        return 0.5 * float(self.gradient @ np.linalg.solve(self.matrix, self.gradient))

    @property
    def kind(self) -> str:
        """Kind of point: "saddle" (curved upwards in some direction), "flat" (not curved in one), "maximum" or "slope".

        On a slope the likelihood is curved downwards in all directions, and more than 0.005 nats are left to gain.
        """
        if self.smallest_eigenvalue <= FLAT:
            return "saddle" if self.smallest_eigenvalue < -FLAT else "flat"
        return "maximum" if self.left_to_gain <= NEAR else "slope"

    @property
    def is_maximum(self) -> bool:
        """Whether the likelihood is curved downwards in all directions, with at most 0.005 nats left to gain."""
        return self.kind == "maximum"

    @cached_property
    def refusal(self) -> str | None:
        """Why standard errors mean nothing here; None if they do."""
        if self.smallest_eigenvalue <= FLAT:
            where = "at a saddle" if self.kind == "saddle" else "on a flat place"
            share = f"{self.smallest_eigenvalue:.2g} of the complete data's"
            return f"the mixture is {where}: the curvature of the likelihood in some direction is {share}"
        if self.left_to_gain > FAR:
            told = f"about {self.left_to_gain:.2g} nats are left to gain: fit with a smaller tol or reg_covar"
            return f"the mixture is not at a maximum of the likelihood, {told}"
        weights, errors = self.parameters.weights, _errors(self._roots).weights
        k = int((weights / np.maximum(errors, np.finfo(float).tiny)).argmin())
        if weights[k] < LEAST_WEIGHT * errors[k]:
            told = f"component {k} (counted from 0) has a weight near 0"
            return f"{told}, {weights[k]:.2g} with a standard error of {errors[k]:.2g}"
        distances = self._distances()
        if distances.min() < ALIKE:
            j, k = np.sort(np.unravel_index(distances.argmin(), distances.shape))
            told = f"no mean or covariance of theirs differs by {ALIKE:g} standard errors, so that labels may switch"
            return f"components {j} and {k} (counted from 0) are alike: {told}"
        return None

    @property
    def standard_errors(self) -> ParameterValues:
        """Standard errors of weights, means and covariances in their units; ValueError if there is a `refusal`."""
        return self._checked_errors(sandwich=False)

    @property
    def sandwich_errors(self) -> ParameterValues:
        """Standard errors that hold too if the data are of no such mixture; ValueError if there is a `refusal`.

        They are those of the mixture that is nearest to the truth (White, 1982, "Maximum likelihood estimation of
        misspecified models"), by the rows' own scores.
        """
        return self._checked_errors(sandwich=True)

    def intervals(self, level=0.95, *, sandwich=False) -> tuple[ParameterValues, ParameterValues]:
        """Give lower and upper ends of confidence intervals, of each parameter by itself.

        Those of variances are symmetric in the logarithm, and those of weights in the logit: they stay positive.

        Parameters
        ----------
        level : float, default=0.95
        sandwich : bool, default=False
            By `sandwich_errors`.
        """
        if not 0 < level < 1:
            raise ValueError(f"level must be between 0 and 1, not {level}")
        own, errors, ends = self.parameters, self._checked_errors(sandwich), []
        positive = np.full(own.covariances.shape, True) if own.type.diagonal else np.eye(own.n_features, dtype=bool)
        scale = np.where(positive, own.covariances, 1.0)
        rest = 1 - own.weights
        for side in (-1, 1):
            steps = [side * NormalDist().inv_cdf((1 + level) / 2) * each for each in vars(errors).values()]
            odds = np.exp(steps[0] / np.where(rest > 0, own.weights * rest, 1.0))
            weights = own.weights * odds / (own.weights * odds + rest)
            covariances = np.where(positive, scale * np.exp(steps[2] / scale), own.covariances + steps[2])
            ends.append(ParameterValues(weights, own.means + steps[1], covariances))
        return tuple(ends)

    @one_thread()
    def _checked_errors(self, sandwich):
        if self.refusal:
            raise ValueError(f"standard errors mean nothing here: {self.refusal}")
        if not sandwich:
            return _errors(self._roots)
        sizes, directions = np.linalg.eigh(self._inverse_root.T @ self.scores @ self._inverse_root)
        root = self._inverse_root @ (directions * np.sqrt(np.maximum(sizes, 0.0)))
        return _errors(Coordinates(self.parameters).differential(root))

    @cached_property
    def _inverse_root(self):
        return np.linalg.inv(np.linalg.cholesky(self.matrix)).T

    @cached_property
    @one_thread()
    def _roots(self):
        """Root of the estimate's covariance: derivatives of weights, means and covariances along its columns."""
        return Coordinates(self.parameters).differential(self._inverse_root)

    def _distances(self):
        """Give the largest difference of a mean or covariance of two components in its standard errors, (K, K)."""
        arrays = [(self.parameters.means, self._roots[1]), (self.parameters.covariances, self._roots[2])]
        arrays = arrays[:1] if self.parameters.type.common else arrays
        result = np.diag(np.full(self.parameters.n_components, np.inf))
        for values, roots in arrays:
            values = values.reshape(len(result), -1).T
            roots = np.moveaxis(roots.reshape(len(result), -1, roots.shape[-1]), 1, 0)
            products = roots @ roots.swapaxes(-1, -2)
            squares = products.diagonal(axis1=1, axis2=2)
            variances = squares[:, :, None] + squares[:, None] - 2 * products
            gaps = np.abs(values[:, :, None] - values[:, None])
            ratios = gaps / np.sqrt(np.maximum(variances, np.finfo(float).tiny))
            result = np.maximum(result, ratios.max(axis=0))
        return result


def _errors(roots):
    return ParameterValues(*(np.sqrt((each**2).sum(axis=-1)) for each in roots))


@one_thread()
def observed_information(X, model_or_parameters, *, y=None, sample_weight=None, map=map) -> ObservedInformation:  # noqa: A002
    """Take the observed information of a mixture: its standard errors, and where on the likelihood it is.

    It takes a pass over the rows that costs some passes of EM, and memory by the square of the number of parameters.

    Parameters
    ----------
    X : ndarray of shape (N, D), or Parts, which have labels and weights of their own
        The rows that the mixture was fitted to. NaN is a missing value.
    model_or_parameters : GaussianMixtureEM or MixtureParameters
        At a model's `semi_supervised="init_only"`, labeled rows are not in the likelihood.
    y : ndarray of shape (N,), optional
        Component of each row, or of a model's the label that `fit` was given; -1 if it is not known.
    sample_weight : ndarray of shape (N,), optional
        A row of weight 2 counts as two: twice the weights make standard errors smaller by the square root of 2.
    map : callable, default=map
        For `Parts`: what runs a task a part, like the `map` of an executor.

    Raises
    ------
    ValueError
        If X, labels or weights cannot be used; if there are more than 2,000 parameters, or no more rows than these.
    """
    if hasattr(model_or_parameters, "_in_the_likelihood"):
        X, y, sample_weight = model_or_parameters._in_the_likelihood(X, y, sample_weight, map)
        parameters = model_or_parameters._last()
    else:
        parameters = model_or_parameters
    if not isinstance(X, Parts):
        X = checks.checked_squares(checks.checked_rows(X, parameters.n_features))
        X = Parts(
            [X], [y if y is None else checks.known_labels(y, len(X))], [checks.checked_weight(sample_weight, len(X))]
        )
    elif y is not None or sample_weight is not None:
        raise ValueError("give labels and weights of parts to Parts")
    n_parameters, told = parameters.n_parameters, f"the mixture has {parameters.n_parameters:,} parameters"
    if n_parameters > MOST_PARAMETERS:
        raise ValueError(f"{told}, and the information of at most {MOST_PARAMETERS:,} can be taken")
    if len(Coordinates(parameters).of(parameters)) != n_parameters + 1:
        raise ValueError(f"covariance_type {parameters.covariance_type!r} has no coordinates that are free")
    parts = X.to_fit(parameters, "numpy", map)
    if parts.total_weight <= n_parameters:
        raise ValueError(f"{told}, and the rows that count have only a weight of {parts.total_weight:g}")
    sums = parts.each(partial(_sums, parts.clamped, parameters), map)
    gradient, matrix, scores = (sum(each) for each in zip(*sums, strict=True))
    if not np.isfinite(matrix).all():
        raise ValueError("X must be finite: there are values too far out from the mixture")
    return ObservedInformation(parameters, parts.total_weight, gradient, matrix, scores)


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of rows far out, which are told of
def _sums(clamped, parameters, _name, _columns, *part):
    """Give the gradient, the information and the sum of the scores' outer products of a part's rows."""
    kind, (n_components, n_features), coordinates = parameters.type, parameters.means.shape, Coordinates(parameters)
    (i, j), (places, units) = coordinates.entries, coordinates.of_components()
    size, first_root = places.max() + 1, 1 + n_features
    gradient, scores, squares, lost = (
        np.zeros(size),
        np.zeros((size, size)),
        np.zeros((*places.shape, places.shape[1])),
        None,
    )
    free, labeled = split(clamped, *part)
    for X, y, weight in [(free[0], None, free[1]), *([labeled] if labeled else [])]:
        for patterns in patterns_of(X, parameters):
            left = None if patterns.rows is None else _whitened(kind, parameters.factors, patterns.left)
            for rows, columns, deviations, posteriors in patterns.blocks(X):
                if y is not None:
                    posteriors[y[rows] != np.arange(n_components)[:, None]] = -np.inf
                normalize(posteriors)
                root_weight = np.sqrt(np.ones(posteriors.shape[1]) if weight is None else weight[rows])
                if left is not None and not kind.diagonal:
                    for p, of in columns.items():
                        deviations[:, :, of] = patterns.coefficients[p] @ deviations[:, :, of]
                own = np.ones((*places.shape, len(root_weight)))  # of each component: its score, were it the row's
                z = own[:, 1:first_root] = kind.whiten(parameters.factors, deviations)
                products = z[:, i] * z[:, j] - (i == j)[:, None]
                if left is not None:
                    shares = posteriors * root_weight**2
                    for p, of in columns.items():
                        products[:, :, of] += (left[p] if kind.diagonal else left[p][:, i, j])[..., None]
                    moments = [_moments(kind, z[:, :, of], shares[:, of], left[p]) for p, of in columns.items()]
                    found = _products(kind, *map(np.stack, zip(*moments, strict=True)))
                    lost = found if lost is None else lost + found
                own[:, first_root:] = coordinates.to_entries.T @ products
                score = np.zeros((size, len(root_weight)))
                score[:n_components] -= coordinates.scales[:, None]
                for k, place in enumerate(places):
                    score[place] += units[k][:, None] * (own[k] * posteriors[k])
                score *= root_weight
                gradient += score @ root_weight
                scores += score @ score.T
                own *= (np.sqrt(posteriors) * root_weight)[:, None]
                squares += own @ own.swapaxes(-1, -2)
    return gradient, _information(coordinates, squares, lost, gradient, scores), scores


def _whitened(kind, factors, moments):
    """Second moments (P, K, ...) in units of the components' own standard deviations."""
    return (
        moments * factors**2 if kind.diagonal else kind.whiten(factors, kind.whiten(factors, moments).swapaxes(-1, -2))
    )


def _moments(kind, z, shares, left):
    """Give mass, first and second moments of a pattern's rows, and the second moments of what they lack."""
    mass = shares.sum(axis=1)
    second = kind.scatter(z, shares) + 0.5 * kind.scaled(left, mass)
    return mass, (z @ shares[..., None])[..., 0], second, left


def _products(kind, mass, first, second, left):
    """Sum products of `_moments` over patterns: of each of the first three with the last, (K, 1 + D + D^2, D^2)."""
    if kind.diagonal:
        return np.stack([mass[..., None] * left, first * left, second * left], axis=1).sum(axis=0)
    flat = [each.reshape(*mass.shape, -1) for each in (mass, first, second, left)]
    return np.concatenate(flat[:3], axis=-1).transpose(1, 2, 0) @ flat[3].swapaxes(0, 1)


def _covariances(kind, lost, i, j):
    """Give the summed covariances of a row's z and z_i z_j that missing values leave, from `_products`."""
    if kind.diagonal:
        mass, first, second = (each[:, None] * np.eye(lost.shape[-1]) for each in lost)
        return np.block([[mass, 2 * first], [2 * first, 4 * second]])
    n_components, n_features = len(lost), int(np.sqrt(lost.shape[-1]))
    mass, first, second = np.split(lost.reshape(n_components, -1, n_features, n_features), [1, 1 + n_features], axis=1)
    second = second.reshape(n_components, *[n_features] * 4)
    first = (first[:, i, :, j] + first[:, j, :, i]).swapaxes(0, 1)
    a, b, c, d = i[:, None], j[:, None], i, j
    second = second[:, a, c, b, d] + second[:, b, d, a, c] + second[:, a, d, b, c] + second[:, b, c, a, d]
    return np.block([[mass[:, 0], first.swapaxes(-1, -2)], [first, second]])


def _information(coordinates, squares, lost, gradient, scores):
    """Put a part's information together: that of the complete data, less the covariances of their scores."""
    mixture, (c, d), (places, units) = coordinates.reference, coordinates.entries, coordinates.of_components()
    kind, n_features = mixture.type, mixture.n_features
    features, entries, a, b = np.arange(n_features), n_features + np.arange(len(c)), c[:, None], d[:, None]
    mass, first, second = squares[:, 0, 0], squares[:, 0, 1 : 1 + n_features], squares[:, 1:, 1:]
    raw = np.zeros((len(mass), len(features) + len(c), len(features) + len(c)))
    second = second[:, features[:, None], features].copy()
    if lost is not None:
        raw -= _covariances(kind, lost, c, d)
        second -= raw[:, features[:, None], features]
    raw[:, features, features] += mass[:, None]
    for one, other in ((c, d), (d, c)):
        raw[:, one, entries] += first[:, other]
        raw[:, entries, one] += first[:, other]
    curved = (a == c) * second[:, b, d] + (b == c) * second[:, a, d] + (a == d) * second[:, b, c]
    raw[:, n_features:, n_features:] += curved - ((a == b) & (b == c) & (c == d)) * second[:, a, a]
    to_entries = np.zeros((raw.shape[1], places.shape[1] - 1))
    to_entries[features, features], to_entries[n_features:, n_features:] = 1.0, coordinates.to_entries
    own = -squares
    own[:, 0, 0] += mass.sum() * mixture.weights
    own[:, 1:, 1:] += to_entries.T @ raw @ to_entries
    idle = np.zeros(len(gradient))
    idle[: len(mass)] = coordinates.scales
    result = scores + np.outer(gradient, idle) + np.outer(idle, gradient) + mass.sum() * np.outer(idle, idle)
    for place, unit, block in zip(places, units, own, strict=True):
        result[np.ix_(place, place)] += unit[:, None] * unit * block
    return result
