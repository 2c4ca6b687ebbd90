"""The estimator compared with scikit-learn's, where matrix products dominate, and in single calls.

    python benchmarks/shapes.py [--repeats 15] [--cases WORD]

Prints the least processor time of many runs in turn, in ms, and their ratio: of a step of EM, or of a call of
predict_proba; with missing values compared with the matrix products alone. One thread. To compare two versions of the
code, run it by each in turn (PYTHONPATH=elsewhere/src).
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import argparse
import time
import warnings

import numpy as np
from scipy.special import logsumexp
from sklearn.mixture import GaussianMixture

from emgmm import GaussianMixtureEM, MixtureParameters, expectation_maximization, sklearn_stopping

STEPS = 8


def blobs(n_rows, n_features, n_components, spread, seed=0):
    """Draw rows about centers so many standard deviations from the origin."""
    draw = np.random.default_rng(seed)
    centers = draw.normal(size=(n_components, n_features)) * spread
    return centers[draw.integers(0, n_components, n_rows)] + draw.normal(size=(n_rows, n_features))


def pixels(n_rows, n_features, n_patterns, seed=0):
    """Draw 0/1 columns, some of them constant within a pattern."""
    draw = np.random.default_rng(seed)
    shares = draw.random((n_patterns, n_features)) ** 6
    return (draw.random((n_rows, n_features)) < shares[draw.integers(0, n_patterns, n_rows)]).astype(float)


def fits(X, n_components, kind):
    """Give functions that take STEPS steps of EM, ours and scikit-learn's, from the same responsibilities."""
    first = GaussianMixture(n_components, covariance_type=kind, max_iter=1, random_state=0).fit(X)
    given = {"weights_init": first.weights_, "means_init": first.means_, "precisions_init": first.precisions_}
    settings = {"covariance_type": kind, "tol": 0.0, "max_iter": STEPS, "init_params": "random_from_data", **given}
    ours = GaussianMixtureEM(n_components, kernel="numpy", **settings)
    theirs = GaussianMixture(n_components, **settings)
    return lambda: ours.fit(X), lambda: theirs.fit(X), STEPS


def predictions(X, n_components, kind, n_rows=None, calls=1):
    """Give functions that predict, all rows at once or one after the other."""
    draw = np.random.default_rng(1)
    weights = np.full(n_components, 1 / n_components)
    means = X[draw.choice(len(X), n_components, replace=len(X) < n_components)]
    n_features = X.shape[1]
    variances = {
        "full": np.stack([np.eye(n_features) * 1.5] * n_components),
        "tied": np.eye(n_features) * 1.5,
        "diag": np.full((n_components, n_features), 1.5),
        "spherical": np.full(n_components, 1.5),
    }[kind]
    models = []
    for estimator in (GaussianMixtureEM, GaussianMixture):
        model = estimator(n_components, covariance_type=kind)
        model.weights_, model.means_, model.covariances_ = weights, means, variances
        diagonal = kind in ("diag", "spherical")
        model.precisions_cholesky_ = 1 / np.sqrt(variances) if diagonal else np.linalg.inv(np.sqrt(variances))
        models.append(model)
    rows = X[:n_rows]
    return *(lambda model=model: [model.predict_proba(rows) for _ in range(calls)] for model in models), calls


