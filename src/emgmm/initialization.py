"""Initial parameters of EM, from samples without labels or at random."""

from functools import partial

import numpy as np

from emgmm.checks import checked_samples, checked_squares, checked_weight, largest, scaled_weight, weighted
from emgmm.covariance import COVARIANCE_TYPES
from emgmm.e_step import expectation
from emgmm.em import StoppingRule, expectation_maximization
from emgmm.incomplete import IncompleteRows, check_features, counted_samples
from emgmm.labels import labeled_statistics, shrunken
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.statistics import SufficientStatistics, has_missing, maximization, summed, weighted_statistics
from emgmm.threads import one_thread

METHODS = ("kmeans", "k-means++", "random", "random_from_data", "short_runs")
SHORT_RUNS = ((5, 5), (2, 15))  # rounds: so many runs of EM, each with so many passes; the likeliest go on
SHORT_SAMPLES, SHORT_SAMPLES_PER_MEAN = 2000, 20  # short runs use so many, or so many for each entry of the means


def random_parameters(n_components, n_features, generator, covariance_type="full") -> MixtureParameters:
    """Draw initial parameters at random, without using the data, as article A does.

    They suit data of about unit scale near zero.

    Parameters
    ----------
    n_components : int
        Number of components, K.
    n_features : int
        Number of features, D.
    generator : numpy.random.Generator or numpy.random.RandomState
        Source of the random numbers.
    covariance_type : str, default="full"
        A key of `COVARIANCE_TYPES`.

    Returns
    -------
    MixtureParameters
        Weights uniform on the simplex (for two components, U(0, 1)); means from N(0, I); covariances A A^T, where the
        entries of A are from N(0, 1), or the maximum-likelihood estimate of the type's shape for them.

    Raises
    ------
    CollapsedComponentError
        If a covariance is singular, which is very rare.

    Examples
    --------
    >>> import numpy as np
    >>> from emgmm import random_parameters
    >>> start = random_parameters(3, 2, np.random.default_rng(0), "diag")
    >>> start.means.shape, start.covariances.shape
    ((3, 2), (3, 2))
    """
    weights = generator.dirichlet(np.ones(n_components))
    means = generator.standard_normal((n_components, n_features))
    roots = generator.standard_normal((n_components, n_features, n_features))
    matrices = roots @ roots.transpose(0, 2, 1)
    kind = COVARIANCE_TYPES[covariance_type]
    moments = matrices.diagonal(axis1=1, axis2=2) if kind.diagonal else matrices
    return maximization(SufficientStatistics(weights, means, kind.scaled(moments, weights), covariance_type))


def hot_deck(X, generator, sample_weight=None):
    """Copy samples (N, D), with each missing value replaced by an observed value of the feature, drawn by weights (N,).

    Every feature keeps its distribution, but does not covary where it was missing. The copy serves only for initial
    parameters: EM itself uses the observed values alone. Complete samples are returned without a copy; a feature
    without any observed value is an error.
    """
    X = checked_samples(X)
    sample_weight = checked_weight(sample_weight, len(X))
    if not has_missing(X):
        return X
    check_features(weighted(sample_weight, X)[1])
    filled = np.array(X, dtype=float)
    for values in filled.T:
        missing = np.isnan(values)
        odds = None if sample_weight is None else sample_weight[~missing] / sample_weight[~missing].sum()
        if missing.any():
            values[missing] = generator.choice(values[~missing], size=missing.sum(), p=odds)
    return filled


