"""EM for a Gaussian mixture with full covariances."""

import numpy as np


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit from initial parameters; return the parameters after the last M-step."""
    if covariance_type != "full":
        raise NotImplementedError("only full covariances are supported")
    precisions, trace = np.linalg.inv(covariances), []
    for _ in range(max_iter):
        # E-step
        centered = X[:, None] - means
        distances = np.einsum("nkd,kde,nke->nk", centered, precisions, centered)
        log_norms = np.linalg.slogdet(precisions / (2 * np.pi))[1]
        log_joint = np.log(weights) + 0.5 * (log_norms - distances)
        evidence = np.logaddexp.reduce(log_joint, axis=1)
        responsibilities = np.exp(log_joint - evidence[:, None])
        trace.append(evidence.mean())
        # M-step
        mass = responsibilities.sum(axis=0)
        weights = mass / len(X)
        means = responsibilities.T @ X / mass[:, None]
        centered = X[:, None] - means
        covariances = np.einsum("nk,nkd,nke->kde", responsibilities, centered, centered) / mass[:, None, None]
        covariances += reg_covar * np.eye(X.shape[1])
        precisions = np.linalg.inv(covariances)
        if len(trace) > 1 and abs(trace[-1] - trace[-2]) < tol:
            break
    return {"weights": weights, "means": means, "covariances": covariances, "n_iter": len(trace), "trace": trace}
