import numpy as np


class Mixture:
    def __init__(self, pi, mu, sigma):
        self.pi, self.mu, self.sigma = pi, mu, sigma  # [init]

    def e_step(self, points):
        D, N = points.shape
        precision = np.linalg.inv(self.sigma)  # [precision]
        logdet = np.linalg.slogdet(self.sigma)[1][:, None]
        diff = points[None] - self.mu[:, :, None]  # [distance]
        q = np.einsum("kdn,kde,ken->kn", diff, precision, diff)
        logs = np.log(self.pi)[:, None] - 0.5 * (logdet + q) - D / 2 * np.log(2 * np.pi)  # [joint]
        top = logs.max(axis=0)  # [posteriors]
        p = np.exp(logs - top)
        gamma = p / p.sum(axis=0)
        value = (top + np.log(p.sum(axis=0))).mean()  # [value]
        return gamma, value

    def m_step(self, points, gamma, ridge):
        D, N = points.shape
        mass = gamma.sum(axis=1)  # [mass]
        pi = mass / mass.sum()  # [weights]
        mu = np.einsum("kn,dn->kd", gamma, points) / mass[:, None]  # [means]
        diff = points[None] - mu[:, :, None]  # [covariances]
        sigma = np.einsum("kn,kdn,ken->kde", gamma, diff, diff) / mass[:, None, None]
        sigma = sigma + ridge * np.eye(D)  # [ridge]
        self.pi, self.mu, self.sigma = pi, mu, sigma  # [update]


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    if covariance_type != "full":
        raise NotImplementedError("this class has a matrix for each component")
    points = np.ascontiguousarray(X.T)  # [data]
    model = Mixture(weights, means, covariances)  # [start]
    gamma, value = model.e_step(points)
    values, n_iter = [value], 0
    while n_iter < max_iter:
        model.m_step(points, gamma, reg_covar)  # [loop]
        gamma, value = model.e_step(points)
        values.append(value)
        n_iter += 1
        if abs(values[-1] - values[-2]) < tol:  # [stop]
            break
    # [after]
    # [end]
    return {"weights": model.pi, "means": model.mu, "covariances": model.sigma, "n_iter": n_iter, "trace": values}
