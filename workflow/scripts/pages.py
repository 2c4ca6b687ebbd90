"""Make the pages of the report."""

import json
from pathlib import Path

from study.claims.opening import opening
from study.data.storage import read_table, whole_file
from study.plan.step import logged
from study.tables.columns import COLUMNS
from study.tables.pages import table_page

with logged(snakemake.log[0]):
    manifest = json.loads(Path(snakemake.input.manifest[0]).read_text(encoding="utf-8"))
    claims = read_table(snakemake.input.claims)
    experiments = manifest["configuration"]["experiments"]
    origins = {name: found["data"]["origin"] for name, found in experiments.items() if found["data"]["origin"]}
    with whole_file(snakemake.output.opening) as file:
        file.write_text(opening(claims, origins, manifest["configuration_sha256"]), encoding="utf-8")
    for source, page in zip(snakemake.input.tables, snakemake.output.tables, strict=True):
        name = Path(source).stem
        text = table_page(
            read_table(source),
            name,
            f"{source}, as this run wrote it.",
            COLUMNS.get(name, {}),
            snakemake.input.template,
        )
        with whole_file(page) as file:
            file.write_text(text, encoding="utf-8")
