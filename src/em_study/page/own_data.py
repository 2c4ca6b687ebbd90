"""The page's part on a user's own data: classes, unclear samples, the value of the labels, the next step."""

import base64
from dataclasses import dataclass

import numpy as np

from em_study.claims.intervals import NORMAL, share_interval
from em_study.data.formats import ending_of
from em_study.experiments.settings import Experiment
from em_study.figures.style import packed
from em_study.layout import FILES, RESULTS
from em_study.page.svg import short_text
from em_study.wording import rounded

MOST_COMPONENTS, MOST_FEATURES = 12, 30  # in a table
CLEARLY_WORSE = 10.0  # difference of the BIC; very strong evidence (Kass and Raftery, 1995)
MANY = 0.1  # share of unclear samples from which more labels are recommended
MISSING = {
    "observed": "This fit uses all observed values of a sample; the file of imputed values estimates the missing ones.",
    "complete_rows": "This fit uses only the samples without missing values (complete-case analysis).",
    "column_means": "This fit was made after mean imputation, which makes standard deviations too small.",
}
CRITERIA = {"bic": "BIC", "icl": "ICL"}


@dataclass(frozen=True)
class Table:
    """A table of text; the first cell of a row is its heading."""

    caption: str
    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class FitToOwnData:
    """Results of a fit: sentences, tables, the picture as a data URI, and files to open, by their content."""

    name: str
    sentences: list[str]
    tables: list[Table]
    picture: str
    links: dict[str, str]


@dataclass(frozen=True)
class OwnData:
    """The part of the page on one experiment; `private` are the files that hold the user's samples."""

    name: str
    sentences: list[str]
    fits: list[FitToOwnData]
    choices: list[Table]
    choice: str
    private: list[str]
    next: str


def as_data(picture) -> str:
    """Write a PNG file as a data URI, so that the page makes no request."""
    return f"data:image/webp;base64,{base64.b64encode(packed(picture)).decode()}"


def own_data_of(name: str, experiment: Experiment, found: dict, sweeps: dict, pictures: dict) -> OwnData:
    """Describe the results of the fits of an experiment.

    Parameters
    ----------
    name : str
    experiment : Experiment
    found : dict
        As `em_study.evaluation.own_data.answer` gives it.
    sweeps : dict of (Sweep, DataFrame)
        Sweeps over the number of components or the covariance type, with their summaries.
    pictures : dict of str
        Data URIs, by the fit.
    """
    choices, best = [], {}
    for key, of_sweep in sweeps.items():
        tables, fit, lowest = choice_of(key, *of_sweep)
        choices += tables
        best |= {fit: lowest} if lowest else {}
    names = {"experiment": name, "owner": name, "format": experiment.predictions}
    names |= dict.fromkeys(("fit", "figure", "drawn", "image", "sha256", "ending"), "*")
    fetched = {"download"} if any(file.url for file in experiment.data.files) else set()
    return OwnData(
        name,
        [*_samples(found)],
        [_fit(name, experiment, fit, of, found, pictures.get(fit, "")) for fit, of in found["fits"].items()],
        choices,
        _chosen(best),
        [
            file.of(**names)
            for kind, file in FILES.items()
            if (file.holds_samples or kind in fetched) and (kind != "imputed" or experiment.data.incomplete)
        ],
        next_step(experiment, found, best),
    )


def _samples(found: dict):
    """Yield sentences on the samples."""
    labels, missing = found["labels"], {feature: n for feature, n in found["missing"].items() if n}
    labeled = f"{sum(labels.values()):,} of them labeled ({_listed(labels)})" if labels else "none labeled"
    n_features = len(found["features"])
    yield f"{found['n_samples']:,} samples, {n_features} feature{'s' * (n_features > 1)}, {labeled}."
    if found["note"]:
        yield f"Note from reading the file: {found['note']}."
    if missing:
        yield f"{sum(missing.values()):,} values are missing ({_listed(missing)})."


def _listed(counts: dict) -> str:
    return ", ".join(f"{name}: {n:,}" for name, n in counts.items() if n)


def _fit(name, experiment: Experiment, fit: str, of: dict, found: dict, picture: str) -> FitToOwnData:
    if "failure" in of:
        return FitToOwnData(fit, [f"This fit failed: {of['failure']}."], [], "", {})
    what, largest, clear = _what(of), int(np.argmax(of["share"])), of["n_unlabeled"] - of["n_unclear"]
    sentences = [
        f"The largest of {len(of['names'])} {what} is {of['names'][largest]}: {share_of(of, largest)} of the samples.",
        f"{clear:,} of {of['n_unlabeled']:,} unlabeled samples belong to one of the {what} with a posterior "
        f"probability above 90 %; {of['n_unclear']:,} do not.",
    ]
    if len(of["names"]) == 1:
        sentences = ["One component describes all samples."]
    elif of["no_interval"]:
        sentences.append(f"The shares have no 95 % interval: {of['no_interval']}.")
    if any(found["missing"].values()):
        sentences.append(MISSING[experiment.fits[fit].missing])
    sentences += _worth(found["worth"][fit]) if fit in found["worth"] else []
    links = {"predictions": FILES["predictions"], "imputed values": FILES["imputed"]}
    links = {of: file.of(experiment=name, fit=fit, format=experiment.predictions) for of, file in links.items()}
    if not experiment.data.incomplete:
        links.pop("imputed values")
    first_row = 2 if ending_of(experiment.data.main.place) == ".csv" else 1  # the header is row 1
    tables = [_shares(of), _means(of, found), _unsure(of, found, first_row), _doubted(of, found, first_row)]
    links = {of: path.removeprefix(RESULTS) for of, path in links.items()}
    return FitToOwnData(fit, sentences, [table for table in tables if table.rows], picture, links)


