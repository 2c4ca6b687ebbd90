"""The catalogue of deviations: what somebody's EM does in place of a part of the textbook's step."""

import numpy as np
from threadpoolctl import threadpool_limits

from em_study.diagnosis.recipe import TEXTBOOK, Deviation, Mixture, Recipe, Step, shaped


def _normalized(array):
    return array / array.sum(axis=1, keepdims=True)


def _hard(posteriors):
    return np.eye(posteriors.shape[1])[posteriors.argmax(axis=1)]


def _same(step, covariance):
    return np.broadcast_to(covariance, step.old.covariances.shape)


def _unit(step):
    return np.eye(step.X.shape[1])


def _mean_variance(covariances):
    """Mean variance of each component, (K, 1, 1)."""
    return covariances.diagonal(axis1=1, axis2=2).mean(axis=1)[:, None, None]


def _factors_turned(step):
    lower = np.linalg.cholesky(step.old.covariances)
    return lower.swapaxes(1, 2) @ lower


def _roots(covariances):
    sizes, directions = np.linalg.eigh(covariances)
    return (directions * np.sqrt(np.maximum(sizes, 0))[:, None]) @ directions.swapaxes(1, 2)


def _densities(step):
    """Densities (N, K) of the components, without their weights."""
    return np.exp(step.joint - np.log(step.old.weights))


def _floored(covariances, smallest):
    sizes, directions = np.linalg.eigh(covariances)
    return (directions * np.maximum(sizes, smallest)[:, None]) @ directions.swapaxes(1, 2)


def _renewed(step, **changed):
    """Responsibilities under parameters of which some are new."""
    other = Step(step.problem, step.old._replace(**changed), Recipe(), None, False)
    return other.responsibilities


def _moved(new, old, share):
    return old + share * (new - old)


def _medians(step):
    found = np.empty_like(step.old.means)
    for k, d in np.ndindex(found.shape):
        order = np.argsort(step.X[:, d], kind="stable")
        sums = np.cumsum(step.counts[order, k])
        found[k, d] = step.X[order[min(np.searchsorted(sums, 0.5 * sums[-1]), len(order) - 1)], d]
    return found


def _once(step):
    """Count samples that are equal once: 1 for the first of them, else 0."""
    first = np.zeros((len(step.X), 1))
    first[np.unique(step.X, axis=0, return_index=True)[1]] = 1.0
    return first


def _trimmed(step, share):
    n_left_out = int(share * len(step.X))
    counted = np.ones((len(step.X), 1))
    counted[np.argsort(step.evidence, kind="stable")[:n_left_out]] = 0.0
    return counted


def _within(step, first, last):
    counted = np.zeros((len(step.X), 1))
    counted[first : len(counted) + last] = 1.0
    return counted


def _alternate(step, start):
    return (np.arange(len(step.X)) % 2 == (step.number + start) % 2)[:, None].astype(float)


def _halves(step):
    half = np.arange(len(step.X)) < len(step.X) // 2
    return (half == (step.number % 2 == 0))[:, None].astype(float)


def _single(step):
    single = (np.asarray(array, dtype=np.float32).astype(float) for array in TEXTBOOK["next"](step))
    return Mixture(*single)


def _standardized(X):
    deviation = X.std(axis=0)
    return X.mean(axis=0), np.where(deviation > 0, deviation, 1.0)


def _unscaled(step):
    (center, deviation), found = _standardized(step.given), TEXTBOOK["next"](step)
    factor = np.outer(deviation, deviation)
    if step.kind.isotropic:  # one variance for all features
        factor = (deviation**2).mean()
    return Mixture(found.weights, found.means * deviation + center, found.covariances * factor)


def _unbiased_start(step):
    counts = step.problem.class_counts
    if counts is None or step.kind.isotropic or step.kind.common:  # components or features share something
        return step.old.covariances
    return step.old.covariances * (counts / np.maximum(counts - 1, 1))[:, None, None]


def _kmeans(step):
    from sklearn.cluster import KMeans  # takes a second to import

    with threadpool_limits(1):  # more take longer on so few samples
        labels = KMeans(len(step.old.means), init=step.old.means, n_init=1).fit_predict(step.X)
    found = Step(step.problem, step.old, Recipe(), None, False)
    found.responsibilities = np.eye(len(step.old.means))[labels]
    return _renewed(step, **found.next._asdict())


