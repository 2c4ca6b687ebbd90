"""The findings, sentences and tables made from the tables of the default study.

python -m study.claims.findings      # after a run: write docs/findings.md, and the ones that matter into README.md
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


def highlights(tables: Path) -> str:
    """List the five findings that matter, for the README.

    Parameters
    ----------
    tables : Path
        The folder `results/tables` of a run of the default study.
    """
    agreement, fits, claims = (read_table(tables / f"{name}.csv") for name in ("agreement", "fits", "claims"))
    rungs = agreement[agreement["experiment"] == "customers"].groupby("protocol")
    same, differ = rungs["agreement"].median(), rungs["max_abs_posterior_difference"].median()
    n_draws = len(rungs.get_group("as_published"))
    good = fits[fits["failure"].isna()].groupby(["experiment", "fit"])
    steps, right = good["n_iter"].median(), good["accuracy"].median()
    observed = claims.set_index("claim")["observed"]

    def customers(fit):
        return f"{steps['customers', fit]:.0f} steps and gets {right['customers', fit]:.1%} of the rows right"

    lines = [
        f"scikit-learn, called as article A calls it, gives {same['as_published']:.1%} of the rows our EM's label "
        f"(median of {n_draws} draws; the article has 99.4 %).",
        "The reason that the article gives does not hold. It hands covariances to `precisions_init`, which wants their "
        f"inverses. With the inverses {same['exact_precisions']:.1%} agree; with equal settings "
        f"{same['same_regularization']:.1%}, and the posteriors to {differ['same_regularization']:.0e} (medians).",
        f"Labels save steps: semi-supervised EM takes {customers('semi_supervised')}, unsupervised EM takes "
        f"{customers('unsupervised')} (medians, without those that collapsed).",
        f"Article B's settings stop scikit-learn after {steps['processes', 'published']:.0f} steps, where the "
        f"likelihood is nearly flat: {right['processes', 'published']:.1%} of the rows are right. At tol 1e-9 it takes "
        f"{steps['processes', 'tol_1e9']:.0f} steps and gets {right['processes', 'tol_1e9']:.1%} (medians).",
        f"Article C's printed numbers come out, {observed['C1']:.0f} of 6 to every digit, on one draw of NumPy's "
        f"legacy generator. On one draw of article A's data {1 - observed['C4']:.1%} of the random starts that do not "
        "collapse end in a worse optimum.",
    ]
    return "\n".join([BEGIN, "", *(f"{number}. {line}" for number, line in enumerate(lines, start=1)), "", END])


def findings(tables: Path) -> str:
    """All findings, the text of docs/findings.md; parameters as in `highlights`."""
    names = ("agreement_by_size", "labels", "false_convergence", "components_and_features")
    summaries = {name: read_table(tables / f"sweeps/{name}_summary.csv") for name in names}
    return "\n".join(
        [
            "# Findings of the default study",
            "",
            "Made from its tables by `python -m study.claims.findings`.",
            "",
            "## Every claim",
            "",
            verdicts(read_table(tables / "claims.csv")),
            "",
            "## Why 99.4 % is not 100 %",
            "",
            "Each protocol removes one difference from the one before.",
            "",
            ladder(read_table(tables / "agreement.csv")),
            "",
            "## Fits and sweeps",
            "",
            steps(read_table(tables / "fits.csv")),
            sweeps(summaries),
            "",
        ]
    )


def within(text: str) -> str:
    """Cut the findings out of the README's text."""
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def main():
    """Write the findings."""
    tables, readme = Path("results/tables"), Path("README.md")
    text = readme.read_text(encoding="utf-8")
    for path, content in {
        Path("docs/findings.md"): findings(tables),
        readme: text.replace(within(text), highlights(tables)),
    }.items():
        with whole_file(path) as file:
            file.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
