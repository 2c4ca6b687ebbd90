"""The report's opening page: every claim and its verdict. All text is escaped."""

from html import escape
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from em_study import TITLE
from em_study.claims.verdicts import VERDICTS


def opening(claims: pd.DataFrame, origins: dict[str, str], configuration_sha256: str, template, changes=()) -> str:
    """Make the report's opening page, reStructuredText around a table in HTML.

    Parameters
    ----------
    claims : DataFrame
        claims.csv.
    origins : dict
        Provenance of the data, by the names of experiments.
    configuration_sha256 : str
    template : path-like
        A Jinja template.
    changes : iterable of str
        Changes of the articles' settings in this run.
    """
    environment = jinja2.Environment(
        autoescape=True, finalize=_escaped, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["to"] = format
    return environment.from_string(Path(template).read_text(encoding="utf-8")).render(
        title=TITLE,
        claims=list(claims.itertuples()),
        verdicts=VERDICTS,
        changes=changes,
        origins=origins,
        configuration_sha256=configuration_sha256,
    )


def _escaped(value) -> Markup:
    """Escape a text for HTML on one line, and braces for Jinja, which Snakemake sends the page through."""
    if isinstance(value, Markup):
        return value
    text = escape(" ".join(str(value).split())).replace("{", "&#123;").replace("}", "&#125;")
    return Markup(text)  # noqa: S704 (escaped)
