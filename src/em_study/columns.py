"""The columns of the published tables, in order, and what each holds."""

# Columns that hold text in every table. Of a sweep's, so do the varied keys that `configuration.cells.text_keys` names.
TEXT_COLUMNS = (
    *("experiment", "fit", "protocol", "parameter", "measurement", "quantity", "class", "failure", "note"),
    *("covariance_type", "initialization", "semi_supervised", "missing"),
    *("outcome", "deviations", "stopped_by", "trace", "alike", "next_best", "explanation"),
    *("claim", "source", "statement", "verdict", "kind", "criterion", "threshold_of", "original_verdict"),
)
# Every table, its columns in order, and what they hold.
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
        "n_iter": "steps: E-steps whose log-likelihood the stopping rule saw, or what another implementation tells",
        "n_passes": "passes over the rows: the steps, and with an acceleration those that went too far and were taken "
        "back",
        "trace_before_last": "mean log-likelihood at the last step but one, in nats a row; joint if labels are clamped",
        "trace_last": "mean log-likelihood at the last step; the stopping rule saw their difference",
        "converged": "whether the stopping rule was met within max_iter steps; empty if nobody tells",
        "mean_log_likelihood": "of what is observed of the unlabeled rows, under the final parameters; nats a row",
        "bic": "Bayesian information criterion of the unlabeled rows; lower is better",
        "aic": "Akaike information criterion of the unlabeled rows; lower is better",
        "accuracy": "share of unlabeled rows given their true class (0-1; empty if unknown); for a fit that never saw "
        "a label, under the best renaming of its components",
        "missing": "what was fitted of rows with missing values: observed (the likelihood of what is there), "
        "complete_rows (the rows without any) or column_means (all rows, the columns' means filled in)",
        "share_missing": "share of the unlabeled rows' values that are missing (0-1)",
        "n_fitted": "unlabeled rows that were fitted",
        "failure": "why there is no fit; empty if there is one",
        "note": "what to know of this fit: a ridge (reg_covar) that is not small beside the data's variance",
    },
    "parameters": {
        "experiment": "name of the experiment",
        "fit": "name of the fit",
        "component": "number of the component, from 0",
        "parameter": "weight, mean[feature], standard_deviation[feature] or covariance[feature,feature]",
        "value": "of the fit to replicate 0; units of the features (squared for covariances); empty if it failed",
        "published": "what the source printed, components matched by their means; empty if it printed nothing",
        "agrees": "1 if the value, rounded as printed, is the published one, else 0; empty if nothing was printed",
        "class": "name of the class that the component stands for; empty if the fit never saw a label",
    },
    "agreement": {
        "experiment": "name of the experiment",
        "protocol": "how scikit-learn, or the implementation that `protocols` names, was run beside our EM",
        "replicate": "number of the repetition, from 0",
        "n_samples": "unlabeled rows compared",
        "agreement": "share of rows with the same hard label (0-1)",
        "disagreement": "1 - agreement",
        "agreement_aligned": "share of rows with the same hard label under the best renaming of our components (0-1)",
        "max_abs_posterior_difference": "largest difference of a posterior, over rows and components",
        "max_abs_parameter_difference": "largest difference of a weight, mean or covariance entry",
        "max_standardized_parameter_difference": "largest difference of a weight, mean or covariance entry, "
        "in standard errors of its estimate as if the rows' components were known",
        "n_iter_ours": "steps of our EM: E-steps whose log-likelihood the stopping rule saw",
        "n_iter_sklearn": "M-steps of the other: n_iter_ of scikit-learn; empty if it does not tell",
        "failure": "why there is nothing to compare; empty if there is",
        "note": "the same as in fits.csv, of the other's ridge",
    },
    "diagnosis": {
        "experiment": "name of the experiment",
        "protocol": "how the other implementation was run beside our EM",
        "replicate": "number of the repetition, from 0; the first two are diagnosed",
        "outcome": "the same; explained (by these deviations of our EM, to rounding); partly explained (they bring it "
        "ten times nearer); not explained; or not diagnosed (a fit failed)",
        "deviations": "known deviations of the catalogue that bring our EM nearest; empty if none is needed",
        "residual_before": "largest difference of where the two end, in standard deviations of the components",
        "residual_after": "the same beside our EM with these deviations, after as many steps as bring it nearest",
        "steps_ours": "M-steps of our EM",
        "steps_theirs": "M-steps after which our EM with these deviations is nearest",
        "stopped_by": "tests that the tolerance which it was given passes there; empty if there is none known, or it "
        "was given a number of steps",
        "trace": "the other's trace beside the mean log-likelihoods of that EM: the same, moved, summed or another; "
        "empty if it has none",
        "alike": "other deviations, as many, that these rows cannot tell from these",
        "next_best": "the next best explanation of no more deviations",
        "next_best_residual": "what it leaves; how far it is from residual_after says how certain these are",
        "n_runs": "combinations of deviations that were tried",
        "explanation": "the same in words, of what the protocol handed over as well; where no test is known that stops "
        "it there, a tolerance that would",
    },
    "measurements": {
        "experiment": "name of the experiment",
        "fit": "name of the fit; empty for a measurement of the data",
        "replicate": "number of the repetition, from 0",
        "measurement": "what was measured (below)",
        "setting": "what it was measured at; empty if at nothing",
        "value": "the number",
    },
    "claims": {
        "claim": "number of the claim: a letter a source",
        "source": "who states it",
        "statement": "what is stated",
        "published": "the number that it comes down to",
        "observed": "the same number in this study: a statistic of the draws, the median unless the claim says another",
        "interval_low": "lower end of the 95 % confidence interval of observed: of a median by order statistics, of a "
        "mean by Student's t, of a share by Wilson; empty for a smallest or largest number, of too few draws, where a "
        "draw has several numbers, or where the draws are of several experiments",
        "interval_high": "upper end, likewise",
        "n_replicates": "draws that were looked at: replicates with a number",
        "verdict": "reproduced; reproduced_in_distribution (it depends on the draw); not_reproduced; explained (it "
        "does not hold, and what holds instead was measured over the draws); undecided (too few draws); or not_tested "
        "(there are no numbers for it). The rules are in docs/verdicts.md",
        "explanation": "the verdict in words, and the numbers behind it",
        "kind": "how the draws decide: number, inequality, existence or identity; empty if not tested",
        "criterion": "what a draw must fulfil",
        "threshold_of": "who set the number in it: the article, or this study",
        "share_holding": "share of the draws that fulfil it (0-1)",
        "share_low": "lower end of that share's 95 % interval (Wilson); empty where the draws are not independent, "
        "as above, or one run decides",
        "share_high": "upper end, likewise",
        "range_low": "2.5 percentile of the draws' numbers; empty for one draw",
        "range_high": "97.5 percentile, likewise",
        "percentile": "of kind number: percentage of the draws below published, and half of those at it",
        "original_observed": "observed on the source's own data, measured once (the files are not part of the "
        "repository); empty if there are none, or the claim could not be tested on them or has changed since",
        "original_verdict": "verdict there",
    },
}

_NAMES = ("experiment", "fit", "protocol", "replicate", "failure", "note", "trace_before_last", "trace_last")
# What a sweep's table has of these tables; beside it, the varied keys and further columns.
SWEEP_QUANTITIES = tuple(
    dict.fromkeys(column for table in ("fits", "agreement") for column in COLUMNS[table] if column not in _NAMES)
)
SWEEP_COLUMNS = ("fit", "protocol", "replicate", "seed", *SWEEP_QUANTITIES, "failure", "note")
PARTS = ("fits", "parameters", "agreement", "measurements")  # tables that claims may name, beside those of sweeps
# Those that can be drawn.
NUMERIC_QUANTITIES = tuple(column for column in SWEEP_QUANTITIES if column not in TEXT_COLUMNS)
