"""Describe the run: commit, configuration, versions, the checksum of every file, and the record of every job."""

import json
from pathlib import Path

from study.audit.manifest import git_state, make_manifest
from study.audit.record import ABOUT_THE_RUN
from study.data.storage import whole_file
from study.plan.places import ROOT
from study.plan.step import logged

with logged(snakemake):
    for stale in ABOUT_THE_RUN:  # of the run before
        Path(stale).unlink(missing_ok=True)
    manifest = make_manifest(git_state(ROOT), dict(snakemake.params.items()), snakemake.input)
    with whole_file(snakemake.output[0]) as file:
        file.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
