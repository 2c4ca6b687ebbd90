"""Judge every claim by the tables, and write the data dictionary."""

import pandas as pd

from study.claims.judge import judge_all
from study.configuration.schema import Claim
from study.data.storage import read_table, whole_file, write_table
from study.plan.step import logged
from study.tables.collect import PARTS, collect
from study.tables.dictionary import data_dictionary

with logged(snakemake.log[0]):
    tables = {name: read_table(snakemake.input[name]) for name in PARTS}
    claims = {name: Claim(**claim) for name, claim in snakemake.params.claims.items()}
    rows = judge_all(claims, tables, frozenset(snakemake.params.one_draw))
    write_table(snakemake.output.claims, collect("claims", [pd.DataFrame(rows)] if rows else []))
    with whole_file(snakemake.output.dictionary) as file:
        file.write_text(data_dictionary(), encoding="utf-8")