def with_missing(X, n_components, kind, share=0.2):
    """Give functions that take STEPS steps of EM over rows with missing values, ours and three products each way."""
    draw = np.random.default_rng(2)
    X = np.where(draw.random(X.shape) < share, np.nan, X)
    means = np.where(np.isnan(X), np.nanmean(X, axis=0), X)[:n_components]
    variances = np.ones((n_components, X.shape[1])) if kind == "diag" else np.ones(n_components)
    start = MixtureParameters.checked(np.full(n_components, 1 / n_components), means, variances, kind)

    def bare():
        m, v, w = start.means, np.ones_like(start.means), start.weights
        for _ in range(STEPS):
            observed = (~np.isnan(X)).astype(float)
            filled = np.where(np.isnan(X), 0.0, X)
            squares = filled**2
            each = -0.5 * (np.log(2 * np.pi * v) + m**2 / v)
            joint = np.log(w) + observed @ each.T + filled @ (m / v).T - squares @ (0.5 / v).T
            r = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
            w, mass = r.mean(axis=0), r.sum(axis=0)[:, None]
            absent = mass - r.T @ observed
            new = (r.T @ filled + absent * m) / mass
            v = (r.T @ squares + absent * (v + m**2)) / mass - new**2 + 1e-6
            v, m = v if kind == "diag" else np.broadcast_to(v.mean(axis=1, keepdims=True), v.shape), new

    rule = sklearn_stopping(0.0, STEPS)
    return lambda: expectation_maximization(X, start, rule, reg_covar=1e-6), bare, STEPS


def cases():
    """Yield names, and functions that make what is timed."""
    for kind in ("diag", "spherical"):
        for name, X, k in (
            ("0/1 columns 1500 x 200, K 30", pixels(1500, 200, 10), 30),
            ("0/1 columns 5000 x 64, K 10", pixels(5000, 64, 10), 10),
            ("0/1 columns 3000 x 300, K 4", pixels(3000, 300, 4), 4),
            ("separated 1500 x 400, K 30", blobs(1500, 400, 30, 6), 30),
            ("separated 20000 x 10, K 8", blobs(20_000, 10, 8, 300), 8),
            ("separated 20000 x 2, K 5", blobs(20_000, 2, 5, 1000), 5),
            ("separated 300 x 3, K 3", blobs(300, 3, 3, 1000), 3),
            ("separated 5000 x 100, K 100", blobs(5000, 100, 100, 20), 100),
            ("many features 500 x 4000, K 5", blobs(500, 4000, 5, 3), 5),
            ("many features 2000 x 1000, K 20", blobs(2000, 1000, 20, 4), 20),
            ("plain 20000 x 20, K 10", blobs(20_000, 20, 10, 1), 10),
            ("plain 2000 x 100, K 10", blobs(2000, 100, 10, 0.5), 10),
        ):
            yield f"fit {kind}, {name}", lambda X=X, k=k, kind=kind: fits(X, k, kind)
        for shape in ((1000, 784, 256, 1), (5000, 20, 10, 1), (5000, 4, 3, 1), (100, 4, 3, 1), (2000, 50, 100, 10)):
            X = blobs(*shape)
            yield f"predict {kind}, {shape}", lambda X=X, k=shape[2], kind=kind: predictions(X, k, kind)
        for shape in ((5000, 20, 10, 1), (2000, 200, 20, 1), (1000, 5, 3, 1), (2000, 50, 10, 30)):
            yield f"missing {kind}, {shape}", lambda s=shape, kind=kind: with_missing(blobs(*s), s[2], kind)
    for kind, shape in (
        ("full", (200, 64, 100, 1)),
        ("full", (200, 2, 2, 1)),
        ("tied", (200, 100, 20, 1)),
        ("diag", (200, 784, 256, 1)),
        ("diag", (200, 4, 3, 1)),
        ("spherical", (200, 784, 256, 1)),
    ):
        yield f"one row {kind}, {shape}", lambda s=shape, kind=kind: predictions(blobs(*s), s[2], kind, 1, 5)


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--cases", default="")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    for name, made in cases():
        if arguments.cases not in name:
            continue
        *functions, divisor = made()
        least = [np.inf, np.inf]
        for _ in range(arguments.repeats):
            for i, function in enumerate(functions):
                begin = time.process_time()
                function()
                least[i] = min(least[i], (time.process_time() - begin) * 1000 / divisor)
        print(f"{name:50} {least[0]:9.3f} {least[1]:9.3f} {least[0] / least[1]:7.2f}", flush=True)


if __name__ == "__main__":
    main()
