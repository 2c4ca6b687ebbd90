"""Scores of fits, computed from stored parameters and never by the solver: rows of fits.csv and parameters.csv."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from em_study.columns import COLUMNS
from em_study.data.dataset import Dataset, Replicate
from em_study.data.formats import LABEL, POSTERIOR, PREDICTED_CLASS, PREDICTED_COMPONENT, TRUE_CLASS
from em_study.evaluation.information import information_at, standard_errors
from em_study.evaluation.printed import compared_with_printed
from em_study.evaluation.relabeling import accuracy, best_names
from em_study.evaluation.settings import Published
from em_study.fits.missing import fitted_samples
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit
from emgmm import judge_many, posteriors
from emgmm.regularization import regularization_warning

ROWS_AT_A_TIME = 200_000  # of predictions
PUBLISHED_REPLICATE = 0  # its parameters are tabulated, and its curves are thick


def evaluate_fit(dataset: Dataset, runs: Runs, fit: Fit, experiment: str, name: str) -> pd.DataFrame:
    """Rows of fits.csv, one per replicate. Likelihood, criteria and accuracy are those of the unlabeled samples."""
    n_components, n_features = runs.means.shape[1:]
    rows, scores = [], dict(_scores(dataset, runs, fit))
    for r in range(len(runs)):
        replicate = dataset.replicate(r)
        row = dict.fromkeys(COLUMNS["fits"], np.nan) | {
            "experiment": experiment,
            "fit": name,
            "replicate": r,
            "n_samples": len(replicate.unlabeled),
            "n_labeled": len(replicate.labeled),
            "n_features": n_features,
            "n_components": n_components,
            "covariance_type": fit.covariance_type,
            "initialization": fit.initialization,
            "semi_supervised": fit.semi_supervised,
            **runs.reported_steps(r),
            **dict(zip(("trace_before_last", "trace_last"), runs.last_two(r), strict=True)),
            "converged": runs.converged[r] if runs.n_iter[r] >= 0 or runs.converged[r] else np.nan,
        }
        row |= scores.get(r, {})
        fitted = fitted_samples(replicate, fit)
        notes = [regularization_warning(_in_likelihood(fitted, fit), fit.reg_covar), dataset.note_text]
        row |= {
            "missing": fit.missing,
            "share_missing": np.isnan(replicate.unlabeled).mean(),
            "n_fitted": len(fitted.unlabeled),
            "failure": runs.failure[r],
            "note": "; ".join(filter(None, notes)),
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _in_likelihood(rows: Replicate, fit: Fit):
    """Give the samples whose likelihood the fit maximizes."""
    return np.concatenate([rows.unlabeled, rows.labeled]) if fit.semi_supervised == "clamped" else rows.unlabeled


def _scores(dataset, runs, fit):
    """Yield the scores of each replicate that did not fail, with its number."""
    ends = runs.ends()
    judged = judge_many(dataset.samples_of(ends), [*ends.values()])
    for (r, parameters), (found, each) in zip(ends.items(), judged, strict=True):
        log_likelihood, n_samples, free = each.sum(), len(each), parameters.n_parameters
        bic = free * np.log(n_samples) - 2 * log_likelihood
        truth = dataset.replicate(r).truth
        yield (
            r,
            {
                "mean_log_likelihood": log_likelihood / n_samples,
                "bic": bic,
                "aic": 2 * free - 2 * log_likelihood,
                "icl": bic - 2 * np.log(found.max(axis=1)).sum(),
                "accuracy": np.nan if truth is None else accuracy(found.argmax(axis=1), truth, fit.uses_labels),
            },
        )


def tabulate_parameters(
    dataset: Dataset, runs: Runs, fit: Fit, published: list[Published], experiment: str, name: str
) -> pd.DataFrame:
    """Rows of parameters.csv: weights, means and covariances of the fit to replicate 0, with the published numbers."""
    parameters, (n_components, n_features) = runs.end(PUBLISHED_REPLICATE), runs.means.shape[1:]
    unknown = (np.full([n_components, *[n_features] * n], np.nan) for n in range(3))
    values = errors = tuple(unknown)
    if parameters is not None:
        values = parameters.weights, parameters.means, parameters.covariance_matrices
        errors = standard_errors(information_at(parameters, dataset.replicate(PUBLISHED_REPLICATE), fit)) or errors
    deviations, variance_errors = np.sqrt(_diagonals(values[2])), _diagonals(errors[2])
    printed = compared_with_printed(published, parameters) if parameters else {}
    rows = []
    numbers = zip(_numbers(*values, deviations), _numbers(*errors, variance_errors / (2 * deviations)), strict=True)
    for (k, parameter, value), (*_, error) in numbers:
        number, agrees = printed.get((k, parameter), (np.nan, np.nan))
        named = dataset.classes[k] if fit.uses_labels and k < len(dataset.classes) else ""
        rows.append((experiment, name, k, parameter, value, number, float(agrees), named, error))
    return pd.DataFrame(rows, columns=[*COLUMNS["parameters"]])


def _diagonals(matrices):
    return np.diagonal(matrices, axis1=1, axis2=2)


def _numbers(weights, means, covariances, deviations):
    """Yield the parameters of each component: the component's number, the parameter's name, and its value."""
    for k, weight in enumerate(weights):
        yield k, "weight", weight
        yield from ((k, f"mean[{d}]", value) for d, value in enumerate(means[k]))
        yield from ((k, f"standard_deviation[{d}]", value) for d, value in enumerate(deviations[k]))
        yield from ((k, f"covariance[{i},{j}]", value) for (i, j), value in np.ndenumerate(covariances[k]))


def tabulate_estimates(dataset: Dataset, runs: Runs, fit: Fit, experiment: str, name: str, *, wanted: bool):
    """Rows of estimates.csv, a DataFrame: weights, means and standard deviations of every replicate, if it is wanted.

    Components are matched to those of the first replicate that did not fail, on the unlabeled samples of replicate 0.
    """
    rows, reference, X = [], None, dataset.replicate(PUBLISHED_REPLICATE).unlabeled
    for r, end in runs.ends().items() if wanted and len(runs) > 1 else ():
        names = np.arange(end.n_components)
        if not fit.uses_labels:
            labels = posteriors(X, end).argmax(axis=1)
            reference = labels if reference is None else reference
            names = best_names(labels, reference, end.n_components)
        places, deviations = np.argsort(np.argsort(end.means[:, 0])), np.sqrt(end.variances)
        for k in np.argsort(names):
            named = dataset.classes[k] if fit.uses_labels and k < len(dataset.classes) else ""
            of_features = {"mean": end.means[k], "standard_deviation": deviations[k]}.items()
            values = {"weight": end.weights[k]}
            values |= {f"{what}[{d}]": value for what, found in of_features for d, value in enumerate(found)}
            rows += [(experiment, name, r, names[k], places[k], named, *each) for each in values.items()]
    return pd.DataFrame(rows, columns=[*COLUMNS["estimates"]])


def listed_rows(dataset: Dataset, unlabeled, labeled) -> pd.DataFrame:
    """Begin the table of the samples of replicate 0, of these values, with the columns to keep and the labels."""
    table = pd.DataFrame(dataset.as_listed(unlabeled, labeled), columns=[str(feature) for feature in dataset.features])
    if dataset.is_one_file and len(dataset.classes):
        labels = dataset.as_listed(np.full(len(unlabeled), -1), dataset.labels[PUBLISHED_REPLICATE])
        table[LABEL] = pd.Categorical.from_codes(labels, dataset.classes)
    kept = dataset.kept_columns()
    return table if kept is None else pd.concat([kept, table], axis=1)


def tabulate_predictions(dataset: Dataset, runs: Runs, fit: Fit) -> Iterator[pd.DataFrame]:
    """List the samples of replicate 0 with their posteriors and most probable component or class, in parts.

    These are the unlabeled samples; of one file all samples, with their labels, which the posteriors ignore.
    """
    rows, parameters = dataset.replicate(PUBLISHED_REPLICATE), runs.end(PUBLISHED_REPLICATE)
    listed, X = listed_rows(dataset, rows.unlabeled, rows.labeled), dataset.as_listed(rows.unlabeled, rows.labeled)
    for begin in range(0, len(X), ROWS_AT_A_TIME):
        some = slice(begin, begin + ROWS_AT_A_TIME)
        table = listed[some].reset_index(drop=True)
        if rows.truth is not None:
            table[TRUE_CLASS] = pd.Categorical.from_codes(rows.truth[some], dataset.classes)
        if parameters is not None:
            found = posteriors(X[some], parameters)
            named = fit.uses_labels and parameters.n_components <= len(dataset.classes)
            names = dataset.classes if named else np.arange(parameters.n_components).astype(str)
            predicted = pd.Categorical.from_codes(found.argmax(axis=1), names)
            table[PREDICTED_CLASS if named else PREDICTED_COMPONENT] = predicted
            for k in range(parameters.n_components):
                table[f"{POSTERIOR}{names[k]}"] = found[:, k]
        yield table
