"""The findings, sentences and tables made from the tables of the default study.

python -m em_study.claims.findings      # after a run: write docs/findings.md, and the ones that matter into README.md
"""

from pathlib import Path

import pandas as pd

from em_study.claims.verdicts import VERDICTS
from em_study.command import run
from em_study.data.storage import read_table, whole_file
from em_study.evaluation.protocols import LADDER

BEGIN, END = "<!-- findings: made by `python -m em_study.claims.findings` -->", "<!-- end of findings -->"


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
    lines = ["| claim | verdict | on the source's own data | why |", "|---|---|---|---|"]
    for claim in claims.itertuples():
        own = "" if pd.isna(claim.original_verdict) else VERDICTS[claim.original_verdict].words
        lines.append(
            f"| {claim.claim}: {claim.statement} | {VERDICTS[claim.verdict].words} | {own} | {claim.explanation} |"
        )
    return "\n".join(lines)


def steps(fits: pd.DataFrame) -> str:
    """Sentence about the steps and accuracy on article A's data, from fits.csv."""
    parts = []
    for name in ("unsupervised", "labels_only", "semi_supervised", "clamped"):
        rows = fits[(fits["experiment"] == "customers") & (fits["fit"] == name)]
        good = rows[rows["failure"].isna()]
        low, high = good["n_iter"].quantile([0.025, 0.975])
        parts.append(
            f"{name} {good['n_iter'].median():.0f} (95 % of {len(good)} draws: {low:.0f} to {high:.0f}), accuracy "
            f"{good['accuracy'].median():.1%}, {len(rows) - len(good)} of {len(rows)} collapsed"
        )
    return f"- Steps and accuracy on article A's data (medians): {'; '.join(parts)}."


def sweeps(summaries: dict[str, pd.DataFrame]) -> str:
    """Sentences about the sweeps, from their summaries; how many draws are behind each mean, and how many failed."""

    def rows(sweep, quantity, **where):
        found = summaries[sweep]
        found = found[found["quantity"] == quantity]
        for column, value in where.items():
            name = column.replace("__", ".")
            found = found[found[name].isna() if value is None else found[name] == value]
        return found

    def told(sweep, quantity, **where):
        row = rows(sweep, quantity, **where).iloc[0]
        every = rows(sweep, "converged", **where)
        failed = int(every["n"].iloc[0] - row["n"]) if len(every) else 0
        value = f"{row['mean']:.0f} steps" if quantity == "n_iter" else f"{row['mean']:.1%} of the rows"
        return f"{value} ({row['n']} draws{f', {failed} more collapsed' if failed else ''})"

    def published(n, separation):
        cell = {"data__n_unlabeled": n, "data__separation": separation, "protocol": "as_published"}
        return told("agreement_by_size", "agreement_aligned", **cell)

    def labels(n, quantity, fit):
        return told("labels", quantity, data__n_labeled=n, fit=fit)

    def right(n):
        first, second, third = (labels(n, "accuracy", fit) for fit in ("labels_only", "semi_supervised", "clamped"))
        return f"with {n} labels, these alone get right {first}, semi-supervised EM {second} and clamped {third}"

    def false_convergence(tol):
        cell = {"fits__published__tol": tol, "fit": "published"}
        return " and gets right ".join(
            told("false_convergence", quantity, **cell) for quantity in ("n_iter", "accuracy")
        )

    def both(tol):
        cell = {"fits__unsupervised__tol": tol}
        fits = ("unsupervised", "semi_supervised")
        return " and ".join(told("steps_by_tolerance", "n_iter", fit=fit, **cell) for fit in fits)

    def holes(mechanism, fit):
        cell = {"data__holes__fraction": 0.4, "data__holes__mechanism": mechanism, "fit": fit}
        error, aside = (
            rows("missing_values", name, **cell).iloc[0] for name in ("component_error", "overall_mean_error")
        )
        return f"{error['mean']:.2f} ({aside['mean']:+.2f}, {error['n']} draws)"

    def three(mechanism):
        return (
            f"{holes(mechanism, 'observed')} on what is observed, {holes(mechanism, 'complete_rows')} on the complete "
            f"rows, {holes(mechanism, 'column_means')} with the columns' means filled in"
        )

    grid = rows("components_and_features", "agreement_aligned")
    worst = grid[grid["protocol"] == "as_published"].sort_values("mean").iloc[0]
    equal = grid[grid["protocol"] == "same_regularization"]["low"].min()
    return "\n".join(
        [
            "- `agreement_by_size`: with well separated classes the published call agrees, under the best renaming, on "
            f"{published(1000, 1.5)}, 1,000 in all; with classes at half the distance on {published(1000, 0.5)}; with "
            f"100 rows of these on {published(100, 0.5)}.",
            f"- `labels`: with 10 labels semi-supervised EM takes {labels(10, 'n_iter', 'semi_supervised')}, "
            f"with 300 {labels(300, 'n_iter', 'semi_supervised')}. Then, {right(6)}; {right(300)}.",
            f"- `steps_by_tolerance`: unsupervised and semi-supervised EM take {both(1e-4)} at 1e-4, "
            f"{both(1e-10)} at 1e-10.",
            f"- `false_convergence`: on article B's data scikit-learn takes, at tol 1e-3, {false_convergence(1e-3)}; "
            f"at 1e-9 {false_convergence(1e-9)}.",
            "- `components_and_features`: over random mixtures the published call agrees least, under the best "
            f"renaming, with {worst['data.n_components']} components in {worst['data.n_features']} features: on "
            f"{worst['mean']:.1%} of the rows ({worst['n']} draws; 95 % of them {worst['low']:.1%} to "
            f"{worst['high']:.1%}). With equal settings the worst cell's 2.5 percentile is {equal:.1%}.",
            "- `missing_values`: with 40 % of the values missing anywhere EM's largest error, in standard deviations "
            "(and the bias of the mean of the feature with the most holes), is "
            f"{three('mcar')}; with 40 % of one feature's missing where another is large, {three('mar')}.",
        ]
    )


