"""How far an estimate may lie from the truth by chance alone."""

import numpy as np

from emgmm import MixtureParameters


def standard_errors(parameters: MixtureParameters, n_rows: int) -> dict[str, np.ndarray]:
    """Give the standard errors of estimates from so many rows, if the rows' components were known; arrays by names.

    Where components overlap, the true ones are larger (McLachlan and Peel, 2000, "Finite Mixture Models", chapter 2).
    """
    weights, covariances = parameters.weights, parameters.covariance_matrices
    variances = parameters.variances
    mass = n_rows * weights[:, None]
    products = variances[:, :, None] * variances[:, None, :] + covariances**2
    return {
        "weights": np.sqrt(weights * (1 - weights) / n_rows),
        "means": np.sqrt(variances / mass),
        "covariance_matrices": np.sqrt(products / mass[:, :, None]),
    }
