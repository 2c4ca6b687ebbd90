"""The catalogue of deviations: what somebody's EM does in place of a part of the textbook's step.

A change is a function of the step, of what the textbook has there if `_instead_of` or `_from` made it, and of values.
"""

from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from em_study.diagnosis.recipe import ALWAYS, FIRST, LAST, TEXTBOOK, Change, Deviation, Mixture, Recipe, Step, shaped


def _instead_of(part):
    """Make deviations of a part, whose changes are functions of the step and of values."""
    return lambda words, change, start="", signed=False: Deviation(words, part, change, start, signed)


def _from(part):
    """Make deviations of a part, whose changes are functions of the step, of the textbook's part and of values."""

    def make(words, change, signed=False):
        return Deviation(words, part, lambda s, *values: change(s, TEXTBOOK[part](s), *values), "", signed, change)

    return make


def _density(what, change, start=""):
    """Change the covariances that the density takes; if only the first step does, the EM starts from them."""
    return Deviation(
        f"takes {what} in the density",
        "shown",
        lambda s, *v: change(s, s.old.covariances, *v),
        f"starts from {start or what}",
    )


def _powers(words, *powers, start=""):
    return Deviation(words, "powers", lambda s: powers, start)


_terms, _found, _weights, _means, _estimate = map(_from, ("terms", "found", "weights", "means", "estimate"))
_covariances, _next, _mass = map(_from, ("covariances", "next", "mass"))
_counted, _centers, _shares, _divisors = map(_instead_of, ("counted", "centers", "shares", "divisors"))
_memory, _samples, _ridge, _old = map(_instead_of, ("responsibilities", "X", "ridge", "old"))


def _unit(s):
    return np.eye(s.X.shape[1])


def _each(s, covariance):
    """Give all components one covariance."""
    return np.broadcast_to(covariance, s.old.covariances.shape)


def _mean_variance(covariances):
    """Mean variance of each component, (K, 1, 1)."""
    return covariances.diagonal(axis1=1, axis2=2).mean(axis=1)[:, None, None]


def _normalized(array):
    return array / array.sum(axis=1, keepdims=True)


def _hard(s):
    return np.eye(s.joint.shape[1])[s.joint.argmax(axis=1)]


def _densities(s):
    """Densities (N, K) of the components, without their weights."""
    return np.exp(s.joint - np.log(s.old.weights))


def _roots(covariances):
    sizes, directions = np.linalg.eigh(covariances)
    return (directions * np.sqrt(np.maximum(sizes, 0))[:, None]) @ directions.swapaxes(1, 2)


def _turned(covariances):
    lower = np.linalg.cholesky(covariances)
    return lower.swapaxes(1, 2) @ lower


def _floored(covariances, smallest):
    sizes, directions = np.linalg.eigh(covariances)
    return (directions * np.maximum(sizes, smallest)[:, None]) @ directions.swapaxes(1, 2)


def _with_variances(covariances, smallest):
    variances = covariances.diagonal(axis1=1, axis2=2)
    return covariances + (np.maximum(variances, smallest) - variances)[:, :, None] * np.eye(covariances.shape[-1])


def _correlations(covariances):
    deviations = np.sqrt(covariances.diagonal(axis1=1, axis2=2))
    return covariances / (deviations[:, :, None] * deviations[:, None])


def _pooled(s, covariances):
    """Average the covariances of components by their mass, (D, D)."""
    return np.tensordot(s.divisors / s.divisors.sum(), covariances, 1)


def _renewed(s, **changed):
    """Responsibilities under parameters of which some are new."""
    return Step(s.problem, s.old._replace(**changed), Recipe(), None, False).responsibilities


def _moved(new, old, share):
    return old + share * (new - old)


def _kept(new, old, k):
    found = new.copy()
    found[k] = old[k]
    return found


def _medians(s, _):
    found = np.empty_like(s.old.means)
    for k, d in np.ndindex(found.shape):
        order = np.argsort(s.X[:, d], kind="stable")
        sums = np.cumsum(s.counts[order, k])
        found[k, d] = s.X[order[min(np.searchsorted(sums, 0.5 * sums[-1]), len(order) - 1)], d]
    return found


