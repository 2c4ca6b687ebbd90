"""pyclustering's ema, which takes no initial weights (the package pyclustering).

It returns no weights, either: they are the averages of the probabilities that it returns.
"""

import numpy as np
from pyclustering.cluster.ema import ema

TOLERANCE_OF = "sum"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError(f"pyclustering has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("pyclustering does not add reg_covar to variances")
    model = ema(X, len(weights), list(means), list(covariances), tolerance=tol, iterations=max_iter).process()
    if len(model.get_centers()) < len(weights):
        raise ValueError("pyclustering removed a component that is the likeliest one of no sample")
    return {
        "weights": np.mean(model.get_probabilities(), axis=1),
        "means": np.stack(model.get_centers()),
        "covariances": np.stack(model.get_covariances()),
    }
