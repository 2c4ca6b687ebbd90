"""Every column of the published tables: what it holds, how far it may differ, how it is drawn.

The numbers of measurements.csv are described by the same record, beside the functions that measure them. Types,
tolerances, labels and `docs/tables.md` are derived from it.
"""

from typing import NamedTuple

TEXT, COUNT, TRUTH, NUMBER = "text", "count", "0 or 1", "number"  # units of what has no other


class Tolerance(NamedTuple):
    """How far a number may lie from the published one: so much of it, and so much more."""

    relative: float = 0.0
    absolute: float = 0.0


EXACT = Tolerance()


class Column(NamedTuple):
    """What a column, or a measurement, holds.

    Attributes
    ----------
    unit : str
        That of its numbers; `TEXT` is read as text, and `COUNT` is a whole number.
    description : str
    tolerance : Tolerance, optional
        Default: numbers of tables are equal to the published ones, and their means over replicates nearly.
    label : str
        Of its axis in the figure of a sweep, with its unit; default: its name and `unit`.
    is_logarithmic : bool
        It is drawn on a logarithmic scale where its values are far apart.
    nominal : float, optional
        What it would be if all were right: a line in the figure of a sweep.
    is_given : bool
        It is a number of the settings or the rows, which no fit changes.
    is_compared : bool
        A run is held to the published one by it.
    """

    unit: str
    description: str
    tolerance: Tolerance | None = None
    label: str = ""
    is_logarithmic: bool = False
    nominal: float | None = None
    is_given: bool = False
    is_compared: bool = True

    @property
    def follows_stop(self) -> bool:
        """Whether it changes if rounding stops a fit a step sooner or later."""
        return self.unit != TEXT and not self.is_given

    @property
    def in_percent(self) -> bool:
        """Whether it is a share that is drawn in percent."""
        return "(%)" in self.label


_EXPERIMENT = Column(TEXT, "name of the experiment")
_FIT = Column(TEXT, "name of the fit")
_REPLICATE = Column(COUNT, "number of the repetition, from 0")
_IMPLEMENTATION = Column(TEXT, "what is compared with our EM: sklearn, or the name of another implementation")
_TRACE = Tolerance(1e-8)  # also of runs that break down
_CRITERION = Tolerance(1e-12, 1e-9)
_OBSERVED = Tolerance(1e-6, 1e-9)
_SHARE = Tolerance(1e-12, 1e-12)


def as_released(package: str) -> str:
    """Say what a table has in place of a fit, where the estimates of a package are those that a source has released."""
    return f"released_{package}"


