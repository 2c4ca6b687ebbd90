"""Documents made from templates and tables of the default study: findings, claims' history, rules of verdicts."""

from pathlib import Path

import jinja2
import pandas as pd
import yaml

from em_study.claims import kinds
from em_study.claims.verdicts import VERDICTS
from em_study.data.storage import holding, read_table, write_text
from em_study.diagnosis.deviations import SEARCHED
from em_study.diagnosis.report import words_of
from em_study.errors import StudyError
from em_study.evaluation.protocols import LADDER
from em_study.places import ROOT
from em_study.wording import Measured

TABLES = ("agreement", "claims", "diagnosis", "fits", "measurements")
ORIGINAL = "articles/original/xu_2021.yaml"  # results of article A's claims on its author's data
BEGIN, END = "<!-- findings", "<!-- end of findings -->"


def document(template: str, tables: dict | None = None) -> str:
    """Fill a template of docs/templates with tables, by their names; "sweeps" are the summaries, by sweep."""
    environment = jinja2.Environment(  # noqa: S701 (makes Markdown)
        loader=jinja2.FileSystemLoader(ROOT / "docs/templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"to": _written, "average": _average}
    original = yaml.safe_load((ROOT / ORIGINAL).read_text(encoding="utf-8"))
    environment.globals |= {"rows": _rows, "ladder": LADDER, "verdicts": VERDICTS, "kinds": kinds}
    environment.globals |= {"original": original, "deviations": SEARCHED, "words_of": words_of}
    return environment.get_template(template).render(tables or {})


def _rows(table: pd.DataFrame, where: dict) -> pd.DataFrame:
    """Select the rows that fulfil all conditions; an empty text means an empty cell."""
    for column, wanted in where.items():
        table = table[holding(table[column], wanted)]
    return table


def _written(value, spec: str) -> str:
    """Format a value, with a space before the percent sign."""
    text = format(value, spec)
    return text if isinstance(value, Measured) else text.replace("%", " %")  # a Measured has the space already


def _average(values: pd.Series) -> Measured:
    """Average values, to be written with no digit beyond the Monte Carlo standard error."""
    return Measured(values.mean(), values.sem())


def tables_of(folder: Path) -> dict:
    """Read the tables of a run from `results/tables`."""
    sweeps = folder.glob("sweeps/*_summary.csv")
    tables = {name: read_table(folder / f"{name}.csv") for name in TABLES}
    return tables | {"sweeps": {file.stem.removesuffix("_summary"): read_table(file) for file in sweeps}}


def write_document(name: str, results: Path):
    """Write docs/<name>.md by its template, from the tables of another run than the default study's.

    Raises
    ------
    StudyError
        If there are none.
    """
    folder = results / "tables"
    if not folder.is_dir():
        raise StudyError(f"{folder} does not exist: the document needs the tables of a run")
    write_text(f"docs/{name}.md", document(f"{name}.md", tables_of(folder)) + "\n")


def within(text: str) -> str:
    """Cut the findings out of the README's text."""
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def write_findings():
    """Write docs/verdicts.md; after a run, docs/findings.md, docs/claims-history.md and README's findings too.

    Raises
    ------
    StudyError
        If there was no run.
    """
    write_text("docs/verdicts.md", document("verdicts.md") + "\n")
    folder, readme = Path("results/tables"), Path("README.md")
    if not folder.is_dir():
        raise StudyError(
            "results/tables does not exist: the findings and the claims' history need the tables of a run. Only "
            "docs/verdicts.md was written."
        )
    tables, text = tables_of(folder), readme.read_text(encoding="utf-8")
    for name in ("findings.md", "claims-history.md"):
        write_text(f"docs/{name}", document(name, tables) + "\n")
    write_text(readme, text.replace(within(text), document("highlights.md", tables)))
