"""StepMix with gaussian_full, gaussian_tied, gaussian_diag or gaussian_spherical (the package stepmix).

Its interface takes no initial parameters: this file sets them in place of those of its random responsibilities.
"""

from stepmix import StepMix


class Started(StepMix):
    """Its model, from given initial parameters."""

    def _initialize_parameters(self, X, random_state):
        super()._initialize_parameters(X, random_state)
        self.set_parameters(self.given | {"measurement_in": X.shape[1]})


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    model = Started(
        n_components=len(weights),
        measurement=f"gaussian_{covariance_type}",
        measurement_params={"reg_covar": reg_covar},
        abs_tol=tol,
        max_iter=max_iter,
        random_state=1,
        progress_bar=0,
    )
    model.given = {"weights": weights, "measurement": {"means": means, "covariances": covariances}}
    model.fit(X)
    found = model.get_parameters()
    return {
        "weights": found["weights"],
        "means": found["measurement"]["means"],
        "covariances": found["measurement"]["covariances"],
        "n_iter": model.n_iter_,
        "converged": model.converged_,
    }
