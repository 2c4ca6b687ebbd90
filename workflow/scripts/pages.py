"""Make the pages of the report."""

import json
from pathlib import Path

from em_study.audit.record import changes_in
from em_study.claims.opening import opening
from em_study.data.storage import read_table, whole_file
from em_study.plan.step import logged
from em_study.sweeps.cells import text_keys
from em_study.tables.columns import COLUMNS
from em_study.tables.pages import table_page


def write(place, text):
    """Write a page."""
    with whole_file(place) as file:
        file.write_text(text, encoding="utf-8")


with logged(snakemake):
    manifest = json.loads(Path(snakemake.input.manifest[0]).read_text(encoding="utf-8"))
    experiments, sweeps = (manifest["configuration"][key] for key in ("experiments", "sweeps"))
    origins = {name: found["data"]["origin"] for name, found in experiments.items() if found["data"]["origin"]}
    claims = read_table(snakemake.input.claims)
    changes, sha256 = map(str, changes_in(manifest)), manifest["configuration_sha256"]
    write(snakemake.output.opening, opening(claims, origins, sha256, snakemake.input.frame, changes))
    for table, page in zip(snakemake.input.tables, snakemake.output.tables, strict=True):
        name = Path(table).stem
        vary = sweeps.get(name.removesuffix("_summary"), {"vary": {}})["vary"]
        write(page, table_page(table, name, COLUMNS.get(name, {}), snakemake.input.template, text_keys(vary)))
