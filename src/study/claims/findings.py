"""The findings in the README: sentences and tables made from the tables of the default study.

python -m study.claims.findings      # after a run: write them into README.md
"""

import sys
from pathlib import Path

import pandas as pd

from study.data.storage import read_table, whole_file
from study.evaluation.protocols import LADDER

BEGIN, END = "<!-- findings: made by `python -m study.claims.findings` -->", "<!-- end of findings -->"


def ladder(agreement: pd.DataFrame) -> str:
    """Table of the ladder on article A's data, from agreement.csv."""
    rows = agreement[agreement["experiment"] == "customers"]
    lines = [
        "| protocol | removes | rows with the same label: median (minimum) | posteriors differ by at most: median |",
        "|---|---|---|---|",
    ]
    for name, rung in LADDER.items():
        chosen = rows[rows["protocol"] == name]
        same, differ = chosen["agreement"], chosen["max_abs_posterior_difference"].median()
        lines.append(f"| `{name}` | {rung.removes} | {same.median():.1%} ({same.min():.1%}) | {differ:.0e} |")
    return "\n".join(lines)


def verdicts(claims: pd.DataFrame) -> str:
    """Table of the claims with verdict and explanation, from claims.csv."""
    lines = ["| claim | verdict | why |", "|---|---|---|"]
    for claim in claims.itertuples():
        verdict = claim.verdict.replace("_", " ")
        lines.append(f"| {claim.claim}: {claim.statement} | {verdict} | {claim.explanation} |")
    return "\n".join(lines)


def steps(fits: pd.DataFrame) -> str:
    """Sentence about the steps and accuracy on article A's data, from fits.csv."""
    parts = []
    for name in ("unsupervised", "semi_supervised", "clamped"):
        rows = fits[(fits["experiment"] == "customers") & (fits["fit"] == name)]
        good = rows[rows["failure"].isna()]
        low, high = good["n_iter"].quantile([0.05, 0.95])
        parts.append(
            f"{name} {good['n_iter'].median():.0f} (5 - 95 %: {low:.0f} - {high:.0f}), "
            f"accuracy {good['accuracy'].median():.1%}, {len(rows) - len(good)} of {len(rows)} collapsed"
        )
    return f"- Steps and accuracy on article A's data (medians): {'; '.join(parts)}."


def sweeps(summaries: dict[str, pd.DataFrame]) -> str:
    """Sentences about the four sweeps, from their summaries."""

    def mean(sweep, quantity, **where):
        rows = summaries[sweep]
        rows = rows[rows["quantity"] == quantity]
        for column, value in where.items():
            name = column.replace("__", ".")
            rows = rows[rows[name].isna() if value is None else rows[name] == value]
        return rows["mean"].mean()

    def published(n, separation):
        cell = {"data__n_unlabeled": n, "data__separation": separation, "protocol": "as_published"}
        return mean("agreement_by_size", "agreement", **cell)

    def labels(n, quantity, fit):
        return mean("labels", quantity, data__n_labeled=n, fit=fit)

    def tolerance(tol, quantity):
        return mean("false_convergence", quantity, fits__published__tol=tol, fit="published")

    grid = summaries["components_and_features"]
    grid = grid[grid["quantity"] == "agreement"]
    worst = grid[grid["protocol"] == "as_published"].sort_values("mean").iloc[0]
    equal = grid[grid["protocol"] == "same_regularization"]["low"].min()
    return "\n".join(
        [
            "- `agreement_by_size`: with well separated classes the published call agrees on "
            f"{published(1000, 1.5):.1%} of 1,000 rows, with classes at half the distance on "
            f"{published(1000, 0.5):.1%}; with 100 rows of these on {published(100, 0.5):.1%} (means).",
            "- `labels`: 10 labels take semi-supervised EM "
            f"{labels(10, 'n_iter', 'semi_supervised'):.0f} steps, 300 labels "
            f"{labels(300, 'n_iter', 'semi_supervised'):.0f}; clamped, {labels(10, 'n_iter', 'clamped'):.0f} and "
            f"{labels(300, 'n_iter', 'clamped'):.0f} (means).",
            f"- `false_convergence`: at tol 1e-3 scikit-learn takes {tolerance(1e-3, 'n_iter'):.0f} steps and gets "
            f"{tolerance(1e-3, 'accuracy'):.1%} of article B's rows right; at 1e-9 it takes "
            f"{tolerance(1e-9, 'n_iter'):.0f} and gets {tolerance(1e-9, 'accuracy'):.1%} (means).",
            "- `components_and_features`: over random mixtures the published call agrees least with "
            f"{worst['data.n_components']} components in {worst['data.n_features']} features, {worst['mean']:.1%}; "
            f"with equal settings {equal:.1%} or more of the rows agree everywhere.",
        ]
    )


def findings(tables: Path) -> str:
    """All of it, as Markdown.

    Parameters
    ----------
    tables : Path
        The folder `results/tables` of a run of the default study.
    """
    names = ("agreement_by_size", "labels", "false_convergence", "components_and_features")
    summaries = {name: read_table(tables / f"sweeps/{name}_summary.csv") for name in names}
    return "\n".join(
        [
            BEGIN,
            "",
            verdicts(read_table(tables / "claims.csv")),
            "",
            "Why 99.4 % is not 100 %: each protocol removes one difference from the one before.",
            "",
            ladder(read_table(tables / "agreement.csv")),
            "",
            steps(read_table(tables / "fits.csv")),
            sweeps(summaries),
            "",
            END,
        ]
    )


def within(text: str) -> str:
    """Cut the findings out of the README's text."""
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def main():
    """Write the findings into README.md."""
    readme = Path("README.md")
    text = readme.read_text(encoding="utf-8")
    with whole_file(readme) as file:
        file.write_text(text.replace(within(text), findings(Path("results/tables"))), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