def _where(s, condition):
    """Count the samples (N,) for which a condition holds."""
    return np.broadcast_to(condition, len(s.X)).astype(float)[:, None]


def _numbers(s):
    return np.arange(len(s.X))


def _trimmed(s, share):
    order = np.argsort(np.argsort(s.evidence, kind="stable"), kind="stable")
    return _where(s, order >= int(share * len(s.X)))


def _standardized(X):
    deviation = X.std(axis=0)
    return X.mean(axis=0), np.where(deviation > 0, deviation, 1.0)


def _unscaled(s, found):
    center, deviation = _standardized(s.given)
    # With one variance for all features their mean is taken.
    factor = (deviation**2).mean() if s.kind.isotropic else np.outer(deviation, deviation)
    return Mixture(found.weights, found.means * deviation + center, found.covariances * factor)


def _scaled(s, found):
    center, deviation = _standardized(s.given)
    covariances = found.covariances / np.outer(deviation, deviation)
    return Mixture(found.weights, (found.means - center) / deviation, covariances)


def _single(array):
    return np.asarray(array, dtype=np.float32).astype(float)


def _unbiased_start(s, covariances):
    counts = s.problem.class_counts
    if counts is None or s.kind.isotropic or s.kind.common:  # components or features share something
        return covariances
    return covariances * (counts / np.maximum(counts - 1, 1))[:, None, None]


def _kmeans(s):
    from sklearn.cluster import KMeans  # takes a second to import

    start = s.came_from
    with threadpool_limits(1):  # more take longer on so few samples
        labels = KMeans(len(start.means), init=start.means, n_init=1).fit_predict(s.X)
    found = Step(s.problem, start, Recipe(), None, False)
    found.responsibilities = np.eye(len(start.means))[labels]
    return found.next


