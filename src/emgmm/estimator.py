"""scikit-learn's interface to the library."""

import math
import warnings
from functools import partial
from numbers import Integral

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from emgmm import checks
from emgmm.acceleration import ACCELERATIONS
from emgmm.complete import KERNELS
from emgmm.covariance import COVARIANCE_TYPES
from emgmm.e_step import log_likelihoods, posteriors
from emgmm.em import aitken_stopping, expectation_maximization, sklearn_stopping
from emgmm.imputation import impute
from emgmm.incomplete import check_features, counted_rows, has_value
from emgmm.information import observed_information
from emgmm.initialization import METHODS, hot_deck, parameters_from_classes, random_parameters, unlabeled_statistics
from emgmm.labels import estimate, labeled_statistics, shrunken_parameters
from emgmm.one_thread import one_thread
from emgmm.parameters import CollapsedComponentError, MixtureParameters, checked_covariances, checked_weights
from emgmm.parts import Parts, as_parts
from emgmm.ridge import ridge_warning
from emgmm.statistics import has_missing, maximization, weighted_statistics

SAMPLE_ROWS = 50_000  # of parts, to start from
READ = {"dtype": [np.float64, np.float32], "ensure_all_finite": "allow-nan"}
ONE_ARRAY = "a model predicts one array at a time: fit the parts, then give them one by one"
STOPPING = {"change": sklearn_stopping, "aitken": aitken_stopping}


