"""OpenCV's cv2.ml.EM (the package opencv-python-headless)."""

import cv2
import numpy as np

import emgmm

TOLERANCE_OF = "relative"
KINDS = {"full": cv2.ml.EM_COV_MAT_GENERIC, "diag": cv2.ml.EM_COV_MAT_DIAGONAL}


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type not in KINDS:
        raise NotImplementedError(f"OpenCV has no {covariance_type} covariances as they are defined here")
    if reg_covar:
        raise NotImplementedError("OpenCV does not add reg_covar to variances; it bounds eigenvalues from below")
    model = cv2.ml.EM_create()
    model.setClustersNumber(len(weights))
    model.setCovarianceMatrixType(KINDS[covariance_type])
    model.setTermCriteria((cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, max_iter, tol))
    # Its Python interface accepts no initial covariances here, but the posterior probabilities under them.
    start = emgmm.MixtureParameters.checked(weights, means, covariances, covariance_type)
    model.trainM(np.ascontiguousarray(X), emgmm.posteriors(X, start))
    found = np.stack(model.getCovs())
    return {
        "weights": model.getWeights()[0],
        "means": model.getMeans(),
        "covariances": found if covariance_type == "full" else found.diagonal(axis1=1, axis2=2),
    }
