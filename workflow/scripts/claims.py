"""Decide every claim by the tables."""

import pandas as pd

from em_study.claims.evaluate import evaluate_all
from em_study.claims.settings import Claims
from em_study.columns import COLUMNS
from em_study.data.storage import read_table, write_table
from em_study.plan.step import logged
from em_study.settings import from_params

with logged(snakemake):
    given = snakemake.params
    named = zip(given.tables, snakemake.input, strict=True)
    tables = {name: read_table(file, given.text.get(name, ())) for name, file in named}
    claims = from_params(Claims, given.claims)
    rows = evaluate_all(claims, tables, frozenset(map(tuple, given.repeated)), frozenset(given.own), given.warnings)
    write_table(snakemake.output[0], pd.DataFrame(rows, columns=list(COLUMNS["claims"])))
