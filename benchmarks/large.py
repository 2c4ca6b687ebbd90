"""The study on large data of a user: seconds and peak memory of each stage, compared with the memory of the data.

    python benchmarks/large.py [--rows 100000 1000000 5000000]

Writes the section "Large data" of benchmarks/RESULTS.md.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from results import machine, row, write_section

ROOT = Path(__file__).parents[1]
N_FEATURES = 4
N_LABELED = 500
FEATURES = [f"x{d + 1}" for d in range(N_FEATURES)]


def write_files(folder, n_rows, ending):
    """Write samples of two components, and some labeled ones; return megabytes of the file."""
    draw = np.random.default_rng(0)
    for name, n in (("unlabeled", n_rows), ("labeled", N_LABELED)):
        y = draw.integers(2, size=n)
        table = pd.DataFrame(draw.standard_normal((n, N_FEATURES)) + 2.5 * y[:, None], columns=FEATURES).assign(y=y)
        if ending == "parquet":
            table.to_parquet(folder / f"{name}.parquet")
        else:
            table.to_csv(folder / f"{name}.csv", index=False)
    return (folder / f"unlabeled.{ending}").stat().st_size / 1e6


def settings(ending):
    """Make the configuration."""
    files = {name: {"path": f"{name}.{ending}", "target": "y"} for name in ("unlabeled", "labeled")}
    semi_supervised = {"initialization": "labels", "semi_supervised": "clamped"}
    return {
        "experiments": {
            "large": {
                "data": {"source": "csv", "features": FEATURES, **files},
                "fits": {"unsupervised": {"initialization": "kmeans"}, "clamped": semi_supervised},
                "predictions": "parquet",
            }
        }
    }


def run(n_rows, ending):
    """Run the study; return megabytes of the file, seconds and peak megabytes by stage, and megabytes of results."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_files(folder, n_rows, ending)
        (folder / "large.yaml").write_text(yaml.safe_dump(settings(ending)))
        overlays = str(ROOT / "config" / "empty.yaml"), "large.yaml"
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            ROOT / "Snakefile",
            "--directory",
            folder,
            "--cores",
            "1",
        ]
        command += ["--executor", "local", "--workflow-profile", "none", "--configfile", *overlays]
        # A process of its own for each job: what one has held is not the next one's.
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)  # noqa: S603
        if ran.returncode:
            sys.exit(ran.stdout + ran.stderr)
        jobs = json.loads((folder / "results/run.json").read_text())["jobs"]
        stages = {}
        for job in jobs:
            seconds, memory = stages.get(job["rule"], (0.0, 0))
            stages[job["rule"]] = max(seconds, job["seconds"]), max(memory, job["peak_memory_mb"])
        largest = max((file.stat().st_size for file in folder.glob("results/figures/**/*.svg")), default=0) / 1e6
        predictions = max(file.stat().st_size for file in folder.glob("results/predictions/**/*.parquet")) / 1e6
        if kept := os.environ.get("KEEP_FIGURES"):
            shutil.copytree(folder / "results/figures", Path(kept) / f"{n_rows}_{ending}", dirs_exist_ok=True)
        return size, stages, largest, predictions


def main():
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 5_000_000])
    sizes = parser.parse_args().rows
    runs = {(n_rows, "csv"): run(n_rows, "csv") for n_rows in sizes}
    runs[sizes[-1], "parquet"] = run(sizes[-1], "parquet")
    _, empty, _, _ = run(1_000, "csv")
    names = [f"{n_rows:,} ({ending})" for n_rows, ending in runs]
    lines = [
        f"Written by `python benchmarks/large.py`. {machine()}.",
        f"Samples of {N_FEATURES} features and a class, of two components, in a user's file; two fits. "
        "Each job in its own",
        "process: seconds of the slowest job of a stage / peak memory of the largest in MB, minus that of the stage",
        "for 1,000 samples (which is the libraries'). The predictions are Parquet files.",
        "",
        row(["", *names]),
        row(["---"] * (len(names) + 1)),
        row(["numbers, MB", *(f"{8 * N_FEATURES * n_rows / 1e6:.0f}" for n_rows, _ in runs)]),
        row(["file, MB", *(f"{size:.0f}" for size, *_ in runs.values())]),
    ]
    for stage in empty:
        if stage in ("pages", "report_image"):
            continue
        cells = []
        for _, stages, _, _ in runs.values():
            seconds, memory = stages.get(stage, (np.nan, np.nan))
            cells.append(f"{seconds:.1f} / {max(0, memory - empty[stage][1])}")
        lines.append(row([stage, *cells]))
    lines.append(row(["largest SVG, MB", *(f"{largest:.2f}" for _, _, largest, _ in runs.values())]))
    lines.append(row(["predictions of a fit, MB", *(f"{found:.0f}" for *_, found in runs.values())]))
    print("\n".join(lines))
    write_section("Large data", lines)


if __name__ == "__main__":
    main()