def _what(of: dict) -> str:
    return "classes" if of["are_classes"] else "components"


def share_of(of: dict, k: int) -> str:
    """Write the share of a class, with its interval."""
    share = of["share"][k]
    if of["interval"] is None:
        return f"{100 * share:.3g} %"
    low, high = of["interval"][k]
    one, *ends = (rounded(100 * value, 100 * (high - low) / (2 * NORMAL)) for value in (share, low, high))
    return f"{one} % (95 % interval {ends[0]} to {ends[1]} %)"


def _shares(of: dict) -> Table:
    header, shown = [_what(of), "share of the samples", "unlabeled samples in it"], range(len(of["names"]))
    shown = shown[:MOST_COMPONENTS] if len(shown) > 1 else []
    rows = [[of["names"][k], share_of(of, k), f"{of['n_assigned'][k]:,}"] for k in shown]
    if of["labeled_in"]:
        header.append("labeled samples in it")
        rows = [[*row, _listed(labels)] for row, labels in zip(rows, of["labeled_in"], strict=False)]
    by = f"; intervals by {of['interval_by']}" if of["interval_by"] else ""
    return Table(f"Shares of the {_what(of)}, estimated from {of['n_fitted']:,} samples{by}", header, rows)


def _means(of: dict, found: dict) -> Table:
    means, spreads = ([found[key], *of[key][:MOST_COMPONENTS]] for key in ("mean", "spread"))

    def number(mean, spread):
        return "" if mean is None else f"{rounded(mean, spread / 100)} ± {short_text(spread, 3)}"

    some, more = found["features"][:MOST_FEATURES], max(0, len(found["features"]) - MOST_FEATURES)
    rows = [
        [feature, *(number(mean[d], spread[d]) for mean, spread in zip(means, spreads, strict=True))]
        for d, feature in enumerate(some)
    ]
    caption = f"Mean ± standard deviation of each feature (in its unit), in all samples and in each of the {_what(of)}"
    caption += f"; {more} more features are in results/tables/parameters.csv" if more else ""
    return Table(caption, ["feature", "all samples", *of["names"][:MOST_COMPONENTS]], rows)


def _unsure(of: dict, found: dict, first_row: int) -> Table:
    some = found["features"][:MOST_COMPONENTS]
    rows = []
    for each in of["unsure"]:
        values = ("missing" if value is None else short_text(value) for value in each["values"][: len(some)])
        chances = map(_chance, each["first"], each["probability"])
        rows.append([f"{each['sample'] + first_row:,}", *each["kept"], *chances, *values])
    header = ["row", *found["keep"], "most probable", "next", *some]
    return Table("The unlabeled samples that the fit is least certain of, by their row of the file", header, rows)


def _doubted(of: dict, found: dict, first_row: int) -> Table:
    rows = []
    for each in of["doubted"]:
        said = each["label"], _chance(each["first"], each["probability"])
        rows.append([f"{each['sample'] + first_row:,}", *each["kept"], *said])
    header = ["row", *found["keep"], "label", "most probable by the features alone"]
    return Table("Labels that the fit contradicts: check whether they are right", header, rows)


def _chance(name: str, probability: float) -> str:
    return f"{name} {100 * probability:.1f} %"


def _worth(worth: dict):
    """Yield sentences on the value of the labels."""
    if "refusal" in worth:
        yield f"The value of the labels was not measured: {worth['refusal']}."
        return
    n = worth["n"]
    alone, fit = (f"{worth[by]:,} of {n:,} ({_percent(worth[by], n)})" for by in ("alone", "fit"))
    low, high = difference_interval(worth["only_fit"], worth["only_alone"], n)
    points = 100 * (worth["fit"] - worth["alone"]) / n
    verdict = "is better" if low > 0 else "is worse" if high < 0 else "may be better or worse"
    yield (
        "Value of the labels: a tenth of the labels was hidden at a time. The other labels alone classified "
        f"{alone} of the hidden ones correctly; this fit, which also uses the unlabeled samples, {fit}. "
        f"The fit {verdict}: {points:+.1f} percentage points, 95 % interval {100 * low:+.1f} to {100 * high:+.1f}. "
        f"Assigning every sample to the largest class is correct for {worth['largest_class']:,} of {n:,}."
    )
    if worth["failed"]:
        yield f"{worth['failed']:,} of these samples count as wrong, because the fit without their label failed."


def _percent(right: int, n: int) -> str:
    low, high = share_interval(right / n, n)
    return f"{100 * right / n:.0f} %; 95 % interval {100 * float(low):.0f} to {100 * float(high):.0f} %"


