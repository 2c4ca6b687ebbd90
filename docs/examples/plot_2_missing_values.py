"""
Missing values: what EM on the observed values saves
====================================================

A second feature is missing for 40 % of the samples, mostly those in which the first feature is
large: missing at random (MAR), not completely at random. We compare the estimated mean of the
second feature by three methods:

- *maximum likelihood on the observed values*: pass ``X`` with NaN to
  :class:`~emgmm.GaussianMixtureEM`;
- *complete-case analysis*: leave out every sample with a missing value;
- *mean imputation*: replace each missing value by the mean of the feature.
"""

import matplotlib.pyplot as plt
import numpy as np

from emgmm import GaussianMixtureEM

plt.style.use("petroff10")


def simulate(generator, n_samples=500):
    """Return complete samples of two components, and the same with missing values."""
    component = generator.random(n_samples) < 0.5
    X = (
        generator.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], n_samples)
        + 3 * component[:, None]
    )
    X_missing = X.copy()
    odds = 1 / (1 + np.exp(-2 * (X[:, 0] - np.median(X[:, 0]))))
    X_missing[generator.random(n_samples) < 0.8 * odds, 1] = np.nan
    return X, X_missing


X, X_missing = simulate(np.random.default_rng(0))
model = GaussianMixtureEM(2, tol=1e-6, max_iter=1000, random_state=0).fit(X_missing)
print(f"{np.isnan(X_missing[:, 1]).mean():.0%} of the second feature is missing")

# %%
# :meth:`~emgmm.GaussianMixtureEM.impute` returns the expected values. With ``n_draws`` it
# returns random values from the conditional distribution, which keep the spread of the data.

missing = np.isnan(X_missing[:, 1])
expected = model.impute(X_missing)
(drawn,) = model.impute(X_missing, n_draws=1, random_state=0)

figure, panels = plt.subplots(
    1, 3, figsize=(10, 3.6), sharex=True, sharey=True, layout="constrained"
)
for axes, values, title in zip(
    panels,
    (X, expected, drawn),
    ("complete data", "expected values", "random values"),
    strict=True,
):
    axes.scatter(*values[~missing].T, s=8, label="observed")
    axes.scatter(
        *values[missing].T, s=8, marker="^", label="missing" if values is X else "imputed"
    )
    axes.set(xlabel="feature 1", title=title)
    axes.legend()
panels[0].set_ylabel("feature 2")
plt.show()

# %%
# The mean of the second feature, in 30 simulated data sets:

errors = {"observed values": [], "complete cases": [], "mean imputation": []}
for replicate in range(30):
    X, X_missing = simulate(np.random.default_rng(replicate))
    filled = np.where(np.isnan(X_missing), np.nanmean(X_missing, axis=0), X_missing)
    methods = zip(
        errors.values(),
        (X_missing, X_missing[~np.isnan(X_missing).any(axis=1)], filled),
        strict=True,
    )
    for found, values in methods:
        model = GaussianMixtureEM(2, tol=1e-6, max_iter=1000, random_state=0).fit(values)
        found.append((model.weights_ @ model.means_[:, 1] - 1.5) / np.sqrt(1 + 9 / 4))

figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
axes.boxplot(
    list(errors.values()), orientation="horizontal", tick_labels=list(errors), widths=0.6
)
axes.axvline(0, color="black", linestyle=":")
axes.set_xlabel("error of the mean of feature 2 (standard deviations)")
axes.invert_yaxis()
plt.show()
for name, found in errors.items():
    print(f"{name:16} bias {np.mean(found):+.3f} standard deviations")

# %%
# The observed first feature shows what the missing second one must have been like. Only the
# likelihood of the observed values uses that. :doc:`/missing` has the details.
