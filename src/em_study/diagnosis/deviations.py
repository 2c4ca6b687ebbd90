"""The catalogue of deviations: what an EM may do instead of a part of the textbook's step.

The key of a deviation is its description, which ends a sentence "it ...". In it {:g} is a value, and {:-g} one that may
be negative. A deviation is a function of the step, of the textbook's result of that part, and of the values.
"""

from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from em_study.diagnosis.recipe import ALWAYS, FIRST, LAST, TEXTBOOK, Change, Deviation, Mixture, Recipe, Step, shaped


def _each(s, covariance):
    """Return one covariance for all components."""
    return np.broadcast_to(covariance, s.old.covariances.shape)


def _tied(s, c, by):
    """Return the weighted average of the components' covariances, for all of them."""
    return _each(s, np.tensordot(by / by.sum(), c, 1))


def _variance(c):
    """Mean variance of each component, (K, 1, 1)."""
    return c.diagonal(axis1=1, axis2=2).mean(axis=1)[:, None, None]


def _of_all(s, **settings):
    """Covariance of all samples."""
    return np.atleast_2d(np.cov(s.X.T, **settings))


def _eigenvalues(c, change):
    """Change the eigenvalues of covariances."""
    sizes, directions = np.linalg.eigh(c)
    return (directions * change(sizes)[:, None]) @ directions.swapaxes(1, 2)


def _floored(c, smallest):
    return _eigenvalues(c, lambda sizes: np.maximum(sizes, smallest))


def _at_least(c, smallest):
    variances = c.diagonal(axis1=1, axis2=2)
    return c + (np.maximum(variances, smallest) - variances)[:, :, None] * np.eye(c.shape[-1])


def _turned(c):
    lower = np.linalg.cholesky(c)
    return lower.swapaxes(1, 2) @ lower


def _products(v):
    """Products of all pairs of the entries of vectors."""
    return v[..., :, None] * v[..., None, :]


def _sum_to_1(r, axis=-1):
    return r / r.sum(axis=axis, keepdims=True)


def _hard(s):
    return np.eye(s.joint.shape[1])[s.joint.argmax(axis=1)]


def _renewed(s, **changed):
    """Responsibilities of a second E-step, which uses some of the new parameters."""
    return s.changed(Change(Deviation("", "old", lambda *_: s.old._replace(**changed)))).responsibilities


def _step_after(s, weights):
    """Return the step that comes next."""
    lasting = tuple(change for change in s.changes.values() if change.when == ALWAYS)
    return Step(s.problem, Mixture(weights, s.means, s.covariances), Recipe(s.reg_covar, lasting), s, False)


def _means(s, r):
    """Means by other responsibilities."""
    return r.T @ s.X / r.sum(axis=0)[:, None]


def _medians(s, m):
    found = np.empty_like(m)
    for k, d in np.ndindex(found.shape):
        order = np.argsort(s.X[:, d], kind="stable")
        sums = np.cumsum(s.counts[order, k])
        found[k, d] = s.X[order[min(np.searchsorted(sums, 0.5 * sums[-1]), len(order) - 1)], d]
    return found


def _shrunken(s, m, to, n):
    """Shrink means towards others, which count as n samples."""
    return (s.mass[:, None] * m + n * to) / (s.mass + n)[:, None]


def _moved(new, old, share):
    return old + share * (new - old)


def _kept(new, old, k):
    found = np.array(new)
    found[k] = old[k]
    return found


def _once(s, _):
    return np.isin(s.indices, np.unique(s.X, axis=0, return_index=True)[1])


def _of_batches(s, centered):
    """Scatter by halves of the samples, about the means up to the end of each; or as second moments less means."""
    half, found = (s.n + 1) // 2, 0.0
    first = s.counts[:half].T @ s.X[:half] / s.counts[:half].sum(axis=0)[:, None]
    for batch, means in ((slice(half), first), (slice(half, None), s.means)):
        X, shares = s.X[batch], s.shares[batch]
        around = X - means[:, None] if centered else np.broadcast_to(X, (len(means), *X.shape))
        found = found + np.einsum("nk,knd,kne->kde", shares, around, around)
        found = found if centered else found - _products(means) * shares.sum(axis=0)[:, None, None]
    return found


