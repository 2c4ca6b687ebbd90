"""Where EM starts."""

import numpy as np

from emgmm.checks import checked_rows, checked_squares, checked_weight, largest, scaled_weight, weighted
from emgmm.covariance import COVARIANCE_TYPES
from emgmm.incomplete import IncompleteRows, check_features, counted_rows
from emgmm.labels import labeled_statistics, shrunken
from emgmm.one_thread import one_thread
from emgmm.parameters import MixtureParameters
from emgmm.statistics import SufficientStatistics, has_missing, maximization, summed, weighted_statistics

METHODS = ("kmeans", "k-means++", "random", "random_from_data")


def random_parameters(n_components, n_features, generator, covariance_type="full") -> MixtureParameters:
    """Draw a start that does not look at the data, as article A does.

    Weights are uniform on the simplex (for two components: U(0, 1)), means N(0, I), covariances A A^T with A of N(0, 1)
    entries, or the nearest of the type's shape; a singular one (very rare) is a CollapsedComponentError. It suits data
    of about unit scale near the origin.

    Parameters
    ----------
    n_components, n_features : int
    generator : numpy.random.Generator or numpy.random.RandomState
    covariance_type : str, default="full"
    """
    weights = generator.dirichlet(np.ones(n_components))
    means = generator.standard_normal((n_components, n_features))
    roots = generator.standard_normal((n_components, n_features, n_features))
    matrices = roots @ roots.transpose(0, 2, 1)
    kind = COVARIANCE_TYPES[covariance_type]
    moments = matrices.diagonal(axis1=1, axis2=2) if kind.diagonal else matrices
    return maximization(SufficientStatistics(weights, means, kind.scaled(moments, weights), covariance_type))


def hot_deck(X, generator, sample_weight=None):
    """Copy rows (N, D), with each missing value replaced by one drawn from the feature's others, weights (N,) the odds.

    Every feature keeps its distribution, but does not covary where it was missing. It serves to start from: EM then
    looks at the observed values alone. Complete rows are returned themselves; a feature without any value is an error.
    """
    X = checked_rows(X)
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
    """Estimate a start when some components have no labeled row: those start from the unlabeled rows X (N, D).

    Their means are drawn among these, by their weights (N,) and far from the means there are already, as k-means++ does
    (Arthur and Vassilvitskii, 2007). Every unlabeled row then counts to the nearest mean, beside the labeled ones.
    Covariances are shrunken as in `shrunken_parameters`. All this is done on a `hot_deck` of rows with missing values.
    A component that has too few rows for a covariance collapses.
    """
    X = checked_rows(X, labeled.shape[1])
    X, sample_weight = counted_rows(X, checked_weight(sample_weight, len(X)))
    checked_squares(X)
    if not len(X):
        raise ValueError("there are no unlabeled rows that count, for the components without a labeled one")
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


@one_thread()
def unlabeled_statistics(
    X, n_components, method, random_state, covariance_type="full", sample_weight=None, reg_covar=1e-6
) -> SufficientStatistics:
    """Statistics that scikit-learn's GaussianMixture starts from, by the same random draws.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        NaN is a missing value: a copy is looked at in which each is replaced by one drawn from the feature's others.
    n_components : int
    method : {"kmeans", "k-means++", "random", "random_from_data"}
        kmeans needs a copy of X; k-means++ and random_from_data need some numbers a row. With tied covariances these
        two start from second moments about the origin, as in scikit-learn: there alone the origin matters.
    random_state : numpy.random.RandomState
    covariance_type : str, default="full"
    sample_weight : ndarray of shape (N,), optional
    reg_covar : float, default=1e-6
        What the M-step will add to each variance. Under k-means++ and random_from_data a component is a single row,
        and its covariance this alone. With 0 (scikit-learn fails there) each component has an equal share of the
        weight, and the covariance of all rows instead; tied covariances do not need that.

    Raises
    ------
    ValueError
        If the method is unknown, or X or the weights cannot be used: fewer rows that count than components, say.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {list(METHODS)}, not {method!r}")
    X = checked_rows(X)
    X, sample_weight = counted_rows(X, scaled_weight(checked_weight(sample_weight, len(X))))
    if len(X) < n_components:
        raise ValueError(f"there must be a row for each of the {n_components} components, and {len(X)} count")
    X = hot_deck(checked_squares(X), random_state, sample_weight)
    if method == "kmeans":
        from sklearn.cluster import KMeans  # takes a second, so only where it is used

        X = X.astype(float, copy=False) if largest(X) > 1e15 else X  # single precision could not square it
        kmeans = KMeans(n_components, n_init=1, random_state=random_state).fit(X, sample_weight=sample_weight)
        return labeled_statistics(X, kmeans.labels_, n_components, covariance_type, sample_weight)
    if method == "random":

        def drawn(block):
            responsibilities = random_state.uniform(size=(len(X[block]), n_components))
            responsibilities /= responsibilities.sum(axis=1, keepdims=True)
            return responsibilities if sample_weight is None else responsibilities * sample_weight[block, None]

        return summed(X, drawn, n_components, covariance_type)
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
