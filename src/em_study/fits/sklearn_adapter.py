"""Adapter to scikit-learn's GaussianMixture."""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from em_study.fits.runs import Run
from emgmm import MixtureParameters


def fit(
    X,
    start: MixtureParameters,
    *,
    tol: float,
    max_iter: int,
    reg_covar: float,
    precisions_are_covariances: bool = False,
    labels=None,
) -> Run:
    """Run scikit-learn's EM from given parameters.

    Parameters
    ----------
    X : ndarray of shape (N, D)
    start : MixtureParameters
    tol, max_iter, reg_covar
        As in GaussianMixture.
    precisions_are_covariances : bool
        Pass the covariances as `precisions_init`, as article A does; else their inverses, as scikit-learn expects.
    labels
        Labels to clamp, which scikit-learn cannot do.

    Returns
    -------
    Run
        Its `failure` is scikit-learn's error, if it raised one.
    """
    if labels is not None:
        return Run(start, failure="scikit-learn: it cannot clamp labels")
    settings = {"tol": tol, "max_iter": max_iter, "reg_covar": reg_covar}
    model = _model(start, precisions_are_covariances, **settings)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # `converged` reports it
            model.fit(X)
        end = MixtureParameters(model.weights_, model.means_, model.covariances_, start.covariance_type)
    except ValueError as error:
        return Run(start, failure=f"scikit-learn: {str(error).splitlines()[0]}")
    return Run(start, end, tuple(model.lower_bounds_), model.n_iter_, bool(model.converged_))


def _model(start: MixtureParameters, precisions_are_covariances: bool, **settings) -> GaussianMixture:
    return GaussianMixture(
        n_components=start.n_components,
        covariance_type=start.covariance_type,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=start.covariances if precisions_are_covariances else _precisions(start),
        **settings,
    )


def initial_posteriors(X, start: MixtureParameters, precisions_are_covariances: bool = False):
    """Posteriors (N, K) of scikit-learn's first E-step from given parameters; the rest as in `fit`."""
    model = _model(start, precisions_are_covariances)
    model._initialize_parameters(X, random_state=None)  # no public method runs only the first E-step
    return model.predict_proba(X)


def _precisions(parameters: MixtureParameters):
    factors = parameters.precisions_cholesky
    return factors**2 if parameters.type.diagonal else factors @ factors.swapaxes(-1, -2)


def posteriors(X, parameters: MixtureParameters):
    """Posteriors (N, K) by scikit-learn's own E-step, under given parameters."""
    model = GaussianMixture(n_components=parameters.n_components, covariance_type=parameters.covariance_type)
    model.weights_, model.means_ = parameters.weights, parameters.means
    model.covariances_ = parameters.covariances
    model.precisions_cholesky_ = parameters.precisions_cholesky
    return model.predict_proba(X)