def parameters_from_classes(labeled, X, generator, reg_covar=0.0, sample_weight=None):
    """Estimate initial parameters if some components have no labeled samples: those use the unlabeled ones, X (N, D).

    Their means are drawn among the unlabeled samples, by the weights (N,) and far from the means that exist already, as
    in k-means++ (Arthur and Vassilvitskii, 2007). Then each unlabeled sample is assigned to the nearest mean, in
    addition to the labeled ones. Covariances are shrunken as in `shrunken_parameters`. If values are missing, all this
    uses a `hot_deck` of the samples. A component with too few samples for a covariance collapses.
    """
    X = checked_samples(X, labeled.shape[1])
    X, sample_weight = counted_samples(X, checked_weight(sample_weight, len(X)))
    checked_squares(X)
    if not len(X):
        raise ValueError("components without labeled samples need unlabeled samples that count; there are none")
    if isinstance(labeled, IncompleteRows):
        own = (labeled.X, labeled.sample_weight), (X, sample_weight)
        odds = np.concatenate([np.ones(len(part)) if weight is None else weight for part, weight in own])
        filled, X = np.split(hot_deck(np.concatenate([labeled.X, X]), generator, odds), [len(labeled.X)])
        settings = labeled.n_components, labeled.covariance_type, labeled.sample_weight
        labeled = labeled_statistics(filled, labeled.labels, *settings)
    X = hot_deck(X, generator, sample_weight)
    weight = np.ones(len(X)) if sample_weight is None else sample_weight
    means, has_labels = labeled.means.copy(), labeled.mass > 0
    squared_distances = np.full((len(means), len(X)), np.inf)
    for k in (*np.flatnonzero(has_labels), *np.flatnonzero(~has_labels)):
        if not has_labels[k]:
            odds = weight * squared_distances.min(axis=0)
            odds = odds if 0 < odds.sum() < np.inf else weight
            means[k] = X[generator.choice(len(X), p=odds / odds.sum())]
        squared_distances[k] = ((X - means[k]) ** 2).sum(axis=1)
    nearest = labeled_statistics(X, squared_distances.argmin(axis=0), len(means), labeled.covariance_type, weight)
    return shrunken(labeled + nearest, reg_covar=reg_covar)


def short_runs(X, n_components, random_state, covariance_type, sample_weight, reg_covar):
    """Return the statistics of the likeliest of several short runs of EM, as described in `unlabeled_statistics`."""
    from sklearn.cluster import kmeans_plusplus

    weight = np.ones(len(X)) if sample_weight is None else sample_weight.astype(float)
    most = max(SHORT_SAMPLES, SHORT_SAMPLES_PER_MEAN * n_components * X.shape[1])
    if len(X) > most:
        odds = None if sample_weight is None else weight / weight.sum()
        X, weight = X[random_state.choice(len(X), most, odds is not None, odds)], np.full(most, weight.sum() / most)
    X = X.astype(float, copy=False)
    every = weighted_statistics(X, weight[:, None], "diag")
    spread = np.sqrt(every.scatter[0] / every.mass)
    scaled = (X - every.means[0]) / np.where(spread > 0, spread, 1.0)
    starts = []
    for _ in range(SHORT_RUNS[0][0]):
        _, chosen = kmeans_plusplus(scaled, n_components, random_state=random_state, sample_weight=weight)
        nearest = np.stack([((scaled - mean) ** 2).sum(axis=1) for mean in scaled[chosen]]).argmin(axis=0)
        groups = labeled_statistics(X, nearest, n_components, covariance_type, weight)
        try:
            starts.append(shrunken(groups, reg_covar=reg_covar))
        except CollapsedComponentError as error:
            collapse = error
    if not starts:
        raise collapse
    for n_runs, n_passes in SHORT_RUNS:
        fit = partial(expectation_maximization, X, reg_covar=reg_covar, sample_weight=weight, n_jobs=1)
        runs = [fit(start, StoppingRule(0.0, n_passes, False, 2)) for start in starts[:n_runs]]
        runs.sort(key=lambda run: (run.collapse is not None, -run.trace[-1]))
        starts = [run.parameters for run in runs]
    return expectation(X, starts[0], weight)[0]


