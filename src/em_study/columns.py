"""Every column of the published tables: its meaning, its tolerance in comparisons, and how it is drawn.

The numbers of measurements.csv are described by the same record, next to the functions that measure them. Types,
tolerances, labels and `docs/tables.md` are derived from it.
"""

from typing import NamedTuple

TEXT, COUNT, TRUTH, NUMBER = "text", "count", "0 or 1", "number"  # where there is no other unit


class Tolerance(NamedTuple):
    """How far a number may lie from the published one: a relative part plus an absolute part."""

    relative: float = 0.0
    absolute: float = 0.0


EXACT = Tolerance()


class Column(NamedTuple):
    """The description of a column or a measurement.

    Attributes
    ----------
    unit : str
        Unit of its numbers; `TEXT` is read as text, and `COUNT` is an integer.
    description : str
    tolerance : Tolerance, optional
        Default: a number must equal the published one exactly; a mean over replicates, nearly.
    label : str
        Label of its axis in the figure of a sweep, with the unit; default: its name and `unit`.
    is_logarithmic : bool
        Whether it is drawn on a logarithmic scale where its values are far apart.
    nominal : float, optional
        Value that a correct model would give: a line in the figure of a sweep.
    is_given : bool
        Whether it comes from the settings or the data, so that no fit changes it.
    is_compared : bool
        Whether `em-study compare` compares it with the published run.
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
        """Whether it changes if rounding makes a fit stop one step earlier or later."""
        return self.unit != TEXT and not self.is_given

    @property
    def in_percent(self) -> bool:
        """Whether it is a share that is drawn in percent."""
        return "(%)" in self.label


_EXPERIMENT = Column(TEXT, "name of the experiment")
_FIT = Column(TEXT, "name of the fit")
_REPLICATE = Column(COUNT, "number of the repetition, from 0")
_IMPLEMENTATION = Column(TEXT, "what is compared with our EM: sklearn, or the name of another implementation")
_TRACE = Tolerance(1e-8)  # holds also for runs in which a component collapses
_CRITERION = Tolerance(1e-12, 1e-9)
_OBSERVED = Tolerance(1e-6, 1e-9)
_SHARE = Tolerance(1e-12, 1e-12)


def as_released(package: str) -> str:
    """Name the estimates of a package that a source has released, as the column `fit` has it."""
    return f"released_{package}"


# Every table, and its columns in order.
COLUMNS = {
    "fits": {
        "experiment": _EXPERIMENT,
        "fit": _FIT,
        "replicate": _REPLICATE,
        "n_samples": Column(COUNT, "unlabeled samples", label="unlabeled samples", is_given=True),
        "n_labeled": Column(COUNT, "labeled samples", label="labeled samples", is_given=True),
        "n_features": Column(COUNT, "features", label="features", is_given=True),
        "n_components": Column(COUNT, "components of the mixture", label="components", is_given=True),
        "covariance_type": Column(TEXT, "shape of the covariances: full, tied, diag or spherical"),
        "initialization": Column(TEXT, "how the initial parameters were chosen: the fit's `initialization`"),
        "semi_supervised": Column(
            TEXT,
            "use of the labeled samples: none, init_only (for the initial parameters only) or clamped (kept in the "
            "likelihood)",
        ),
        "n_iter": Column(
            COUNT,
            "steps: E-steps whose log-likelihood the stopping rule saw, or the number that another implementation "
            "reports",
            label="steps",
            is_logarithmic=True,
        ),
        "n_passes": Column(
            COUNT,
            "passes over the samples: the steps, and with acceleration also those that were rejected because they "
            "went too far",
            label="passes over the samples",
            is_logarithmic=True,
        ),
        "trace_before_last": Column(
            "nats per sample",
            "mean log-likelihood at the last step but one, in nats per sample; joint with the labeled samples if these "
            "are clamped",
            _TRACE,
        ),
        "trace_last": Column(
            "nats per sample",
            "the same at the last step; the stopping rule saw the difference of the two",
            _TRACE,
        ),
        "converged": Column(
            TRUTH,
            "whether the stopping rule was met within max_iter steps; empty if the implementation does not report it",
            label="fits that converged (%)",
        ),
        "mean_log_likelihood": Column(
            "nats per sample",
            "mean log-likelihood of the observed values of the unlabeled samples under the final parameters; nats per "
            "sample",
            Tolerance(1e-12, 1e-12),  # a mean over the samples
            label="average log-likelihood (nats per sample)",
        ),
        "bic": Column(
            "nats",
            "Bayesian information criterion of the unlabeled samples; lower is better",
            _CRITERION,
            label="Bayesian information criterion (lower is better)",
        ),
        "aic": Column(
            "nats",
            "Akaike information criterion of the unlabeled samples; lower is better",
            _CRITERION,
            label="Akaike information criterion (lower is better)",
        ),
        "icl": Column(
            "nats",
            "integrated completed likelihood of the unlabeled samples: bic plus a penalty for components that overlap; "
            "lower is better",
            _CRITERION,
            label="integrated completed likelihood (lower is better)",
        ),
        "accuracy": Column(
            "share",
            "share of the unlabeled samples that are assigned to their true class (0-1; empty if that is unknown); for "
            "a fit without labels, under the best matching of its components to the classes",
            label="samples in their true class (%)",
        ),
        "missing": Column(
            TEXT,
            "how missing values were treated: observed (maximum likelihood on the observed values), complete_rows "
            "(complete-case analysis) or column_means (mean imputation)",
        ),
        "share_missing": Column(
            "share",
            "share of the unlabeled samples' values that are missing (0-1)",
            label="values that are missing (%)",
            is_given=True,
        ),
        "n_fitted": Column(
            COUNT, "unlabeled samples that were fitted", label="unlabeled samples that were fitted", is_given=True
        ),
        "failure": Column(TEXT, "why the fit failed; empty if it did not"),
        "note": Column(
            TEXT,
            "a warning about this fit: a covariance regularization (reg_covar) that is not small compared with the "
            "data's variance; how a user's files were read where that was detected, and what is unusual in them",
        ),
    },
    "parameters": {
        "experiment": _EXPERIMENT,
        "fit": _FIT,
        "component": Column(COUNT, "number of the component, from 0"),
        "parameter": Column(
            TEXT,
            "weight, mean[0], standard_deviation[0], covariance[0,1] and so on; features are numbered from 0; a claim "
            "may write a feature's name instead, as in mean[body_mass_g]",
        ),
        "value": Column(
            NUMBER,
            "estimate of the fit to replicate 0, in units of the features (squared for covariances); empty if it "
            "failed",
            Tolerance(1e-9, 1e-12),
        ),
        "published": Column(
            NUMBER,
            "the number that the source printed, components matched by their means; empty if it printed none",
            is_given=True,
        ),
        "agrees": Column(
            TRUTH, "1 if the value, rounded as printed, is the published one, else 0; empty if nothing was printed"
        ),
        "class": Column(TEXT, "name of the class that the component stands for; empty for a fit without labels"),
        "standard_error": Column(
            NUMBER,
            "standard error of the value, in its units, by the observed information where the fit ended; empty where "
            "it has no meaning (the total log-likelihood more than 0.5 nats below a maximum; a saddle point; a weight "
            "near 0; components that are alike)",
            Tolerance(1e-6, 1e-12),
        ),
    },
    "estimates": {
        "experiment": _EXPERIMENT,
        "fit": _FIT,
        "replicate": _REPLICATE,
        "component": Column(
            COUNT,
            "number in parameters.csv of the component of replicate 0 that it matches: the best label matching on the "
            "unlabeled samples of replicate 0; for a fit that uses labels, its own number",
        ),
        "place": Column(COUNT, "rank of the component in its replicate by the mean of the first feature, from 0"),
        "class": Column(TEXT, "name of the class that the component stands for; empty for a fit without labels"),
        "parameter": Column(TEXT, "weight, mean[feature] or standard_deviation[feature], as in parameters.csv"),
        "value": Column(
            NUMBER,
            "estimate, in the units of the features, of every fit that did not fail; only where the samples come from "
            "files and there are several replicates",
            Tolerance(1e-9, 1e-12),
        ),
    },
    "agreement": {
        "experiment": _EXPERIMENT,
        "implementation": _IMPLEMENTATION,
        "protocol": Column(TEXT, "how the other implementation was run, a step of the agreement ladder"),
        "replicate": _REPLICATE,
        "n_samples": Column(COUNT, "unlabeled samples compared", is_given=True),
        "agreement": Column(
            "share", "share of samples with the same hard label (0-1)", label="samples with the same label (%)"
        ),
        "disagreement": Column(
            "share", "share of samples with another hard label (1 - agreement)", label="samples with another label (%)"
        ),
        "agreement_aligned": Column(
            "share",
            "share of samples with the same hard label under the best label matching of our components (0-1)",
            label="samples with the same label,\nbest label matching (%)",
        ),
        "max_abs_posterior_difference": Column(
            "probability",
            "largest difference of a posterior probability, over samples and components",
            Tolerance(1e-8, 1e-12),
            label="largest difference of a posterior probability",
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
            "the same in standard errors, by the observed information at the maximum that our EM reaches when it "
            "continues; empty where a standard error has no meaning (no maximum; a weight near 0; components that are "
            "alike)",
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
            "M-steps of the other implementation: n_iter_ of scikit-learn; empty if it does not report them",
            label="steps of the other implementation",
            is_logarithmic=True,
        ),
        "failure": Column(TEXT, "why there is nothing to compare; empty if there is"),
        "note": Column(TEXT, "the warning of fits.csv about the other implementation's covariance regularization"),
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
            TEXT, "deviations of the catalogue that explain it; empty if none is needed, or none explains it"
        ),
        "residual_before": Column(
            "standard deviations",
            "largest difference between the final parameters of the two, in standard deviations of the components",
        ),
        "residual_after": Column(
            "standard deviations",
            "the same between the other and our EM with these deviations; if none explains it, with the nearest ones",
        ),
        "steps_ours": Column(COUNT, "M-steps of our EM"),
        "steps_theirs": Column(
            COUNT,
            "M-steps after which our EM with these deviations is there: the number that the other reports, plus or "
            "minus one; any number if it reports none",
        ),
        "stopped_by": Column(
            TEXT,
            "stopping rules that its tolerance fulfils there; empty if no known rule does, or a number of steps was "
            "prescribed",
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
            "the next best explanation with no more deviations; if none explains it, the nearest one, which is not its "
            "cause",
        ),
        "next_best_residual": Column("standard deviations", "the difference that it leaves"),
        "n_runs": Column(COUNT, "combinations of deviations that were tried"),
        "explanation": Column(
            TEXT,
            "the diagnosis in words, with the effect of the arguments that the protocol passed; where no known "
            "stopping rule stops it there, a tolerance that would",
        ),
        "without": Column(
            TEXT,
            "for each of these deviations: the difference that remains with the best explanation without it, among "
            "those tried that can be distinguished; the larger, the more certain the deviation",
        ),
        "residual_without": Column(
            "standard deviations",
            "the smallest of these differences; where the parameters do not differ, that of the traces, in nats per "
            "sample",
        ),
        "n_others": Column(COUNT, "other replicates for which the explanation of this one was tested as a prediction"),
        "predicted": Column(
            "share",
            "share of these for which the prediction ends within 1e-9 of the other: with these deviations and the best "
            "rule in stopped_by, or the number of steps that was prescribed or reported",
        ),
    },
    "measurements": {
        "experiment": _EXPERIMENT,
        "fit": Column(TEXT, "name of the fit, or released_ and the package; empty for a measurement of the data"),
        "replicate": _REPLICATE,
        "measurement": Column(TEXT, "name of the measurement (below)"),
        "setting": Column(NUMBER, "setting that it was measured at; empty if there is none"),
        "value": Column(NUMBER, "the measured number"),
    },
    "claims": {
        "claim": Column(TEXT, "number of the claim; its letter stands for the source"),
        "source": Column(TEXT, "who states it"),
        "statement": Column(TEXT, "the claim as a sentence"),
        "published": Column(NUMBER, "the published number, or the threshold of the criterion"),
        "observed": Column(
            NUMBER,
            "the same number in this study: a statistic of the replicates, the median unless the claim names another",
            _OBSERVED,
        ),
        "interval_low": Column(
            NUMBER,
            "lower end of the 95 % confidence interval of observed: of a median by order statistics, of a mean by "
            "Student's t, of a geometric mean by the same on logarithms, of a share by Wilson; empty for a smallest or "
            "largest number, for too few replicates, where a replicate has several numbers, where the replicates are "
            "of several experiments, and for an identity",
            _OBSERVED,
        ),
        "interval_high": Column(NUMBER, "upper end, likewise", _OBSERVED),
        "n_replicates": Column(
            COUNT,
            "replicates that were evaluated: those with a number, and those that failed where that counts against the "
            "claim",
        ),
        "verdict": Column(
            TEXT,
            "on new data, or on the source's own where there are no others: replicated or reproduced; depends_on_draw; "
            "depends_on_data (experiments differ); not_replicated or not_reproduced; explained (it does not hold, and "
            "what holds instead was measured); undecided (too few replicates); checked or bug (of an identity); "
            "of printed numbers: checked, not_reproduced or undecided; by_argument; or not_tested (there are "
            "no numbers for it). The rules are in docs/verdicts.md",
        ),
        "explanation": Column(
            TEXT,
            "the headline, then the result on the source's own data, then the numbers behind both",
            is_compared=False,
        ),
        "kind": Column(
            TEXT, "how the replicates decide: number, inequality, estimate, existence or identity; empty if not tested"
        ),
        "criterion": Column(TEXT, "condition that a replicate must fulfil; for an estimate, the statistic"),
        "threshold_of": Column(TEXT, "who set the threshold in the criterion: the article, or this study"),
        "share_holding": Column(
            "share",
            "share of the replicates that fulfil the criterion (0-1); empty for an identity, and where experiments "
            "decide separately",
        ),
        "share_low": Column(
            "share",
            "lower end of that share's 95 % interval (Wilson; where a replicate has several numbers, n is the number "
            "of replicates); empty where share_holding is, or one run decides",
            _SHARE,
        ),
        "share_high": Column("share", "upper end, likewise", _SHARE),
        "range_low": Column(NUMBER, "2.5 percentile of the replicates' numbers; empty for fewer than 73", _OBSERVED),
        "range_high": Column(NUMBER, "97.5 percentile, likewise", _OBSERVED),
        "percentile": Column(
            "%", "for the kind number: percentage of the replicates below published, plus half of those equal to it"
        ),
        "original_observed": Column(
            NUMBER,
            "observed on the source's own data. Where the files are not part of the repository, it was measured once; "
            "empty if there are none, if the claim could not be tested on them, or if its criterion has changed since",
        ),
        "original_verdict": Column(TEXT, "verdict on the source's own data"),
        "basis": Column(
            TEXT,
            "how the statement comes from the source: verbatim, paraphrase, figure (an image that was not seen), "
            "inferred, or question (this study's own: its source does not say it)",
        ),
        "quote": Column(TEXT, "the source's own words; empty if there are none"),
        "cited": Column(TEXT, "where the quote stands in the source, and the source's address"),
        "short": Column(TEXT, "the statement in at most ten words; the statement itself if nothing shorter is given"),
        "headline": Column(TEXT, "the finding in one sentence", is_compared=False),
        "rows_of": Column(
            TEXT,
            "whose data the verdict is on: source (its own), resampled (its own, drawn again with replacement; the "
            "interval is then that of the bootstrap, and mcse its standard error) or other (new); empty if not tested",
        ),
        "share_needed": Column(
            "share",
            "share that the interval must reach; empty if the verdict does not depend on a share",
            is_given=True,
        ),
        "draws_needed": Column(
            NUMBER,
            "for an undecided claim: replicates (of each experiment) that would decide it if the share or statistic "
            "stays as it is; empty if no number would",
            _OBSERVED,
        ),
        "n_failed": Column(COUNT, "runs without a number because they failed"),
        "mcse": Column(
            NUMBER,
            "Monte Carlo standard error of observed; for a median, half of its interval divided by 1.96. Empty where "
            "the interval is",
            _OBSERVED,
        ),
        "stability": Column(
            "probability",
            "probability that a new run of the same size gives the same verdict (Jeffreys' posterior of the share; for "
            "an estimate, a normal distribution); empty where nothing is random",
            _OBSERVED,
        ),
        "threshold_low": Column(
            NUMBER,
            "lowest threshold with the same verdict, for an inequality, an estimate or an existence; empty if every "
            "lower threshold gives it",
            _OBSERVED,
        ),
        "threshold_high": Column(NUMBER, "highest threshold with the same verdict, likewise", _OBSERVED),
    },
}

# Columns that identify a row of a table that `em-study compare` compares with the published run.
KEYS = {
    "fits": ("experiment", "fit", "replicate"),
    "parameters": ("experiment", "fit", "component", "parameter"),
    "estimates": ("experiment", "fit", "replicate", "component", "parameter"),
    "agreement": ("experiment", "implementation", "protocol", "replicate"),
    "measurements": ("experiment", "fit", "replicate", "measurement", "setting"),
    "claims": ("claim",),
}
QUANTITY = ("measurement", "quantity")  # columns that name a row's number; the latter in summaries of sweeps
# Tables that claims may name, in addition to those of sweeps.
PARTS = ("fits", "parameters", "estimates", "agreement", "measurements")
# These hold text in every table; in a sweep's, so do the varied keys that `sweeps.settings.text_keys` names.
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
    "seed": Column(COUNT, "seed of the cell's random numbers"),
    **_SWEPT,
    "failure": _FITS["failure"],
    "note": _FITS["note"],
}
NUMERIC_QUANTITIES = {name: column for name, column in _SWEPT.items() if column.unit != TEXT}  # which can be drawn
