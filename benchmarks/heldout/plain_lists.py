from math import exp, fsum, log, pi, sqrt

import numpy as np


def half_distance(x, m, S):
    """Return half the Mahalanobis distance plus half the log-determinant."""
    D, L, z, value = len(x), [[0.0] * len(x) for _ in x], [], 0.0
    for i in range(D):
        for j in range(i + 1):
            rest = S[i][j] - fsum(L[i][a] * L[j][a] for a in range(j))
            L[i][j] = sqrt(rest) if i == j else rest / L[j][j]
        z.append((x[i] - m[i] - fsum(L[i][a] * z[a] for a in range(i))) / L[i][i])
        value += log(L[i][i]) + z[i] ** 2 / 2
    return value


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    if covariance_type != "full":
        raise NotImplementedError("only full")
    rows, w, m, S = X.tolist(), weights.tolist(), means.tolist(), covariances.tolist()
    K, D, trace = range(len(w)), range(len(rows[0])), []
    while len(trace) < max_iter and not (len(trace) > 1 and abs(trace[-1] - trace[-2]) < tol):
        posteriors, likelihood = [], []
        for x in rows:
            a = [log(w[k]) - half_distance(x, m[k], S[k]) for k in K]
            total = max(a) + log(fsum(exp(b - max(a)) for b in a))
            posteriors.append([exp(b - total) for b in a])
            likelihood.append(total - len(x) / 2 * log(2 * pi))
        trace.append(fsum(likelihood) / len(rows))
        for k in K:
            n = fsum(r[k] for r in posteriors)
            w[k] = n / len(rows)
            m[k] = [fsum(r[k] * x[d] for r, x in zip(posteriors, rows)) / n for d in D]
            pairs = [(r[k], [x[d] - m[k][d] for d in D]) for r, x in zip(posteriors, rows)]
            S[k] = [[fsum(r * y[d] * y[e] for r, y in pairs) / n + reg_covar * (d == e) for e in D] for d in D]
    return {"weights": np.array(w), "means": np.array(m), "covariances": np.array(S), "trace": trace}
