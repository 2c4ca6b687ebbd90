"""
Number of components and covariance type
========================================

The Bayesian information criterion (BIC) weighs the likelihood against the number of parameters;
the integrated completed likelihood (ICL) asks in addition that components are well separated.
For both, lower is better.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris

from emgmm import COVARIANCE_TYPES, GaussianMixtureEM

plt.style.use("petroff10")
X, species = load_iris(return_X_y=True)

# %%
# Fit every combination. ``n_init=5`` takes the best of five initializations by k-means.

n_components = range(1, 7)
models = {
    (kind, k): GaussianMixtureEM(
        k, covariance_type=kind, n_init=5, tol=1e-6, max_iter=1000, random_state=0
    ).fit(X)
    for kind in COVARIANCE_TYPES
    for k in n_components
}
for criterion in ("bic", "icl"):
    values = {key: getattr(model, criterion)(X) for key, model in models.items()}
    kind, k = min(values, key=values.get)
    print(
        f"lowest {criterion.upper()}: {k} components, {kind} covariances, {values[kind, k]:.1f}"
    )

# %%
figure, panels = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True, layout="constrained")
for axes, criterion in zip(panels, ("bic", "icl"), strict=True):
    for kind, marker in zip(COVARIANCE_TYPES, "os^d", strict=True):
        axes.plot(
            n_components,
            [getattr(models[kind, k], criterion)(X) for k in n_components],
            marker=marker,
            label=kind,
        )
    axes.set(xlabel="number of components", title=f"{criterion.upper()} (lower is better)")
panels[0].set_ylabel("criterion (2 nats)")
panels[0].legend(title="covariance type")
plt.show()

# %%
# The iris data have three species, and both criteria prefer two components: two of the species
# overlap so much that the data alone do not call for a third. By the scale of Kass and Raftery
# (1995), a difference of 2 to 6 is positive evidence, of 6 to 10 strong, and of more than 10
# very strong.

values = np.array([models["full", 2].bic(X), models["full", 3].bic(X)])
print(f"full covariances: BIC {values[0]:.1f} with two components, {values[1]:.1f} with three")

# %%
# The same search by scikit-learn's ``GridSearchCV``, and what to do when labels are known, is
# on the page :doc:`/choosing-k`.