# Every table, and its columns in order.
COLUMNS = {
    "fits": {
        "experiment": _EXPERIMENT,
        "fit": _FIT,
        "replicate": _REPLICATE,
        "n_samples": Column(COUNT, "unlabeled rows", label="unlabeled rows", is_given=True),
        "n_labeled": Column(COUNT, "labeled rows", label="labeled rows", is_given=True),
        "n_features": Column(COUNT, "features", label="features", is_given=True),
        "n_components": Column(COUNT, "components of the mixture", label="components", is_given=True),
        "covariance_type": Column(TEXT, "shape of the covariances"),
        "initialization": Column(TEXT, "where EM started: random, or labels"),
        "semi_supervised": Column(
            TEXT, "use of the labeled rows: none, init_only (start only) or clamped (kept in the likelihood)"
        ),
        "n_iter": Column(
            COUNT,
            "steps: E-steps whose log-likelihood the stopping rule saw, or what another implementation tells",
            label="steps",
            is_logarithmic=True,
        ),
        "n_passes": Column(
            COUNT,
            "passes over the rows: the steps, and with an acceleration those that went too far and were taken back",
            label="passes over the rows",
            is_logarithmic=True,
        ),
        "trace_before_last": Column(
            "nats a row",
            "mean log-likelihood at the last step but one, in nats a row; joint if labels are clamped",
            _TRACE,
        ),
        "trace_last": Column(
            "nats a row", "mean log-likelihood at the last step; the stopping rule saw their difference", _TRACE
        ),
        "converged": Column(
            TRUTH,
            "whether the stopping rule was met within max_iter steps; empty if nobody tells",
            label="fits that converged (%)",
        ),
        "mean_log_likelihood": Column(
            "nats a row",
            "of what is observed of the unlabeled rows, under the final parameters; nats a row",
            Tolerance(1e-12, 1e-12),  # a mean over the rows
            label="average log-likelihood (nats a row)",
        ),
        "bic": Column(
            "nats",
            "Bayesian information criterion of the unlabeled rows; lower is better",
            _CRITERION,
            label="Bayesian information criterion (lower is better)",
        ),
        "aic": Column(
            "nats",
            "Akaike information criterion of the unlabeled rows; lower is better",
            _CRITERION,
            label="Akaike information criterion (lower is better)",
        ),
        "icl": Column(
            "nats",
            "integrated completed likelihood of the unlabeled rows: bic, and a cost for components that overlap; lower "
            "is better",
            _CRITERION,
            label="integrated completed likelihood (lower is better)",
        ),
        "accuracy": Column(
            "share",
            "share of unlabeled rows given their true class (0-1; empty if unknown); for a fit that never saw a label, "
            "under the best renaming of its components",
            label="rows with their true class (%)",
        ),
        "missing": Column(
            TEXT,
            "what was fitted of rows with missing values: observed (the likelihood of what is there), complete_rows "
            "(the rows without any) or column_means (all rows, the columns' means filled in)",
        ),
        "share_missing": Column(
            "share",
            "share of the unlabeled rows' values that are missing (0-1)",
            label="values that are missing (%)",
            is_given=True,
        ),
        "n_fitted": Column(
            COUNT, "unlabeled rows that were fitted", label="unlabeled rows that were fitted", is_given=True
        ),
        "failure": Column(TEXT, "why there is no fit; empty if there is one"),
        "note": Column(
            TEXT,
            "what to know of this fit: a ridge (reg_covar) that is not small beside the data's variance; how a user's "
            "files were read, where that was found out, and what is odd in them",
        ),
    },
    "parameters": {
        "experiment": _EXPERIMENT,
        "fit": _FIT,
        "component": Column(COUNT, "number of the component, from 0"),
        "parameter": Column(
            TEXT,
            "weight, mean[0], standard_deviation[0] or covariance[0,1], and so on: features by their number, from 0; a "
            "claim may write the feature's name, as in mean[body_mass_g]",
        ),
        "value": Column(
            NUMBER,
            "of the fit to replicate 0; units of the features (squared for covariances); empty if it failed",
            Tolerance(1e-9, 1e-12),
        ),
        "published": Column(
            NUMBER,
            "what the source printed, components matched by their means; empty if it printed nothing",
            is_given=True,
        ),
        "agrees": Column(
            TRUTH, "1 if the value, rounded as printed, is the published one, else 0; empty if nothing was printed"
        ),
        "class": Column(TEXT, "name of the class that the component stands for; empty if the fit never saw a label"),
        "standard_error": Column(
            NUMBER,
            "of the value, in its units, by the observed information where the fit ended; empty where it means nothing "
            "(more than 0.5 nats of all rows below a maximum; a saddle; a weight near 0; components that are alike)",
            Tolerance(1e-6, 1e-12),
        ),
    },
    "estimates": {
        "experiment": _EXPERIMENT,
        "fit": _FIT,
        "replicate": _REPLICATE,
        "component": Column(
            COUNT,
            "number in parameters.csv of the component of replicate 0 that gives most unlabeled rows of it the same "
            "component (best matching); of a fit that uses labels the number as it is",
        ),
        "place": Column(COUNT, "place of the component in its replicate by the mean of the first feature, from 0"),
        "class": Column(TEXT, "name of the class that the component stands for; empty if the fit never saw a label"),
        "parameter": Column(TEXT, "weight, mean[feature] or standard_deviation[feature], as in parameters.csv"),
        "value": Column(
            NUMBER,
            "of every fit that did not fail, where the rows come from files and there are several replicates; in the "
            "units of the features",
            Tolerance(1e-9, 1e-12),
        ),
    },
    "agreement": {
        "experiment": _EXPERIMENT,
        "implementation": _IMPLEMENTATION,
        "protocol": Column(TEXT, "how the other implementation was run, a step of the agreement ladder"),
        "replicate": _REPLICATE,
        "n_samples": Column(COUNT, "unlabeled rows compared", is_given=True),
        "agreement": Column(
            "share", "share of rows with the same hard label (0-1)", label="rows with the same label (%)"
        ),
        "disagreement": Column(
            "share", "share of rows with another hard label (1 - agreement)", label="rows with another label (%)"
        ),
        "agreement_aligned": Column(
            "share",
            "share of rows with the same hard label under the best renaming of our components (0-1)",
            label="rows with the same label,\nbest renaming (%)",
        ),
        "max_abs_posterior_difference": Column(
            "probability",
            "largest difference of a posterior, over rows and components",
            Tolerance(1e-8, 1e-12),
            label="largest difference of a posterior (probability)",
            is_logarithmic=True,
        ),
        "max_abs_parameter_difference": Column(
            "units of the data",
            "largest difference of a weight, mean or covariance entry",
            Tolerance(1e-8, 1e-10),
            label="largest difference of a parameter (units of the data)",
            is_logarithmic=True,
        ),
        "max_standardized_parameter_difference": Column(
            "standard errors",
            "largest difference of a weight, mean or covariance entry, in its standard error by the observed "
            "information at the maximum that our EM goes on to from its end; empty where it means nothing (no maximum; "
            "a weight near 0; components that are alike)",
            Tolerance(1e-6, 1e-9),
            label="largest difference of a parameter (standard errors)",
            is_logarithmic=True,
        ),
        "n_iter_ours": Column(
            COUNT,
            "steps of our EM: E-steps whose log-likelihood the stopping rule saw",
            label="steps of our EM",
            is_logarithmic=True,
        ),
        "n_iter_sklearn": Column(
            COUNT,
            "M-steps of the other: n_iter_ of scikit-learn; empty if it does not tell",
            label="steps of the other implementation",
            is_logarithmic=True,
        ),
        "failure": Column(TEXT, "why there is nothing to compare; empty if there is"),
        "note": Column(TEXT, "the same as in fits.csv, of the other's ridge"),
    },
    "diagnosis": {
        "experiment": _EXPERIMENT,
        "implementation": _IMPLEMENTATION,
        "protocol": Column(TEXT, "how the other implementation was run, a step of the agreement ladder"),
        "replicate": Column(COUNT, "number of the repetition, from 0; the first two are diagnosed"),
        "outcome": Column(
            TEXT,
            "the same; explained (by these deviations of our EM, to rounding, including trace and number of steps); "
            "same end, different path (its trace or its number of steps differs); cannot be distinguished (other "
            "explanations are as good, or EM has converged from any initial parameters and there is no trace); not "
            "explained; or not diagnosed (a fit failed)",
        ),
        "deviations": Column(
            TEXT, "known deviations of the catalogue that explain it; empty if none is needed, or nothing explains it"
        ),
        "residual_before": Column(
            "standard deviations", "largest difference of where the two end, in standard deviations of the components"
        ),
        "residual_after": Column(
            "standard deviations",
            "the same, compared with our EM with these deviations; if nothing explains it, with the nearest",
        ),
        "steps_ours": Column(COUNT, "M-steps of our EM"),
        "steps_theirs": Column(
            COUNT,
            "M-steps after which that EM is there: as many as the other reports, give or take one; any number if it "
            "reports none",
        ),
        "stopped_by": Column(
            TEXT,
            "tests that the tolerance which it was given passes there; empty if there is none known, or it was given a "
            "number of steps",
        ),
        "trace": Column(
            TEXT,
            "the other's trace compared with the mean log-likelihoods of that EM: the same, moved, summed or "
            "different; empty if it has none",
        ),
        "alike": Column(
            TEXT,
            "other explanations, also to 1e-9, that these samples cannot distinguish from it; all, if the outcome is "
            "cannot be distinguished",
        ),
        "next_best": Column(
            TEXT,
            "the next best explanation of no more deviations; if nothing explains it, the nearest, which is no cause",
        ),
        "next_best_residual": Column("standard deviations", "what it leaves"),
        "n_runs": Column(COUNT, "combinations of deviations that were tried"),
        "explanation": Column(
            TEXT,
            "the same in words, of what the protocol handed over as well; where no test is known that stops it there, "
            "a tolerance that would",
        ),
        "without": Column(
            TEXT,
            "for each of these deviations what the best without it leaves, of all that was tried and is not alike: how "
            "certain it is",
        ),
        "residual_without": Column(
            "standard deviations",
            "the smallest of these; where nothing is left of the parameters, the difference of the traces, in nats per "
            "sample",
        ),
        "n_others": Column(COUNT, "other replicates for which it is predicted what was found on this one"),
        "predicted": Column(
            "share",
            "of these, where these deviations and a test in stopped_by (the one that does best; or the number of steps "
            "that it was given or reports) end within 1e-9 of the other",
        ),
    },
    "measurements": {
        "experiment": _EXPERIMENT,
        "fit": Column(TEXT, "name of the fit, or released_ and the package; empty for a measurement of the data"),
        "replicate": _REPLICATE,
        "measurement": Column(TEXT, "what was measured (below)"),
        "setting": Column(NUMBER, "what it was measured at; empty if at nothing"),
        "value": Column(NUMBER, "the number"),
    },
    "claims": {
        "claim": Column(TEXT, "number of the claim: a letter a source"),
        "source": Column(TEXT, "who states it"),
        "statement": Column(TEXT, "what is stated"),
        "published": Column(NUMBER, "the number that it comes down to"),
        "observed": Column(
            NUMBER,
            "the same number in this study: a statistic of the draws, the median unless the claim says another",
            _OBSERVED,
        ),
        "interval_low": Column(
            NUMBER,
            "lower end of the 95 % confidence interval of observed: of a median by order statistics, of a mean by "
            "Student's t, of a geometric mean by the same on logarithms, of a share by Wilson; empty for a smallest or "
            "largest number, of too few draws, where a draw has several numbers, where the draws are of several "
            "experiments, and for an identity",
            _OBSERVED,
        ),
        "interval_high": Column(NUMBER, "upper end, likewise", _OBSERVED),
        "n_replicates": Column(
            COUNT, "draws that were looked at: with a number, or failed where that counts against the claim"
        ),
        "verdict": Column(
            TEXT,
            "on new data, or on the source's own where there are no others: replicated or reproduced; depends_on_draw; "
            "depends_on_data (experiments differ); not_replicated or not_reproduced; explained (it does not hold, and "
            "what holds instead was measured); undecided (too few draws); checked or bug (of an identity); "
            "by_argument; or not_tested (there are no numbers for it). The rules are in docs/verdicts.md",
        ),
        "explanation": Column(
            TEXT, "the headline, then what the source's own data gave, then the numbers behind both", is_compared=False
        ),
        "kind": Column(
            TEXT, "how the draws decide: number, inequality, estimate, existence or identity; empty if not tested"
        ),
        "criterion": Column(TEXT, "what a draw must fulfil; of an estimate, the statistic"),
        "threshold_of": Column(TEXT, "who set the number in it: the article, or this study"),
        "share_holding": Column(
            "share",
            "share of the draws that fulfil it (0-1); empty for an identity, and where experiments decide apart",
        ),
        "share_low": Column(
            "share",
            "lower end of that share's 95 % interval (Wilson; where a draw has several numbers, n is that of the "
            "draws); empty where share_holding is, or one run decides",
            _SHARE,
        ),
        "share_high": Column("share", "upper end, likewise", _SHARE),
        "range_low": Column(NUMBER, "2.5 percentile of the draws' numbers; empty of fewer than 73", _OBSERVED),
        "range_high": Column(NUMBER, "97.5 percentile, likewise", _OBSERVED),
        "percentile": Column("%", "of kind number: percentage of the draws below published, and half of those at it"),
        "original_observed": Column(
            NUMBER,
            "observed on the source's own data. Where the files are not part of the repository, it was measured once; "
            "empty if there are none, or the claim could not be tested on them or has changed since",
        ),
        "original_verdict": Column(TEXT, "verdict there"),
        "basis": Column(
            TEXT,
            "how the statement comes from the source: verbatim, paraphrase, figure (an image that was not seen), "
            "inferred, or question (this study's own: its source does not say it)",
        ),
        "quote": Column(TEXT, "the source's own words; empty if there are none"),
        "cited": Column(TEXT, "where they stand, and the source's address"),
        "short": Column(TEXT, "the statement in at most ten words; the statement itself if nothing shorter is given"),
        "headline": Column(TEXT, "what was found, in one sentence", is_compared=False),
        "rows_of": Column(
            TEXT,
            "whose data the verdict is on: source (its own), resampled (its own, drawn again with replacement; the "
            "interval is then that of the bootstrap, and mcse its standard error) or other (new); empty if not tested",
        ),
        "share_needed": Column(
            "share", "share that the interval must reach; empty if it is no share that decides", is_given=True
        ),
        "draws_needed": Column(
            NUMBER,
            "of an undecided claim: draws (of each experiment) that would decide if what they show stays; empty if no "
            "number would",
            _OBSERVED,
        ),
        "n_failed": Column(COUNT, "runs without a number because they failed"),
        "mcse": Column(
            NUMBER,
            "Monte Carlo standard error of observed; of a median, its interval's half divided by 1.96. Empty as the "
            "interval",
            _OBSERVED,
        ),
        "stability": Column(
            "probability",
            "chance that a fresh run of the same size gives the same verdict (Jeffreys' posterior of the share; of an "
            "estimate, a normal distribution); empty where nothing is drawn",
            _OBSERVED,
        ),
        "threshold_low": Column(
            NUMBER,
            "threshold down to which the verdict is the same, of an inequality, an estimate or an existence; empty if "
            "it is however low",
            _OBSERVED,
        ),
        "threshold_high": Column(NUMBER, "threshold up to which it is the same, likewise", _OBSERVED),
    },
}