def diagnoses(table: pd.DataFrame) -> str:
    """Sentences of diagnosis.csv about the published call, one an experiment."""
    rows = table[(table["protocol"] == "as_published") & table["residual_after"].notna()]
    last = rows.groupby("experiment", sort=False).last()
    return "\n".join(f"- `{name}`, replicate {row.replicate}: {row.explanation}" for name, row in last.iterrows())


def highlights(tables: Path) -> str:
    """List the findings that matter, for the README.

    Parameters
    ----------
    tables : Path
        The folder `results/tables` of a run of the default study.
    """
    agreement, fits, claims = (read_table(tables / f"{name}.csv") for name in ("agreement", "fits", "claims"))
    rungs = agreement[agreement["experiment"] == "customers"].groupby("protocol")
    same, differ = rungs["agreement"].median(), rungs["max_abs_posterior_difference"].median()
    claim = claims.set_index("claim")
    good = fits[fits["failure"].isna()].groupby(["experiment", "fit"])
    steps, right, n = good["n_iter"].median(), good["accuracy"].mean(), good.size()
    measurements = read_table(tables / "measurements.csv")

    def customers(fit):
        lost = n_all["customers", fit] - n["customers", fit]
        more = f", {lost} more collapsed" if lost else ""
        taken = f"{steps['customers', fit]:.0f} steps, {n['customers', fit]} draws{more}"
        return f"{right['customers', fit]:.2%} of the rows right ({taken})"

    n_all = fits.groupby(["experiment", "fit"]).size()

    def value(experiment, measurement, fit=None):
        rows = measurements[(measurements["experiment"] == experiment) & (measurements["measurement"] == measurement)]
        return rows.loc[rows["fit"] == fit if fit else slice(None), "value"]

    def aside(fit):
        return f"{value('incomplete', 'overall_mean_error', fit).mean():+.2f}"

    means = good[["n_fitted", "n_samples"]].mean().loc[("incomplete", "complete_rows")]
    taken = 1 - means["n_fitted"] / means["n_samples"]

    def recovered(fit):
        errors = value("processes", "component_error", fit)
        return f"{(errors <= claim.loc['B4', 'published']).sum()} of {len(errors)}"

    lines = [
        f"scikit-learn, called as article A calls it, gives {same['as_published']:.1%} of the rows our EM's label "
        f"(median of {claim.loc['A5', 'n_replicates']} draws from the fit to the author's rows). The article's 99.4 % "
        f"is at percentile {claim.loc['A5', 'percentile']:.0f} of these draws; on the author's own files it is "
        f"{claim.loc['A5', 'original_observed']:.1%}.",
        f"The article's reason (regularization, precision): {VERDICTS[claim.loc['A6', 'verdict']].words}. It hands covariances "
        "to `precisions_init`, which wants their inverses, and stops elsewhere. With the inverses "
        f"{same['exact_precisions']:.1%} agree; with equal settings {same['same_regularization']:.1%}, and the "
        f"posteriors to {differ['same_regularization']:.0e} (medians).",
        f"What 100 labels are worth: alone they get {customers('labels_only')}, semi-supervised EM "
        f"{customers('semi_supervised')}, unsupervised EM {customers('unsupervised')}, and the true parameters "
        f"{value('customers', 'bayes_accuracy').mean():.2%} (mean accuracies, median steps).",
        f"Article B's call recovers its two processes in {recovered('published')} draws: it stops after "
        f"{steps['processes', 'published']:.0f} steps (median). With tol 1e-9 in place of 1e-3 it recovers them in "
        f"{recovered('tol_1e9')}, after {steps['processes', 'tol_1e9']:.0f}.",
        f"On one draw of article A's data {1 - claim.loc['C4', 'observed']:.1%} of "
        f"{claim.loc['C4', 'n_replicates']} random starts end below the best, and "
        f"{value('customer_starts', 'collapsed').sum():.0f} more collapse. EM takes at least twice the passes of a "
        f"numerical optimizer in {claim.loc['C5', 'share_holding']:.0%} of {claim.loc['C5', 'n_replicates']} draws "
        "over all data.",
        f"Where {taken:.0%} of a feature's values are missing, those where another is large, EM on what is observed "
        f"has its mean wrong by {aside('observed')} standard deviations, on the complete rows by "
        f"{aside('complete_rows')}, with the columns' means filled in by {aside('column_means')} (means of "
        f"{n['incomplete', 'observed']} draws).",
    ]
    return "\n".join([BEGIN, "", *(f"{number}. {line}" for number, line in enumerate(lines, start=1)), "", END])


def findings(tables: Path) -> str:
    """All findings, the text of docs/findings.md; parameters as in `highlights`."""
    names = ("agreement_by_size", "labels", "steps_by_tolerance", "false_convergence", "components_and_features")
    names += ("missing_values",)
    summaries = {name: read_table(tables / f"sweeps/{name}_summary.csv") for name in names}
    return "\n".join(
        [
            "# Findings of the default study",
            "",
            "Made from its tables by `python -m em_study.claims.findings`.",
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
            "The published call, diagnosed without being told what it does:",
            "",
            diagnoses(read_table(tables / "diagnosis.csv")),
            "",
            "## Fits and sweeps",
            "",
            "Numbers of sweeps are means over the draws that did not collapse; how many these are stands beside them.",
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
    run(main)