class GaussianMixtureEM(GaussianMixture):
    """Gaussian mixture fitted by EM: scikit-learn's, faster, and with labels, row weights and missing values.

    NaN in X is a missing value, missing at random, and so are values behind the mask of a masked array and pandas' NA.
    The likelihood is that of the observed values, with the missing ones as latent variables; a row without any counts
    nowhere, and has the weights as its posterior. Starts that look at the data take a copy in which each missing value
    is replaced by one drawn from the feature's others (`hot_deck`).

    With the same settings it takes the same steps as scikit-learn. It differs in this: EM goes through the rows in
    blocks, so that its memory does not grow with them (labels copy the rows, and starts by scikit-learn need theirs);
    EM computes in double precision and loses no digits to offsets; a component that collapses is told of.

    Every parameter and attribute that is not listed here is GaussianMixture's, with its shape and default. Covariances
    and precisions may be set by hand: those set last count, and the others follow.

    Parameters
    ----------
    init_params : {"kmeans", "k-means++", "random", "random_from_data", "labels", "random_parameters"}
        Where to start, default "kmeans". Where `fit` is given labels they are the start, whatever stands here
        (`shrunken_parameters`). "labels" asks for them, and takes each class's own covariance, as article A does
        (`parameters_from_labels`); "random_parameters" is article A's start without, drawn without a look at the data.
        With reg_covar=0, "k-means++" and "random_from_data" start each component with the covariance of all rows.
    weights_init, means_init, precisions_init, covariances_init : array-like, optional
        Parameters given explicitly win over any other start, each for itself. Covariances have the shape of
        `covariances_`: full (K, D, D), tied (D, D), diag (K, D), spherical (K,). Give them or the precisions.
    responsibilities_init : array-like of shape (n_samples, n_components), optional
        Start from the M-step on these: not negative, each row with sum 1. It wins over labels and `init_params`.
    semi_supervised : {"clamped", "init_only"}, default="clamped"
        What labels do. "clamped": labeled rows stay in the likelihood with their posteriors fixed. "init_only":
        they give the start and leave; EM runs on the unlabeled rows alone.
    stopping : {"change", "aitken"}, default="change"
        What must be below `tol` for EM to stop: the change of the mean log-likelihood, as in scikit-learn; or its
        distance from the limit, by the last steps (`aitken_stopping`). Where EM is slow, a small change is far from it.
    acceleration : {"none", "anderson"}, default="none"
    kernel : {"auto", "numpy", "numba"}, default="auto"
        As of `expectation_maximization`.

    Attributes
    ----------
    n_iter_ : int, steps of the best start
    n_passes_ : int
        Its passes over the rows: with acceleration some are of steps that were taken back. `max_iter` bounds them.
    lower_bounds_ : list of float
        Mean log-likelihood a row that each step found, in nats; with clamped labels, of all rows jointly.
    classes_ : ndarray
        Label of each component, that `predict` returns: 0 to n_components - 1, or other labels that `fit` was given,
        sorted. If there are fewer of these than components, the last components have none.

    Examples
    --------
    >>> import numpy as np
    >>> from emgmm import GaussianMixtureEM
    >>> X = np.array([[1.0, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> model = GaussianMixtureEM(2).fit(X, [0, -1, -1, 1, -1, -1])
    >>> model.predict([[0, 0], [12, 3]])
    array([0, 1])
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's way to declare them)
        **GaussianMixture._parameter_constraints,
        "covariance_type": [StrOptions(COVARIANCE_TYPES.keys())],  # those too that come later
        "init_params": [StrOptions({*METHODS, "labels", "random_parameters"})],
        "covariances_init": ["array-like", None],
        "responsibilities_init": ["array-like", None],
        "stopping": [StrOptions({*STOPPING})],
        "semi_supervised": [StrOptions({"clamped", "init_only"})],
        "acceleration": [StrOptions({*ACCELERATIONS})],
        "kernel": [StrOptions({*KERNELS})],
    }

    stopping, responsibilities_init = "change", None  # of models that were pickled before there were these
    _covariance_type = None  # that the covariances were made for

    def __init__(
        self,
        n_components=1,
        *,
        covariance_type="full",
        tol=1e-3,
        reg_covar=1e-6,
        max_iter=100,
        n_init=1,
        init_params="kmeans",
        weights_init=None,
        means_init=None,
        precisions_init=None,
        covariances_init=None,
        responsibilities_init=None,
        semi_supervised="clamped",
        stopping="change",
        acceleration="none",
        kernel="auto",
        random_state=None,
        warm_start=False,
        verbose=0,
        verbose_interval=10,
    ):
        for name, value in [*locals().items()][1:]:  # but self
            setattr(self, name, value)

    def fit(self, X, y=None, sample_weight=None, *, map=map):  # noqa: A002
        """Fit the mixture.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or Parts
            float64 and float32 arrays are not copied, read-only memory maps among them, unless some rows have a label
            or weight 0. NaN is a missing value. Parts have labels and weights of their own; what starts look at beside
            labels is some 50,000 of their rows: the first of each part that has no label, and one in so many after it.
        y : array-like of shape (n_samples,), optional
            Label of each row, whole numbers or text; -1, NaN, None, pandas' NA or a masked value if it is not known.
            Whole numbers from 0 to n_components - 1 are the components themselves; other labels name the first ones in
            their order (`classes_`). With one component there is nothing to know, and y is ignored.
        sample_weight : array-like of shape (n_samples,), optional
            A row of weight 2 counts as two, one of weight 0 nowhere.
        map : callable, default=map
            For `Parts`: what runs a task a part, like the `map` of an executor.

        Returns
        -------
        GaussianMixtureEM
            Itself. A ValueError is raised if the input cannot be used, or a component collapses from every start.

        Warns
        -----
        UserWarning
            If `reg_covar` is large beside the smallest variance of a feature (`ridge_warning`).
        ConvergenceWarning
            If EM did not converge in `max_iter` passes over the rows.
        """
        self._validate_params()
        rows = self._of_parts(X, y, sample_weight, map) if isinstance(X, Parts) else self._of_array(X, y, sample_weight)
        n_counted, every, classes, *to_start, run = rows
        if n_counted < self.n_components:
            told = f"n_components = {self.n_components}, n_samples = {n_counted}"
            of = "that count; with semi_supervised='init_only' unlabeled ones, if there are any"
            raise ValueError(f"Expected n_samples >= n_components but got {told} ({of})")
        if message := ridge_warning(every[0], self.reg_covar, every[1]):
            warnings.warn(message, stacklevel=2)
        if to_start[1] is None and self.init_params == "labels":
            raise ValueError("init_params='labels' needs labels: give y, or labels to Parts (-1 for rows without one)")
        best = self._best_run(run, *to_start)
        self._keep(best)
        self.classes_ = classes
        if not best.converged and self.max_iter > 0:
            told = f"EM did not converge in {best.n_passes} passes over the rows"
            warnings.warn(f"{told}: raise max_iter or tol, or try another start.", ConvergenceWarning, stacklevel=2)
        return self

    def _of_array(self, X, y, sample_weight):
        """Give the number of rows that count; rows and weights; classes; what `_start` looks at; and a run of EM."""
        X = validate_data(self, checks.with_nan(X), ensure_min_samples=2, **READ)
        weight = None if sample_weight is None else checks.scaled_weight(_checked_weight(sample_weight, X))
        first = self._given_responsibilities(len(X))
        ignored = y is None or (self.n_components == 1 and self.init_params != "labels")
        labels = None if ignored else checks.known_labels(y, len(X))
        weight, X, labels, first = checks.weighted(weight, X, labels, first)
        checks.checked_squares(X)
        classes, known = np.arange(self.n_components), None
        if labels is not None:
            classes = checks.classes_of(checks.distinct(labels), self.n_components)
            labels = checks.components_of(labels, classes)
            known = labels != checks.UNLABELED
        free, labeled, fitted = (X, weight), None, X
        if known is None or not known.any():
            n_counted = has_value(X).sum() if has_missing(X) else len(X)
        else:
            chosen, settings = ~known & has_value(X), (self.n_components, self.covariance_type)
            free, of_known = ((X[part], None if weight is None else weight[part]) for part in (chosen, known))
            labeled = labeled_statistics(of_known[0], labels[known], *settings, of_known[1])
            left_out = self.semi_supervised == "init_only" and chosen.any()
            fitted, n_counted = (free[0], len(free[0])) if left_out else (X, (chosen | known).sum())
        if has_missing(fitted):
            check_features(fitted, names=getattr(self, "feature_names_in_", None))
        if first is not None:
            first = self._after(first, X, weight)
        clamped = labeled if self.semi_supervised == "clamped" or not len(free[0]) else None
        fit = partial(expectation_maximization, free[0], labeled=clamped, sample_weight=free[1])
        return n_counted, (X, weight), classes, free, labeled, first, fit

    def _of_parts(self, parts, y, sample_weight, map):  # noqa: A002
        if self.responsibilities_init is not None:
            raise ValueError("responsibilities_init is for rows in one array, not for Parts")
        parts, classes = self._fitted_parts(as_parts(parts, y, sample_weight), map)
        self.n_features_in_ = parts.n_features
        self.__dict__.pop("feature_names_in_", None)  # of a fit before
        labeled = parts.labeled(self.n_components, self.covariance_type, map) if len(parts.labels) else None
        free = parts.sample(SAMPLE_ROWS, map)
        return parts.n_rows, free, classes, free, labeled, None, partial(expectation_maximization, parts, map=map)

    def _fitted_parts(self, parts, map, classes=None):  # noqa: A002
        """Give the parts with what of them is fitted, and the classes, if they are not known already."""
        if self.n_components == 1:  # there is nothing to know
            parts = parts.changed(columns=[*parts.columns[:2], [None] * len(parts.columns[2]), parts.columns[3]])
        parts = parts.changed(clamped=True).look(map)
        classes = checks.classes_of(parts.labels, self.n_components) if classes is None else classes
        names = classes.tolist()
        if strange := [label for label in parts.labels.tolist() if label not in names]:
            raise ValueError(f"the label {strange[0]!r} is none of the classes {names}")
        if names != [*range(self.n_components)]:
            parts = parts.changed(classes=classes).look(map)
        if self.semi_supervised == "init_only" and len(parts.labels):
            unlabeled = parts.changed(clamped=False).look(map)
            parts = unlabeled if unlabeled.n_rows else parts
        return parts, classes

    def _in_the_likelihood(self, X, y, sample_weight, map):  # noqa: A002
        """Give the parts that a fit to rows has in its likelihood, and the fitted mixture."""
        check_is_fitted(self)
        X, parameters = (X, self._last()) if isinstance(X, Parts) else self._checked_rows(X)
        return self._fitted_parts(as_parts(X, y, sample_weight), map, getattr(self, "classes_", None))[0], parameters

    def standard_errors_(self, X, y=None, sample_weight=None):
        """Give standard errors of weights, means and covariances by `observed_information`; parameters as in `fit`."""
        return observed_information(X, self, y=y, sample_weight=sample_weight).standard_errors

    def fit_predict(self, X, y=None, sample_weight=None):
        """Fit the mixture and return the most probable component of each row; parameters as in `fit`, but no Parts."""
        if isinstance(X, Parts):
            raise TypeError(ONE_ARRAY)
        return self.fit(X, y, sample_weight).predict(X)

    def predict(self, X):
        """Return the most probable component of each row, an ndarray of shape (n_samples,).

        As `fit` was given labels: whole numbers, or text. A component without a label is -1, or None beside text.
        """
        return self._labels_of(self.predict_proba(X).argmax(axis=1))

    def _labels_of(self, components):
        classes, n_components = getattr(self, "classes_", np.arange(len(self.means_))), len(self.means_)
        if len(classes) < n_components:
            without = [None if classes.dtype.kind == "U" else checks.UNLABELED] * (n_components - len(classes))
            classes = np.array([*classes.tolist(), *without])
        return classes[components]

    def sample(self, n_samples=1):
        """Draw rows from the mixture, and return them and their labels, as `predict` gives these."""
        check_is_fitted(self)
        kind = COVARIANCE_TYPES[self.covariance_type]
        model = GaussianMixture(covariance_type="diag" if kind.diagonal else "full", random_state=self.random_state)
        model.weights_, model.means_ = self.weights_, self.means_
        model.covariances_ = kind.expand(self.covariances_, *self.means_.shape)  # of a type that scikit-learn knows
        X, components = model.sample(n_samples)
        return X, self._labels_of(components)

    def predict_proba(self, X):
        """Return the posteriors of the components for each row, an ndarray of shape (n_samples, n_components)."""
        return posteriors(*self._checked_rows(X))

    def score_samples(self, X):
        """Return the log-likelihood of each row in nats, an ndarray of shape (n_samples,)."""
        return log_likelihoods(*self._checked_rows(X))

    def score(self, X, y=None, sample_weight=None):
        """Return the mean log-likelihood in nats of the rows that have a value, a float; parameters as in `fit`."""
        return _mean(*self._counted(X, sample_weight))

    def bic(self, X, sample_weight=None):
        """Return the Bayesian information criterion, the lower the better; parameters as in `score`."""
        return _criterion(*self._counted(X, sample_weight), math.log)

    def aic(self, X, sample_weight=None):
        """Return Akaike's information criterion, the lower the better; parameters as in `score`."""
        return _criterion(*self._counted(X, sample_weight), lambda _: 2)

    def icl(self, X, sample_weight=None):
        """Return the integrated completed likelihood, the lower the better; parameters as in `score`.

        It is the BIC, less twice the log-posteriors of the components that the rows are assigned to, so that
        overlapping components cost (Biernacki, Celeux and Govaert, 2000, "Assessing a mixture model for clustering with
        the integrated completed likelihood").
        """
        rows, weight, parameters = self._counted(X, sample_weight)
        largest = np.log(posteriors(rows, parameters).max(axis=1))
        bic = _criterion(rows, weight, parameters, math.log)
        return bic - 2 * float(np.sum(largest if weight is None else weight * largest))

    def _counted(self, X, sample_weight):
        X, parameters = self._checked_rows(X)
        X, weight = counted_rows(X, None if sample_weight is None else _checked_weight(sample_weight, X))
        if not len(X):
            raise ValueError("X has no row with a value")
        return X, weight, parameters

    def _set_parameters(self, params, xp=None):
        self.weights_, self.means_, _, self.precisions_cholesky_ = params  # which the others follow

    def impute(self, X, *, n_draws=None, random_state=None):
        """Fill in missing values by their expectation given what the row has, or by draws (`emgmm.impute`).

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)
        n_draws : int, optional
            Draw so many times from the conditional distribution by `random_state`, for multiple imputation.
        random_state : int, RandomState or None, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_features), or (n_draws, n_samples, n_features)
            Values that are there stay as they are. Of a data frame a data frame, or a list of them.
        """
        rows, parameters = self._checked_rows(X)
        if n_draws is not None and not (isinstance(n_draws, Integral) and n_draws >= 1):
            raise ValueError(f"n_draws must be at least 1, and a whole number, not {n_draws!r}")
        generator = None if n_draws is None else check_random_state(random_state)
        filled = [impute(rows, parameters, generator) for _ in range(n_draws or 1)]
        if hasattr(X, "iloc"):  # of pandas
            filled = [type(X)(each, index=X.index, columns=X.columns) for each in filled]
            return filled[0] if n_draws is None else filled
        return filled[0] if n_draws is None else np.stack(filled)

    def _checked_rows(self, X):
        check_is_fitted(self)
        if isinstance(X, Parts):
            raise TypeError(ONE_ARRAY)
        with np.errstate(invalid="ignore"):  # it adds up all values
            X = validate_data(self, checks.with_nan(X), reset=False, **READ)
        return X, self._last()

    def _given_responsibilities(self, n_rows):
        if self.responsibilities_init is None:
            return None
        given = checks.numbers(self.responsibilities_init, "responsibilities_init", (n_rows, self.n_components))
        if (given < 0).any() or (np.abs(given.sum(axis=1) - 1) > 1e-6).any():
            raise ValueError("responsibilities_init must not be negative, and each row must have sum 1")
        return given

    def _after(self, responsibilities, X, weight):
        """Take the M-step on responsibilities of all rows, labeled ones too."""
        shares, seen = responsibilities if weight is None else responsibilities * weight[:, None], has_value(X)
        filled = hot_deck(X[seen], check_random_state(self.random_state), None if weight is None else weight[seen])
        return maximization(weighted_statistics(filled, shares[seen], self.covariance_type), self.reg_covar)

    def _best_run(self, run, free, labeled, first):
        """Run EM from every start, and return the result of highest likelihood."""
        random_state, given = check_random_state(self.random_state), self._given()
        goes_on = self.warm_start and hasattr(self, "converged_")
        shape = self.n_components, self.n_features_in_
        needed = shape, COVARIANCE_TYPES[self.covariance_type].shape(*shape), self.covariance_type
        if goes_on and needed != (self.means_.shape, self.covariances_.shape, self._covariance_type or needed[2]):
            told = "covariance_type, n_components and the number of features must stay"
            raise ValueError(f"warm_start goes on from the last fit: {told}")
        best, collapse = None, None
        one = goes_on or first is not None or len(given) == 3 or (labeled is not None and labeled.mass.all())
        for number in range(1 if one else self.n_init):
            self._print_verbose_msg_init_beg(number)
            try:
                start = self._last() if goes_on else self._start(free, labeled, first, random_state, given)
            except CollapsedComponentError as error:
                collapse = f"start: {error}"
                continue
            result = run(
                start=start,
                stopping=STOPPING[self.stopping](self.tol, self.max_iter),
                reg_covar=self.reg_covar,
                acceleration=self.acceleration,
                kernel=self.kernel,
                previous=self.lower_bound_ if goes_on else None,
                monitor=partial(self._report, [-np.inf]) if self.verbose else None,
            )
            self._print_verbose_msg_init_end(result.trace[-1] if result.trace else -np.inf, result.converged)
            if result.collapse:
                collapse = f"step {len(result.trace)}: {result.collapse}"
            elif best is None or not best.trace or result.trace[-1] > best.trace[-1]:
                best = result
        if best is None:
            raise ValueError(
                f"A component collapsed from every start ({collapse}). "
                "Raise reg_covar, take fewer components or another covariance_type, or give more rows or labels; "
                "semi_supervised='clamped' keeps a class without unlabeled rows."
            )
        return best

    def _report(self, trace, step, log_likelihood, _parameters):
        """Print a step as scikit-learn does."""
        self._print_verbose_msg_iter_end(step, log_likelihood - trace[-1])
        trace.append(log_likelihood)

    def _last(self):
        """Make parameters of the attributes, for a model may be given them by hand, as in scikit-learn."""
        if self._covariance_type not in (None, self.covariance_type):
            told = f"covariance_type is {self.covariance_type!r}, and the model has {self._covariance_type!r}"
            raise ValueError(f"{told}: fit it again, or set covariances_")
        names = "weights_", "means_", "covariances_", "precisions_cholesky_"
        weights, means, covariances, factors = (np.asarray(getattr(self, name), dtype=float).view() for name in names)
        shapes = means.shape[:1], *[COVARIANCE_TYPES[self.covariance_type].shape(*means.shape)] * 2
        if (weights.shape, covariances.shape, factors.shape) != shapes:
            raise ValueError(f"weights_, covariances_ and precisions_cholesky_ must have the shapes {shapes}")
        return MixtureParameters(weights, means, covariances, self.covariance_type, factors)

    def __setattr__(self, name, value):
        """Keep covariances and precisions together: those set last, by hand, count."""
        if name not in ("covariances_", "precisions_", "precisions_cholesky_"):
            return super().__setattr__(name, value)
        kind = COVARIANCE_TYPES[self.covariance_type]
        moments = _attributes(*_moments_of(checks.numbers(value, name), kind, name), kind)
        return vars(self).update(moments, _covariance_type=self.covariance_type)

    def _start(self, free, labeled, first, random_state, given):
        """Make the parameters to start from: those given, the first, others from labels, or from unlabeled rows."""
        (X, weight), kind = free, self.covariance_type
        if len(given) == 3:
            return MixtureParameters(**given, covariance_type=kind)
        if first is not None:
            start = first
        elif labeled is not None and labeled.mass.all() and self.init_params == "labels":
            start = estimate(labeled, self.reg_covar)
        elif labeled is not None and labeled.mass.all():
            start = shrunken_parameters(labeled, X, self.reg_covar, weight)
        elif labeled is not None:
            if not len(X):
                empty = int((labeled.mass == 0).argmax())
                raise ValueError(f"component {empty} has no labeled row, and there are no unlabeled rows")
            start = parameters_from_classes(labeled, X, random_state, self.reg_covar, weight)
        elif self.init_params == "random_parameters":
            start = random_parameters(self.n_components, self.n_features_in_, random_state, kind)
        else:
            X, weight = counted_rows(X, weight)
            settings = self.init_params, random_state, kind, weight, self.reg_covar
            statistics = unlabeled_statistics(X, self.n_components, *settings)
            found = maximization(statistics, self.reg_covar)
            # Like scikit-learn, whose weights do not sum to 1 where a single row stands for a component.
            shares = statistics.mass / checks.total_weight(X, weight)
            start = MixtureParameters(shares, found.means, found.covariances, kind)
        if given:
            found = {name: getattr(start, name) for name in ("weights", "means", "covariances")} | given
            found["weights"] = found["weights"] / found["weights"].sum()
            start = MixtureParameters(**found, covariance_type=kind)
        return start

    def _given(self):
        """Check the parameters that are given explicitly."""
        shape, kind, given = (self.n_components, self.n_features_in_), COVARIANCE_TYPES[self.covariance_type], {}
        if self.weights_init is not None:
            given["weights"] = checked_weights(self.weights_init, self.n_components, "weights_init")
        if self.means_init is not None:
            given["means"] = checks.numbers(self.means_init, "means_init", shape).copy()
        if self.covariances_init is not None and self.precisions_init is not None:
            raise ValueError("give precisions_init or covariances_init, not both")
        for name, value in (("covariances_init", self.covariances_init), ("precisions_init", self.precisions_init)):
            if value is not None and name == "covariances_init":
                value = checked_covariances(value, self.covariance_type, shape, name)
            if value is not None:
                given["covariances"], _ = _moments_of(checks.numbers(value, name, kind.shape(*shape)), kind, name)
        return given

    def _keep(self, result):
        parameters = result.parameters
        self.weights_, self.means_ = parameters.weights.copy(), parameters.means.copy()
        moments = parameters.covariances.copy(), parameters.precisions_cholesky.copy()
        vars(self).update(_attributes(*moments, parameters.type), _covariance_type=parameters.covariance_type)
        self.converged_, self.n_iter_, self.n_passes_ = result.converged, len(result.trace), result.n_passes
        self.lower_bounds_ = list(result.trace)
        self.lower_bound_ = result.trace[-1] if result.trace else -np.inf

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.array_api_support = False
        tags.input_tags.allow_nan = True
        return tags


