"""Rivals of our acceleration: SQUAREM, DAAREM and L-BFGS, each as a loop around EM's map.

The map takes parameters to their log-likelihood and EM's image of them, by one pass over the samples. It raises
`CollapsedComponentError` if there is no such image, and ends the loops by `EndOfRunError`.

SQUAREM and DAAREM were compared with R's packages on 8 problems of benchmarks/acceleration.py, pass by pass. SQUAREM
2021.1 evaluates the same points and ends at the same; it takes up to one pass more, because it does not look after each
pass whether it has converged. DAAREM evaluates the same points as daarem 0.7 if the package's equation for the damping
is solved exactly, as here (in one long run only in the first 120 passes, until rounding errors part them). With the
package's own approximate solution it ends at the same points, in 0.94 to 1.08 times as many passes.
"""

import numpy as np
from scipy.optimize import brentq, minimize

from emgmm import CollapsedComponentError, MixtureParameters
from emgmm.complete import has_numba
from emgmm.e_step import samples_to_fit
from emgmm.em import _step, steps

KERNEL = "numba" if has_numba() else "numpy"
STEADY = 1e-8  # length of EM's step, in weights, means and covariances, at which a run ends
LONGEST = 20_000  # passes of a run
FAR = 1e10  # for L-BFGS, in the place of the negative log-likelihood of a mixture without image


def vector_of(mixture):
    """Return weights, means, and the entries of the covariances' upper triangles."""
    i, j = np.triu_indices(mixture.n_features)
    return np.concatenate([mixture.weights, mixture.means.ravel(), mixture.covariances[:, i, j].ravel()])


def mixture_of(vector, n_components, n_features):
    """Return the mixture of a vector of `vector_of`; raise CollapsedComponentError if it is none."""
    sizes = [n_components, n_components * (1 + n_features)]
    weights, means, entries = (part.reshape(n_components, -1).copy() for part in np.split(vector, sizes))
    if not (np.isfinite(vector).all() and (weights > 0).all()):
        raise CollapsedComponentError("a weight is not positive, or a value not finite")
    i, j = np.triu_indices(n_features)
    covariances = np.empty((n_components, n_features, n_features))
    covariances[:, i, j] = covariances[:, j, i] = entries
    return MixtureParameters(weights[:, 0], means, covariances)


def squarem(evaluate, point):
    """Run SQUAREM (Varadhan and Roland, 2008), scheme S3, with the defaults of R's package SQUAREM 2021.1.

    `evaluate` takes a vector to the log-likelihood in nats and EM's image. A cycle takes two steps of EM, extrapolates
    them quadratically, and takes a step of EM from there. It may lower the log-likelihood by 1 nat.
    """
    longest = 1.0
    value, image = evaluate(point)
    while True:
        second = evaluate(image)[1]
        step, curvature = image - point, second - 2 * image + point
        length = min(max(np.linalg.norm(step) / np.linalg.norm(curvature), 1.0), longest)
        proposal = point + 2 * length * step + length**2 * curvature
        try:
            if abs(length - 1) > 0.01:
                proposal = evaluate(proposal)[1]
            found = evaluate(proposal)
        except CollapsedComponentError:
            found = None
        if found is None or not found[0] >= value - 1.0:
            if length == longest:
                longest = max(longest / 4, 1.0)
            length, proposal, found = 1.0, second, evaluate(second)
        if length == longest:
            longest *= 4
        point, (value, image) = proposal, found


