"""Combine, summarize and plot a sweep table of many rows, for study.py; print seconds of both, and megabytes.

python benchmarks/large_table.py N_ROWS FOLDER
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.pop(0)  # this folder, whose study.py is another than the package
from em_study.columns import SWEEP_COLUMNS
from em_study.data.storage import read_rows
from em_study.figures.style import save
from em_study.figures.sweep import draw
from em_study.sweeps.run import put_together
from em_study.sweeps.settings import Sweep

REPLICATES = 100


def megabytes():
    """Return the peak memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


n_rows, folder = int(sys.argv[1]), Path(sys.argv[2])
draws, sizes, distances = np.random.default_rng(0), range(100), range(n_rows // (100 * REPLICATES))
vary = {"data.n_unlabeled": list(sizes), "data.separation": list(distances)}
parts = []
for size in sizes:
    rows = pd.DataFrame({"data.n_unlabeled": size, "data.separation": np.repeat(distances, REPLICATES)})
    rows = rows.reindex(columns=[*vary, *SWEEP_COLUMNS]).assign(fit="f", replicate=0, seed=1, n_iter=9, converged=True)
    rows[["mean_log_likelihood", "bic", "aic", "accuracy"]] = draws.random((len(rows), 4))
    parts.append(folder / f"part_{size}.csv")
    rows.to_csv(parts[-1], index=False)
at_first, begun = megabytes(), time.perf_counter()
put_together(parts, list(vary), folder / "table.csv", folder / "summary.csv")
together = time.perf_counter() - begun
figure = {"x": "data.n_unlabeled", "y": "accuracy", "color": "data.separation", "kind": "heatmap"}
sweep = Sweep.model_validate({"experiment": "mine", "vary": vary, "replicates": REPLICATES, "figure": figure})
drawn = draw(read_rows(folder / "summary.csv", "quantity", {"accuracy", "converged"}), sweep, "large")
save(drawn, folder / "figure.svg", folder / "figure.png")
print(f"{together:.1f} {time.perf_counter() - begun - together:.1f} {megabytes()} {megabytes() - at_first}")
