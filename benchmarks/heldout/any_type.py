import numpy as np
from scipy.special import logsumexp, softmax
from scipy.stats import multivariate_normal


def matrices(cov, kind, K, D):
    if kind in ("full", "tied"):
        return np.broadcast_to(cov, (K, D, D))
    return np.array([np.diag(np.broadcast_to(c, D)) for c in cov])


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    kind = covariance_type
    # [only]
    # [data]
    pi, mean, cov = np.array(weights), np.array(means), np.array(covariances)  # [start]
    N, D = X.shape  # [sizes]
    K = len(pi)
    values = [-np.inf]
    for _step in range(max_iter):  # [loop]
        full = matrices(cov, kind, K, D)  # [full]
        # [density]
        density = np.stack([multivariate_normal(mean[k], full[k]).logpdf(X).reshape(N) for k in range(K)], axis=1)
        joint = density + np.log(pi)  # [joint]
        r = softmax(joint, axis=1)  # [posteriors]
        values.append(np.mean(logsumexp(joint, axis=1)))  # [value]
        n = r.sum(axis=0)  # [mass]
        pi = n / n.sum()  # [weights]
        old, mean = mean, np.array([np.average(X, axis=0, weights=r[:, k]) for k in range(K)])  # [means]
        scatter = np.array([(r[:, k, None] * (X - mean[k])).T @ (X - mean[k]) for k in range(K)])  # [scatter]
        scatter = 0.5 * (scatter + scatter.transpose(0, 2, 1))
        each = scatter / n[:, None, None]  # [covariances]
        cov = {
            "full": each,
            "tied": scatter.sum(axis=0) / N,
            "diag": np.diagonal(each, axis1=1, axis2=2),
            "spherical": np.trace(each, axis1=1, axis2=2) / D,
        }[kind]
        cov = cov + (reg_covar * np.eye(D) if kind in ("full", "tied") else reg_covar)  # [ridge]
        if abs(values[-1] - values[-2]) < tol:  # [stop]
            break
    return {"weights": pi, "means": mean, "covariances": cov, "trace": values[1:]}  # [end]
