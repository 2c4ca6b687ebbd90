"""Judge every claim by the tables, and write the data dictionary."""

import pandas as pd

from study.claims import judge_all
from study.configuration.schema import Claim
from study.script import logged
from study.storage import read_table, whole_file, write_table
from study.tables import PARTS, collect, data_dictionary

with logged(snakemake.log[0]):
    tables = {name: read_table(snakemake.input[name]) for name in PARTS}
    claims = {name: Claim(**claim) for name, claim in snakemake.params.claims.items()}
    rows, left_out = judge_all(claims, tables, frozenset(snakemake.params.one_draw))
    write_table(snakemake.output.claims, collect("claims", [pd.DataFrame(rows)] if rows else []))
    with whole_file(snakemake.output.dictionary) as file:
        file.write_text(data_dictionary(left_out), encoding="utf-8")