def _mean(rows, weight, parameters):
    return float(np.average(log_likelihoods(rows, parameters), weights=checks.scaled_weight(weight)))


def _criterion(rows, weight, parameters, penalty):
    n_rows = checks.total_weight(rows, weight)
    return -2 * n_rows * _mean(rows, weight, parameters) + parameters.n_parameters * penalty(n_rows)


def _checked_weight(sample_weight, X):
    weight = _check_sample_weight(checks.with_nan(sample_weight), X, dtype=np.float64, ensure_non_negative=True)
    if not weight.any():
        raise ValueError("sample_weight must not be zero for every row")
    return weight


def _factors(moments, kind, name):
    """Give factors of the inverses of covariances, or precisions."""
    if moments.ndim != len(kind.shape(1, 1)):
        raise ValueError(f"{name} must have the covariance_type's number of dimensions, not the shape {moments.shape}")
    if not kind.diagonal and not np.allclose(moments, moments.swapaxes(-1, -2)):
        raise ValueError(f"{name} must be symmetric")
    factors, singular = kind.precision_factors(moments)
    if np.any(singular):
        raise ValueError(f"{name} must be positive, and positive definite")
    return factors


@one_thread()
def _moments_of(value, kind, name):
    """Give covariances, and factors of the precisions, of what is told by this name: these, or the precisions."""
    if name.startswith("covariances"):
        return value, _factors(value, kind, name)
    if name.startswith("precisions_cholesky"):
        if (kind.variances(value) <= 0).any():
            raise ValueError(f"{name} must have a positive diagonal")
        return kind.precisions(_factors(kind.precisions(value), kind, name)), value
    covariances = kind.precisions(_factors(value, kind, name))
    return covariances, _factors(covariances, kind, name)


@one_thread()
def _attributes(covariances, factors, kind):
    return {"covariances_": covariances, "precisions_": kind.precisions(factors), "precisions_cholesky_": factors}
