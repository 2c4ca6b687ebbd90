"""What the data say of a fitted mixture: standard errors, whether it is a maximum, EM's rate, what is left to gain.

All come from the observed information: minus the second derivatives of the log-likelihood. It is the complete data's,
expected given what is observed, less the covariance of their score, which is what is missing (Louis, 1982, "Finding the
observed information matrix when using the EM algorithm"). Missing are the rows' components, and their missing values.

It is taken in `Coordinates`. The score of a component there comes from a row's deviation z from the mean, in units of
the component's own standard deviations: 1 by the weight, z by the mean, z_i z_j (less 1 where i = j) by the factor.
"""

from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import combinations
from statistics import NormalDist

import numpy as np

from emgmm.incomplete import patterns_of
from emgmm.one_thread import one_thread
from emgmm.parameters import Coordinates, MixtureParameters
from emgmm.parts import as_parts, split
from emgmm.statistics import normalize

MOST_PARAMETERS = 2_000  # the matrix then takes 32 MB
FLAT = 1e-7  # curvature, as a share of the complete data's, that counts as none
NEAR = 0.005  # nats below the maximum up to which a mixture is at it: a tenth of a standard error
FAR = 0.5  # nats below the maximum from which on it is a whole standard error away
ALIKE = 3.0  # standard errors by which some mean or covariance of two components must differ
LEAST_WEIGHT = 4.0  # in its standard errors: below, 95 % intervals of overlapping components hold in 69 to 85 %
_lengths = partial(np.linalg.norm, axis=-1)


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
    n_samples : float, weight of the rows in the likelihood
    labeled : ndarray of int, the components of labeled rows among these
    gradient : ndarray of shape (L,)
        Of the log-likelihood, in nats, in `Coordinates` with the parameters as reference: a step of length
        1 / sqrt(n_samples) is there one standard error, if components and missing values are known.
    matrix, scores : ndarray of shape (L, L)
        The information, and the sum of the outer products of the rows' scores. Along the one direction in which the
        mixture stays as it is the information is n_samples.
    smallest_eigenvalue : float, of the information, as a share of the complete data's; negative if curved upwards
    left_to_gain : float, nats of all rows, up to the maximum of the quadratic like the log-likelihood; inf if none
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
        """Length of the gradient, in nats."""
        return float(np.linalg.norm(self.gradient))

    @property
    def rate(self) -> float:
        """Factor by which a step of EM shrinks its error near a maximum: the largest share of missing information."""
        return max(0.0, 1.0 - self.smallest_eigenvalue)

    @property
    def kind(self) -> str:
        """Kind of point: "saddle", curved upwards in some direction; "flat", not curved in one; "slope"; "maximum"."""
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
            where = "at a saddle, far from a maximum" if self.kind == "saddle" else "on a flat place"
            told = f"in some direction the information is {self.smallest_eigenvalue:.2g} of the complete data's"
            return f"the mixture is {where}, or kept from a collapse by reg_covar alone: {told}"
        if self.left_to_gain > FAR:
            advice = "give what it was fitted to, or fit with a smaller tol or reg_covar, and more max_iter"
            return f"about {self.left_to_gain:.2g} nats are left to gain: {advice}"
        own, roots = self.parameters, self._roots(sandwich=False)
        arrays = [(own.means, roots[1]), (own.covariances, roots[2])][: 1 if own.type.common else 2]
        for j, k in combinations(np.setdiff1d(range(own.n_components), self.labeled), 2):
            if not any((abs(a[j] - a[k]) >= ALIKE * _lengths(root[j] - root[k])).any() for a, root in arrays):
                return f"components {j} and {k} (counted from 0) are so alike that their labels may switch"
        for k, (weight, error) in enumerate(zip(own.weights, _lengths(roots[0]), strict=True)):
            if weight < LEAST_WEIGHT * error:
                told = f"{weight:.2g}, less than {LEAST_WEIGHT:g} of its standard errors of {error:.2g}"
                return f"component {k} (counted from 0) has a weight too near 0: {told}"
        return None

    @property
    def standard_errors(self) -> ParameterValues:
        """Standard errors of weights, means and covariances in their units; ValueError if there is a `refusal`."""
        return self._errors(sandwich=False)

    @property
    def sandwich_errors(self) -> ParameterValues:
        """Those for a wrong model, too (White, 1982, "Maximum likelihood estimation of misspecified models")."""
        return self._errors(sandwich=True)

    def intervals(self, level=0.95, *, sandwich=False) -> tuple[ParameterValues, ParameterValues]:
        """Give the lower and upper ends of confidence intervals of each parameter by itself, at a level.

        They are symmetric in the logits of weights and the logarithms of variances. `sandwich`: by `sandwich_errors`.
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
            raise ValueError(f"standard errors mean nothing here: {self.refusal}")
        return ParameterValues(*map(_lengths, self._roots(sandwich)))

    @one_thread()
    def _roots(self, sandwich):
        """Square root of the estimate's covariance: derivatives of weights, means, covariances along its columns."""
        root = np.linalg.inv(np.linalg.cholesky(self.matrix)).T
        if sandwich:
            sizes, directions = np.linalg.eigh(root.T @ self.scores @ root)
            root = root @ (directions * np.sqrt(np.maximum(sizes, 0.0)))
        return Coordinates(self.parameters).differential(root)


