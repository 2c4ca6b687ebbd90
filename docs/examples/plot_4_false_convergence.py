"""
False convergence: a small change is not the end
================================================

EM is usually stopped when the log-likelihood changes little. But EM may be slow in the middle
of its way. We fit two processes, 4,000 values of N(20, 5²) and 8,000 of N(40, 5²), from random
responsibilities.
"""

import matplotlib.pyplot as plt
import numpy as np

from emgmm import GaussianMixtureEM, observed_information

plt.style.use("petroff10")

generator = np.random.default_rng(0)
X = np.concatenate([generator.normal(20, 5, 4000), generator.normal(40, 5, 8000)])[:, None]

# %%
# The default is a change of less than 0.001 from one step to the next, as in scikit-learn.
# ``stopping="aitken"`` with the same tolerance extrapolates the gains: it stops when the
# *distance from the limit* is estimated to be below it.

rules = {
    "change < 0.001": {},
    "change < 1e-9": {"tol": 1e-9, "max_iter": 10_000},
    "estimated distance < 0.001": {"stopping": "aitken", "max_iter": 10_000},
}
models = {}
for name, settings in rules.items():
    models[name] = model = GaussianMixtureEM(
        2, init_params="random", random_state=0, **settings
    ).fit(X)
    means = np.sort(model.means_[:, 0]).round(1).tolist()
    print(f"{name:28} {model.n_iter_:3} steps, converged: {model.converged_}, means {means}")

# %%
# All three runs take the same steps, and each reports that it has converged. They differ in
# where they stop.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.plot(
    range(1, models["change < 1e-9"].n_iter_ + 1),
    models["change < 1e-9"].lower_bounds_,
    color="0.6",
)
grid = np.linspace(0, 62, 400)[:, None]
right.hist(X[:, 0], bins=60, density=True, color="0.85")
for (name, model), marker, style in zip(models.items(), "osx", ("-", "-", "--"), strict=True):
    left.plot(model.n_iter_, model.lower_bounds_[-1], marker, markersize=9, label=name)
    right.plot(grid[:, 0], np.exp(model.score_samples(grid)), style, label=name)
left.set(xlabel="step", ylabel="mean log-likelihood (nats per sample)")
left.legend()
right.set(xlabel="value", ylabel="density")
plt.show()

# %%
# After two steps the change is tiny because both components still have nearly the same
# parameters: the mixture is close to a saddle point. :func:`~emgmm.observed_information` shows
# where a fit is.

for name, model in models.items():
    information = observed_information(X, model)
    print(f"{name:28} {information.kind:8} {information.left_to_gain:.2g} nats left to gain")

# %%
# Left to gain is counted over all 12,000 samples: 1.8 nats are 0.00015 nats per sample, which
# is below the tolerance of 0.001.
