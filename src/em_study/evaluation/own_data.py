"""Results of a fit on a user's own samples: the classes, the least certain samples, and the value of the labels."""

from dataclasses import replace

import numpy as np
import pandas as pd

from em_study.data.dataset import Dataset, Replicate
from em_study.data.seeds import generator
from em_study.evaluation.information import information_at
from em_study.evaluation.measurements.certainty import UNCLEAR
from em_study.evaluation.relabeling import best_names
from em_study.evaluation.scores import PUBLISHED_REPLICATE
from em_study.fits.em import run_fit
from em_study.fits.missing import fitted_samples
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit
from emgmm import posteriors

LEVEL = 0.95
LEAST_SURE = 10  # samples that are listed
FOLDS = 10  # of the cross-validation
MOST_SAMPLES = 100_000  # for the cross-validation of labels: each fold is a fit
FEWEST_RESAMPLES = 40  # that have a number below their 2.5 percentile


def answer(dataset: Dataset, runs: dict[str, Runs], fits: dict[str, Fit], seed: int, experiment: str) -> dict:
    """Describe the results of an experiment's fits as values that JSON can hold; a number that does not exist is None.

    Parameters
    ----------
    dataset : Dataset
    runs : dict of Runs
        Of each fit.
    fits : dict of Fit
    seed : int
        The study's root seed.
    experiment : str
    """
    rows = dataset.replicate(PUBLISHED_REPLICATE)
    X = np.concatenate([rows.unlabeled, rows.labeled])
    kept = dataset.kept_columns()
    kept = pd.DataFrame(index=range(len(X))) if kept is None else kept
    found = {
        "features": dataset.features.tolist(),
        "keep": kept.columns,
        "n_samples": len(X),
        "note": dataset.note_text,
        "labels": _counts(dataset, rows.labels) if len(rows.labels) else {},
        "missing": dict(zip(dataset.features.tolist(), np.isnan(X).sum(axis=0).tolist(), strict=True)),
        "mean": np.nanmean(X, axis=0),
        "spread": np.nanstd(X, axis=0),
        "fits": {name: _of_fit(dataset, kept, runs[name], fit) for name, fit in fits.items()},
        "worth": {
            name: _worth(dataset, fit, seed, experiment, name)
            for name, fit in fits.items()
            if fit.semi_supervised != "none" and runs[name].end(PUBLISHED_REPLICATE)
        },
    }
    return _plain(found)


def _counts(dataset: Dataset, labels) -> dict[str, int]:
    """Count labels by class."""
    return dict(zip(dataset.classes.tolist(), np.bincount(labels, minlength=len(dataset.classes)), strict=True))


def _plain(value):
    """Convert arrays to lists, and NaN to None."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, np.ndarray, pd.Index)):
        return [_plain(each) for each in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _of_fit(dataset: Dataset, kept, runs: Runs, fit: Fit) -> dict:
    rows, end = dataset.replicate(PUBLISHED_REPLICATE), runs.end(PUBLISHED_REPLICATE)
    if end is None:
        return {"failure": str(runs.failure[PUBLISHED_REPLICATE])}
    found = posteriors(rows.unlabeled, end)
    ranked = np.argsort(found, axis=1)[:, :-3:-1]
    largest = np.take_along_axis(found, ranked, axis=1)
    unsure = np.argsort(largest[:, 0], kind="stable")[:LEAST_SURE] if end.n_components > 1 else []
    interval, refusal, by = _intervals(rows, len(dataset.unlabeled) > 1, runs, fit)
    named = fit.uses_labels and end.n_components <= len(dataset.classes)
    names = dataset.classes if named else np.array([f"component {k}" for k in range(end.n_components)])
    by_features, labeled_in, doubted = posteriors(rows.labeled, end), [], []
    guessed = by_features.argmax(axis=1)
    if named:
        others = np.flatnonzero(guessed != rows.labels)
        doubted = others[np.argsort(by_features[others, rows.labels[others]], kind="stable")][:LEAST_SURE]
    elif len(guessed):
        labeled_in = [_counts(dataset, rows.labels[guessed == k]) for k in range(end.n_components)]
    fitted = fitted_samples(rows, fit)
    return {
        "names": names[: end.n_components],
        "are_classes": named,
        "share": end.weights,
        "interval": interval,
        "no_interval": refusal,
        "interval_by": by,
        "n_assigned": np.bincount(found.argmax(axis=1), minlength=end.n_components),
        "labeled_in": labeled_in,
        "mean": end.means,
        "spread": np.sqrt(np.diagonal(end.covariance_matrices, axis1=1, axis2=2)),
        "n_fitted": len(fitted.unlabeled) + len(fitted.labeled) * (fit.semi_supervised == "clamped"),
        "n_unlabeled": len(found),
        "n_unclear": (largest[:, 0] <= 1 - UNCLEAR).sum(),
        "unsure": [
            _sample(dataset, kept, i, names[ranked[i]], largest[i]) | {"values": rows.unlabeled[i]} for i in unsure
        ],
        "doubted": [
            _sample(dataset, kept, len(found) + i, names[guessed[i]], by_features[i].max())
            | {"label": dataset.classes[rows.labels[i]]}
            for i in doubted
        ],
        "converged": bool(runs.converged[PUBLISHED_REPLICATE]),
    }


def _sample(dataset: Dataset, kept, i: int, names, probabilities) -> dict:
    """Give a sample's place in its file, counted from 0, its values in the kept columns, and its likeliest classes."""
    place, values = i if dataset.order is None else dataset.order[i], [None] * kept.shape[1]
    if dataset.order is None and i >= dataset.unlabeled.shape[1]:  # labeled, in a file of which nothing is kept
        place -= dataset.unlabeled.shape[1]
    else:
        values = kept.iloc[place]
    texts = ["" if pd.isna(value) else str(value) for value in values]
    return {"sample": place, "kept": texts, "first": names, "probability": probabilities}