@one_thread()
def observed_information(X, model_or_parameters, *, y=None, sample_weight=None, map=map) -> ObservedInformation:  # noqa: A002
    """Take the observed information of a mixture: its standard errors, and where on the likelihood it is.

    Parameters
    ----------
    X : ndarray of shape (N, D), or Parts, which have labels and weights of their own
        The rows that the mixture was fitted to. NaN is a missing value.
    model_or_parameters : GaussianMixtureEM or MixtureParameters
        A model's `semi_supervised` says whether labeled rows are in the likelihood; of parameters they are.
    y : ndarray of shape (N,), optional
        Component of each row, or of a model's the label that `fit` was given; -1 if it is not known.
    sample_weight : ndarray of shape (N,), optional
        A row of weight 2 counts as two, so that larger weights make smaller standard errors.
    map : callable, default=map
        For `Parts`: what runs a task a part, like the `map` of an executor.

    Raises
    ------
    ValueError
        If X, labels or weights cannot be used; if there are more than 2,000 parameters, or no more rows than these.
    """
    rows, of_model = (X, y, sample_weight), getattr(model_or_parameters, "_in_the_likelihood", None)
    if not (of_model or isinstance(model_or_parameters, MixtureParameters)):
        raise TypeError(f"give a GaussianMixtureEM or MixtureParameters, not a {type(model_or_parameters).__name__}")
    parts, parameters = of_model(*rows, map) if of_model else (as_parts(*rows), model_or_parameters)
    parts, n_parameters = parts.to_fit(parameters, "numpy", map), parameters.n_parameters
    if not n_parameters < min(parts.total_weight, MOST_PARAMETERS + 1):
        told = f"at most {MOST_PARAMETERS:,}, and less than the weight of the rows, {parts.total_weight:g}"
        raise ValueError(f"the mixture has {n_parameters:,} parameters, and may have {told}")
    if len(Coordinates(parameters).of(parameters)) != n_parameters + 1:
        raise ValueError(f"covariance_type {parameters.covariance_type!r} has other log-roots than free parameters")
    found = zip(*parts.each(partial(_sums, parts.clamped, parameters), map), strict=True)
    gradient, matrix, scores = (sum(each) for each in found)
    if not np.isfinite(matrix).all():
        raise ValueError("X must be finite: there are values too far out from the mixture")
    smallest = float(np.linalg.eigvalsh(matrix / parts.total_weight)[0])
    left = 0.5 * float(gradient @ np.linalg.solve(matrix, gradient)) if smallest > FLAT else np.inf
    labeled = parts.labels if parts.clamped else parts.labels[:0]
    return ObservedInformation(parameters, parts.total_weight, labeled, gradient, matrix, scores, smallest, left)


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of rows far out, which are told of
def _sums(clamped, parameters, _name, _columns, *part):
    """Give the gradient, the information and the sum of the scores' outer products of a part's rows."""
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
                own, moments = np.ones((*places.shape, len(weights))), []  # each component's score, were it the row's
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
    if np.isscalar(gradient):  # there are no rows
        return 0.0, 0.0, 0.0
    idle = np.concatenate([coordinates.scales, np.zeros(len(gradient) - len(places))])
    information = scores + np.outer(gradient, idle) + np.outer(idle, gradient + squares[:, 0, 0].sum() * idle)
    for place, unit, block in zip(places, units, _blocks(coordinates, squares, lost), strict=True):
        information[np.ix_(place, place)] += unit[:, None] * unit * block
    return gradient, information, scores


def _moments(kind, z, shares, left):
    """Give the moments of a pattern's rows, of each component or feature, and those left of what they lack."""
    mass, first = shares.sum(axis=1), (z @ shares[..., None])[..., 0]
    second = kind.scatter(z, shares) + 0.5 * kind.scaled(left, mass)
    if kind.diagonal:
        return np.stack(np.broadcast_arrays(mass[:, None], first, second), axis=-1), left[..., None]
    return np.hstack([mass[:, None], first, second.reshape(len(mass), -1)]), left.reshape(len(mass), -1)


def _covariances(kind, lost, i, j):
    """Give the covariances of z and z_i z_j that missing values leave, from products of `_moments`."""
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
    """Give each component's information, if it were the rows' component by their shares, less its score's squares."""
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
