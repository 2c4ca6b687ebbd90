"""Describe the run: commit, configuration, versions, the checksum of every file, and the record of every job."""

import json

from em_study.audit.manifest import git_state, make_manifest
from em_study.audit.record import forget_descriptions
from em_study.data.storage import write_text
from em_study.places import ROOT
from em_study.plan.step import logged

with logged(snakemake):
    forget_descriptions(snakemake.params.caller)
    manifest = make_manifest(git_state(ROOT), dict(snakemake.params.items()), snakemake.input)
    write_text(snakemake.output[0], json.dumps(manifest, indent=1) + "\n")
