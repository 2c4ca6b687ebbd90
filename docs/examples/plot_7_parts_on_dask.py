"""
Data in parts, on Dask
======================

The sufficient statistics of samples can be added. So each worker computes those of its own
parts, and only statistics and parameters are sent. This example needs the extra
``distributed``: ``pip install "emgmm[distributed]"``.
"""

import dask.array
import matplotlib.pyplot as plt
import numpy as np
from distributed import Client, LocalCluster

from emgmm import GaussianMixtureEM, Parts

plt.style.use("petroff10")

# %%
# A cluster of two workers, as threads of this process. With ``Client("tcp://...")`` it is any
# other cluster.

cluster = LocalCluster(
    n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
)
client = Client(cluster)

# %%
# A Dask array of 200,000 samples in 8 parts. All features of a sample must be in one part.

generator = np.random.default_rng(0)
means = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, 4.0]])
rows = means[generator.integers(3, size=200_000)] + generator.standard_normal((200_000, 2))
rows = dask.array.from_array(rows, chunks=(25_000, 2))

model = GaussianMixtureEM(3, tol=1e-5, random_state=0).fit(
    Parts(rows), map=client.get_executor().map
)
print(f"{model.n_iter_} steps, mean log-likelihood {model.lower_bound_:.6f}")

# %%
# The same fit of one array in memory, from the same initial parameters, agrees to rounding.

X = rows.compute()
settings = {
    "weights_init": [1 / 3] * 3,
    "means_init": means,
    "covariances_init": [np.eye(2)] * 3,
}
in_parts = GaussianMixtureEM(3, tol=1e-5, **settings).fit(
    Parts(rows), map=client.get_executor().map
)
in_memory = GaussianMixtureEM(3, tol=1e-5, **settings).fit(X)
print(f"largest difference of a mean: {np.abs(in_parts.means_ - in_memory.means_).max():.0e}")
client.close()
cluster.close()

# %%
# A model predicts one array at a time.

grid = np.stack(np.meshgrid(np.linspace(-4, 7, 120), np.linspace(-4, 8, 120)), axis=-1)
density = np.exp(model.score_samples(grid.reshape(-1, 2))).reshape(120, 120)
figure, axes = plt.subplots(figsize=(6, 4.5), layout="constrained")
counts = axes.hexbin(*X.T, gridsize=70, cmap="cividis", bins="log")
axes.contour(*grid.transpose(2, 0, 1), density, levels=6, colors="white", linewidths=1)
axes.plot(*model.means_.T, "x", color="white", markersize=10, markeredgewidth=2)
axes.set(
    xlabel="feature 1", ylabel="feature 2", title="Fitted density (lines), means (crosses)"
)
figure.colorbar(counts, label="samples in a cell")
plt.show()
