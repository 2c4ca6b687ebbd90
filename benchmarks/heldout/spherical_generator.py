import itertools

import numpy as np
from scipy.spatial.distance import cdist


def steps(X, w, m, v, ridge):
    N, D = X.shape
    while True:
        logs = np.log(w) - D / 2 * np.log(2 * np.pi * v) - cdist(X, m, "sqeuclidean") / (2 * v)
        total = np.logaddexp.reduce(logs, axis=1)
        r = np.exp(logs - total[:, np.newaxis])
        n = np.ones(N) @ r
        w, m = n / N, np.linalg.solve(np.diag(n), r.T @ X)
        v = (r * cdist(X, m, "sqeuclidean")).sum(axis=0) / (D * n) + ridge
        yield total.mean(), w, m, v


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    if covariance_type != "spherical":
        raise NotImplementedError("spherical only")
    before, taken = None, 0
    for value, *found in itertools.islice(steps(X, weights, means, covariances, reg_covar), max_iter):
        taken += 1
        if before is not None and abs(value - before) < tol:
            break
        before = value
    return dict(zip(("weights", "means", "covariances"), found), n_iter=taken)