def difference_interval(only_one: int, only_other: int, n: int) -> tuple[float, float]:
    """Interval of the difference of two shares of the same n samples, from those that only one of the two got right.

    Bonett and Price (2012, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired
    data").
    """
    one, other = (only_one + 1) / (n + 2), (only_other + 1) / (n + 2)
    half = NORMAL * np.sqrt((one + other - (one - other) ** 2) / (n + 2))
    return max(-1.0, one - other - half), min(1.0, one - other + half)


def choice_of(name: str, sweep, summary) -> tuple[list[Table], str, dict]:
    """Tabulate the criteria of a sweep over the number of components or the type of covariances.

    Returns
    -------
    list of Table
    str
        The fit that is varied.
    dict of (dict, float)
        By the criterion: the settings with the lowest value, the difference to the next, and a table of all.
    """
    keys, fit = [*sweep.vary], next(iter(sweep.vary)).split(".")[1]
    short, tables, lowest = [key.split(".")[-1] for key in keys], [], {}
    for criterion, called in CRITERIA.items():
        means = summary[(summary["quantity"] == criterion) & (summary["fit"] == fit)].set_index(keys)["mean"]
        if means.empty:
            continue
        ordered = means.sort_values()
        gap = ordered.iloc[1] - ordered.iloc[0] if len(ordered) > 1 else np.inf
        best = ordered.index[0] if len(keys) > 1 else ordered.index[:1]
        every = means.rename(criterion).rename_axis(short).reset_index()
        lowest[criterion] = dict(zip(short, best, strict=True)), gap, every
        wide = means.map("{:,.1f}".format)
        wide[means == ordered.iloc[0]] += " (lowest)"
        wide = wide.unstack(fill_value="failed") if len(keys) > 1 else wide.to_frame(called)
        caption = f"{called} of fit {fit}, sweep {name} (lower is better)"
        tables.append(Table(caption, [short[0], *map(str, wide)], [[*map(str, row)] for row in wide.itertuples()]))
    return tables, fit, lowest


def _chosen(best: dict) -> str:
    said = []
    for fit, lowest in best.items():
        for criterion, (settings, gap, _) in lowest.items():
            clear = "a clear difference" if gap > CLEARLY_WORSE else "which does not decide"
            how = f"; the next is {gap:.1f} higher, {clear}" if np.isfinite(gap) else ""
            said.append(f"{CRITERIA[criterion]} of fit {fit} is lowest with {_settings(settings)}{how}.")
    return " ".join(said)


def _settings(settings: dict) -> str:
    return ", ".join(f"{key}: {value}" for key, value in settings.items())


def _better(every, experiment: Experiment, name: str, n_components: int, swept: str) -> dict:
    """Return the settings whose BIC is clearly below that of a fit's own; empty if there are none.

    A fit other than that of the sweep keeps its number of components, and is left out if the sweep lacks that number.
    """
    keys = [key for key in every if key != "bic"]
    given = experiment.fits[name].model_dump() | {"n_components": n_components}
    same = {key: every[key] == given[key] for key in keys}
    if name != swept and "n_components" in keys:
        every = every[same["n_components"]]
    own = every[np.logical_and.reduce([*same.values()])[every.index]]["bic"]
    if every.empty or (own.empty and name != swept):
        return {}
    best = every.loc[every["bic"].idxmin()]
    clearly = own.empty or own.iloc[0] - best["bic"] > CLEARLY_WORSE
    return {key: best[key] for key in keys if name == swept or key != "n_components"} if clearly else {}


def next_step(experiment: Experiment, found: dict, best: dict) -> str:
    """Recommend the next step: the first of a list that applies."""
    fits, (first, *_) = found["fits"], found["fits"]
    for name, of in fits.items():
        if "failure" in of:
            return f"Fit {name} failed. Try reg_covar, another initialization or fewer components."
        if not of["converged"]:
            return f"Fit {name} did not converge. Raise its max_iter."
    for name, worth in found["worth"].items():
        if worth.get("n") and difference_interval(worth["only_fit"], worth["only_alone"], worth["n"])[1] < 0:
            return (
                f"Try covariance_type: tied or diag for fit {name}, or use the labels alone (max_iter: 0): the "
                "unlabeled samples made it worse."
            )
    for swept, lowest in best.items():
        for name in sorted(fits, key=lambda name: name != swept):
            if settings := _better(lowest["bic"][2], experiment, name, len(fits[name]["names"]), swept):
                return f"BIC prefers {_settings(settings)} for fit {name}: set this, and run again."
    if not best:
        return "Add a sweep over the number of components and the covariance type; docs/own-data.md has an example."
    if refused := [name for name, of in fits.items() if of["no_interval"]]:
        return f"For intervals of the shares of fit {refused[0]}, set data.resample: bootstrap and replicates: 200."
    if fits[first]["n_unclear"] > MANY * fits[first]["n_unlabeled"]:
        return "Label the samples listed as least certain, and run again: a label is most informative there."
    return f"Use the predictions of fit {first}, and check the samples listed as least certain by hand."
