"""The rows that an experiment is about: drawn from a known mixture, read from files, or scikit-learn's."""

import numpy as np

from em_study.data.dataset import Dataset, standardized
from em_study.data.missing_values import with_holes
from em_study.data.seeds import generator
from em_study.data.settings import CsvData, Data, GaussianMixtureData, SklearnData


def make_dataset(data: Data, replicates: int, seed: int, experiment: str) -> Dataset:
    """Draw or read the data of an experiment.

    Raises
    ------
    DataError
        If a CSV file cannot be used.
    """
    if isinstance(data, CsvData):
        from em_study.data.files import read_files  # pandas takes its time to import

        return read_files(data)
    make = _load if isinstance(data, SklearnData) else _draw
    dataset = make(data, replicates, seed, experiment)
    return with_holes(dataset, data.holes, seed, experiment) if data.incomplete else dataset


def _draw(data: GaussianMixtureData, replicates, seed, experiment) -> Dataset:
    n_components, n_features = data.shape
    n_draws = 1 if data.same_rows else replicates
    mixtures = [_mixture(data, generator(seed, experiment, "data", "mixture", r)) for r in range(n_draws)]
    weights, means, covariances = (np.stack(part) for part in zip(*mixtures, strict=True))
    factors = np.linalg.cholesky(covariances)

    def rows(n_rows, purpose, counts=None):
        X = np.empty((n_draws, n_rows, n_features))
        y = np.empty((n_draws, n_rows), dtype=np.int64)
        for r in range(n_draws):
            draw = generator(seed, experiment, "data", purpose, r)
            if data.legacy_seed is not None:
                draw = np.random.RandomState(data.legacy_seed)
            if counts:
                y[r] = np.repeat(np.arange(len(counts)), counts)
            else:
                y[r] = draw.choice(n_components, size=n_rows, p=weights[r] / weights[r].sum())
            noise = draw.standard_normal((n_rows, n_features))
            X[r] = means[r][y[r]] + np.einsum("nij,nj->ni", factors[r][y[r]], noise)
        return X, y

    unlabeled, truth = rows(data.n_rows, "unlabeled", data.counts)
    labeled, labels = rows(data.n_labeled, "labeled")
    return Dataset(
        features=np.array([f"x{d + 1}" for d in range(n_features)]),
        classes=np.array([str(k) for k in range(n_components)]),
        unlabeled=unlabeled,
        truth=truth,
        labeled=labeled,
        labels=labels,
        true_weights=weights,
        true_means=means,
        true_covariances=covariances,
    )


def _mixture(data: GaussianMixtureData, draw: np.random.Generator):
    """Return weights, means and covariances of the mixture to draw from."""
    if data.means is None:
        n_components, n_features = data.shape
        weights = draw.dirichlet(np.full(n_components, 5.0))
        means = 2 * draw.standard_normal((n_components, n_features))
        freedom = n_features + 4
        roots = draw.standard_normal((n_components, n_features, freedom)) / np.sqrt(freedom)
        covariances = roots @ roots.transpose(0, 2, 1)
    else:
        weights, means, covariances = (np.array(a) for a in (data.class_weights, data.means, data.covariances))
    center = weights @ means / weights.sum()
    if data.separation != 1:
        means = center + data.separation * (means - center)
    return weights, means, covariances


def _load(data: SklearnData, replicates, seed, experiment) -> Dataset:
    from sklearn import datasets  # takes a second, so only where it is used

    bunch = getattr(datasets, f"load_{data.dataset}")()
    X = standardized(bunch.data) if data.standardize else bunch.data
    y = bunch.target.astype(np.int64)
    unlabeled, labeled = [], []
    for r in range(1 if data.same_rows else replicates):
        draw = generator(seed, experiment, "data", "labeled", r)
        kept = [np.empty(0, dtype=np.int64)]
        for k in np.unique(y) if data.labeled_fraction > 0 else ():
            rows = np.flatnonzero(y == k)
            size = min(max(1, round(data.labeled_fraction * len(rows))), len(rows) - 1)
            kept.append(draw.choice(rows, size=size, replace=False))
        labeled.append(np.sort(np.concatenate(kept)))
        unlabeled.append(np.setdiff1d(np.arange(len(y)), labeled[-1]))
    return Dataset(
        features=np.array([str(name) for name in bunch.feature_names]),
        classes=np.array([str(name) for name in bunch.target_names]),
        unlabeled=X[unlabeled],
        truth=y[unlabeled],
        labeled=X[labeled],
        labels=y[labeled],
    )