def _previous_mass(step):
    return step.before.weights if step.before else step.old.weights


def _density(what, change, start="", guess=()):
    """Covariances that the density takes; if only the first step does, the EM starts from them."""
    return Deviation(f"takes {what} in the density", "shown", change, guess, f"starts from {start or what}")


def _powers(words, *powers, start=""):
    return Deviation(words, "powers", lambda step: powers, at_first=start)


def _found(words, change, guess=()):
    return Deviation(f"{words}", "found", change, guess)


def _of(part):
    """Make deviations of a part."""
    return lambda words, change, guess=(), start="", signed=False: Deviation(words, part, change, guess, start, signed)


_counted, _weights, _means, _centers, _shares = map(_of, ("counted", "weights", "means", "centers", "shares"))
_scattered, _divides, _shape, _added, _ends = map(_of, ("scatter", "divisors", "estimate", "covariances", "next"))
_memory, _scales, _regularizes = _of("responsibilities"), _of("X"), _of("ridge")

# Of those that explain as much the first is named: the more usual come first.
CATALOGUE: dict[str, Deviation] = {
    # The covariances that the density takes
    "unit_covariances": _density("unit covariances", lambda s: _same(s, _unit(s))),
    "inverse_covariances": _density(
        "the inverses of the covariances",
        lambda s: np.linalg.inv(s.old.covariances),
        "covariances whose inverses are the ones given (covariances taken for precisions)",
    ),
    "variances_alone": _density("the covariances without their correlations", lambda s: s.old.covariances * _unit(s)),
    "covariance_of_all": _density(
        "the covariance of all samples, divided by N - 1,", lambda s: _same(s, np.atleast_2d(np.cov(s.X.T)))
    ),
    "covariance_of_all_N": _density(
        "the covariance of all samples, divided by N,", lambda s: _same(s, np.atleast_2d(np.cov(s.X.T, bias=True)))
    ),
    "variances_of_all": _density(
        "the variances of all samples without their correlations", lambda s: _same(s, np.diag(s.X.var(axis=0)))
    ),
    "pooled_in_density": _density(
        "the average of the components' covariances by their weights for each",
        lambda s: _same(s, np.tensordot(s.old.weights, s.old.covariances, 1)),
    ),
    "mean_in_density": _density(
        "the plain average of the components' covariances for each", lambda s: _same(s, s.old.covariances.mean(axis=0))
    ),
    "first_covariance": _density(
        "the first component's covariance for each component", lambda s: _same(s, s.old.covariances[0])
    ),
    "last_covariance": _density(
        "the last component's covariance for each component", lambda s: _same(s, s.old.covariances[-1])
    ),
    "spherical_in_density": _density(
        "the mean variance of each component for all features", lambda s: _unit(s) * _mean_variance(s.old.covariances)
    ),
    "factors_turned": _density("the Cholesky factors the wrong way round (L'L for LL')", _factors_turned),
    "squared_covariances": _density(
        "the squares of the covariances (variances taken for standard deviations)",
        lambda s: s.old.covariances @ s.old.covariances,
    ),
    "roots_of_covariances": _density(
        "the square roots of the covariances (standard deviations taken for variances)",
        lambda s: _roots(s.old.covariances),
    ),
    "ridge_in_density": _density(
        "covariances with {0} added to each variance",
        lambda s, value: s.old.covariances + value * _unit(s),
        guess=(1e-6,),
    ),
    "relative_ridge_in_density": _density(
        "covariances with {0} of their mean variance added to each variance",
        lambda s, value: s.old.covariances + value * _mean_variance(s.old.covariances) * _unit(s),
        guess=(1e-6,),
    ),
    "ones_in_density": _density(
        "covariances with {0} added to all entries", lambda s, value: s.old.covariances + value, guess=(1e-6,)
    ),
    "floor_in_density": _density(
        "covariances whose eigenvalues are raised to at least {0}",
        lambda s, value: _floored(s.old.covariances, value),
        guess=(1e-6,),
    ),
    "scaled_covariances": _density(
        "{0} times the covariances", lambda s, value: value * s.old.covariances, guess=(2.0,)
    ),
    "start_n_minus_1": _density("covariances", _unbiased_start, "class covariances divided by n - 1"),
    # The terms of the log density: weight, determinant, exponent
    "no_weights": _powers("leaves the weights out of the E-step", 0, 1, 1, start="starts from equal weights"),
    "no_determinant": _powers("leaves the determinant out of the density", 1, 0, 1),
    "whole_determinant": _powers("takes the determinant in place of its square root", 1, 2, 1),
    "determinant_multiplied": _powers("takes the log determinant with the wrong sign", 1, -1, 1),
    "whole_exponent": _powers("leaves the factor 1/2 out of the exponent", 1, 1, 2),
    "whole_density": _powers("leaves the factor 1/2 out of log determinant and exponent", 1, 2, 2),
    "exponent_reversed": _powers("takes the exponent with the wrong sign", 1, 1, -1),
    "weights_twice": _powers("takes the squares of the weights in the E-step", 2, 1, 1),
    "tempered": Deviation(
        "takes densities times weights to the power {0} (tempered posteriors)",
        "powers",
        lambda s, value: (value, value, value),
        (0.9,),
    ),
    "tempered_density": Deviation(
        "takes the densities to the power {0} in the E-step", "powers", lambda s, value: (1, value, value), (0.9,)
    ),
    "powers": Deviation(
        "takes weights, determinant and exponent in the E-step to the powers {0}, {1} and {2}, not 1",
        "powers",
        lambda s, *powers: powers,
        (1.0, 1.0, 1.0),
        signed=True,
    ),
    "distances": Deviation(
        "takes the Mahalanobis distance in place of its square",
        "terms",
        lambda s: (*TEXTBOOK["terms"](s)[:2], -0.5 * np.sqrt(-2 * TEXTBOOK["terms"](s)[2])),
    ),
    # What becomes of the responsibilities
    "hard": _found("assigns each sample to its likeliest component alone (hard assignment)", lambda s: _hard(s.joint)),
    "squares": _found("squares the responsibilities without normalizing again", lambda s: TEXTBOOK["found"](s) ** 2),
    "floor_added": _found(
        "adds {0} to every responsibility without normalizing again",
        lambda s, value: TEXTBOOK["found"](s) + value,
        (1e-6,),
    ),
    "floor_added_normalized": _found(
        "adds {0} to every responsibility and normalizes again",
        lambda s, value: _normalized(TEXTBOOK["found"](s) + value),
        (1e-6,),
    ),
    "clipped": _found(
        "clips the responsibilities to {0} at least, without normalizing again",
        lambda s, value: np.maximum(TEXTBOOK["found"](s), value),
        (1e-6,),
    ),
    "clipped_normalized": _found(
        "clips the responsibilities to {0} at least and normalizes again",
        lambda s, value: _normalized(np.maximum(TEXTBOOK["found"](s), value)),
        (1e-6,),
    ),
    "clipped_both": _found(
        "clips the responsibilities to between {0} and 1 minus that, without normalizing again",
        lambda s, value: np.clip(TEXTBOOK["found"](s), value, 1 - value),
        (1e-6,),
    ),
    "clipped_both_normalized": _found(
        "clips the responsibilities to between {0} and 1 minus that and normalizes again",
        lambda s, value: _normalized(np.clip(TEXTBOOK["found"](s), value, 1 - value)),
        (1e-6,),
    ),
    "small_dropped": _found(
        "sets responsibilities below {0} to zero without normalizing again",
        lambda s, value: np.where(TEXTBOOK["found"](s) < value, 0, TEXTBOOK["found"](s)),
        (0.05,),
    ),
    "small_dropped_normalized": _found(
        "sets responsibilities below {0} to zero and normalizes again",
        lambda s, value: _normalized(np.where(TEXTBOOK["found"](s) < value, 0, TEXTBOOK["found"](s))),
        (0.05,),
    ),
    "density_floor": _found(
        "clips densities times weights to {0} at least",
        lambda s, value: _normalized(np.maximum(np.exp(s.joint), value)),
        (1e-10,),
    ),
    "density_plus": _found(
        "adds {0} to densities times weights", lambda s, value: _normalized(np.exp(s.joint) + value), (1e-10,)
    ),
    "component_floor": _found(
        "clips the components' densities to {0} at least",
        lambda s, value: _normalized(s.old.weights * np.maximum(_densities(s), value)),
        (1e-10,),
    ),
    "component_plus": _found(
        "adds {0} to the components' densities",
        lambda s, value: _normalized(s.old.weights * (_densities(s) + value)),
        (1e-10,),
    ),
    "total_plus": _found(
        "adds {0} to the sum of the densities by which it divides",
        lambda s, value: np.exp(s.joint) / (np.exp(s.evidence)[:, None] + value),
        (1e-10,),
    ),
    "total_floor": _found(
        "clips the sum of the densities by which it divides to {0} at least",
        lambda s, value: np.exp(s.joint) / np.maximum(np.exp(s.evidence)[:, None], value),
        (1e-10,),
    ),
    "not_normalized": _found(
        "does not divide the densities by their sum: responsibilities do not sum to 1", lambda s: np.exp(s.joint)
    ),
    "over_largest": _found(
        "divides the densities by the largest, not by their sum",
        lambda s: np.exp(s.joint - s.joint.max(axis=1, keepdims=True)),
    ),
    "over_samples": _found(
        "normalizes the responsibilities over the samples, not over the components (wrong axis)",
        lambda s: np.exp(s.joint) / np.exp(s.joint).sum(axis=0),
    ),
    # Which samples count
    "equal_once": _counted("counts samples that are equal only once", _once),
    "trimmed": _counted("leaves out the share {0} of samples with the lowest density (trimming)", _trimmed, (0.1,)),
    "without_first": _counted("leaves the first sample out", lambda s: _within(s, 1, 0)),
    "without_last": _counted("leaves the last sample out", lambda s: _within(s, 0, -1)),
    "alternate_even": _counted("takes every second sample, the others in the next step", lambda s: _alternate(s, 0)),
    "alternate_odd": _counted(
        "takes every second sample from the second on, the others in the next step", lambda s: _alternate(s, 1)
    ),
    "every_second": _counted(
        "takes every second sample alone", lambda s: (np.arange(len(s.X)) % 2 == 0)[:, None].astype(float)
    ),
    "halves": _counted("takes one half of the samples in each step, the first and the second in turn", _halves),
    "first_half": _counted("takes the first half of the samples alone", lambda s: _within(s, 0, -(len(s.X) // 2))),
    # Weights
    "weights_not_updated": _weights("does not update the weights", lambda s: s.old.weights),
    "weights_equal": _weights("keeps the weights equal", lambda s: np.full(len(s.mass), 1 / len(s.mass))),
    "weights_late": _weights("takes weights that are one step old", _previous_mass),
    "weights_plus": _weights(
        "adds {0} to each component's mass for the weights (a Dirichlet prior)",
        lambda s, value: (s.mass + value) / (s.mass + value).sum(),
        (1.0,),
        signed=True,
    ),
    "weights_floor": _weights(
        "raises weights to at least {0} and normalizes them",
        lambda s, value: np.maximum(TEXTBOOK["weights"](s), value) / np.maximum(TEXTBOOK["weights"](s), value).sum(),
        (0.3,),
    ),
    "weights_moved": _weights(
        "moves the weights {0} times as far as the textbook's step",
        lambda s, value: _moved(TEXTBOOK["weights"](s), s.old.weights, value),
        (0.5,),
    ),
    "weights_mass": _weights("does not divide the weights by the number of samples", lambda s: s.mass),
    "weights_all": _weights("divides the weights by the number of all samples", lambda s: s.mass / len(s.X)),
    "weights_less_1": _weights("divides the weights by N - 1", lambda s: s.mass / (len(s.X) - 1)),
    "weights_hard": _weights(
        "takes the shares of the likeliest components as weights", lambda s: _hard(s.joint).mean(axis=0)
    ),
    "weights_squares": _weights(
        "takes squares of responsibilities for the weights",
        lambda s: (s.counts**2).sum(axis=0) / (s.counts**2).sum(),
    ),
    "weights_renewed": _weights(
        "takes the weights of one more E-step",
        lambda s: _renewed(s, weights=TEXTBOOK["weights"](s), means=s.means, covariances=s.covariances).mean(axis=0),
    ),
    # Means
    "means_not_updated": _means("does not update the means", lambda s: s.old.means),
    "means_moved": _means(
        "moves the means {0} times as far as the textbook's step",
        lambda s, value: _moved(TEXTBOOK["means"](s), s.old.means, value),
        (0.5,),
    ),
    "medians": _means("takes weighted medians in place of means", _medians),
    "mass_plus": _means(
        "adds {0} to each component's mass by which the means are divided",
        lambda s, value: s.counts.T @ s.X / (s.mass + value)[:, None],
        (1e-6,),
        signed=True,
    ),
    "means_to_all": _means(
        "draws the means to that of all samples, with the weight of {0} samples (a normal prior)",
        lambda s, value: (s.counts.T @ s.X + value * s.X.mean(axis=0)) / (s.mass + value)[:, None],
        (1.0,),
    ),
    "means_to_old": _means(
        "draws the means to those before, with the weight of {0} samples",
        lambda s, value: (s.counts.T @ s.X + value * s.old.means) / (s.mass + value)[:, None],
        (1.0,),
    ),
    "means_of_squares": _means(
        "weights the samples of the means by squared responsibilities",
        lambda s: (s.counts**2).T @ s.X / (s.counts**2).sum(axis=0)[:, None],
    ),
    "means_hard": _means(
        "takes the means of the samples that are likeliest in each component",
        lambda s: _hard(s.joint).T @ s.X / _hard(s.joint).sum(axis=0)[:, None],
    ),
    "means_by_old_weights": _means(
        "divides the means by the old weights times N", lambda s: s.counts.T @ s.X / (s.old.weights * len(s.X))[:, None]
    ),
    # Covariances: deviations from what, by which responsibilities, divided by what
    "old_means": _centers("takes deviations from the means before the step for the covariances", lambda s: s.old.means),
    "not_centered": _centers(
        "does not subtract the means from the covariances (second moments)", lambda s: np.zeros_like(s.means)
    ),
    "center_of_all": _centers(
        "takes deviations from the mean of all samples for the covariances",
        lambda s: np.broadcast_to(s.X.mean(axis=0), s.means.shape),
    ),
    "center_of_step": _centers(
        "takes deviations from the textbook's means for the covariances", lambda s: TEXTBOOK["means"](s)
    ),
    "shares_squared": _shares("weights the covariances by squared responsibilities", lambda s: s.counts**2),
    "shares_hard": _shares("takes hard assignments for the covariances", lambda s: _hard(s.joint)),
    "shares_renewed": _shares(
        "renews the responsibilities with the new means before the covariances (ECM)",
        lambda s: _renewed(s, means=s.means),
    ),
    "shares_renewed_both": _shares(
        "renews the responsibilities with the new weights and means before the covariances (ECM)",
        lambda s: _renewed(s, means=s.means, weights=s.weights),
    ),
    "sums_plus": _scattered(
        "adds {0} to the sums of squares of the covariances",
        lambda s, value: TEXTBOOK["scatter"](s) + value * _unit(s),
        (1.0,),
    ),
    "less_1": _divides("divides the covariances by the component's mass less 1", lambda s: s.mass - 1),
    "by_n": _divides("divides the covariances by the number of all samples", lambda s: np.full(len(s.mass), len(s.X))),
    "by_n_less_1": _divides("divides the covariances by N - 1", lambda s: np.full(len(s.mass), len(s.X) - 1.0)),
    "numpy_cov": _divides(
        "divides the covariances by N_k - sum(r^2) / N_k, as numpy.cov does with weights unless ddof is 0",
        lambda s: s.mass - (s.counts**2).sum(axis=0) / s.mass,
    ),
    "by_old_mass": _divides(
        "divides the covariances by the mass of the step before", lambda s: s.old.weights * len(s.X)
    ),
    "bessel_of_all": _divides(
        "multiplies the covariances by N / (N - 1)", lambda s: s.mass * (len(s.X) - 1) / len(s.X)
    ),
    "by_mass_plus": _divides(
        "adds {0} to the mass that divides the covariances", lambda s, value: s.mass + value, (1.0,), signed=True
    ),
    "times": _divides("multiplies the covariances by {0}", lambda s, value: s.mass / value, (2.0,)),
    # Their shape
    "diagonal": _shape("leaves the correlations out", lambda s: TEXTBOOK["estimate"](s) * _unit(s)),
    "spherical": _shape(
        "takes one variance for all features (spherical covariances)",
        lambda s: _mean_variance(TEXTBOOK["estimate"](s)) * _unit(s),
    ),
    "tied": _shape(
        "takes one covariance for all components (tied covariances)",
        lambda s: _same(s, s.scatter.sum(axis=0) / s.divisors.sum()),
    ),
    "tied_plain": _shape(
        "takes the plain average of the components' covariances for each",
        lambda s: _same(s, TEXTBOOK["estimate"](s).mean(axis=0)),
    ),
    "correlations": _shape(
        "takes correlations in place of covariances", lambda s: _correlations(TEXTBOOK["estimate"](s))
    ),
    "deviations": _shape(
        "takes square roots of the covariances (standard deviations for variances)",
        lambda s: _roots(TEXTBOOK["estimate"](s)),
    ),
    "root_entries": _shape(
        "takes square roots of the variances (standard deviations for variances)",
        lambda s: np.sqrt(np.maximum(TEXTBOOK["estimate"](s), 0)),
    ),
    "inverses": _shape("takes inverse covariances (precisions)", lambda s: np.linalg.inv(TEXTBOOK["estimate"](s))),
    "doubled_diagonal": _shape(
        "multiplies the variances, but not the covariances, by {0}",
        lambda s, value: TEXTBOOK["estimate"](s) * (1 + (value - 1) * _unit(s)),
        (2.0,),
    ),
    "shrunk_to_diagonal": _shape(
        "multiplies the covariances between features by {0}",
        lambda s, value: TEXTBOOK["estimate"](s) * (value + (1 - value) * _unit(s)),
        (0.9,),
    ),
    "shrunk_to_spherical": _shape(
        "draws the covariances to their mean variance by the share {0}",
        lambda s, value: _moved(_mean_variance(TEXTBOOK["estimate"](s)) * _unit(s), TEXTBOOK["estimate"](s), value),
        (0.1,),
    ),
    "shrunk_to_tied": _shape(
        "draws the covariances to that of all components by the share {0}",
        lambda s, value: _moved(s.scatter.sum(axis=0) / s.mass.sum(), TEXTBOOK["estimate"](s), value),
        (0.1,),
    ),
    "covariances_moved": _shape(
        "moves the covariances {0} times as far as the textbook's step",
        lambda s, value: _moved(TEXTBOOK["estimate"](s), s.old.covariances, value),
        (0.5,),
    ),
    "covariances_not_updated": _shape("does not update the covariances", lambda s: s.old.covariances),
    "prior": _shape(
        "adds {0} to the sums of squares of each variance and {1} + {2} D to the mass that divides the covariances (an "
        "inverse-Wishart prior)",
        lambda s, sums, mass, by_feature: shaped(
            s.kind, s.scatter + sums * _unit(s), s.divisors + mass + by_feature * s.X.shape[1]
        ),
        (1.0, 1.0, 1.0),
        signed=True,
    ),
    # What is added to them
    "ridge": _added(
        "adds {0} to each variance, in addition to reg_covar",
        lambda s, value: s.estimate + s.ridge + value * _unit(s),
        (1e-6,),
    ),
    "ones": _added(
        "adds {0} to all entries of the covariances", lambda s, value: s.estimate + s.ridge + value, (1e-6,)
    ),
    "relative_ridge": _added(
        "adds {0} of each component's mean variance to its variances",
        lambda s, value: s.estimate + s.ridge + value * _mean_variance(s.estimate) * _unit(s),
        (1e-6,),
    ),
    "ridge_by_trace": _added(
        "adds {0} of each component's total variance (trace) to its variances",
        lambda s, value: s.estimate + s.ridge + value * s.X.shape[1] * _mean_variance(s.estimate) * _unit(s),
        (1e-6,),
    ),
    "relative_variances": _added(
        "multiplies each variance, but not the covariances, by 1 + {0}",
        lambda s, value: s.estimate * (1 + value * _unit(s)) + s.ridge,
        (1e-6,),
    ),
    "ridge_of_all": _added(
        "adds {0} of the samples' mean variance to each variance",
        lambda s, value: s.estimate + s.ridge + value * s.X.var(axis=0).mean() * _unit(s),
        (1e-6,),
    ),
    "ridge_of_features": _added(
        "adds {0} of each feature's variance over all samples to its variances",
        lambda s, value: s.estimate + s.ridge + value * np.diag(s.X.var(axis=0)),
        (1e-6,),
    ),
    "ridge_by_mass": _added(
        "adds {0} divided by the component's mass to each variance",
        lambda s, value: s.estimate + s.ridge + value / s.mass[:, None, None] * _unit(s),
        (1.0,),
    ),
    "eigenvalues_above": _added(
        "raises eigenvalues to at least {0}", lambda s, value: _floored(s.estimate + s.ridge, value), (1e-3,)
    ),
    "variances_above": _added(
        "raises variances to at least {0}",
        lambda s, value: _with_variances(s.estimate + s.ridge, value),
        (1e-3,),
    ),
    # What becomes of reg_covar
    "ridge_ignored": _regularizes("does not add reg_covar", lambda s: 0 * _unit(s)),
    "ridge_on_all": _regularizes(
        "adds reg_covar to all entries of the covariances", lambda s: np.full_like(_unit(s), s.recipe.reg_covar)
    ),
    "ridge_squared": _regularizes("adds the square of reg_covar", lambda s: s.recipe.reg_covar**2 * _unit(s)),
    "ridge_twice": _regularizes("adds reg_covar twice", lambda s: 2 * s.recipe.reg_covar * _unit(s)),
    "ridge_half": _regularizes("adds half of reg_covar", lambda s: 0.5 * s.recipe.reg_covar * _unit(s)),
    "ridge_over_mass": _regularizes(
        "adds reg_covar before the sums are divided by the mass",
        lambda s: s.recipe.reg_covar * _unit(s) / s.divisors[:, None, None],
    ),
    "ridge_as_floor": _regularizes(
        "takes reg_covar as the least eigenvalue, in place of adding it",
        lambda s: _floored(s.estimate, s.recipe.reg_covar) - s.estimate,
    ),
    "ridge_as_least_variance": _regularizes(
        "takes reg_covar as the least variance, in place of adding it",
        lambda s: _with_variances(s.estimate, s.recipe.reg_covar) - s.estimate,
    ),
    "ridge_as_share": _regularizes(
        "draws the covariances to unit ones by the share reg_covar",
        lambda s: _moved(_unit(s), s.estimate, s.recipe.reg_covar) - s.estimate,
    ),
    "ridge_relative": _regularizes(
        "adds reg_covar times the mean variance of each component",
        lambda s: s.recipe.reg_covar * _mean_variance(s.estimate) * _unit(s),
    ),
    # The whole step
    "moved": _ends(
        "moves all parameters {0} times as far as the textbook's step",
        lambda s, value: Mixture(*(_moved(*pair, value) for pair in zip(TEXTBOOK["next"](s), s.old, strict=True))),
        (0.5,),
    ),
    "single_precision": _ends("computes in single precision", _single),
    # What a later step shows: what it keeps of the step before
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
    "covariances_late_in_density": _density(
        "covariances that are one step old", lambda s: (s.before or s).old.covariances
    ),
    "weights_late_in_density": Deviation(
        "takes weights that are one step old in the E-step",
        "terms",
        lambda s: (np.log((s.before or s).old.weights), *TEXTBOOK["terms"](s)[1:]),
    ),
    # Scales of the features
    "standardized": _scales(
        "scales the features to standard deviation 1",
        lambda s: (s.given - _standardized(s.given)[0]) / _standardized(s.given)[1],
    ),
    "unscaled": _ends("scales what it returns back", _unscaled),
}


def _correlations(covariances):
    deviations = np.sqrt(covariances.diagonal(axis1=1, axis2=2))
    return covariances / (deviations[:, :, None] * deviations[:, None])


def _with_variances(covariances, smallest):
    found = covariances.copy()
    for covariance in found:
        np.fill_diagonal(covariance, np.maximum(covariance.diagonal(), smallest))
    return found