def _trimmed(s, counted, share):
    order = np.argsort(np.argsort(s.evidence, kind="stable"), kind="stable")
    return order >= int(share * s.n)


def _prior(s, sums, mass, by_feature):
    """Covariances by an inverse-Wishart prior."""
    return shaped(s.kind, s.scatter + sums, s.divisors + mass + by_feature * s.d)


def _standardized(X):
    deviation = X.std(axis=0)
    return X.mean(axis=0), np.where(deviation > 0, deviation, 1.0)


def _unscaled(s, found):
    center, deviation = _standardized(s.given)
    # With one variance for all features, their mean is used.
    factor = (deviation**2).mean() if s.kind.isotropic else _products(deviation)
    return Mixture(found.weights, found.means * deviation + center, found.covariances * factor)


def _scaled(s, found):
    center, deviation = _standardized(s.given)
    return Mixture(found.weights, (found.means - center) / deviation, found.covariances / _products(deviation))


def _single(array):
    return np.asarray(array, dtype=np.float32).astype(float)


def _unbiased_start(s, c):
    counts = s.problem.class_counts
    if counts is None or s.kind.isotropic or s.kind.common:  # components share a covariance, or features a variance
        return c
    return c * (counts / np.maximum(counts - 1, 1))[:, None, None]


def _kmeans(s, start):
    from sklearn.cluster import KMeans  # the import takes a second

    with threadpool_limits(1):  # more threads are slower on so few samples
        labels = KMeans(len(start.means), init=start.means, n_init=1).fit_predict(s.X)
    found = Step(s.problem, start, Recipe(), None, False)
    found.responsibilities = np.eye(len(start.means))[labels]
    return found.next


def _of_old(name):
    """Return the deviations that keep old parameters of a name."""
    return {
        f"keeps the old {name}": lambda s, new: getattr(s.old, name),
        f"keeps the first component's old {name[:-1]}": lambda s, new: _kept(new, getattr(s.old, name), 0),
        f"keeps the last component's old {name[:-1]}": lambda s, new: _kept(new, getattr(s.old, name), -1),
        f"moves the {name} {{:g}} times as far as the textbook's step": lambda s, new, v: _moved(
            new, getattr(s.old, name), v
        ),
    }


