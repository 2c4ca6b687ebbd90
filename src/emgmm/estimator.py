"""scikit-learn's interface to the library."""

import math
import warnings
from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from emgmm import checks
from emgmm.acceleration import ACCELERATIONS
from emgmm.complete import KERNELS
from emgmm.covariance import COVARIANCE_TYPES
from emgmm.e_step import log_likelihoods, posteriors
from emgmm.em import aitken_stopping, expectation_maximization, sklearn_stopping
from emgmm.imputation import impute
from emgmm.incomplete import check_features, counted_samples, has_value
from emgmm.information import observed_information
from emgmm.initialization import METHODS, hot_deck, parameters_from_classes, random_parameters, unlabeled_statistics
from emgmm.labels import estimate, labeled_statistics, shrunken_parameters
from emgmm.parameters import CollapsedComponentError, MixtureParameters, checked_covariances, checked_weights
from emgmm.parts import Parts, as_parts
from emgmm.regularization import CovariancePenalty, feature_statistics, regularization_warning
from emgmm.statistics import has_missing, maximization, weighted_statistics
from emgmm.threads import one_thread

PARTS_SAMPLES = 50_000  # samples of parts that initialization uses
READ = {"dtype": [np.float64, np.float32], "ensure_all_finite": "allow-nan"}
ONE_ARRAY = "X must be one array here, not Parts: fit the parts, then pass each part's array"
STOPPING = {"change": sklearn_stopping, "aitken": aitken_stopping}


