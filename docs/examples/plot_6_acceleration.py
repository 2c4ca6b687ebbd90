"""
Acceleration: the same maximum in fewer passes
==============================================

EM is slow where components overlap. ``acceleration="anderson"`` extrapolates its steps. Two
Gaussians are 1.5 standard deviations apart.
"""

import matplotlib.pyplot as plt
import numpy as np

from emgmm import MixtureParameters, StoppingRule, expectation_maximization

plt.style.use("petroff10")
X = np.random.default_rng(0).normal(np.repeat([0.0, 1.5], 5000)[:, None])
start = MixtureParameters.checked(
    weights=[0.5, 0.5], means=[[-0.5], [2.0]], covariances=[[[1.0]], [[1.0]]]
)

# %%
# Both run until a step changes the mean log-likelihood by less than 1e-13.

rule = StoppingRule(tol=1e-13, max_iter=20_000, before_maximization=True, earliest=3)
plain = expectation_maximization(X, start, rule)
fast = expectation_maximization(X, start, rule, acceleration="anderson")
for name, result in (("EM", plain), ("accelerated", fast)):
    print(f"{name:12} {result.n_passes:5} passes, mean log-likelihood {result.trace[-1]:.12f}")

# %%
limit = max(plain.trace[-1], fast.trace[-1])
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for name, result in (("EM", plain), ("accelerated", fast)):
    distance = limit - np.array(result.trace)
    axes.loglog(
        np.arange(1, len(distance) + 1)[distance > 0], distance[distance > 0], label=name
    )
axes.set(xlabel="step", ylabel="distance from the limit (nats per sample)")
axes.legend()
plt.show()

# %%
# The log-likelihood never decreases: a proposal that would decrease it is replaced by EM's own
# step, and its pass is counted. Where there are several maxima, the accelerated run may end in
# another one. :doc:`/speed` has measurements, and :doc:`/mathematics` the method.