@one_thread()
def unlabeled_statistics(
    X, n_components, method, random_state, covariance_type="full", sample_weight=None, reg_covar=1e-6
) -> SufficientStatistics:
    """Compute the statistics from which scikit-learn's GaussianMixture starts, by the same random numbers.

    `maximization` of these statistics gives the initial parameters. "short_runs" is not in scikit-learn.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Samples without labels. NaN is a missing value: a copy is used in which each is replaced by an observed value of
        the feature, drawn at random.
    n_components : int
        Number of components, K.
    method : {"kmeans", "k-means++", "random", "random_from_data", "short_runs"}
        As `init_params` of scikit-learn's GaussianMixture. "kmeans" needs memory for a copy of X, "k-means++" and
        "random_from_data" for some numbers per sample. With tied covariances the latter two start from second moments
        about zero instead of the mean, as in scikit-learn. "short_runs" are five runs of EM, of 5 passes each, over
        2000 of the samples (20 K D if that is more). The likeliest two take 15 passes more; the likelier of these is
        the result [1]_. k-means++ chooses samples, in units of each feature's standard deviation; a run starts from the
        groups of those nearest to each, with covariances as in `shrunken_parameters`.
    random_state : numpy.random.RandomState
        Source of the random numbers.
    covariance_type : str, default="full"
        A key of `COVARIANCE_TYPES`.
    sample_weight : ndarray of shape (N,), optional
        A sample of weight 2 counts as two, one of weight 0 does not count.
    reg_covar : float, default=1e-6
        Covariance regularization that the M-step will add to each variance. With "k-means++" and "random_from_data" a
        component is a single sample, so that its covariance is only this. If it is 0 (an error in scikit-learn), each
        component has an equal share of the weight, and the covariance of all samples; tied covariances need neither.

    Returns
    -------
    SufficientStatistics
        Of the K components.

    Raises
    ------
    ValueError
        If the method is unknown; if X or the weights cannot be used; if fewer samples than components have a weight
        above 0 and an observed value; if k-means++ cannot choose K samples that differ.

    References
    ----------
    .. [1] Biernacki, Celeux and Govaert (2003), "Choosing starting values for the EM algorithm for getting the highest
       likelihood in multivariate Gaussian mixture models", Computational Statistics & Data Analysis 41.

    Examples
    --------
    >>> import numpy as np
    >>> from emgmm import maximization, unlabeled_statistics
    >>> X = np.array([[0.0], [1.0], [9.0], [10.0]])
    >>> statistics = unlabeled_statistics(X, 2, "kmeans", np.random.RandomState(0))
    >>> sorted(maximization(statistics).means.ravel().tolist())
    [0.5, 9.5]
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {list(METHODS)}, not {method!r}")
    X = checked_samples(X)
    X, sample_weight = counted_samples(X, scaled_weight(checked_weight(sample_weight, len(X))))
    if len(X) < n_components:
        raise ValueError(
            f"{n_components} components need as many samples of weight above 0 with an observed value, "
            f"but X has {len(X)}"
        )
    X = hot_deck(checked_squares(X), random_state, sample_weight)
    if method == "kmeans":
        from sklearn.cluster import KMeans  # imported only if used, because it takes a second

        X = X.astype(float, copy=False) if largest(X) > 1e15 else X  # single precision could not square it
        kmeans = KMeans(n_components, n_init=1, random_state=random_state).fit(X, sample_weight=sample_weight)
        return labeled_statistics(X, kmeans.labels_, n_components, covariance_type, sample_weight)
    if method == "random":

        def drawn(block):
            responsibilities = random_state.uniform(size=(len(X[block]), n_components))
            responsibilities /= responsibilities.sum(axis=1, keepdims=True)
            return responsibilities if sample_weight is None else responsibilities * sample_weight[block, None]

        return summed(X, drawn, n_components, covariance_type)
    if method == "short_runs":
        return short_runs(X, n_components, random_state, covariance_type, sample_weight, reg_covar)
    if method == "k-means++":
        from sklearn.cluster import kmeans_plusplus

        _, chosen = kmeans_plusplus(X, n_components, random_state=random_state, sample_weight=sample_weight)
    else:
        equal = sample_weight is None or (sample_weight == sample_weight[0]).all()  # drawn as scikit-learn does
        odds = None if equal else sample_weight / sample_weight.sum()
        chosen = random_state.choice(len(X), size=n_components, replace=False, p=odds)
    weight = np.ones(len(X)) if sample_weight is None else sample_weight
    statistics = labeled_statistics(X[chosen], np.arange(n_components), n_components, covariance_type, weight[chosen])
    if COVARIANCE_TYPES[covariance_type].common:  # scikit-learn adds the raw second moments of the others
        left = weight.copy()
        left[chosen] = 0
        subscripts = "n,nd,nd->d" if COVARIANCE_TYPES[covariance_type].diagonal else "n,nd,ne->de"
        statistics.scatter[0] += np.einsum(subscripts, left, X, X)
    elif reg_covar == 0:
        pooled = weighted_statistics(X, weight[:, None], covariance_type)
        mass, scatter = (np.repeat(a / n_components, n_components, axis=0) for a in (pooled.mass, pooled.scatter))
        return SufficientStatistics(mass, statistics.means, scatter, covariance_type)
    return statistics