# What tells the rows of a table apart, where a run is held to the published one by it.
KEYS = {
    "fits": ("experiment", "fit", "replicate"),
    "parameters": ("experiment", "fit", "component", "parameter"),
    "estimates": ("experiment", "fit", "replicate", "component", "parameter"),
    "agreement": ("experiment", "implementation", "protocol", "replicate"),
    "measurements": ("experiment", "fit", "replicate", "measurement", "setting"),
    "claims": ("claim",),
}
QUANTITY = ("measurement", "quantity")  # keys that tell what a row's number is; the latter of summaries of sweeps
# Tables that claims may name, beside those of sweeps.
PARTS = ("fits", "parameters", "estimates", "agreement", "measurements")
# These hold text in every table; of a sweep's, so do the varied keys that `sweeps.settings.text_keys` names.
TEXT_COLUMNS = {name for table in COLUMNS.values() for name in table if table[name].unit == TEXT} | {*QUANTITY}

_FITS, _AGREEMENT = COLUMNS["fits"], COLUMNS["agreement"]
_NOT_SWEPT = ("experiment", "fit", "implementation", "protocol", "replicate", "failure", "note")
_NOT_SWEPT += ("trace_before_last", "trace_last")
_SWEPT = {name: column for name, column in (_FITS | _AGREEMENT | _FITS).items() if name not in _NOT_SWEPT}
# A sweep's table has the varied keys, these columns, and measurements.
SWEEP_COLUMNS = {
    "fit": _FIT,
    "protocol": _AGREEMENT["protocol"],
    "replicate": _REPLICATE,
    "seed": Column(COUNT, "that of the cell's draws"),
    **_SWEPT,
    "failure": _FITS["failure"],
    "note": _FITS["note"],
}
NUMERIC_QUANTITIES = {name: column for name, column in _SWEPT.items() if column.unit != TEXT}  # which can be drawn
