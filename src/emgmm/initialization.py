"""Where EM starts."""

import numpy as np

from emgmm.parameters import MixtureParameters
from emgmm.statistics import labeled_statistics, maximization


def random_parameters(n_components, n_features, generator):
    """Draw a start that does not look at the data, as article A does.

    Weights are uniform on the simplex (for two components: U(0, 1)), means N(0, I), covariances A A^T with
    A of N(0, 1) entries. It suits data of about unit scale near the origin.

    Parameters
    ----------
    n_components, n_features : int
    generator : numpy.random.Generator

    Returns
    -------
    MixtureParameters

    Raises
    ------
    CollapsedComponentError
        If a drawn covariance is singular to working precision (very rare).
    """
    weights = generator.dirichlet(np.ones(n_components))
    means = generator.standard_normal((n_components, n_features))
    roots = generator.standard_normal((n_components, n_features, n_features))
    return MixtureParameters(weights, means, roots @ roots.transpose(0, 2, 1))


def parameters_from_labels(X, y, n_components, reg_covar=0.0):
    """Estimate a start from labeled rows: class proportions, class means, class covariances divided by n.

    Parameters
    ----------
    X : ndarray of shape (N, D)
    y : ndarray of int of shape (N,)
        Component of each row, 0 to n_components - 1.
    n_components : int
    reg_covar : float, default=0

    Returns
    -------
    MixtureParameters

    Raises
    ------
    CollapsedComponentError
        If a class has no rows, or too few for a covariance.
    """
    return maximization(labeled_statistics(X, y, n_components), reg_covar)