STANDARDIZED = "scales the features to standard deviation 1, but not the initial parameters"
UNSCALED = "scales the results back"
# Deviations that change all results of a step at once
OF_ALL_PARAMETERS = (
    (STANDARDIZED, UNSCALED),
    ("returns all parameters in the units of standardized samples",),
    ("moves all parameters {:g} times as far as the textbook's step",),
)
ONE_STEP_AHEAD = "uses the weights of one more E-step"
OF_LABELS = "uses the shares of hard assignments by one more E-step as weights"
CENTER_OF_STEP = "computes the covariances with deviations from the textbook's means"
INVERSES = "the inverse covariances (precisions)"
# What may replace the covariances in the density, in one term of it, and after the M-step
COVARIANCES = {
    "unit covariances": lambda s, c: _each(s, s.unit),
    INVERSES: lambda s, c: np.linalg.inv(c),
    "the plain average covariance for all components": lambda s, c: _each(s, c.mean(axis=0)),
    "the covariance of all samples (divided by N - 1)": lambda s, c: _each(s, _of_all(s)),
    "the covariance of all samples (divided by N)": lambda s, c: _each(s, _of_all(s, bias=True)),
    "the variances of all samples without correlations": lambda s, c: _each(s, np.diag(s.X.var(axis=0))),
    "the first component's covariance for all": lambda s, c: _each(s, c[0]),
    "the last component's covariance for all": lambda s, c: _each(s, c[-1]),
    "the Cholesky factors the wrong way round (L'L for LL')": lambda s, c: _turned(c),
    "the squares of the covariances (variances taken for standard deviations)": lambda s, c: c @ c,
    "the square roots of the covariances (standard deviations taken for variances)": (
        lambda s, c: _eigenvalues(c, np.sqrt)
    ),
}
TAKEN_FOR_PRECISIONS = "the covariances in place of their inverses (precisions)"  # the same, seen from the density
IN_DENSITY = {TAKEN_FOR_PRECISIONS if what == INVERSES else what: of for what, of in COVARIANCES.items()} | {
    "the covariances without their correlations (diagonal)": lambda s, c: c * s.unit,
    "the average covariance by the weights for all components": lambda s, c: _tied(s, c, s.old.weights),
    "each component's mean variance for all features": lambda s, c: s.unit * _variance(c),
    "class covariances divided by n - 1": _unbiased_start,
    "covariances with reg_covar added": lambda s, c: c + s.reg_covar * s.unit,
    "covariances with {:g} added to each variance": lambda s, c, v: c + v * s.unit,
    "covariances with {:g} of their mean variance added": lambda s, c, v: c + v * _variance(c) * s.unit,
    "covariances with {:g} added to all entries": lambda s, c, v: c + v,
    "covariances whose eigenvalues are at least {:g}": lambda s, c, v: _floored(c, v),
    "{:g} times the covariances": lambda s, c, v: v * c,
}
# What may be added to variances, except reg_covar
ADDED = {
    "{:g} to each variance in any case": lambda s: 1.0,
    "{:g} of each component's mean variance to its variances": lambda s: _variance(s.estimate),
    "{:g} of each component's trace to its variances": lambda s: s.d * _variance(s.estimate),
    "{:g} of the samples' mean variance to each variance": lambda s: s.X.var(axis=0).mean(),
    "{:g} of each feature's variance over all samples to its variances": lambda s: s.X.var(axis=0),
    "{:g} divided by the component's mass to each variance": lambda s: 1 / s.mass[:, None, None],
}
# By part of the step. Of deviations that explain equally well the first is named, so usual ones come first.
PARTS = {
    "shown": {f"uses {what} in the density": change for what, change in IN_DENSITY.items()},
    "powers": {  # of weight, determinant and exponent in the density
        "omits the weights from the E-step": lambda s, _: (0, 1, 1),
        "omits the determinant from the density": lambda s, _: (1, 0, 1),
        "uses the determinant, not its square root": lambda s, _: (1, 2, 1),
        "uses the log determinant with the wrong sign": lambda s, _: (1, -1, 1),
        "uses the determinant of one feature only": lambda s, _: (1, 1 / s.d, 1),
        "omits the factor 1/2 from the exponent": lambda s, _: (1, 1, 2),
        "omits the factor 1/2 from log determinant and exponent": lambda s, _: (1, 2, 2),
        "uses the exponent with the wrong sign": lambda s, _: (1, 1, -1),
        "uses the weights twice (squared) in the E-step": lambda s, _: (2, 1, 1),
        "tempers the posterior probabilities: raises them to the power {:g}": lambda s, _, v: (v, v, v),
        "raises the densities to the power {:g}": lambda s, _, v: (1, v, v),
        "raises weights, determinant and exponent to the powers {:-g}, {:-g} and {:-g} in the E-step": (
            lambda s, _, *v: v
        ),
    },
    "terms": {
        "adds the weights to the log densities, not their logarithms": lambda s, t: (s.old.weights, *t[1:]),
        "uses the Mahalanobis distance, not its square": lambda s, t: (*t[:2], -0.5 * np.sqrt(-2 * t[2])),
        "uses the norm of the covariances in place of their determinant": lambda s, t: (
            t[0],
            -0.5 * np.log(np.linalg.norm(s.in_determinant, axis=(1, 2))),
            t[2],
        ),
    },
    "found": {
        "assigns each sample to its likeliest component only (hard assignment)": lambda s, r: _hard(s),
        "squares the responsibilities without normalizing again": lambda s, r: r**2,
        "adds {:g} to every responsibility without normalizing again": lambda s, r, v: r + v,
        "adds {:g} to every responsibility and normalizes again": lambda s, r, v: _sum_to_1(r + v),
        "clips responsibilities to at least {:g} without normalizing again": lambda s, r, v: r.clip(v),
        "clips responsibilities to at least {:g} and normalizes again": lambda s, r, v: _sum_to_1(r.clip(v)),
        "clips responsibilities between {:g} and 1 minus that without normalizing again": (
            lambda s, r, v: r.clip(v, 1 - v)
        ),
        "clips responsibilities between {:g} and 1 minus that and normalizes again": (
            lambda s, r, v: _sum_to_1(r.clip(v, 1 - v))
        ),
        "sets responsibilities below {:g} to zero without normalizing again": lambda s, r, v: r * (r >= v),
        "sets responsibilities below {:g} to zero and normalizes again": lambda s, r, v: _sum_to_1(r * (r >= v)),
        "clips densities times weights to at least {:g}": lambda s, r, v: _sum_to_1(s.products.clip(v)),
        "adds {:g} to densities times weights": lambda s, r, v: _sum_to_1(s.products + v),
        "clips the components' densities to at least {:g}": (
            lambda s, r, v: _sum_to_1(s.products.clip(v * s.old.weights))
        ),
        "adds {:g} to the components' densities": lambda s, r, v: _sum_to_1(s.products + v * s.old.weights),
        "adds {:g} to the sum of densities that divides the responsibilities": lambda s, r, v: (
            s.products / (s.totals + v)
        ),
        "clips the sum of densities that divides the responsibilities to at least {:g}": (
            lambda s, r, v: s.products / s.totals.clip(v)
        ),
        "does not normalize the responsibilities: they are densities times weights": lambda s, r: s.products,
        "divides densities by the largest of them, not by their sum": lambda s, r: r / r.max(axis=1, keepdims=True),
        "normalizes responsibilities over the samples, not over the components (wrong axis)": (
            lambda s, r: _sum_to_1(s.products, axis=0)
        ),
    },
    "counted": {
        "counts repeated samples only once": _once,
        "omits the share {:g} of samples with the lowest density (trimming)": _trimmed,
        "omits the first sample": lambda s, _: s.indices > 0,
        "omits the last sample": lambda s, _: s.indices < s.n - 1,
        "uses every second sample, and the others in the next step (mini-batches)": lambda s, _: (
            s.indices % 2 == s.number % 2
        ),
        "uses every second sample only": lambda s, _: s.indices % 2 == 0,
        "uses the halves of the samples in turn (mini-batches)": lambda s, _: (s.indices >= s.n // 2) == s.number % 2,
        "uses the first half of the samples only": lambda s, _: s.indices < s.n // 2,
    },
    "mass": {"adds {:g} to each component's mass": lambda s, mass, v: mass + v},
    "weights": {
        **_of_old("weights"),
        "keeps the weights equal": lambda s, w: np.full(len(w), 1 / len(w)),
        "adds {:-g} to each component's mass for the weights (a Dirichlet prior)": (
            lambda s, w, v: _sum_to_1(s.mass + v)
        ),
        "adds {:-g} times the number of features to each component's mass for the weights": (
            lambda s, w, v: _sum_to_1(s.mass + v * s.d)
        ),
        "raises weights to at least {:g}": lambda s, w, v: _sum_to_1(w.clip(v)),
        "does not divide the weights by the number of samples": lambda s, w: s.mass,
        "divides the weights by the number of samples, to which the masses do not sum": lambda s, w: s.mass / s.n,
        "divides the weights by N - 1": lambda s, w: s.mass / (s.n - 1),
        "uses the shares of hard assignments as weights": lambda s, w: _hard(s).mean(axis=0),
        "computes the weights from squared responsibilities": lambda s, w: _sum_to_1((s.counts**2).sum(axis=0)),
        "uses the weights from a second E-step with the new weights and means (ECM)": (
            lambda s, w: _renewed(s, weights=w, means=s.means).mean(axis=0)
        ),
    },
    "new_weights": {
        ONE_STEP_AHEAD: lambda s, w: _sum_to_1(_step_after(s, w).found.sum(axis=0)),
        OF_LABELS: lambda s, w: _hard(_step_after(s, w)).mean(axis=0),
    },
    "means": {
        **_of_old("means"),
        "uses the means of centered samples (does not add the mean of all samples back)": lambda s, m: (
            m - s.X.mean(axis=0)
        ),
        "uses weighted medians instead of means": _medians,
        "adds {:-g} to the mass that divides the means": lambda s, m, v: m * (s.mass / (s.mass + v))[:, None],
        "shrinks the means towards the mean of all samples with the weight of {:g} samples (a normal prior)": (
            lambda s, m, v: _shrunken(s, m, s.X.mean(axis=0), v)
        ),
        "shrinks the means towards the old means with the weight of {:g} samples": (
            lambda s, m, v: _shrunken(s, m, s.old.means, v)
        ),
        "weights the means by squared responsibilities": lambda s, m: _means(s, s.counts**2),
        "uses hard assignments for the means": lambda s, m: _means(s, _hard(s)),
        "recomputes the responsibilities with the new weights before the means (ECM)": (
            lambda s, m: _means(s, _renewed(s, weights=s.weights))
        ),
    },
    "centers": {
        "computes the covariances with deviations from the old means": lambda s, m: s.old.means,
        "does not subtract the means in the covariances (second moments)": lambda s, m: np.zeros_like(m),
        "computes the covariances with deviations from the mean of all samples": lambda s, m: s.X.mean(axis=0)[None],
        CENTER_OF_STEP: lambda s, m: TEXTBOOK["means"](s),
        "computes the covariances with deviations from points {:g} of the way from the old means to the new": (
            lambda s, m, v: _moved(m, s.old.means, v)
        ),
    },
    "shares": {
        "weights the covariances by squared responsibilities": lambda s, r: r**2,
        "uses hard assignments for the covariances": lambda s, r: _hard(s),
        "recomputes the responsibilities with the new means before the covariances (ECM)": (
            lambda s, r: _renewed(s, means=s.means)
        ),
        "recomputes the responsibilities with the new weights before the covariances (ECM)": (
            lambda s, r: _renewed(s, weights=TEXTBOOK["weights"](s))
        ),
        "recomputes the responsibilities with the new weights and means before the covariances (ECM)": (
            lambda s, r: _renewed(s, means=s.means, weights=TEXTBOOK["weights"](s))
        ),
    },
    "scatter": {
        "computes the covariances by halves of the samples, with deviations from the means so far (running means)": (
            lambda s, _: _of_batches(s, True)
        ),
        "computes the covariances by halves of the samples, as E[xx] - mm with the means so far (running means)": (
            lambda s, _: _of_batches(s, False)
        ),
    },
    "divisors": {
        "divides the covariances by the component's mass minus 1 (N_k - 1)": lambda s, _: s.mass - 1,
        "divides the covariances by the mass of all responsibilities": lambda s, _: s.mass,
        "divides the covariances by N, the number of all samples": lambda s, _: 0 * s.mass + s.n,
        "divides the covariances by N - 1": lambda s, _: 0 * s.mass + s.n - 1,
        "divides the covariances by N_k - sum(r^2) / N_k, as R's cov.wt and numpy.cov do with weights by default": (
            lambda s, _: s.mass - (s.counts**2).sum(axis=0) / s.mass
        ),
        "divides the covariances by the old weights times N": lambda s, _: s.old.weights * s.n,
        "multiplies the covariances by N / (N - 1)": lambda s, _: s.mass * (s.n - 1) / s.n,
        "adds {:-g} to the mass that divides the covariances": lambda s, _, v: s.mass + v,
        "multiplies the covariances by {:g}": lambda s, _, v: s.mass / v,
    },
    "estimate": {  # of the covariances, before reg_covar is added
        **_of_old("covariances"),
        "omits the correlations (diagonal covariances)": lambda s, c: c * s.unit,
        "uses one variance for all features (spherical covariances)": lambda s, c: _variance(c) * s.unit,
        "uses one covariance for all components (tied covariances)": lambda s, c: _tied(s, c, s.divisors),
        "uses correlations instead of covariances": lambda s, c: c / _products(np.sqrt(c.diagonal(axis1=1, axis2=2))),
        **{f"uses {what} after the M-step": change for what, change in COVARIANCES.items()},
        "uses covariances of standardized samples (does not scale them back)": lambda s, c: (
            c / _products(s.X.std(axis=0))
        ),
        "uses the sum of the features' variances, not their mean": lambda s, c: c * s.d,
        "uses the geometric mean of the features' variances for all features": (
            lambda s, c: (
                s.unit
                * np.exp(np.log(s.scatter.diagonal(axis1=1, axis2=2)).mean(axis=1) - np.log(s.divisors))[:, None, None]
            )
        ),
        "multiplies the variances, but not the covariances between features, by {:g}": lambda s, c, v: (
            c + (v - 1) * c * s.unit
        ),
        "multiplies the covariances between features by {:g}": lambda s, c, v: _moved(c, c * s.unit, v),
        "shrinks covariances towards spherical ones by the share {:g}": lambda s, c, v: _moved(
            _variance(c) * s.unit, c, v
        ),
        "shrinks covariances towards tied ones by the share {:g}": lambda s, c, v: _moved(
            _tied(s, c, s.divisors), c, v
        ),
        "raises eigenvalues of the covariances to at least {:g}": lambda s, c, v: _floored(c, v),
        "raises variances to at least {:g}": lambda s, c, v: _at_least(c, v),
        "adds {:-g} to the sums of squares of each variance and {:-g} + {:-g} D to the mass that divides the "
        "covariances (an inverse-Wishart prior)": lambda s, c, sums, *mass: _prior(s, sums * s.unit, *mass),
        "adds {:-g} times the covariance of all samples to the sums of squares and {:-g} + {:-g} D to the mass that "
        "divides the covariances (an inverse-Wishart prior)": (
            lambda s, c, sums, *mass: _prior(s, sums * _of_all(s, bias=True), *mass)
        ),
    },
    "covariances": {
        f"adds {of_what}": lambda s, c, v, what=what: c + v * what(s) * s.unit for of_what, what in ADDED.items()
    }
    | {"adds {:g} to all entries of the covariances": lambda s, c, v: c + v},
    "regularization": {  # how reg_covar is used; `added` is the matrix that the textbook adds
        "does not add reg_covar": lambda s, added: 0 * added,
        "adds reg_covar to all entries of the covariances": lambda s, added: 0 * added + s.reg_covar,
        "adds the square of reg_covar": lambda s, added: added**2,
        "adds reg_covar twice": lambda s, added: 2 * added,
        "adds half of reg_covar": lambda s, added: 0.5 * added,
        "divides reg_covar by the component's mass": lambda s, added: added / s.divisors[:, None, None],
        "divides reg_covar by the number of samples": lambda s, added: added / s.n,
        "adds reg_covar times each component's mean variance": lambda s, added: added * _variance(s.estimate),
        "uses reg_covar as the smallest eigenvalue, and does not add it": (
            lambda s, added: _floored(s.estimate, s.reg_covar) - s.estimate
        ),
        "uses reg_covar as the smallest variance, and does not add it": (
            lambda s, added: _at_least(s.estimate, s.reg_covar) - s.estimate
        ),
        "shrinks covariances towards unit matrices by the share reg_covar": lambda s, added: (
            s.reg_covar * (s.unit - s.estimate)
        ),
        "adds {:g} to each variance": lambda s, added, v: v * s.unit,
    },
    "X": {
        "rounds the samples to single precision": lambda s, X: _single(X),
        STANDARDIZED: lambda s, X: (X - _standardized(X)[0]) / _standardized(X)[1],
    },
    "old": {"uses the clusters of k-means": _kmeans},
    "next": {
        OF_ALL_PARAMETERS[2][0]: (
            lambda s, new, v: Mixture(*(_moved(*pair, v) for pair in zip(new, s.old, strict=True)))
        ),
        "computes in single precision": lambda s, new: Mixture(*map(_single, new)),
        OF_ALL_PARAMETERS[1][0]: _scaled,
        UNSCALED: _unscaled,
    },
    **{
        f"in_{term}": {f"uses {what} in the {term} only": of for what, of in IN_DENSITY.items() if "{" not in what}
        for term in ("distance", "determinant")
    },
}
# Deviations that only later steps show
LATER_PARTS = {
    "responsibilities": {
        "uses responsibilities that are one step old": lambda s, r: s.before.found if s.before else r,
        "computes the responsibilities once and never again": lambda s, r: s.before.responsibilities if s.before else r,
        "recomputes the responsibilities in every second step only": (
            lambda s, r: s.before.responsibilities if s.number % 2 else r
        ),
    },
    "shown": {"uses covariances that are one step old in the density": lambda s, c: (s.before or s).old.covariances},
    "terms": {
        "uses weights that are one step old in the E-step": lambda s, t: (np.log((s.before or s).old.weights), *t[1:])
    },
    "weights": {
        "uses weights that are one step old": lambda s, w: TEXTBOOK["weights"](s.before) if s.before else s.old.weights
    },
}
# Their descriptions if only the first step has them
AT_FIRST = {f"uses {what} in the density": f"starts from {what}" for what in IN_DENSITY} | {
    f"uses {TAKEN_FOR_PRECISIONS} in the density": (
        "starts from the inverses of the initial covariances (covariances taken for precisions)"
    ),
    "uses covariances with reg_covar added in the density": "adds reg_covar to the initial covariances too",
    "omits the weights from the E-step": "starts from equal weights",
    "uses the clusters of k-means": "starts from the clusters of k-means",
}
# Their descriptions if only the returned parameters have them
AT_LAST = {
    ONE_STEP_AHEAD: "returns the weights of one more E-step, not those of its last M-step",
    OF_LABELS: "returns the shares of hard assignments as weights (each sample counts for its likeliest component)",
} | {words: words for words in PARTS["next"]}
CATALOGUE, LATER = (
    {
        words: Deviation(words, part, change, AT_FIRST.get(words, ""), AT_LAST.get(words, ""))
        for part in parts
        for words, change in parts[part].items()
    }
    for parts in (PARTS, LATER_PARTS)
)


def after_reg_covar(change: Change) -> Change:
    """Apply a change of the covariances after reg_covar is added, not before."""
    if change.deviation.part != "estimate":
        return change
    return change._replace(deviation=replace(change.deviation, part="covariances"))


def _named(words, *values, when=ALWAYS):
    return (Change((CATALOGUE | LATER)[words], values, when),)


# What the search tries for runs of which only the result is known: deviations with their values, by name
SEARCHED: dict[str, tuple[Change, ...]] = {
    "precisions_as_covariances": _named(f"uses {TAKEN_FOR_PRECISIONS} in the density", when=FIRST),
    "start_n_minus_1": _named("uses class covariances divided by n - 1 in the density", when=FIRST),
    "start_unit_covariances": _named("uses unit covariances in the density", when=FIRST),
    "start_standard_deviations": _named(
        "uses the square roots of the covariances (standard deviations taken for variances) in the density", when=FIRST
    ),
    "start_squared_variances": _named(
        "uses the squares of the covariances (variances taken for standard deviations) in the density", when=FIRST
    ),
    "start_equal_weights": _named("omits the weights from the E-step", when=FIRST),
    "start_kmeans": _named("uses the clusters of k-means", when=FIRST),
    **{f"ridge_{v:g}": _named("adds {:g} to each variance", v) for v in (0.0, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8)},
    "covariances_n_minus_1": _named("divides the covariances by the component's mass minus 1 (N_k - 1)"),
    "cov_wt": _named(
        "divides the covariances by N_k - sum(r^2) / N_k, as R's cov.wt and numpy.cov do with weights by default"
    ),
    "mass_10_eps": _named("adds {:g} to each component's mass", 10 * float(np.finfo(float).eps)),
    "weights_not_updated": _named("keeps the old weights"),
    "weights_equal": _named("keeps the weights equal"),
    "weights_left_out": _named("omits the weights from the E-step"),
    "ecm": _named("recomputes the responsibilities with the new weights and means before the covariances (ECM)")
    + _named("uses the weights from a second E-step with the new weights and means (ECM)"),
    "old_means": _named("computes the covariances with deviations from the old means"),
    "hard_assignment": _named("assigns each sample to its likeliest component only (hard assignment)"),
    "diagonal_only": _named("omits the correlations (diagonal covariances)"),
    "spherical": _named("uses one variance for all features (spherical covariances)"),
    "tied": _named("uses one covariance for all components (tied covariances)"),
    **{
        f"eigenvalues_above_{v:g}": (
            after_reg_covar(*_named("raises eigenvalues of the covariances to at least {:g}", v)),
        )
        for v in (1e-2, 1e-3)
    },
    "stale_responsibilities": _named("uses responsibilities that are one step old"),
    "single_precision": _named("rounds the samples to single precision") + _named("computes in single precision"),
    "standardized_rows": _named(STANDARDIZED) + _named(UNSCALED, when=LAST),
    "weights_one_step_ahead": _named(ONE_STEP_AHEAD, when=LAST),
    "weights_of_labels": _named(OF_LABELS, when=LAST),
}