def _intervals(rows: Replicate, is_resampled: bool, runs: Runs, fit: Fit):
    """Give the intervals of the shares, (K, 2), or None; the reason if there are none; and the method."""
    ends = runs.ends()
    end = ends.pop(PUBLISHED_REPLICATE)
    if is_resampled and len(ends) >= FEWEST_RESAMPLES:
        shares = np.array([each.weights for each in ends.values()])
        if not fit.uses_labels:  # matched as in estimates.csv
            labels = [posteriors(rows.unlabeled, each).argmax(axis=1) for each in (end, *ends.values())]
            names = [best_names(other, labels[0], end.n_components) for other in labels[1:]]
            shares = np.take_along_axis(shares, np.argsort(names, axis=1), axis=1)
        low, high = np.quantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
        return np.stack([low, high], axis=1), "", f"{len(ends)} bootstrap resamples"
    try:
        information = information_at(end, rows, fit)
        if information is None:
            return None, "there are too few samples for the parameters, or too many parameters", ""
        low, high = information.intervals(LEVEL)
    except ValueError:
        return None, information.refusal, ""
    return np.stack([low.weights, high.weights], axis=1), "", "the observed information"


def _worth(dataset: Dataset, fit: Fit, seed: int, experiment: str, name: str) -> dict:
    """Cross-validate labels: count those that the other labels alone predict, and those that the fit predicts.

    A class with one label keeps it. The samples whose labels are hidden stay, without labels.
    """
    rows, shuffle = dataset.replicate(PUBLISHED_REPLICATE), generator(seed, experiment, "data", "folds")
    if len(rows.unlabeled) + len(rows.labeled) > MOST_SAMPLES:
        return {"refusal": f"this is not measured for more than {MOST_SAMPLES:,} samples"}
    fold, begin = np.full(len(rows.labels), -1), 0
    for k in range(len(dataset.classes)):
        of_class = shuffle.permutation(np.flatnonzero(rows.labels == k))
        if len(of_class) > 1:
            fold[of_class] = (begin + np.arange(len(of_class))) % FOLDS
            begin += len(of_class)
    if len(np.unique(rows.labels[fold >= 0])) < 2:
        return {"refusal": "at least two classes with two labels each are needed"}
    start = fit if fit.from_labels else fit.model_copy(update={"initialization": "shrunken_labels"})
    alone = start.model_copy(update={"semi_supervised": "init_only", "max_iter": 0, "n_init": 1})
    guessed = {"alone": np.full(len(fold), -1), "fit": np.full(len(fold), -1)}
    for number in np.unique(fold[fold >= 0]):
        hidden = fold == number
        some = replace(
            dataset,
            unlabeled=np.concatenate([rows.labeled[hidden], rows.unlabeled])[None],
            truth=None,
            labeled=rows.labeled[~hidden][None],
            labels=rows.labels[~hidden][None],
            complete=None,
        )
        for by, settings in (("alone", alone), ("fit", fit)):
            end = run_fit(some, settings, 1, seed, experiment, name).end(0)
            if end is not None:
                guessed[by][hidden] = posteriors(rows.labeled[hidden], end).argmax(axis=1)
    tried = fold >= 0
    right = {by: (labels == rows.labels)[tried] for by, labels in guessed.items()}
    return {
        "n": tried.sum(),
        "alone": right["alone"].sum(),
        "fit": right["fit"].sum(),
        "only_alone": (right["alone"] & ~right["fit"]).sum(),
        "only_fit": (right["fit"] & ~right["alone"]).sum(),
        "failed": sum((labels[tried] < 0).sum() for labels in guessed.values()),
        "largest_class": np.bincount(rows.labels[tried]).max(),
    }
