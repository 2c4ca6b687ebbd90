"""Judge every claim by the tables, and write the data dictionary."""

import pandas as pd
from pydantic import TypeAdapter

from em_study.claims.judge import judge_all
from em_study.claims.settings import Claims
from em_study.columns import COLUMNS, PARTS
from em_study.data.storage import read_table, whole_file, write_table
from em_study.plan.step import logged
from em_study.tables.dictionary import data_dictionary

with logged(snakemake):
    tables = {name: read_table(snakemake.input[name]) for name in PARTS}
    sweeps = zip(snakemake.params.sweeps, snakemake.input.sweeps, strict=True)
    tables |= {f"sweeps/{name}": read_table(file, snakemake.params.text[name]) for name, file in sweeps}
    claims = TypeAdapter(Claims).validate_python(snakemake.params.claims)
    given = snakemake.params
    rows = judge_all(claims, tables, frozenset(map(tuple, given.repeated)), given.warnings)
    write_table(snakemake.output.claims, pd.DataFrame(rows, columns=list(COLUMNS["claims"])))
    with whole_file(snakemake.output.dictionary) as file:
        file.write_text(data_dictionary(given.changes), encoding="utf-8")
