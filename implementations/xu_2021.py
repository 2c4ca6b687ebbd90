"""Article A's code (fetched from its author's repository). Its steps run unchanged, and with its tolerance its loop."""

import numpy as np

from em_study.data.download import fetched_module

URL = "https://raw.githubusercontent.com/VXU1230/Medium-Tutorials/c97c7b47a945bea0b21add392f60828f63ca7e8f/em/em.py"
SHA256 = "86d571dc066010a80340ddbb57082af0f9c57f3d13e1205ac4a07f7705e4b09f"
TOLERANCE = 1e-4  # fixed in the code


class Enough(Exception):  # noqa: N818 (not an error)
    """The requested number of steps is taken."""


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or means.shape != (2, 2):
        raise NotImplementedError("the code supports only two components, two features and full covariances")
    if reg_covar or tol not in (0, TOLERANCE):
        raise NotImplementedError(f"the code does not regularize covariances, and its tolerance is {TOLERANCE:g}")
    code = fetched_module(URL, SHA256)
    code.x_unlabeled = X  # a global variable that its loop reads
    steps, trace, one_step = [], [], code.m_step

    def counted(x, parameters):
        if len(steps) == max_iter:
            raise Enough
        steps.append(one_step(x, parameters))
        return steps[-1]

    code.m_step = counted
    start = {"phi": weights[1], "mu0": means[0], "mu1": means[1], "sigma0": covariances[0], "sigma1": covariances[1]}
    likelihood = code.get_avg_log_likelihood
    code.get_avg_log_likelihood = lambda x, parameters: trace.append(likelihood(x, parameters)) or trace[-1]
    try:
        if tol == 0:  # its own loop would stop by its own tolerance
            parameters = start
            for _ in range(max_iter):
                code.get_avg_log_likelihood(X, parameters)
                parameters = counted(X, parameters)
            raise Enough
        code.run_em(X, start)
        converged = True
    except Enough:
        converged = False
    end = steps[-1] if steps else start
    return {
        "weights": np.array([1 - end["phi"], end["phi"]]),
        "means": np.stack([end["mu0"], end["mu1"]]),
        "covariances": np.stack([end["sigma0"], end["sigma1"]]),
        "n_iter": len(steps),
        "converged": converged,
        "trace": trace,
    }
