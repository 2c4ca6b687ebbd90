"""
Decide a claim of your own
==========================

A claim, a table, and a verdict: this program writes a table and a configuration to a temporary
folder, runs the study there, and reads the answer. It needs the study (``em-study``), with
Snakemake. On the command line, two commands do the same: :doc:`/tutorial`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

from em_study.places import ROOT  # the folder of the study

plt.style.use("petroff10")
folder = Path(tempfile.mkdtemp())

# %%
# The table: 150 flowers, of which a fifth have a label. An empty cell is a flower without a
# label.

iris = load_iris(as_frame=True)
table = iris.data.rename(columns=lambda name: name.removesuffix(" (cm)").replace(" ", "_"))
species = iris.target_names[iris.target]
labeled = np.random.default_rng(0).random(len(table)) < 0.2
table["species"] = np.where(labeled, species, "")
table.to_csv(folder / "flowers.csv", index=False)

# %%
# The claim: "a third of the flowers are virginica". With ``resample: bootstrap``, replicates
# are drawn from the samples, so that the share has an interval.

(folder / "flowers.yaml").write_text("""
experiments:
  flowers:
    data:
      source: csv
      features: [sepal_length, sepal_width, petal_length, petal_width]
      rows: {path: flowers.csv, label: species}
      resample: bootstrap
    fits:
      semi_supervised: {initialization: shrunken_labels, semi_supervised: clamped, tol: 1.0e-6}
    replicates: 100
claims:
  M1:
    statement: A third of the flowers are virginica.
    experiment: flowers
    kind: number
    table: estimates
    where: {fit: semi_supervised, class: virginica, parameter: weight}
    quantity: value
    published: 0.333
""")
command = [
    sys.executable,
    "-m",
    "snakemake",
    "--cores",
    "1",
    "--snakefile",
    ROOT / "Snakefile",
    "--configfile",
]
command += [ROOT / "config/empty.yaml", "flowers.yaml", "--", "results/tables/claims.csv"]
subprocess.run(command, cwd=folder, check=True, capture_output=True)

# %%
# The verdict, with its reason:

(claim,) = pd.read_csv(folder / "results/tables/claims.csv").to_dict("records")
print(claim["statement"], "->", claim["verdict"])
print(claim["explanation"])

# %%
# The shares in the resamples, with the claimed one:

estimates = pd.read_csv(folder / "results/tables/estimates.csv")
shares = estimates.query("`class` == 'virginica' and parameter == 'weight'")["value"]

figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
axes.hist(100 * shares, bins=20, color="0.8")
axes.axvspan(
    100 * claim["range_low"],
    100 * claim["range_high"],
    alpha=0.2,
    label="95 % of the resamples",
)
axes.axvline(100 * claim["published"], color="black", linestyle=":", label="claimed")
axes.set(xlabel="share of virginica (%)", ylabel="number of resamples")
axes.legend()
plt.show()
