"""The report's opening page: every claim and its verdict. All text is escaped."""

from html import escape

import pandas as pd

from em_study import TITLE
from em_study.claims.verdicts import VERDICTS

HEADINGS = ("claim", "statement", "compared with", "observed (95 % interval)", "draws that fulfil it", "verdict")
OWN_DATA = "on the source's own data"


def opening(claims: pd.DataFrame, origins: dict[str, str], configuration_sha256: str, changes=()) -> str:
    """Make the report's opening page, reStructuredText around a table in HTML.

    Parameters
    ----------
    claims : DataFrame
        claims.csv.
    origins : dict
        Where the data of experiments come from, by their names.
    configuration_sha256 : str
    changes : iterable of str
        What the run has changed of the articles.
    """
    own_data = claims["original_verdict"].notna().any()
    lines = [
        TITLE,
        "=" * len(TITLE),
        "",
        "Each claim of the sources, what this run observed, and why. The rules are in docs/verdicts.md.",
        "The tables are on the left, and the figures that show a whole experiment, a sweep, or a fit that a claim",
        "names; results/figures has all. A table that a browser shows as text opens from results/report.",
        "The page `results/index.html <index.html>`_ shows the draws behind each verdict, and EM to watch.",
        "",
        ".. raw:: html",
        "",
        '   <table style="border-collapse: collapse">',
        "   <tr>" + "".join(f"<th>{name}</th>" for name in (*HEADINGS, *([OWN_DATA] if own_data else []))) + "</tr>",
    ]
    cell = '<td style="border-top: 1px solid #ccc; padding: .4em .8em; vertical-align: top">'
    for row in claims.itertuples():
        cells = [
            f"{_text(row.claim)}<br><small>{_text(row.source)}</small>",
            f"{_text(row.statement)}<br><small>{_text(row.explanation)}</small>",
            _number(row.published) + ("<br><small>set by this study</small>" if row.threshold_of == "study" else ""),
            _observed(row),
            _fulfilled(row),
            _verdict(row.verdict),
        ]
        if own_data:
            told = pd.notna(row.original_verdict)
            cells.append(f"{_number(row.original_observed)}: {_verdict(row.original_verdict)}" if told else "")
        lines.append("   <tr>" + "".join(f"{cell}{text}</td>" for text in cells) + "</tr>")
    lines += ["   </table>"]
    lines += [f"   <p>Not with the article's settings: {_text(change)}.</p>" for change in changes]
    lines += [f"   <p><b>{_text(name)}</b>: {_text(text)}</p>" for name, text in origins.items()]
    lines += [""]
    lines += [f"Configuration: sha256 ``{configuration_sha256}``. See results/manifest.json.", ""]
    return "\n".join(lines)


def _text(value) -> str:
    """Escape a text for HTML on one line, and braces for Jinja, which Snakemake sends the page through."""
    return escape(" ".join(str(value).split())).replace("{", "&#123;").replace("}", "&#125;")


def _number(value) -> str:
    return "" if pd.isna(value) else f"{value:.4g}"


def _observed(row) -> str:
    interval = f" ({row.interval_low:.4g} to {row.interval_high:.4g})" if pd.notna(row.interval_low) else ""
    return _number(row.observed) + interval


def _fulfilled(row) -> str:
    if pd.isna(row.share_holding):
        return ""
    return f"{row.share_holding:.1%} of {row.n_replicates}<br><small>{_text(row.criterion)}</small>"


def _verdict(verdict) -> str:
    known = VERDICTS.get(verdict)
    return f'<b style="color: {known.colors[0] if known else "black"}">{_text(known.words if known else verdict)}</b>'
