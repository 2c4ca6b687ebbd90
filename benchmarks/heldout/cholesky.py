import numpy as np
from scipy.linalg import solve_triangular


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    if covariance_type != "full":
        raise NotImplementedError("full covariance matrices only")
    # [data]
    w, mu, S = weights.copy(), means.copy(), covariances.copy()  # [start]
    (N, D), K = X.shape, len(weights)  # [sizes]
    log_2pi = np.log(2 * np.pi)
    trace, converged = [], False
    for it in range(max_iter):  # [loop]
        w_old, mu_old, S_old = w, mu, S  # [before]
        L = np.linalg.cholesky(S)  # [factors]
        logdet = 2 * np.log(L.diagonal(axis1=1, axis2=2)).sum(axis=1)
        # [distance]
        maha = np.stack([(solve_triangular(L[k], (X - mu[k]).T, lower=True) ** 2).sum(axis=0) for k in range(K)], 1)
        joint = np.log(w) - 0.5 * (D * log_2pi + logdet + maha)  # [joint]
        total = np.logaddexp.reduce(joint, axis=1)  # [posteriors]
        R = np.exp(joint - total[:, None])
        Nk = R.sum(axis=0)  # [mass]
        w = Nk / N  # [weights]
        mu = R.T @ X / Nk[:, None]  # [means]
        S = np.stack([(X - mu[k]).T * R[:, k] @ (X - mu[k]) / Nk[k] for k in range(K)])  # [covariances]
        S = (S + S.swapaxes(1, 2)) / 2 + reg_covar * np.eye(D)  # [ridge]
        trace.append(total.mean())  # [trace]
        if it > 0 and abs(trace[-1] - trace[-2]) < tol:  # [stop]
            converged = True
            break
    # [after]
    # [end]
    return {"weights": w, "means": mu, "covariances": S, "n_iter": len(trace), "converged": converged, "trace": trace}
