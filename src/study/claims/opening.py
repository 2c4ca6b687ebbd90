"""The report's opening page: every claim and its verdict. All text is escaped."""

from html import escape

import pandas as pd

TITLE = "EM for Gaussian mixtures: what is claimed, reproduced and audited"
VERDICTS = {
    "reproduced": "#009E73",
    "reproduced_in_distribution": "#0072B2",
    "explained": "#E69F00",
    "not_reproduced": "#D55E00",
    "not_tested": "#666666",
}


def opening(claims: pd.DataFrame, configuration_sha256: str) -> str:
    """Make the report's opening page, reStructuredText around a table in HTML."""
    lines = [
        TITLE,
        "=" * len(TITLE),
        "",
        "Each claim of the sources, what this run observed, and why. The tables and figures are on the left.",
        "",
        ".. raw:: html",
        "",
        "   {% raw %}",
        '   <table style="border-collapse: collapse">',
        "   <tr><th>claim</th><th>statement</th><th>published</th><th>observed (95 %)</th><th>verdict</th></tr>",
    ]
    cell = '<td style="border-top: 1px solid #ccc; padding: .4em .8em; vertical-align: top">'
    for row in claims.itertuples():
        observed = f"{row.observed:.4g} ({row.interval_low:.4g} to {row.interval_high:.4g})"
        observed = "" if row.verdict == "not_tested" else observed
        color = VERDICTS.get(row.verdict, "black")
        cells = [
            escape(str(row.claim)),
            f"{escape(str(row.statement))}<br><small>{escape(str(row.explanation))}</small>",
            f"{row.published:g}",
            observed,
            f'<b style="color: {color}">{escape(str(row.verdict).replace("_", " "))}</b>',
        ]
        lines.append("   <tr>" + "".join(f"{cell}{text}</td>" for text in cells) + "</tr>")
    lines += ["   </table>", "   {% endraw %}", ""]
    lines += [f"Configuration: sha256 ``{configuration_sha256}``. See results/manifest.json.", ""]
    return "\n".join(lines)
