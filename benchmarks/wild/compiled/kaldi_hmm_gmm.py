"""Kaldi's diagonal GMMs (the package kaldi-hmm-gmm).

A step is a call of `accumulate_for_gmm` for each sample, and one of `mle_am_diag_gmm_update`. The loop over the steps
is that of this file. The limits of weights, occupancies and variances, which the package has by default, are set to 0.
"""

import numpy as np
from kaldi_hmm_gmm import (
    AccumAmDiagGmm,
    AmDiagGmm,
    DiagGmm,
    MleDiagGmmOptions,
    mle_am_diag_gmm_update,
    str_to_gmm_flags,
)

UNLIMITED = {"min_gaussian_weight": 0.0, "min_gaussian_occupancy": 0.0, "min_variance": 0.0}


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "diag" or reg_covar or tol:
        raise NotImplementedError("this file supports only diag covariances without reg_covar and without a tolerance")
    weights, means, precisions = (np.float32(array) for array in (weights, means, 1 / covariances))
    gmm = DiagGmm(*means.shape)
    gmm.set_weights(weights)
    gmm.set_invvars_and_means(precisions, means)
    gmm.compute_gconsts()
    models, flags = AmDiagGmm(), str_to_gmm_flags("mvw")
    models.add_pdf(gmm)
    for _ in range(max_iter):
        sums = AccumAmDiagGmm()
        sums.init(models, flags)
        for x in np.float32(X):
            sums.accumulate_for_gmm(models, x, 0, 1.0)
        mle_am_diag_gmm_update(MleDiagGmmOptions(remove_low_count_gaussians=False, **UNLIMITED), sums, flags, models)
    found = models.get_pdf(0)
    weights = np.array(found.weights, dtype=float)
    return {"weights": weights / weights.sum(), "means": np.array(found.means), "covariances": np.array(found.vars)}
