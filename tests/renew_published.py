"""Renew the published results of the small study that tests run: `python tests/renew_published.py`."""

import sys
import tempfile
from pathlib import Path

from project import make_project, snakemake

from em_study.audit.results import Results, publish

with tempfile.TemporaryDirectory() as folder:
    project = make_project(Path(folder) / "project")
    run = snakemake(project, "results/manifest.json", cores=4)
    if run.returncode:
        sys.exit(run.stderr)
    publish(Results(project), Path(__file__).with_name("published_small.zip"))
