"""Make the pages of the report."""

import json
from pathlib import Path

from em_study.audit.record import changes_in
from em_study.claims.opening import opening
from em_study.columns import COLUMNS
from em_study.data.storage import read_table, write_text
from em_study.plan.step import logged
from em_study.sweeps.settings import text_keys
from em_study.tables.pages import table_page

with logged(snakemake):
    manifest = json.loads(Path(snakemake.input.manifest).read_text(encoding="utf-8"))
    experiments, sweeps = (manifest["configuration"][key] for key in ("experiments", "sweeps"))
    origins = {name: found["data"]["origin"] for name, found in experiments.items() if found["data"]["origin"]}
    claims, changes = read_table(snakemake.input.claims), map(str, changes_in(manifest))
    write_text(
        snakemake.output.opening,
        opening(claims, origins, manifest["configuration_sha256"], snakemake.input.frame, changes),
    )
    for table, page in zip(snakemake.input.tables, snakemake.output.tables, strict=True):
        name = Path(table).stem
        meanings = {key: column.description for key, column in COLUMNS.get(name, {}).items()}
        vary = sweeps.get(name.removesuffix("_summary"), {"vary": {}})["vary"]
        write_text(page, table_page(table, name, meanings, snakemake.input.template, text_keys(vary)))
