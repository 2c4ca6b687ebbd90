"""What the page says of a user's own data: classes, unclear samples, what labels were worth, what to do next."""

import base64
from dataclasses import dataclass

import numpy as np

from em_study.claims.intervals import NORMAL, share_interval
from em_study.data.formats import ending_of
from em_study.experiments.settings import Experiment
from em_study.figures.style import packed
from em_study.layout import FILES, RESULTS
from em_study.page.svg import told
from em_study.sweeps.settings import Sweep
from em_study.wording import rounded

MOST_COMPONENTS, MOST_FEATURES = 12, 30  # in a table
CLEARLY_WORSE = 10.0  # difference of the BIC that is called very strong evidence (Kass and Raftery, 1995)
MANY = 0.1  # share of unclear samples that is worth a word
MISSING = {
    "observed": "It uses all that is observed of a sample; its file of imputed values estimates what is missing.",
    "complete_rows": "It was fitted to the samples without missing values alone.",
    "column_means": "It was fitted after mean imputation, which makes spreads too small.",
}
CRITERIA = {"bic": "BIC", "icl": "ICL"}


@dataclass(frozen=True)
class Table:
    """A table in text; the first cell of a row is its heading."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class FitToOwnData:
    """What a fit found: sentences, tables, the picture as a data URI, and files to open, by what they hold."""

    name: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    picture: str = ""
    told: str = ""  # the picture in words
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class OwnData:
    """The part of the page on one experiment."""

    name: str
    sentences: tuple[str, ...]
    fits: tuple[FitToOwnData, ...]
    choices: tuple[Table, ...]
    choice: str  # what they say
    private: tuple[str, ...]  # files that hold the user's samples
    next: str


def as_data(picture) -> str:
    """Write a PNG file as what a page that asks for nothing can hold."""
    return f"data:image/webp;base64,{base64.b64encode(packed(picture)).decode()}"


def own_data_of(name: str, experiment: Experiment, found: dict, sweeps: dict, pictures: dict) -> OwnData:
    """Say what the fits of an experiment found.

    Parameters
    ----------
    name : str
    experiment : Experiment
    found : dict
        As `em_study.evaluation.own_data.answer` gives it.
    sweeps : dict of (Sweep, DataFrame)
        With their summaries: those of its number of components or type of covariances.
    pictures : dict of str
        Data URIs, by the fit.
    """
    choices, best = [], {}
    for key, (sweep, summary) in sweeps.items():
        tables, fit, lowest = choice_of(key, sweep, summary)
        choices += tables
        best |= {fit: lowest} if lowest else {}
    names = {"experiment": name, "owner": name, "format": experiment.predictions}
    names |= dict.fromkeys(("fit", "figure", "drawn", "image"), "*")
    fits = [_fit(name, experiment, key, of, found, pictures.get(key, "")) for key, of in found["fits"].items()]
    return OwnData(
        name,
        tuple(_samples(found)),
        tuple(fits),
        tuple(choices),
        _chosen(best, found),
        tuple(file.of(**names) for file in FILES.values() if file.holds_rows),
        next_step(experiment, found, best),
    )


def _samples(found: dict):
    """Yield what there is to know of the samples."""
    n, labels = found["n_samples"], found["labels"]
    missing = {feature: n for feature, n in found["missing"].items() if n}
    labeled = (
        f", {sum(labels.values()):,} of them with a label ({_listed(labels)})" if labels else ", none with a label"
    )
    yield f"{n:,} samples, {len(found['features'])} features{labeled}."
    if missing:
        yield f"{sum(missing.values()):,} values are missing ({_listed(missing)})."


def _listed(counts: dict) -> str:
    return ", ".join(f"{name}: {n:,}" for name, n in counts.items())


def _fit(name, experiment: Experiment, key: str, of: dict, found: dict, picture: str) -> FitToOwnData:
    if "failure" in of:
        return FitToOwnData(key, (f"This fit failed: {of['failure']}.",))
    what = "classes" if of["are_classes"] else "components"
    sentences = []
    if not of["converged"]:
        sentences.append("It had not converged after its last step: raise max_iter before you use it.")
    largest = int(np.argmax(of["share"]))
    sentences.append(
        f"The largest of {len(of['names'])} {what} is {_called(of, largest)}: {share_of(of, largest)} of the samples."
        + (f" No share has an interval: {of['no_interval']}." if of["no_interval"] else "")
    )
    unclear = of["n_unclear"]
    sentences.append(
        f"{of['n_unlabeled'] - unclear:,} of {of['n_unlabeled']:,} samples without a label are in one of the {what} "
        f"with a probability above 90 %; {unclear:,} are not."
    )
    if any(found["missing"].values()):
        sentences.append(MISSING[experiment.fits[key].missing])
    if key in found["worth"]:
        sentences += _worth(found["worth"][key])
    links = [("predictions", _link("predictions", name, key, experiment.predictions))]
    if experiment.data.incomplete:
        links.append(("missing values imputed", _link("imputed", name, key)))
    told_in_words = f"Samples of {name} by the {what} of fit {key}"
    first_row = 2 if ending_of(experiment.data.main.place) == ".csv" else 1  # the header is row 1
    tables = [_shares(of, what), _means(of, found, what), _unsure(of, found, first_row), _doubted(of, found, first_row)]
    return FitToOwnData(
        key, tuple(sentences), tuple(table for table in tables if table.rows), picture, told_in_words, tuple(links)
    )


def _link(kind: str, experiment: str, fit: str, ending: str = "csv") -> str:
    """Give the path of a file from the page."""
    return FILES[kind].of(experiment=experiment, fit=fit, format=ending).removeprefix(RESULTS)


def _called(of: dict, k: int) -> str:
    return of["names"][k] if of["are_classes"] else f"component {of['names'][k]}"


def share_of(of: dict, k: int) -> str:
    """Write the share of a class, with its interval."""
    share = of["share"][k]
    if of["interval"] is None:
        return f"{100 * share:.3g} %"
    low, high = of["interval"][k]
    error = 100 * (high - low) / (2 * NORMAL)
    one, *ends = (rounded(100 * value, error) for value in (share, low, high))
    return f"{one} % (95 % interval {ends[0]} to {ends[1]} %)"


def _shares(of: dict, what: str) -> Table:
    header = [what, "share of the samples", "samples without a label in it"]
    rows = [[_called(of, k), share_of(of, k), f"{n:,}"] for k, n in enumerate(of["n_assigned"][:MOST_COMPONENTS])]
    if any(map(any, of["labeled_in"])):
        header.append("labeled samples in it")
        for row, counts in zip(rows, of["labeled_in"], strict=False):
            row.append(_listed({name: n for name, n in zip(of["label_names"], counts, strict=True) if n}))
    by = f"; intervals by {of['interval_by']}" if of["interval_by"] else ""
    caption = f"Shares of the {what}, estimated from {of['n_fitted']:,} samples{by}"
    return Table(caption, tuple(header), tuple(map(tuple, rows)))


def _means(of: dict, found: dict, what: str) -> Table:
    shown, n_features = range(min(len(of["names"]), MOST_COMPONENTS)), len(found["features"])

    def number(mean, spread):
        return "" if mean is None else f"{rounded(mean, spread / 100 if spread else 0)} ± {told(spread or 0.0, 3)}"

    rows = [
        (
            feature,
            number(found["mean"][d], found["spread"][d]),
            *(number(of["mean"][k][d], of["spread"][k][d]) for k in shown),
        )
        for d, feature in enumerate(found["features"][:MOST_FEATURES])
    ]
    more = f"; the first {MOST_FEATURES} of {n_features} features" if n_features > MOST_FEATURES else ""
    caption = f"Mean ± standard deviation of each feature, in all samples and in each of the {what}{more}"
    return Table(caption, ("feature", "all samples", *(_called(of, k) for k in shown)), tuple(rows))


def _unsure(of: dict, found: dict, first_row: int) -> Table:
    some = found["features"][:MOST_COMPONENTS]
    rows = []
    for each in of["unsure"]:
        values = ("missing" if value is None else told(value) for value in each["values"][: len(some)])
        chances = (_chance(of, *pair) for pair in zip(each["first"], each["probability"], strict=True))
        rows.append((f"{each['sample'] + first_row:,}", *each["kept"], *chances, *values))
    header = ("row of the file", *found["keep"], "most probable", "next", *some)
    return Table("The samples without a label that the fit is least sure of", header, tuple(rows))


def _doubted(of: dict, found: dict, first_row: int) -> Table:
    rows = []
    for each in of["doubted"]:
        said = each["label"], _chance(of, each["first"], each["probability"])
        rows.append((f"{each['sample'] + first_row:,}", *each["kept"], *said))
    header = ("row of the file", *found["keep"], "label", "most probable by the features alone")
    return Table("Labels that the fit doubts: look whether they are right", header, tuple(rows))


def _chance(of: dict, k: int, probability: float) -> str:
    return f"{_called(of, k)} {100 * probability:.3g} %"


def _worth(worth: dict):
    """Yield what the labels were worth."""
    if "refusal" in worth:
        yield f"What the labels are worth was not measured: {worth['refusal']}."
        return
    n = worth["n"]
    alone, fit = (f"{worth[by]:,} of {n:,} ({_percent(worth[by], n)})" for by in ("alone", "fit"))
    low, high = difference_interval(worth["only_fit"], worth["only_alone"], n)
    points = 100 * (worth["fit"] - worth["alone"]) / n
    verdict = "is better" if low > 0 else "is worse" if high < 0 else "may be better or worse"
    yield (
        f"When a tenth of the labels was hidden at a time, the other labels alone classified {alone} of those "
        f"correctly; this fit, which uses the samples without a label too, {fit}. "
        f"The fit {verdict}: {points:+.1f} percentage points, 95 % interval {100 * low:+.1f} to {100 * high:+.1f}. "
        f"The largest class alone is {worth['largest_class']:,} of {n:,}."
    )
    if worth["failed"]:
        yield f"{worth['failed']:,} of these guesses count as wrong, for the fit without their label failed."


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


def choice_of(name: str, sweep: Sweep, summary) -> tuple[list[Table], str, dict]:
    """Tabulate the criteria of a sweep over the number of components or the type of covariances.

    Returns
    -------
    list of Table
    str
        The fit that is varied.
    dict of (str, float)
        By the criterion, the setting with the lowest value in words, and how much higher the next is.
    """
    keys, fit = [*sweep.vary], next(iter(sweep.vary)).split(".")[1]
    tables, lowest = [], {}
    for criterion, called in CRITERIA.items():
        rows = summary[(summary["quantity"] == criterion) & (summary["fit"] == fit)]
        if rows.empty:
            continue
        values = {tuple(map(str, key)): mean for *key, mean in rows[[*keys, "mean"]].itertuples(index=False)}
        order = sorted(values, key=values.get)
        gap = values[order[1]] - values[order[0]] if len(order) > 1 else np.inf
        lowest[criterion] = dict(zip([key.split(".")[-1] for key in keys], order[0], strict=True)), gap
        down, across = [str(value) for value in sweep.vary[keys[0]]], [[]]
        if len(keys) > 1:
            across = [[str(value)] for value in sweep.vary[keys[1]]]

        def cell(key, values=values, best=order[0]):
            mark = " (lowest)" if key == best else ""
            return f"{values[key]:,.1f}{mark}" if key in values else "failed"

        table = [(value, *(cell((value, *other)) for other in across)) for value in down]
        heads = [other[0] if other else called for other in across]
        caption = f"{called} of fit {fit}, sweep {name}: the lower, the better"
        tables.append(Table(caption, (keys[0].split(".")[-1], *heads), tuple(table)))
    return tables, fit, lowest


def _chosen(best: dict, found: dict) -> str:
    said = []
    for fit, lowest in best.items():
        for criterion, (setting, gap) in lowest.items():
            clear = "far" if gap > CLEARLY_WORSE else "little, so that both are possible"
            how = f"; the next is {gap:.1f} higher, which is {clear}" if np.isfinite(gap) else ""
            said.append(f"{CRITERIA[criterion]} of fit {fit} is lowest with {_settings(setting)}{how}.")
    return " ".join(said)


def _settings(setting: dict) -> str:
    return ", ".join(f"{key}: {value}" for key, value in setting.items())


def next_step(experiment: Experiment, found: dict, best: dict) -> str:
    """Say what to do next: the first of a list that is called for."""
    fits = found["fits"]
    if failed := [name for name, of in fits.items() if "failure" in of]:
        return f"Mend fit {failed[0]}, which failed: reg_covar, another initialization or fewer components may do."
    if slow := [name for name, of in fits.items() if not of["converged"]]:
        return f"Raise max_iter of fit {slow[0]}, which had not converged."
    if other := [name for name, of in fits.items() if of["higher"] > 1e-3]:
        return (
            f"Set n_init: {max(10, experiment.replicates)} for fit {other[0]}: another of its starts found a higher "
            f"likelihood, by {fits[other[0]]['higher']:.3g} nats per sample, than the one that is shown."
        )
    for name, worth in found["worth"].items():
        if worth.get("n") and difference_interval(worth["only_fit"], worth["only_alone"], worth["n"])[1] < 0:
            return (
                f"Try covariance_type: tied or diag for fit {name}, or go by the labels alone (max_iter: 0): the "
                "samples without a label made it worse."
            )
    for name, lowest in best.items():
        setting, gap = lowest.get("bic", ({}, 0.0))
        fit = experiment.fits[name].model_dump() | {"n_components": len(fits[name]["names"])}
        if any(str(fit[key]) != value for key, value in setting.items()) and gap > CLEARLY_WORSE:
            return f"Give fit {name} the setting that BIC prefers, {_settings(setting)}, and run again."
    if not best:
        return "Add a sweep over the number of components and the type of covariances: docs/own-data.md has one."
    if refused := [name for name, of in fits.items() if of["no_interval"]]:
        return f"For intervals of the shares of fit {refused[0]}, set data.resample: bootstrap and replicates: 200."
    name, of = next(iter(fits.items()))
    if of["n_unclear"] > MANY * of["n_unlabeled"]:
        return "Label the samples listed as least sure, and run again: there a label tells most."
    return f"Use the predictions of fit {name}, and look at the samples listed as least sure by hand."
