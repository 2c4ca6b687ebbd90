"""Describe the run: commit, configuration, versions, and the checksum of every file."""

import json

from study.audit.manifest import make_manifest
from study.data.storage import whole_file
from study.plan.step import logged

with logged(snakemake):
    manifest = make_manifest(
        snakemake.params.git,
        snakemake.params.study,
        snakemake.input.configuration,
        snakemake.input.articles,
        snakemake.params.caller,
        snakemake.params.kernels,
        snakemake.input.files,
        snakemake.input.code,
        snakemake.input.outputs,
    )
    with whole_file(snakemake.output[0]) as file:
        file.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
