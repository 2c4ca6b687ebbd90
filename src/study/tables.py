"""The published tables: what each column means, and putting them together."""

import pandas as pd

from study.errors import StudyError

# The data dictionary: every table, its columns in order, and what they hold.
COLUMNS = {
    "fits": {
        "experiment": "name of the experiment",
        "fit": "name of the fit",
        "replicate": "number of the repetition, from 0",
        "n_samples": "unlabeled rows",
        "n_labeled": "labeled rows",
        "n_features": "features",
        "n_components": "components of the mixture",
        "covariance_type": "shape of the covariances",
        "initialization": "where EM started: random, or labels",
        "semi_supervised": "use of the labeled rows: none, init_only (start only) or clamped (kept in the likelihood)",
        "n_iter": "steps: E-steps whose log-likelihood the stopping rule saw",
        "converged": "whether the stopping rule was met within max_iter steps",
        "mean_log_likelihood": "of the unlabeled rows under the final parameters; nats a row",
        "bic": "Bayesian information criterion of the unlabeled rows; lower is better",
        "aic": "Akaike information criterion of the unlabeled rows; lower is better",
        "accuracy": "share of unlabeled rows given their true class (0-1; empty if unknown); for a fit that never saw "
        "a label, under the best renaming of its components",
        "failure": "why there is no fit; empty if there is one",
    },
    "parameters": {
        "experiment": "name of the experiment",
        "fit": "name of the fit",
        "component": "number of the component, from 0",
        "parameter": "weight, mean[feature], or covariance[feature,feature]",
        "value": "of the fit to replicate 0; units of the features (squared for covariances); empty if it failed",
        "published": "what the source printed; empty if it printed nothing",
        "class": "name of the class that the component stands for; empty if the fit never saw a label",
    },
    "agreement": {
        "experiment": "name of the experiment",
        "protocol": "how scikit-learn was run beside our EM",
        "replicate": "number of the repetition, from 0",
        "n_samples": "unlabeled rows compared",
        "agreement": "share of rows with the same hard label (0-1)",
        "agreement_aligned": "the same under the best renaming of our components",
        "max_abs_posterior_difference": "largest difference of a posterior, over rows and components",
        "max_abs_parameter_difference": "largest difference of a weight, mean or covariance entry",
        "n_iter_ours": "steps of our EM: E-steps whose log-likelihood the stopping rule saw",
        "n_iter_sklearn": "n_iter_ of scikit-learn: its M-steps",
        "failure": "why there is nothing to compare; empty if there is",
    },
}


def collect(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the parts of a table together, in their order.

    Parameters
    ----------
    name : str
        A key of `COLUMNS`.
    parts : list of DataFrame

    Raises
    ------
    StudyError
        If a part's columns are not those of the data dictionary.
    """
    columns = list(COLUMNS[name])
    for part in parts:
        if list(part.columns) != columns:
            raise StudyError(f"table {name}: columns {list(part.columns)} are not those documented, {columns}")
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def data_dictionary() -> str:
    """Describe every table and column as Markdown."""
    lines = ["# Tables", "", "CSV, UTF-8, one header row. Numbers are written with all their digits."]
    for name, columns in COLUMNS.items():
        lines += ["", f"## {name}.csv", "", "| column | meaning |", "|---|---|"]
        lines += [f"| {column} | {meaning} |" for column, meaning in columns.items()]
    return "\n".join(lines) + "\n"