class GaussianMixtureEM(GaussianMixture):
    """Gaussian mixture fitted by EM, with scikit-learn's interface, and with labels, sample weights and missing values.

    NaN in X is a missing value, and so are masked values of a masked array and pandas' NA; values must be missing at
    random. The likelihood is that of the observed values, with the missing ones as latent variables. A sample without
    any observed value does not count; its posterior probabilities are the weights. For initialization from the data,
    each missing value is replaced by an observed value of the feature, drawn at random (a hot deck).

    With the same settings it takes the same steps as scikit-learn. The differences are: EM goes through the samples in
    blocks, so that its memory does not grow with their number (labels need a copy of the samples, and scikit-learn's
    initializations need their own memory); EM computes in double precision and loses no digits to offsets; the collapse
    of a component is reported.

    `covariances_`, `precisions_` and `precisions_cholesky_` may be set by hand: the one set last counts, and the others
    follow.

    Parameters
    ----------
    n_components : int, default=1
        Number of components, K.
    covariance_type : {"full", "tied", "diag", "spherical"}, default="full"
        Structure of the covariances, a key of `COVARIANCE_TYPES`.
    tol : float, default=1e-3
        Tolerance of the stopping rule, in nats per sample.
    reg_covar : float, default=1e-6
        Covariance regularization: added to each variance, in squared units of the features.
    covariance_penalty : float, default=0
        Strength of a `CovariancePenalty`, in samples, whose scale is the variances of the features over the fitted
        samples; 0 is none, 1 / sqrt(n_samples) is usual. With it, a component collapses only if it loses all its mass.
        Use reg_covar=0 with it: then the penalized log-likelihood never decreases.
    max_iter : int, default=100
        Largest number of passes over the samples; without acceleration each is one step.
    n_init : int, default=1
        Number of initializations, of which the fit of highest `lower_bound_` is kept. Labels for all components,
        explicit initial parameters and a warm start need only one.
    init_params : str, default="kmeans"
        How to initialize without labels: "kmeans", "k-means++", "random" and "random_from_data" as in scikit-learn;
        "short_runs" (`unlabeled_statistics`), which ends at the best maximum more often than k-means; "labels";
        "random_parameters". If `fit` is given labels, these give the initial parameters (`shrunken_parameters`),
        whatever this parameter is; components without labels use the unlabeled samples. "labels" requires labels, and
        uses each class's own covariance, as article A does (`parameters_from_labels`). "random_parameters" does not use
        the data (`random_parameters`, article A's initialization without labels). With reg_covar=0, "k-means++" and
        "random_from_data" give each component the covariance of all samples.
    weights_init : array-like of shape (n_components,), optional
        Initial weights. Explicit initial parameters, each by itself, take precedence over every other initialization.
    means_init : array-like of shape (n_components, n_features), optional
        Initial means.
    precisions_init : array-like, optional
        Initial precisions (inverse covariances), of the shape of `covariances_init`.
    covariances_init : array-like, optional
        Initial covariances: full (K, D, D), tied (D, D), diag (K, D), spherical (K,). Give these or the precisions.
    responsibilities_init : array-like of shape (n_samples, n_components), optional
        Responsibilities for an initial M-step: not negative, each row with sum 1. They take precedence over labels and
        `init_params`.
    semi_supervised : {"clamped", "init_only"}, default="clamped"
        Use of labels. "clamped": labeled samples stay in the likelihood, with their posteriors fixed. "init_only":
        labels give the initial parameters only; EM runs on the unlabeled samples alone.
    stopping : {"change", "aitken"}, default="change"
        What EM compares with `tol`. "change": the change of the mean log-likelihood, as in scikit-learn. "aitken": the
        Aitken estimate of its distance to the limit (`aitken_stopping`), which is larger than the change if EM is slow.
    acceleration : {"none", "anderson"}, default="none"
        Acceleration of EM, as in `expectation_maximization`.
    kernel : {"auto", "numpy", "numba"}, default="auto"
        Code for passes over complete samples, as in `expectation_maximization`.
    n_jobs : int or None, default=None
        Number of threads for EM's passes over the samples, as in `expectation_maximization`. None is 1, unless
        ``joblib.parallel_config`` sets another number; -1 is all processors. Each number gives the same bytes.
    random_state : int, RandomState or None, default=None
        Source of the random numbers of initialization and `sample`.
    warm_start : bool, default=False
        Whether `fit` continues from the last fit.
    verbose : int, default=0
        As in scikit-learn.
    verbose_interval : int, default=10
        As in scikit-learn.

    Attributes
    ----------
    weights_ : ndarray of shape (n_components,)
        Weights of the components.
    means_ : ndarray of shape (n_components, n_features)
        Means, in the units of the features.
    covariances_ : ndarray
        Covariances, in squared units of the features: full (K, D, D), tied (D, D), diag (K, D), spherical (K,).
    precisions_ : ndarray
        Inverses of the covariances, of the same shape.
    precisions_cholesky_ : ndarray
        Upper Cholesky factors of the precisions, of the same shape.
    converged_ : bool
        Whether the stopping rule was met.
    n_iter_ : int
        Number of steps of the best run.
    n_passes_ : int
        Number of its passes over the samples. With acceleration they include rejected steps.
    lower_bound_ : float
        Last entry of `lower_bounds_`.
    lower_bounds_ : list of float
        Mean log-likelihood that each step computed, in nats per sample; with clamped labels, of all samples jointly;
        with ``covariance_penalty`` minus the penalty. `score`, `bic`, `aic` and `icl` are without the penalty.
    classes_ : ndarray
        Label of each component, as `predict` returns it: 0 to n_components - 1, or the other labels that `fit` was
        given, sorted. If these are fewer than the components, the last components have none.
    n_features_in_ : int
        Number of features, D.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if X had any.

    See Also
    --------
    expectation_maximization : EM from given initial parameters, with the equations.
    Parts : Samples in several arrays or files.
    observed_information : Standard errors, and whether a fit is a maximum.

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
        "covariance_type": [StrOptions(COVARIANCE_TYPES.keys())],  # including types added later
        "init_params": [StrOptions({*METHODS, "labels", "random_parameters"})],
        "covariance_penalty": [Interval(Real, 0.0, None, closed="left")],
        "covariances_init": ["array-like", None],
        "responsibilities_init": ["array-like", None],
        "stopping": [StrOptions({*STOPPING})],
        "semi_supervised": [StrOptions({"clamped", "init_only"})],
        "acceleration": [StrOptions({*ACCELERATIONS})],
        "kernel": [StrOptions({*KERNELS})],
        "n_jobs": [Integral, None],
    }

    stopping, responsibilities_init, n_jobs = "change", None, None  # for models pickled before these parameters existed
    covariance_penalty = 0.0  # likewise
    _covariance_type = None  # type of the covariances

    def __init__(
        self,
        n_components=1,
        *,
        covariance_type="full",
        tol=1e-3,
        reg_covar=1e-6,
        covariance_penalty=0.0,
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
        n_jobs=None,
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
            Samples. NaN is a missing value. Arrays of float64 and float32, including read-only memory maps, are not
            copied, unless some samples have a label or weight 0. `Parts` have labels and weights of their own;
            initialization without labels uses about 50,000 of their unlabeled samples.
        y : array-like of shape (n_samples,), optional
            Label of each sample, an integer or text; -1, NaN, None, pandas' NA or a masked value if it is not known.
            Integers from 0 to n_components - 1 are the components themselves. Other labels are sorted and name the
            first components (`classes_`). With one component y is ignored.
        sample_weight : array-like of shape (n_samples,), optional
            A sample of weight 2 counts as two, one of weight 0 does not count.
        map : callable, default=map
            For `Parts`: runs one task for each part, like the `map` of an executor.

        Returns
        -------
        GaussianMixtureEM
            The fitted model itself.

        Raises
        ------
        ValueError
            If the input cannot be used, or a component collapses from every initialization.

        Warns
        -----
        UserWarning
            If `reg_covar` is more than a thousandth of the smallest variance of a feature.
        ConvergenceWarning
            If EM did not converge in `max_iter` passes over the samples.
        """
        self._validate_params()
        rows = self._of_parts(X, y, sample_weight, map) if isinstance(X, Parts) else self._of_array(X, y, sample_weight)
        n_counted, every, classes, *to_start, run = rows
        if n_counted < self.n_components:
            counts = f"n_components = {self.n_components}, n_samples = {n_counted}"
            hint = "samples that count; with semi_supervised='init_only' the unlabeled ones, if there are any"
            raise ValueError(f"Expected n_samples >= n_components but got {counts} ({hint})")
        if message := regularization_warning(every[0], self.reg_covar, every[1]):
            warnings.warn(message, stacklevel=2)
        if to_start[1] is None and self.init_params == "labels":
            raise ValueError("init_params='labels' needs labels: pass y, or labels to Parts (-1: no label)")
        best = self._best_run(run, *to_start)
        self._keep(best)
        self.classes_ = classes
        if not best.converged and self.max_iter > 0:
            passes = f"EM did not converge in {best.n_passes} passes over the samples"
            advice = "increase max_iter or tol, or use another initialization"
            warnings.warn(f"{passes}: {advice}.", ConvergenceWarning, stacklevel=2)
        return self

    def _of_array(self, X, y, sample_weight):
        """Return the number of samples that count; samples and weights; classes; the input of `_start`; a run of EM."""
        X = validate_data(self, checks.with_nan(X), ensure_min_samples=2, **READ)
        given = None if sample_weight is None else _checked_weight(sample_weight, X)
        weight = checks.scaled_weight(given)
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
        statistics = partial(feature_statistics, fitted, weight if fitted is X else free[1])
        penalty = self._penalty(statistics, given, weight)
        if first is not None:
            first = self._after(first, X, weight, penalty)
        clamped = labeled if self.semi_supervised == "clamped" or not len(free[0]) else None
        fit = partial(expectation_maximization, free[0], labeled=clamped, sample_weight=free[1])
        return n_counted, (X, weight), classes, free, labeled, first, penalty, fit

    def _of_parts(self, parts, y, sample_weight, map):  # noqa: A002
        if self.responsibilities_init is not None:
            raise ValueError("responsibilities_init needs X in one array; it cannot be used with Parts")
        parts, classes = self._fitted_parts(as_parts(parts, y, sample_weight), map)
        self.n_features_in_ = parts.n_features
        self.__dict__.pop("feature_names_in_", None)  # of an earlier fit
        labeled = parts.labeled(self.n_components, self.covariance_type, map) if len(parts.labels) else None
        free = parts.sample(PARTS_SAMPLES, map)
        penalty = self._penalty(partial(parts.feature_statistics, map))
        fit = partial(expectation_maximization, parts, map=map)
        return parts.n_rows, free, classes, free, labeled, None, penalty, fit

    def _penalty(self, statistics, given=None, scaled=None):
        """Return the penalty, by a function that returns `feature_statistics`; it is scaled as the weights."""
        if not self.covariance_penalty:
            return None
        factor, found = 1.0 if given is None else scaled.max() / given.max(), statistics()
        return CovariancePenalty(factor * self.covariance_penalty, found.scatter[:, 0] / found.mass)

    def _fitted_parts(self, parts, map, classes=None):  # noqa: A002
        """Return the scanned parts, and the classes."""
        if self.n_components == 1:  # labels carry no information
            parts = parts.changed(columns=[*parts.columns[:2], [None] * len(parts.columns[2]), parts.columns[3]])
        parts = parts.changed(clamped=True).look(map)
        classes = checks.classes_of(parts.labels, self.n_components) if classes is None else classes
        names = classes.tolist()
        if strange := [label for label in parts.labels.tolist() if label not in names]:
            raise ValueError(f"y contains the label {strange[0]!r}; the classes of the model are {names}")
        if names != [*range(self.n_components)]:
            parts = parts.changed(classes=classes).look(map)
        if self.semi_supervised == "init_only" and len(parts.labels):
            unlabeled = parts.changed(clamped=False).look(map)
            parts = unlabeled if unlabeled.n_rows else parts
        return parts, classes

    def _in_the_likelihood(self, X, y, sample_weight, map):  # noqa: A002
        """Return the parts that are in the likelihood of a fit, and the fitted mixture."""
        check_is_fitted(self)
        X, parameters = (X, self._last()) if isinstance(X, Parts) else self._checked_samples(X)
        return self._fitted_parts(as_parts(X, y, sample_weight), map, getattr(self, "classes_", None))[0], parameters

    def standard_errors_(self, X, y=None, sample_weight=None):
        """Return the standard errors of weights, means and covariances, by `observed_information`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or Parts
            As in `fit`.
        y : array-like of shape (n_samples,), optional
            As in `fit`.
        sample_weight : array-like of shape (n_samples,), optional
            As in `fit`.

        Returns
        -------
        ParameterValues
            Standard errors, in the units of the parameters.

        Raises
        ------
        ValueError
            If they are not valid, for example because the fit is not at a maximum; the message says why.
        """
        return observed_information(X, self, y=y, sample_weight=sample_weight).standard_errors

    def fit_predict(self, X, y=None, sample_weight=None):
        """Fit the mixture, and return the most probable component of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As in `fit`, but not `Parts`.
        y : array-like of shape (n_samples,), optional
            As in `fit`.
        sample_weight : array-like of shape (n_samples,), optional
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            As from `predict`.
        """
        if isinstance(X, Parts):
            raise TypeError(ONE_ARRAY)
        return self.fit(X, y, sample_weight).predict(X)

    def predict(self, X):
        """Return the most probable component of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. NaN is a missing value.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels from `classes_`: integers, or text if `fit` was given text. A component without a label is -1, or
            None if the others are text.
        """
        return self._labels_of(self.predict_proba(X).argmax(axis=1))

    def _labels_of(self, components):
        classes, n_components = getattr(self, "classes_", np.arange(len(self.means_))), len(self.means_)
        if len(classes) < n_components:
            without = [None if classes.dtype.kind == "U" else checks.UNLABELED] * (n_components - len(classes))
            classes = np.array([*classes.tolist(), *without])
        return classes[components]

    def sample(self, n_samples=1):
        """Draw samples from the mixture.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The samples, sorted by component.
        y : ndarray of shape (n_samples,)
            Their labels, as from `predict`.
        """
        check_is_fitted(self)
        kind = COVARIANCE_TYPES[self.covariance_type]
        model = GaussianMixture(covariance_type="diag" if kind.diagonal else "full", random_state=self.random_state)
        model.weights_, model.means_ = self.weights_, self.means_
        model.covariances_ = kind.expand(self.covariances_, *self.means_.shape)  # as a type that scikit-learn has
        X, components = model.sample(n_samples)
        return X, self._labels_of(components)

    def predict_proba(self, X):
        """Return the posterior probabilities of the components for each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. NaN is a missing value.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            As from `emgmm.posteriors`: each row has sum 1.
        """
        return posteriors(*self._checked_samples(X))

    def score_samples(self, X):
        """Return the log-likelihood of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. NaN is a missing value.

        Returns
        -------
        ndarray of shape (n_samples,)
            As from `emgmm.log_likelihoods`: log p(x) of the observed values, in nats.
        """
        return log_likelihoods(*self._checked_samples(X))

    def score(self, X, y=None, sample_weight=None):
        """Return the mean log-likelihood of the samples that have an observed value.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. NaN is a missing value.
        y : object, default=None
            Ignored; for scikit-learn's interface.
        sample_weight : array-like of shape (n_samples,), optional
            As in `fit`.

        Returns
        -------
        float
            In nats per sample.
        """
        return _mean(*self._counted(X, sample_weight))

    def bic(self, X, sample_weight=None):
        """Return the Bayesian information criterion; the model of the lowest is the best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. NaN is a missing value.
        sample_weight : array-like of shape (n_samples,), optional
            As in `fit`; n is the total weight.

        Returns
        -------
        float
            -2 log-likelihood + (number of parameters) log n, in nats (Schwarz, 1978, "Estimating the dimension of a
            model").
        """
        return _criterion(*self._counted(X, sample_weight), math.log)

    def aic(self, X, sample_weight=None):
        """Return Akaike's information criterion; the model of the lowest is the best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. NaN is a missing value.
        sample_weight : array-like of shape (n_samples,), optional
            As in `fit`.

        Returns
        -------
        float
            -2 log-likelihood + 2 (number of parameters), in nats (Akaike, 1974, "A new look at the statistical model
            identification").
        """
        return _criterion(*self._counted(X, sample_weight), lambda _: 2)

    def icl(self, X, sample_weight=None):
        """Return the integrated completed likelihood; the model of the lowest is the best.

        It penalizes overlapping components, in addition to the penalty of the BIC.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. NaN is a missing value.
        sample_weight : array-like of shape (n_samples,), optional
            As in `fit`.

        Returns
        -------
        float
            BIC - 2 sum_n max_k log p(k | x_n), in nats (Biernacki, Celeux and Govaert, 2000, "Assessing a mixture model
            for clustering with the integrated completed likelihood").
        """
        rows, weight, parameters = self._counted(X, sample_weight)
        largest = np.log(posteriors(rows, parameters).max(axis=1))
        bic = _criterion(rows, weight, parameters, math.log)
        return bic - 2 * float(np.sum(largest if weight is None else weight * largest))

    def _counted(self, X, sample_weight):
        X, parameters = self._checked_samples(X)
        X, weight = counted_samples(X, None if sample_weight is None else _checked_weight(sample_weight, X))
        if not len(X):
            raise ValueError("X has no sample with an observed value")
        return X, weight, parameters

    def _set_parameters(self, params, xp=None):
        self.weights_, self.means_, _, self.precisions_cholesky_ = params  # the other attributes follow

    def impute(self, X, *, n_draws=None, random_state=None):
        """Impute missing values, by their expectation given the sample's observed values or at random.

        Parameters
        ----------
        X : array-like or pandas.DataFrame of shape (n_samples, n_features)
            Samples. NaN is a missing value.
        n_draws : int, optional
            Number of random imputations, from the conditional distribution, for multiple imputation. By default, impute
            the expectation.
        random_state : int, RandomState or None, default=None
            Source of the random numbers.

        Returns
        -------
        ndarray of shape (n_samples, n_features), or (n_draws, n_samples, n_features)
            As from `emgmm.impute`; observed values do not change. For a data frame, a data frame or a list of them.

        Raises
        ------
        ValueError
            If X cannot be used, or `n_draws` is not a positive integer.
        """
        rows, parameters = self._checked_samples(X)
        if n_draws is not None and not (isinstance(n_draws, Integral) and n_draws >= 1):
            raise ValueError(f"n_draws must be an integer of at least 1, not {n_draws!r}")
        generator = None if n_draws is None else check_random_state(random_state)
        filled = [impute(rows, parameters, generator) for _ in range(n_draws or 1)]
        if hasattr(X, "iloc"):  # of pandas
            filled = [type(X)(each, index=X.index, columns=X.columns) for each in filled]
            return filled[0] if n_draws is None else filled
        return filled[0] if n_draws is None else np.stack(filled)

    def _checked_samples(self, X):
        check_is_fitted(self)
        if isinstance(X, Parts):
            raise TypeError(ONE_ARRAY)
        with np.errstate(invalid="ignore"):  # validate_data sums all values
            X = validate_data(self, checks.with_nan(X), reset=False, **READ)
        return X, self._last()

    def _given_responsibilities(self, n_samples):
        if self.responsibilities_init is None:
            return None
        given = checks.numbers(self.responsibilities_init, "responsibilities_init", (n_samples, self.n_components))
        if (given < 0).any() or (np.abs(given.sum(axis=1) - 1) > 1e-6).any():
            raise ValueError("responsibilities_init must not be negative, and each row must have sum 1")
        return given

    def _after(self, responsibilities, X, weight, penalty):
        """Take the M-step on responsibilities of all samples, labeled ones too."""
        shares, seen = responsibilities if weight is None else responsibilities * weight[:, None], has_value(X)
        filled = hot_deck(X[seen], check_random_state(self.random_state), None if weight is None else weight[seen])
        statistics = weighted_statistics(filled, shares[seen], self.covariance_type)
        return maximization(statistics, self.reg_covar, penalty)

    def _best_run(self, run, free, labeled, first, penalty):
        """Run EM from every initialization, and return the result of highest likelihood."""
        random_state, given = check_random_state(self.random_state), self._given()
        goes_on = self.warm_start and hasattr(self, "converged_")
        shape = self.n_components, self.n_features_in_
        needed = shape, COVARIANCE_TYPES[self.covariance_type].shape(*shape), self.covariance_type
        if goes_on and needed != (self.means_.shape, self.covariances_.shape, self._covariance_type or needed[2]):
            needs = "covariance_type, n_components and the number of features must be the same"
            raise ValueError(f"warm_start continues the last fit: {needs}")
        best, collapse = None, None
        one = goes_on or first is not None or len(given) == 3 or (labeled is not None and labeled.mass.all())
        for number in range(1 if one else self.n_init):
            self._print_verbose_msg_init_beg(number)
            try:
                start = self._last() if goes_on else self._start(free, labeled, first, penalty, random_state, given)
            except CollapsedComponentError as error:
                collapse = f"initialization: {error}"
                continue
            result = run(
                start=start,
                stopping=STOPPING[self.stopping](self.tol, self.max_iter),
                reg_covar=self.reg_covar,
                penalty=penalty,
                acceleration=self.acceleration,
                kernel=self.kernel,
                n_jobs=self.n_jobs,
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
                f"A component collapsed from every initialization ({collapse}). "
                "Increase reg_covar or covariance_penalty (1 / sqrt(n_samples) is usual), use fewer components or "
                "another covariance_type or init_params, or add samples or labels; "
                "semi_supervised='clamped' keeps a class that has no unlabeled samples."
            )
        return best

    def _report(self, trace, step, log_likelihood, _parameters):
        """Print a step as scikit-learn does."""
        self._print_verbose_msg_iter_end(step, log_likelihood - trace[-1])
        trace.append(log_likelihood)

    def _last(self):
        """Return the attributes as parameters; they may have been set by hand, as in scikit-learn."""
        if self._covariance_type not in (None, self.covariance_type):
            types = f"covariance_type is {self.covariance_type!r}, but covariances_ are {self._covariance_type!r}"
            raise ValueError(f"{types}: fit the model again, or set covariances_")
        names = "weights_", "means_", "covariances_", "precisions_cholesky_"
        weights, means, covariances, factors = (np.asarray(getattr(self, name), dtype=float).view() for name in names)
        shapes = means.shape[:1], *[COVARIANCE_TYPES[self.covariance_type].shape(*means.shape)] * 2
        if (weights.shape, covariances.shape, factors.shape) != shapes:
            raise ValueError(f"weights_, covariances_ and precisions_cholesky_ must have the shapes {shapes}")
        return MixtureParameters(weights, means, covariances, self.covariance_type, factors)

    def __setattr__(self, name, value):
        """Keep covariances and precisions consistent: the one set last counts."""
        if name not in ("covariances_", "precisions_", "precisions_cholesky_"):
            return super().__setattr__(name, value)
        kind = COVARIANCE_TYPES[self.covariance_type]
        moments = _attributes(*_moments_of(checks.numbers(value, name), kind, name), kind)
        return vars(self).update(moments, _covariance_type=self.covariance_type)

    def _start(self, free, labeled, first, penalty, random_state, given):
        """Return initial parameters: explicit ones, the first ones, or from labels or unlabeled samples."""
        (X, weight), kind = free, self.covariance_type
        if len(given) == 3:
            return MixtureParameters(**given, covariance_type=kind)
        if first is not None:
            start = first
        elif labeled is not None and labeled.mass.all() and self.init_params == "labels":
            start = estimate(labeled, self.reg_covar, penalty)
        elif labeled is not None and labeled.mass.all():
            start = shrunken_parameters(labeled, X, self.reg_covar, weight)
        elif labeled is not None:
            if not len(X):
                empty = int((labeled.mass == 0).argmax())
                raise ValueError(f"component {empty} has no labeled sample, and there are no unlabeled samples")
            start = parameters_from_classes(labeled, X, random_state, self.reg_covar, weight)
        elif self.init_params == "random_parameters":
            start = random_parameters(self.n_components, self.n_features_in_, random_state, kind)
        else:
            X, weight = counted_samples(X, weight)
            settings = self.init_params, random_state, kind, weight, self.reg_covar
            statistics = unlabeled_statistics(X, self.n_components, *settings)
            found = maximization(statistics, self.reg_covar, penalty)
            # As in scikit-learn, the weights do not sum to 1 if a single sample represents a component.
            shares = statistics.mass / checks.total_weight(X, weight)
            start = MixtureParameters(shares, found.means, found.covariances, kind)
        if given:
            found = {name: getattr(start, name) for name in ("weights", "means", "covariances")} | given
            found["weights"] = found["weights"] / found["weights"].sum()
            start = MixtureParameters(**found, covariance_type=kind)
        return start

    def _given(self):
        """Check and return the explicit initial parameters."""
        shape, kind, given = (self.n_components, self.n_features_in_), COVARIANCE_TYPES[self.covariance_type], {}
        if self.weights_init is not None:
            given["weights"] = checked_weights(self.weights_init, self.n_components, "weights_init")
        if self.means_init is not None:
            given["means"] = checks.numbers(self.means_init, "means_init", shape).copy()
        if self.covariances_init is not None and self.precisions_init is not None:
            raise ValueError("pass precisions_init or covariances_init, not both")
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
    n_samples = checks.total_weight(rows, weight)
    return -2 * n_samples * _mean(rows, weight, parameters) + parameters.n_parameters * penalty(n_samples)


def _checked_weight(sample_weight, X):
    weight = _check_sample_weight(checks.with_nan(sample_weight), X, dtype=np.float64, ensure_non_negative=True)
    if not weight.any():
        raise ValueError("sample_weight must not be zero for every sample")
    return weight


def _factors(moments, kind, name):
    """Return factors of the inverses of covariances, or of precisions."""
    if moments.ndim != len(kind.shape(1, 1)):
        raise ValueError(f"{name} has shape {moments.shape}: wrong number of dimensions for this covariance_type")
    if not kind.diagonal and not np.allclose(moments, moments.swapaxes(-1, -2)):
        raise ValueError(f"{name} must be symmetric")
    factors, singular = kind.precision_factors(moments)
    if np.any(singular):
        raise ValueError(f"{name} must be positive, and positive definite")
    return factors


@one_thread()
def _moments_of(value, kind, name):
    """Return covariances and factors of the precisions, from the attribute of this name."""
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