def daarem(evaluate, point):
    """Run DAAREM (Henderson and Varadhan, 2019), with the defaults of R's package daarem 0.7.

    `evaluate` takes a vector to the log-likelihood in nats and EM's image. A step is Anderson's, from at most 5 steps
    of the present cycle, damped; it may lower the log-likelihood by 0.01 nats, else EM's own step is taken.
    """
    order = min(5, -(-len(point) // 2))
    before, (_, image) = point, evaluate(point)
    step_before, point = image - point, image
    value, image = evaluate(point)
    value_of_cycle, calm, moves, changes = value, 0, [], []
    while True:
        step = image - point
        moves.append(point - before)
        changes.append(step - step_before)
        size = 1 / (1 + 1.2 ** (25 - calm))
        proposal = image - np.add(moves, changes).T @ damped_least_squares(np.transpose(changes), step, size)
        try:
            found = evaluate(proposal)
        except CollapsedComponentError:
            found, moves, changes = None, [], []
        if found is not None and found[0] >= value - 0.01:
            calm += 1
        else:
            proposal, found = image, evaluate(image)
        before, step_before, point, (value, image) = point, step, proposal, found
        if len(moves) == order:
            if value < value_of_cycle:
                calm = max(calm - order, -50)
            value_of_cycle, moves, changes = value, [], []


def damped_least_squares(matrix, target, size):
    """Solve least squares with the ridge penalty that makes the solution's squared length `size` of the plain one's."""
    left, singular, right = np.linalg.svd(matrix, full_matrices=False)
    kept = singular > 0
    along, singular = left.T[kept] @ target, singular[kept]
    length = np.sqrt(size) * np.linalg.norm(along / singular)
    if not length:
        return np.zeros(matrix.shape[1])

    def excess(penalty):
        return np.linalg.norm(singular * along / (singular**2 + penalty)) - length

    largest = np.linalg.norm(singular * along) / length
    penalty = brentq(excess, 0.0, largest, xtol=1e-12 * largest) if excess(largest) < 0 < excess(0.0) else 0.0
    return right[kept].T @ (singular * along / (singular**2 + penalty))


def l_bfgs(evaluate, mixture):
    """Run SciPy's L-BFGS-B with its default of 10 corrections, until the line search finds nothing better.

    `evaluate` takes a mixture to its mean log-likelihood and EM's image, which gives the gradient, too. The parameters
    are differences of the weights' logarithms, means, and Cholesky factors of the covariances with logarithms on the
    diagonal.
    """
    n_components, n_features = mixture.means.shape
    i, j = np.tril_indices(n_features)
    diagonal = i == j

    def vector_of(mixture):
        roots = np.linalg.cholesky(mixture.covariances)[:, i, j]
        roots[:, diagonal] = np.log(roots[:, diagonal])
        logits = np.log(mixture.weights[:-1] / mixture.weights[-1])
        return np.concatenate([logits, mixture.means.ravel(), roots.ravel()])

    def negative(vector):
        logits, means, entries = np.split(vector, [n_components - 1, n_components - 1 + n_components * n_features])
        weights = np.exp(np.append(logits, 0.0) - max(logits.max(), 0.0))
        entries = entries.reshape(n_components, -1).copy()
        entries[:, diagonal] = np.exp(entries[:, diagonal])
        roots = np.zeros((n_components, n_features, n_features))
        roots[:, i, j] = entries
        means = means.reshape(n_components, n_features)
        try:
            here = MixtureParameters(weights / weights.sum(), means, roots @ roots.swapaxes(1, 2))
            value, image = evaluate(here)
        except CollapsedComponentError:
            return FAR, np.zeros_like(vector)
        precisions = np.linalg.inv(here.covariances)
        deviations = image.means - means
        seconds = image.covariances + deviations[:, :, None] * deviations[:, None]  # about the means here
        by_means = image.weights[:, None] * (precisions @ deviations[..., None])[..., 0]
        by_roots = image.weights[:, None, None] * (precisions @ (seconds - here.covariances) @ precisions @ roots)
        by_roots = by_roots[:, i, j]
        by_roots[:, diagonal] *= entries[:, diagonal]
        by_logits = (image.weights - here.weights)[:-1]
        return -value, -np.concatenate([by_logits, by_means.ravel(), by_roots.ravel()])

    options = {"maxiter": 10**9, "maxfun": 10**9, "ftol": 0.0, "gtol": 0.0}
    minimize(negative, vector_of(mixture), jac=True, method="L-BFGS-B", options=options)


class EndOfRunError(Exception):
    """Raised by EM's map where a run has converged, or has had its passes."""


class Map:
    """EM's map over samples: counts its passes, and ends a run."""

    def __init__(self, X, start, steady=STEADY, longest=LONGEST):
        self.samples, self.n_samples = samples_to_fit(X, "full", kernel=KERNEL), float(len(X))
        self.shape, self.steady, self.longest = start.means.shape, steady, longest
        self.values, self.best, self.highest, self.end = [], start, -np.inf, None  # values: of each pass

    def take(self, mixture):
        """Return the mean log-likelihood, EM's image, and the reason for a collapse, or None."""
        if len(self.values) == self.longest:
            raise EndOfRunError
        value, image, collapse = _step(self.samples, None, self.n_samples, 0.0, mixture)
        if value > self.highest:
            self.best, self.highest = mixture, value
        self.values.append(value)
        if image is not None and np.linalg.norm(vector_of(image) - vector_of(mixture)) < self.steady:
            self.end = mixture
            raise EndOfRunError
        return value, image, collapse

    def of_mixture(self, mixture):
        """Return the mean log-likelihood and EM's image; raise CollapsedComponentError if there is none."""
        value, image, collapse = self.take(mixture)
        if collapse:
            raise CollapsedComponentError(collapse)
        return value, image

    def of_vector(self, vector):
        """Return the log-likelihood and EM's image of a vector of `vector_of`."""
        value, image = self.of_mixture(mixture_of(vector, *self.shape))
        return self.n_samples * value, vector_of(image)


def through(acceleration):
    """Return a method: the loop of emgmm."""

    def method(em_map, start):
        for *_, collapse in steps(em_map.take, start, LONGEST + 1, acceleration):
            if collapse:
                raise CollapsedComponentError(collapse)

    return method


METHODS = {
    "EM": through("none"),
    "SQUAREM": lambda em_map, start: squarem(em_map.of_vector, vector_of(start)),
    "DAAREM": lambda em_map, start: daarem(em_map.of_vector, vector_of(start)),
    "L-BFGS": lambda em_map, start: l_bfgs(em_map.of_mixture, start),
    "ours": through("anderson"),
}
