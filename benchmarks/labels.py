"""Accuracy by the number of labels: initialization from labels, article A's, and self-training, on real data.

    python benchmarks/labels.py [--draws 10] [--each]

Prints Markdown: accuracy on the unlabeled samples, the mean over data sets and replicates, and in parentheses the mean
over data sets of the worst replicate. A replicate orders the samples of each class at random, and the first
ones have labels, so that
more labels are the same ones and some. A fit that collapses counts as a guess. `--each` prints each data set too.
"""

import argparse
import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.naive_bayes import GaussianNB
from sklearn.semi_supervised import SelfTrainingClassifier

from emgmm import COVARIANCE_TYPES, GaussianMixtureEM
from results import row

COUNTS = (1, 2, 3, 4, 5, 8, 14, 20, 30)
MODES = ("clamped", "init_only")


def standardized(X):
    """Standardize each feature to mean 0 and variance 1."""
    return (X - X.mean(axis=0)) / X.std(axis=0)


def components(X, n_components):
    """Return the first principal components."""
    return PCA(n_components, svd_solver="full").fit_transform(X)


def data_sets():
    """Return name, samples and classes of ten data sets, made from scikit-learn's four with classes."""
    iris, wine, cancer, digits = (
        load(return_X_y=True) for load in (load_iris, load_wine, load_breast_cancer, load_digits)
    )
    few = digits[1] < 4
    return {
        "iris": iris,
        "iris, standardized": (standardized(iris[0]), iris[1]),
        "wine": wine,
        "wine, standardized": (standardized(wine[0]), wine[1]),
        "wine, standardized, 5 principal components": (components(standardized(wine[0]), 5), wine[1]),
        "breast cancer, standardized": (standardized(cancer[0]), cancer[1]),
        "breast cancer, standardized, 6 principal components": (components(standardized(cancer[0]), 6), cancer[1]),
        "breast cancer, the 10 means, standardized": (standardized(cancer[0][:, :10]), cancer[1]),
        "digits, 10 principal components": (components(digits[0], 10), digits[1]),
        "digits 0 to 3, 15 principal components": (components(digits[0][few], 15), digits[1][few]),
    }


def methods():
    """Return the methods: name, and function from the number of classes to a classifier."""
    made = {"self-training of naive Bayes (scikit-learn)": lambda _: SelfTrainingClassifier(GaussianNB())}
    for mode in MODES:
        for kind in COVARIANCE_TYPES:
            settings = {"covariance_type": kind, "semi_supervised": mode, "max_iter": 500}
            for prefix, start in (("", "kmeans"), ("article A's initialization: ", "labels")):
                made[f"{prefix}{mode}, {kind}"] = lambda k, settings=settings, start=start: GaussianMixtureEM(
                    k, init_params=start, **settings
                )
    return made


def accuracy(classifier, X, y, labeled):
    """Fit a classifier to all samples, of which some have labels; score it on the others."""
    labels = np.where(labeled, y, -1)
    try:
        return float((classifier.fit(X, labels).predict(X[~labeled]) == y[~labeled]).mean())
    except ValueError:  # a component collapsed
        return 1 / (y.max() + 1)


def scores(X, y, made, n_draws):
    """Score a method: (draws, counts)."""
    found = np.empty((n_draws, len(COUNTS)))
    for draw in range(n_draws):
        order = np.random.default_rng(draw)
        ranks = np.empty(len(y), dtype=int)
        for k in range(y.max() + 1):
            of_class = order.permutation(np.flatnonzero(y == k))
            ranks[of_class] = np.arange(len(of_class))
        for i, count in enumerate(COUNTS):
            found[draw, i] = accuracy(made(y.max() + 1), X, y, ranks < count)
    return found


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--each", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    sets = data_sets()
    print(row(["labels per class", *COUNTS]))
    print(row(["---"] * (1 + len(COUNTS))))
    for name, made in methods().items():
        found = np.array([scores(X, y, made, arguments.draws) for X, y in sets.values()])
        cells = zip(found.mean(axis=(0, 1)), found.min(axis=1).mean(axis=0), strict=True)
        print(row([name, *(f"{mean:.3f} ({worst:.2f})" for mean, worst in cells)]), flush=True)
        for data_set, of_set in zip(sets, found, strict=True) if arguments.each else ():
            cells = zip(of_set.mean(axis=0), of_set.min(axis=0), strict=True)
            print(row([f"... {data_set}", *(f"{mean:.3f} ({worst:.2f})" for mean, worst in cells)]), flush=True)


if __name__ == "__main__":
    main()
