"""
What a few labels are worth
===========================

Two classes overlap. There are 1,000 samples without a label, and a few with one. We compare
three ways to classify:

- *labels only*: a Gaussian for each class, estimated from the labeled samples;
- *unlabeled only*: a mixture fitted without labels, its components matched with the classes
  afterwards;
- *both*: semi-supervised EM, with labels clamped (they stay in the likelihood).
"""

import matplotlib.pyplot as plt
import numpy as np

from emgmm import GaussianMixtureEM, MixtureParameters, posteriors

plt.style.use("petroff10")

truth = MixtureParameters.checked(
    weights=[0.5, 0.5],
    means=[[0.0, -0.7], [0.0, 0.7]],
    covariances=[[4.0, 1.2], [1.2, 0.6]],
    covariance_type="tied",
)


def simulate(generator, n_samples=1000):
    """Return samples of the true mixture, and their classes."""
    classes = generator.integers(2, size=n_samples)
    noise = generator.multivariate_normal([0, 0], truth.covariances, n_samples)
    return truth.means[classes] + noise, classes


def hide_all_but(n_labels, classes):
    """Keep the first labels of each class; -1 marks a sample without one."""
    y = np.full(len(classes), -1)
    for k in range(2):
        y[np.flatnonzero(classes == k)[:n_labels]] = k
    return y


# %%
# One data set
# ------------
#
# The classes are elongated and lie side by side. The largest spread is along the classes, not
# between them. The covariances of classes with few labels are shrunken
# (:func:`~emgmm.shrunken_parameters`) before EM begins.

X, classes = simulate(np.random.default_rng(0))
y = hide_all_but(3, classes)
model = GaussianMixtureEM(2, tol=1e-6, max_iter=1000).fit(X, y)
accuracy = (model.predict(X) == classes)[y < 0].mean()
print(f"{accuracy:.1%} of the unlabeled samples are in the right class")

figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
for k, marker in enumerate("o^"):
    axes.scatter(
        *X[(y < 0) & (model.predict(X) == k)].T,
        s=8,
        marker=marker,
        color=f"C{k}",
        label=f"assigned to class {k}",
    )
    axes.scatter(
        *X[y == k].T,
        s=90,
        marker=marker,
        color=f"C{k}",
        edgecolor="black",
        label=f"labeled {k}",
    )
axes.set(xlabel="feature 1", ylabel="feature 2")
axes.legend(loc="upper left", ncols=2)
plt.show()

# %%
# Many data sets
# --------------
#
# A single data set proves little. We repeat this with 20 simulated data sets for each number of
# labels. With ``max_iter=0`` no EM follows the estimate from labels.

n_labels = [2, 3, 5, 10, 20, 50]
to_the_limit = {"tol": 1e-6, "max_iter": 10_000}
found = {"labels only": [], "unlabeled only": [], "both": []}
for n in n_labels:
    accuracies = []
    for replicate in range(20):
        X, classes = simulate(np.random.default_rng(replicate))
        y = hide_all_but(n, classes)
        without_em = GaussianMixtureEM(2, semi_supervised="init_only", max_iter=0).fit(X, y)
        without_labels = GaussianMixtureEM(2, **to_the_limit, random_state=replicate).fit(X)
        both = GaussianMixtureEM(2, **to_the_limit).fit(X, y)
        models = without_em, without_labels, both
        accuracies.append([(model.predict(X) == classes)[y < 0].mean() for model in models])
        # Components have no names: the better of the two ways to name them.
        accuracies[-1][1] = max(accuracies[-1][1], 1 - accuracies[-1][1])
    for values, column in zip(found.values(), np.transpose(accuracies), strict=True):
        values.append(100 * column)

X, classes = simulate(np.random.default_rng(0), 100_000)
best = 100 * (posteriors(X, truth).argmax(axis=1) == classes).mean()

figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
for (name, accuracy), marker in zip(found.items(), "os^", strict=True):
    error = 2.09 * np.std(accuracy, axis=1, ddof=1) / np.sqrt(20)  # Student's t, 19 d.f.
    axes.errorbar(
        n_labels, np.mean(accuracy, axis=1), error, marker=marker, capsize=3, label=name
    )
axes.axhline(best, color="black", linestyle=":", label="true parameters")
axes.set_xscale("log")
axes.set_xticks(n_labels, n_labels)
axes.minorticks_off()
axes.set(xlabel="labels per class", ylabel="unlabeled samples in the right class (%)")
axes.legend(loc="lower right")
figure.suptitle("Mean of 20 data sets, with its 95 % interval")
plt.show()

# %%
# Two labels per class are enough for semi-supervised EM to come close to the true parameters:
# the unlabeled samples show the shape of the classes, and the labels show which maximum of the
# likelihood is the right one. Labels alone do not know the shape. EM without labels knows it,
# but from k-means it ends at another maximum in many data sets, so that its mean is low and its
# interval wide. Here the classes are Gaussian, as the model assumes; where they are not,
# unlabeled samples can do harm. :doc:`/labels` has the same comparison on measured data sets.
