"""Time of a sweep compared with the arithmetic of the same fits alone.

    python benchmarks/sweep.py [--cores 2]

Runs config/large-sweep.yaml (200 cells x 50 replicates, both implementations) by Snakemake in a temporary copy, and the
same fits in one plain Python loop a core: only the EM of both, on the same rows from the same starts. Prints both
times and their ratio.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from results import machine, write_section

sys.path.pop(0)  # this folder, whose study.py is another than the package
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
ROOT = Path(__file__).parent.parent
AIM = 1.25


def bare(part, n_parts):
    """Run every n-th cell's fits; return seconds spent in EM alone."""
    os.chdir(ROOT)
    import emgmm
    from em_study.configuration.loading import load
    from em_study.fits import sklearn_adapter
    from em_study.sweeps.cells import Cells
    from em_study.sweeps.run import data_seed

    study = load(["config.yaml", "config/large-sweep.yaml"]).study
    sweep = study.sweeps["large"]
    seconds = 0.0
    for cell in list(Cells(sweep, study.experiments["customers"]))[part::n_parts]:
        fit = cell.experiment.fits["semi_supervised"]
        dataset = cell.experiment.data.load(sweep.replicates, data_seed(cell, study.seed), "sweep")
        for r in range(sweep.replicates):
            rows = dataset.replicate(r)
            try:
                start = emgmm.parameters_from_labels(rows.labeled, rows.labels, 2)
            except emgmm.CollapsedComponentError:  # too few labels of a class: neither side fits these
                continue
            begin = time.perf_counter()
            emgmm.expectation_maximization(rows.unlabeled, start, emgmm.article_stopping(fit.tol, fit.max_iter))
            sklearn_adapter.fit(rows.unlabeled, start, tol=fit.tol, max_iter=fit.max_iter, reg_covar=1e-6)
            seconds += time.perf_counter() - begin
    return seconds


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, default=2)
    cores = parser.parse_args().cores
    with ProcessPoolExecutor(cores) as pool:
        arithmetic = max(pool.map(bare, range(cores), [cores] * cores))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("Snakefile", "config.yaml"):
            shutil.copy(ROOT / name, folder)
        for name in ("articles", "config", "profiles", "src", "workflow"):
            shutil.copytree(ROOT / name, Path(folder) / name)
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", "config/large-sweep.yaml"]
        begin = time.perf_counter()
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", *command, "--", "results/tables/sweeps/large.csv"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        sweep = time.perf_counter() - begin
    text = (
        f"Written by `python benchmarks/sweep.py`. {machine()}. 20,000 fits on {cores} cores: the sweep {sweep:.1f} s, "
        f"EM alone {arithmetic:.1f} s, ratio **{sweep / arithmetic:.2f}** (aim: at most {AIM})."
    )
    write_section("A sweep", [text])
    print(text)


if __name__ == "__main__":
    main()