# Of deviations that explain as much the first is named: the more usual come first.
CATALOGUE: dict[str, Deviation] = {
    # The covariances that the density takes
    "unit_covariances": _density("unit covariances", lambda s, old: _each(s, _unit(s))),
    "inverse_covariances": _density(
        "the inverses of the covariances",
        lambda s, old: np.linalg.inv(old),
        "covariances whose inverses are the ones given (covariances taken for precisions)",
    ),
    "variances_alone": _density("the covariances without their correlations", lambda s, old: old * _unit(s)),
    "covariance_of_all": _density(
        "the covariance of all samples (divided by N - 1)", lambda s, old: _each(s, np.atleast_2d(np.cov(s.X.T)))
    ),
    "covariance_of_all_N": _density(
        "the covariance of all samples (divided by N)", lambda s, old: _each(s, np.atleast_2d(np.cov(s.X.T, bias=True)))
    ),
    "variances_of_all": _density(
        "the variances of all samples without correlations", lambda s, old: _each(s, np.diag(s.X.var(axis=0)))
    ),
    "pooled_in_density": _density(
        "the average covariance by the weights for all components",
        lambda s, old: _each(s, np.tensordot(s.old.weights, old, 1)),
    ),
    "mean_in_density": _density(
        "the plain average covariance for all components", lambda s, old: _each(s, old.mean(axis=0))
    ),
    "first_in_density": _density("the first component's covariance for all", lambda s, old: _each(s, old[0])),
    "last_in_density": _density("the last component's covariance for all", lambda s, old: _each(s, old[-1])),
    "spherical_in_density": _density(
        "each component's mean variance for all features", lambda s, old: _unit(s) * _mean_variance(old)
    ),
    "turned_in_density": _density(
        "the Cholesky factors the wrong way round (L'L for LL')", lambda s, old: _turned(old)
    ),
    "squares_in_density": _density(
        "the squares of the covariances (standard deviations taken for variances)", lambda s, old: old @ old
    ),
    "roots_in_density": _density(
        "the square roots of the covariances (variances taken for standard deviations)", lambda s, old: _roots(old)
    ),
    "start_n_minus_1": _density("covariances", _unbiased_start, "class covariances divided by n - 1"),
    "ridge_in_density": _density("covariances with {0} added to each variance", lambda s, old, v: old + v * _unit(s)),
    "relative_in_density": _density(
        "covariances with {0} of their mean variance added to each variance",
        lambda s, old, v: old + v * _mean_variance(old) * _unit(s),
    ),
    "ones_in_density": _density("covariances with {0} added to all entries", lambda s, old, v: old + v),
    "floor_in_density": _density("covariances whose eigenvalues are at least {0}", lambda s, old, v: _floored(old, v)),
    "times_in_density": _density("{0} times the covariances", lambda s, old, v: v * old),
    # The terms of the log density: weight, determinant, exponent
    "no_weights": _powers("leaves the weights out of the E-step", 0, 1, 1, start="starts from equal weights"),
    "no_determinant": _powers("leaves the determinant out of the density", 1, 0, 1),
    "whole_determinant": _powers("takes the determinant in place of its square root", 1, 2, 1),
    "determinant_reversed": _powers("takes the log determinant with the wrong sign", 1, -1, 1),
    "determinant_of_one": _instead_of("powers")(
        "takes the determinant of one feature alone", lambda s: (1, 1 / s.X.shape[1], 1)
    ),
    "whole_exponent": _powers("leaves the factor 1/2 out of the exponent", 1, 1, 2),
    "whole_density": _powers("leaves the factor 1/2 out of log determinant and exponent", 1, 2, 2),
    "exponent_reversed": _powers("takes the exponent with the wrong sign", 1, 1, -1),
    "weights_twice": _powers("takes the weights twice (squared) in the E-step", 2, 1, 1),
    "tempered": _instead_of("powers")("tempers the posteriors: takes them to the power {0}", lambda s, v: (v, v, v)),
    "tempered_density": _instead_of("powers")("takes the densities to the power {0}", lambda s, v: (1, v, v)),
    "powers": _instead_of("powers")(
        "takes weights, determinant and exponent in the E-step to the powers {0}, {1} and {2}, not 1",
        lambda s, *powers: powers,
        signed=True,
    ),
    "no_logarithm": _terms(
        "adds the weights to the log densities, not their logarithms", lambda s, t: (s.old.weights, *t[1:])
    ),
    "distances": _terms(
        "takes the Mahalanobis distance in place of its square", lambda s, t: (*t[:2], -0.5 * np.sqrt(-2 * t[2]))
    ),
    # What becomes of the responsibilities
    "hard": _found("assigns each sample to its likeliest component alone (hard assignment)", lambda s, r: _hard(s)),
    "squares": _found("squares the responsibilities without normalizing again", lambda s, r: r**2),
    "plus": _found("adds {0} to every responsibility without normalizing again", lambda s, r, v: r + v),
    "plus_normalized": _found(
        "adds {0} to every responsibility and normalizes again", lambda s, r, v: _normalized(r + v)
    ),
    "clipped": _found(
        "clips responsibilities to at least {0} without normalizing again", lambda s, r, v: np.maximum(r, v)
    ),
    "clipped_normalized": _found(
        "clips responsibilities to at least {0} and normalizes again", lambda s, r, v: _normalized(np.maximum(r, v))
    ),
    "clipped_twice": _found(
        "clips responsibilities to between {0} and 1 minus that, without normalizing again",
        lambda s, r, v: np.clip(r, v, 1 - v),
    ),
    "clipped_twice_normalized": _found(
        "clips responsibilities to between {0} and 1 minus that, and normalizes again",
        lambda s, r, v: _normalized(np.clip(r, v, 1 - v)),
    ),
    "dropped": _found(
        "sets responsibilities below {0} to zero without normalizing again", lambda s, r, v: np.where(r < v, 0, r)
    ),
    "dropped_normalized": _found(
        "sets responsibilities below {0} to zero and normalizes again",
        lambda s, r, v: _normalized(np.where(r < v, 0, r)),
    ),
    "density_floor": _found(
        "clips densities times weights to at least {0}", lambda s, r, v: _normalized(np.maximum(np.exp(s.joint), v))
    ),
    "density_plus": _found("adds {0} to densities times weights", lambda s, r, v: _normalized(np.exp(s.joint) + v)),
    "component_floor": _found(
        "clips the components' densities to at least {0}",
        lambda s, r, v: _normalized(s.old.weights * np.maximum(_densities(s), v)),
    ),
    "component_plus": _found(
        "adds {0} to the components' densities", lambda s, r, v: _normalized(s.old.weights * (_densities(s) + v))
    ),
    "total_plus": _found(
        "adds {0} to the sum of densities by which it divides",
        lambda s, r, v: r / (1 + v / np.exp(s.evidence)[:, None]),
    ),
    "total_floor": _found(
        "clips the sum of densities by which it divides to at least {0}",
        lambda s, r, v: np.exp(s.joint) / np.maximum(np.exp(s.evidence)[:, None], v),
    ),
    "not_normalized": _found("does not normalize: responsibilities are densities", lambda s, r: np.exp(s.joint)),
    "over_largest": _found(
        "divides densities by the largest, not by their sum", lambda s, r: r / r.max(axis=1, keepdims=True)
    ),
    "over_samples": _found(
        "normalizes responsibilities over the samples, not over the components (wrong axis)",
        lambda s, r: np.exp(s.joint) / np.exp(s.joint).sum(axis=0),
    ),
    # Which samples count
    "equal_once": _counted(
        "counts samples that are equal only once",
        lambda s: _where(s, np.isin(_numbers(s), np.unique(s.X, axis=0, return_index=True)[1])),
    ),
    "trimmed": _counted("leaves out the share {0} of samples with the lowest density (trimming)", _trimmed),
    "without_first": _counted("leaves the first sample out", lambda s: _where(s, _numbers(s) > 0)),
    "without_last": _counted("leaves the last sample out", lambda s: _where(s, _numbers(s) < len(s.X) - 1)),
    "alternate": _counted(
        "takes every second sample, the others in the next step (mini-batches)",
        lambda s: _where(s, _numbers(s) % 2 == s.number % 2),
    ),
    "every_second": _counted("takes every second sample alone", lambda s: _where(s, _numbers(s) % 2 == 0)),
    "halves": _counted(
        "takes the first and the second half of the samples in turn (mini-batches)",
        lambda s: _where(s, (_numbers(s) < len(s.X) // 2) == (s.number % 2 == 0)),
    ),
    "first_half": _counted(
        "takes the first half of the samples alone", lambda s: _where(s, _numbers(s) < len(s.X) // 2)
    ),
    "mass_plus": _mass("adds {0} to each component's mass", lambda s, mass, v: mass + v),
    # Weights
    "weights_not_updated": _weights("does not update the weights", lambda s, w: s.old.weights),
    "weights_equal": _weights("keeps the weights equal", lambda s, w: np.full(len(w), 1 / len(w))),
    "weights_plus": _weights(
        "adds {0} to each component's mass for the weights (a Dirichlet prior)",
        lambda s, w, v: (s.mass + v) / (s.mass + v).sum(),
        signed=True,
    ),
    "weights_plus_features": _weights(
        "adds {0} times the number of features to each component's mass for the weights",
        lambda s, w, v: (s.mass + v * s.X.shape[1]) / (s.mass + v * s.X.shape[1]).sum(),
        signed=True,
    ),
    "weights_floor": _weights(
        "raises weights to at least {0}", lambda s, w, v: np.maximum(w, v) / np.maximum(w, v).sum()
    ),
    "weights_moved": _weights(
        "moves the weights {0} times as far as the textbook's step", lambda s, w, v: _moved(w, s.old.weights, v)
    ),
    "weights_mass": _weights("does not divide the weights by the number of samples", lambda s, w: s.mass),
    "weights_by_all": _weights("divides the weights by the number of all samples", lambda s, w: s.mass / len(s.X)),
    "weights_less_1": _weights("divides the weights by N - 1", lambda s, w: s.mass / (len(s.X) - 1)),
    "weights_hard": _weights("takes the shares of hard assignments as weights", lambda s, w: _hard(s).mean(axis=0)),
    "weights_of_squares": _weights(
        "takes squared responsibilities for the weights", lambda s, w: (s.counts**2).sum(axis=0) / (s.counts**2).sum()
    ),
    "weights_renewed": _weights(
        "takes the weights of one more E-step",
        lambda s, w: _renewed(s, weights=w, means=s.means, covariances=s.covariances).mean(axis=0),
    ),
    # Means
    "means_not_updated": _means("does not update the means", lambda s, m: s.old.means),
    "means_moved": _means(
        "moves the means {0} times as far as the textbook's step", lambda s, m, v: _moved(m, s.old.means, v)
    ),
    "first_mean_kept": _means("does not update the first component's mean", lambda s, m: _kept(m, s.old.means, 0)),
    "last_mean_kept": _means("does not update the last component's mean", lambda s, m: _kept(m, s.old.means, -1)),
    "means_centered": _means(
        "takes the means of centered samples (the mean of all is not added back)", lambda s, m: m - s.X.mean(axis=0)
    ),
    "medians": _means("takes weighted medians in place of means", _medians),
    "means_mass_plus": _means(
        "adds {0} to the mass by which the means are divided",
        lambda s, m, v: m * (s.mass / (s.mass + v))[:, None],
        True,
    ),
    "means_to_all": _means(
        "draws the means to that of all samples, with the weight of {0} samples (a normal prior)",
        lambda s, m, v: (s.mass[:, None] * m + v * s.X.mean(axis=0)) / (s.mass + v)[:, None],
    ),
    "means_to_old": _means(
        "draws the means to the old ones, with the weight of {0} samples",
        lambda s, m, v: (s.mass[:, None] * m + v * s.old.means) / (s.mass + v)[:, None],
    ),
    "means_of_squares": _means(
        "weights the means by squared responsibilities",
        lambda s, m: (s.counts**2).T @ s.X / (s.counts**2).sum(axis=0)[:, None],
    ),
    "means_hard": _means(
        "takes hard assignments for the means", lambda s, m: _hard(s).T @ s.X / _hard(s).sum(axis=0)[:, None]
    ),
    "means_renewed": _means(
        "renews the responsibilities with the new weights before the means (ECM)",
        lambda s, m: _renewed(s, weights=s.weights).T @ s.X / _renewed(s, weights=s.weights).sum(axis=0)[:, None],
    ),
    # Covariances: deviations from what, by which responsibilities, divided by what
    "old_means": _centers("takes deviations from the old means for the covariances", lambda s: s.old.means),
    "not_centered": _centers(
        "does not subtract the means for the covariances (second moments)", lambda s: np.zeros_like(s.means)
    ),
    "center_of_all": _centers(
        "takes deviations from the mean of all samples for the covariances", lambda s: s.X.mean(axis=0)[None]
    ),
    "center_of_step": _centers(
        "takes deviations from the textbook's means for the covariances", lambda s: TEXTBOOK["means"](s)
    ),
    "centers_between": _centers(
        "takes deviations from points {0} of the way from the old means to the new for the covariances",
        lambda s, v: _moved(s.means, s.old.means, v),
    ),
    "shares_squared": _shares("weights the covariances by squared responsibilities", lambda s: s.counts**2),
    "shares_hard": _shares("takes hard assignments for the covariances", lambda s: _hard(s)),
    "shares_renewed": _shares(
        "renews the responsibilities with the new means before the covariances (ECM)",
        lambda s: _renewed(s, means=s.means),
    ),
    "shares_renewed_weights": _shares(
        "renews the responsibilities with the new weights before the covariances (ECM)",
        lambda s: _renewed(s, weights=s.weights),
    ),
    "shares_renewed_both": _shares(
        "renews the responsibilities with the new weights and means before the covariances (ECM)",
        lambda s: _renewed(s, means=s.means, weights=s.weights),
    ),
    "less_1": _divisors("divides the covariances by the component's mass less 1 (N_k - 1)", lambda s: s.mass - 1),
    "by_mass": _divisors("divides the covariances by the mass of all responsibilities", lambda s: s.mass),
    "by_n": _divisors(
        "divides the covariances by N, the number of all samples", lambda s: np.full(len(s.mass), len(s.X))
    ),
    "by_n_less_1": _divisors("divides the covariances by N - 1", lambda s: np.full(len(s.mass), len(s.X) - 1.0)),
    "numpy_cov": _divisors(
        "divides the covariances by N_k - sum(r^2) / N_k, as numpy.cov does with weights unless ddof is 0",
        lambda s: s.mass - (s.counts**2).sum(axis=0) / s.mass,
    ),
    "by_old_mass": _divisors("divides the covariances by the old weights times N", lambda s: s.old.weights * len(s.X)),
    "bessel": _divisors("multiplies the covariances by N / (N - 1)", lambda s: s.mass * (len(s.X) - 1) / len(s.X)),
    "by_mass_plus": _divisors(
        "adds {0} to the mass that divides the covariances", lambda s, v: s.mass + v, signed=True
    ),
    "times": _divisors("multiplies the covariances by {0}", lambda s, v: s.mass / v),
    # Their shape, before or after reg_covar is added
    "diagonal": _estimate("leaves the correlations out (diagonal covariances)", lambda s, c: c * _unit(s)),
    "spherical": _estimate(
        "takes one variance for all features (spherical covariances)", lambda s, c: _mean_variance(c) * _unit(s)
    ),
    "tied": _estimate(
        "takes one covariance for all components (tied covariances)", lambda s, c: _each(s, _pooled(s, c))
    ),
    "tied_plain": _estimate(
        "takes the plain average covariance for all components", lambda s, c: _each(s, c.mean(axis=0))
    ),
    "correlations": _estimate("takes correlations in place of covariances", lambda s, c: _correlations(c)),
    "roots": _estimate(
        "takes square roots of the covariances (standard deviations for variances)", lambda s, c: _roots(c)
    ),
    "inverses": _estimate("takes the inverses of the covariances (precisions)", lambda s, c: np.linalg.inv(c)),
    "of_standardized": _estimate(
        "takes covariances of standardized samples (they are not scaled back)",
        lambda s, c: c / np.outer(s.X.std(axis=0), s.X.std(axis=0)),
    ),
    "not_updated": _estimate("does not update the covariances", lambda s, c: s.old.covariances),
    "first_kept": _estimate(
        "does not update the first component's covariance", lambda s, c: _kept(c, s.old.covariances, 0)
    ),
    "last_kept": _estimate(
        "does not update the last component's covariance", lambda s, c: _kept(c, s.old.covariances, -1)
    ),
    "variance_sums": _estimate(
        "takes the sum of the features' variances in place of their mean", lambda s, c: c * s.X.shape[1]
    ),
    "geometric": _estimate(
        "takes the geometric mean of the features' variances for all features",
        lambda s, c: (
            np.exp(np.log(s.scatter.diagonal(axis1=1, axis2=2) / s.divisors[:, None]).mean(axis=1))[:, None, None]
            * _unit(s)
        ),
    ),
    "variances_times": _estimate(
        "multiplies the variances, but not the correlations' terms, by {0}",
        lambda s, c, v: c * (1 + (v - 1) * _unit(s)),
    ),
    "shrunk_to_diagonal": _estimate(
        "multiplies the covariances between features by {0}", lambda s, c, v: c * (v + (1 - v) * _unit(s))
    ),
    "shrunk_to_spherical": _estimate(
        "draws the covariances to their mean variance by the share {0}",
        lambda s, c, v: _moved(_mean_variance(c) * _unit(s), c, v),
    ),
    "shrunk_to_tied": _estimate(
        "draws the covariances to that of all components by the share {0}", lambda s, c, v: _moved(_pooled(s, c), c, v)
    ),
    "covariances_moved": _estimate(
        "moves the covariances {0} times as far as the textbook's step", lambda s, c, v: _moved(c, s.old.covariances, v)
    ),
    "eigenvalues_above": _estimate(
        "raises eigenvalues of the covariances to at least {0}", lambda s, c, v: _floored(c, v)
    ),
    "variances_above": _estimate("raises variances to at least {0}", lambda s, c, v: _with_variances(c, v)),
    "prior": _estimate(
        "adds {0} to the sums of squares of each variance and {1} + {2} D to the mass that divides the covariances (an "
        "inverse-Wishart prior)",
        lambda s, c, sums, mass, by_feature: shaped(
            s.kind, s.scatter + sums * _unit(s), s.divisors + mass + by_feature * s.X.shape[1]
        ),
        signed=True,
    ),
    "prior_of_samples": _estimate(
        "adds {0} times the covariance of all samples to the sums of squares and {1} + {2} D to the mass that divides "
        "the covariances (an inverse-Wishart prior)",
        lambda s, c, sums, mass, by_feature: shaped(
            s.kind,
            s.scatter + sums * np.atleast_2d(np.cov(s.X.T, bias=True)),
            s.divisors + mass + by_feature * s.X.shape[1],
        ),
        signed=True,
    ),
    # What is added to them
    "ridge": _covariances("adds {0} to each variance, in addition to reg_covar", lambda s, c, v: c + v * _unit(s)),
    "ones": _covariances("adds {0} to all entries of the covariances", lambda s, c, v: c + v),
    "relative_ridge": _covariances(
        "adds {0} of each component's mean variance to its variances",
        lambda s, c, v: c + v * _mean_variance(s.estimate) * _unit(s),
    ),
    "ridge_by_trace": _covariances(
        "adds {0} of each component's trace to its variances",
        lambda s, c, v: c + v * s.X.shape[1] * _mean_variance(s.estimate) * _unit(s),
    ),
    "ridge_of_all": _covariances(
        "adds {0} of the samples' mean variance to each variance",
        lambda s, c, v: c + v * s.X.var(axis=0).mean() * _unit(s),
    ),
    "ridge_of_features": _covariances(
        "adds {0} of each feature's variance over all samples to its variances",
        lambda s, c, v: c + v * np.diag(s.X.var(axis=0)),
    ),
    "ridge_by_mass": _covariances(
        "adds {0} divided by the component's mass to each variance",
        lambda s, c, v: c + v / s.mass[:, None, None] * _unit(s),
    ),
    # What becomes of reg_covar
    "reg_ignored": _ridge("does not add reg_covar", lambda s: 0 * _unit(s)),
    "reg_on_all": _ridge("adds reg_covar to all entries of the covariances", lambda s: 0 * _unit(s) + s.reg_covar),
    "reg_squared": _ridge("adds the square of reg_covar", lambda s: s.reg_covar**2 * _unit(s)),
    "reg_twice": _ridge("adds reg_covar twice", lambda s: 2 * s.reg_covar * _unit(s)),
    "reg_half": _ridge("adds half of reg_covar", lambda s: 0.5 * s.reg_covar * _unit(s)),
    "reg_by_mass": _ridge(
        "divides reg_covar by the component's mass", lambda s: s.reg_covar * _unit(s) / s.divisors[:, None, None]
    ),
    "reg_by_n": _ridge("divides reg_covar by the number of samples", lambda s: s.reg_covar * _unit(s) / len(s.X)),
    "reg_relative": _ridge(
        "adds reg_covar times each component's mean variance",
        lambda s: s.reg_covar * _mean_variance(s.estimate) * _unit(s),
    ),
    "reg_as_floor": _ridge(
        "takes reg_covar as the least eigenvalue, in place of adding it",
        lambda s: _floored(s.estimate, s.reg_covar) - s.estimate,
    ),
    "reg_as_least": _ridge(
        "takes reg_covar as the least variance, in place of adding it",
        lambda s: _with_variances(s.estimate, s.reg_covar) - s.estimate,
    ),
    "reg_as_share": _ridge(
        "draws the covariances to unit ones by the share reg_covar",
        lambda s: _moved(_unit(s), s.estimate, s.reg_covar) - s.estimate,
    ),
    "reg_is": _ridge("adds {0} to each variance", lambda s, v: v * _unit(s)),
    "reg_in_density": _density(
        "covariances with reg_covar added",
        lambda s, old: old + s.reg_covar * _unit(s),
        "initial covariances to which reg_covar is added",
    ),
    # The whole step
    "moved": _next(
        "moves all parameters {0} times as far as the textbook's step",
        lambda s, new, v: Mixture(*(_moved(*pair, v) for pair in zip(new, s.old, strict=True))),
    ),
    "single_precision": _next("computes in single precision", lambda s, new: Mixture(*map(_single, new))),
    "single_samples": _samples("rounds the samples to single precision", lambda s: _single(s.given)),
    "standardized": _samples(
        "scales the features to standard deviation 1, but not the initial parameters",
        lambda s: (s.given - _standardized(s.given)[0]) / _standardized(s.given)[1],
    ),
    "left_scaled": _next("gives all parameters in the units of standardized samples", _scaled),
    "unscaled": _next("scales the results back", _unscaled),
    "kmeans": _old("takes the clusters of k-means", _kmeans, "starts from the clusters of k-means"),
    # What only later steps show
    "stale_responsibilities": _memory(
        "takes responsibilities that are one step old", lambda s: s.before.found if s.before else s.found
    ),
    "responsibilities_kept": _memory(
        "computes the responsibilities once and never again",
        lambda s: s.before.responsibilities if s.before else s.found,
    ),
    "responsibilities_each_second": _memory(
        "renews the responsibilities in every second step only",
        lambda s: s.before.responsibilities if s.number % 2 else s.found,
    ),
    "covariances_late": _density("covariances that are one step old", lambda s, old: (s.before or s).old.covariances),
    "weights_late_in_density": _terms(
        "takes weights that are one step old in the E-step", lambda s, t: (np.log((s.before or s).old.weights), *t[1:])
    ),
    "weights_late": _weights(
        "takes weights that are one step old", lambda s, w: TEXTBOOK["weights"](s.before) if s.before else s.old.weights
    ),
}
OF_A_LATER_STEP = [*CATALOGUE][[*CATALOGUE].index("stale_responsibilities") :]
# The same covariances in one term of the density alone
CATALOGUE |= {
    f"{name}_{term}": replace(
        one, words=one.words.replace("in the density", f"in the {term} alone"), part=f"in_{term}", at_first=""
    )
    for name, one in list(CATALOGUE.items())
    for term in ("distance", "determinant")
    if one.part == "shown" and not one.n_values and name not in OF_A_LATER_STEP
}


def after_reg_covar(change: Change) -> Change:
    """Change the covariances once reg_covar has been added, not before."""
    if (of := change.deviation).part != "estimate":
        return change
    later = lambda s, *values: of.raw(s, TEXTBOOK["covariances"](s), *values)  # noqa: E731
    return change._replace(deviation=replace(of, part="covariances", change=later))


def _named(name, *values, when=ALWAYS):
    return (Change(CATALOGUE[name], values, when),)


# What the search tries, where only the end of a run is known: deviations with their values, by name
SEARCHED: dict[str, tuple[Change, ...]] = {
    "precisions_as_covariances": _named("inverse_covariances", when=FIRST),
    "start_n_minus_1": _named("start_n_minus_1", when=FIRST),
    "start_unit_covariances": _named("unit_covariances", when=FIRST),
    "start_equal_weights": _named("no_weights", when=FIRST),
    "start_kmeans": _named("kmeans", when=FIRST),
    **{f"ridge_{value:g}": _named("reg_is", value) for value in (0.0, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8)},
    "covariances_n_minus_1": _named("less_1"),
    "numpy_cov": _named("numpy_cov"),
    "mass_10_eps": _named("mass_plus", 10 * float(np.finfo(float).eps)),
    "weights_not_updated": _named("weights_not_updated"),
    "weights_equal": _named("weights_equal"),
    "weights_left_out": _named("no_weights"),
    "old_means": _named("old_means"),
    "hard_assignment": _named("hard"),
    "diagonal_only": _named("diagonal"),
    "spherical": _named("spherical"),
    "tied": _named("tied"),
    **{
        f"eigenvalues_above_{value:g}": (after_reg_covar(*_named("eigenvalues_above", value)),)
        for value in (1e-2, 1e-3)
    },
    "stale_responsibilities": _named("stale_responsibilities"),
    "single_precision": _named("single_samples") + _named("single_precision"),
    "standardized_rows": _named("standardized") + _named("unscaled", when=LAST),
}
