"""scikit-learn's interface to the library."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from emgmm.acceleration import ACCELERATIONS
from emgmm.complete import KERNELS
from emgmm.covariance import COVARIANCE_TYPES
from emgmm.e_step import log_likelihoods, posteriors
from emgmm.em import expectation_maximization, sklearn_stopping
from emgmm.imputation import impute
from emgmm.incomplete import check_features, weighted_rows
from emgmm.initialization import parameters_from_classes, random_parameters, unlabeled_statistics
from emgmm.labels import estimate, labeled_statistics, shrunken_parameters
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.parts import UNLABELED, Parts
from emgmm.ridge import ridge_warning
from emgmm.statistics import estimates, has_holes, maximization

SAMPLE_ROWS = 50_000  # of parts, to start from


class GaussianMixtureEM(GaussianMixture):
    """Gaussian mixture fitted by EM: scikit-learn's, faster, and with labels, row weights and missing values.

    NaN in X is a missing value, missing at random. The likelihood is that of the observed values, with the missing ones
    as latent variables; a row without any adds nothing to it, and has the weights as its posterior. Starts that look at
    the data take a copy in which each missing value is replaced by one drawn from the feature's others (`hot_deck`).

    With the same settings it takes the same steps as scikit-learn. It differs in this: EM goes through the rows in
    blocks, so that its memory does not grow with them (labels copy the rows, and starts by scikit-learn need theirs);
    EM computes in double precision and loses no digits to offsets; a component that collapses is told of.

    Every parameter and attribute that is not listed here is GaussianMixture's, with its shape and default.

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
    semi_supervised : {"clamped", "init_only"}, default="clamped"
        What labels do. "clamped": labeled rows stay in the likelihood with their posteriors fixed. "init_only":
        they give the start and leave; EM runs on the unlabeled rows alone.
    acceleration : {"none", "anderson"}, default="none"
        Extrapolate EM's steps (`emgmm.acceleration`): where EM is slow, far fewer passes over the rows, to the same
        optimum or another one. It stops where a step changes the log-likelihood by less than `tol`, as without.
    kernel : {"auto", "numpy", "numba"}, default="auto"
        What goes through the rows. "auto" goes over to a loop that numba compiles, where it is installed, once that
        repays its import; the results are the same up to rounding.

    Attributes
    ----------
    n_iter_ : int
        Steps of the best start.
    n_passes_ : int
        Its passes over the rows: with acceleration some are of steps that were taken back. `max_iter` bounds them.
    lower_bounds_ : list of float
        Mean log-likelihood a row that each step found, in nats; with clamped labels, of all rows jointly.

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
        "init_params": [
            StrOptions({"kmeans", "k-means++", "random", "random_from_data", "labels", "random_parameters"})
        ],
        "covariances_init": ["array-like", None],
        "semi_supervised": [StrOptions({"clamped", "init_only"})],
        "acceleration": [StrOptions({*ACCELERATIONS})],
        "kernel": [StrOptions({*KERNELS})],
    }

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
        semi_supervised="clamped",
        acceleration="none",
        kernel="auto",
        random_state=None,
        warm_start=False,
        verbose=0,
        verbose_interval=10,
    ):
        super().__init__(
            n_components=n_components,
            covariance_type=covariance_type,
            tol=tol,
            reg_covar=reg_covar,
            max_iter=max_iter,
            n_init=n_init,
            init_params=init_params,
            weights_init=weights_init,
            means_init=means_init,
            precisions_init=precisions_init,
            random_state=random_state,
            warm_start=warm_start,
            verbose=verbose,
            verbose_interval=verbose_interval,
        )
        self.covariances_init = covariances_init
        self.semi_supervised = semi_supervised
        self.acceleration = acceleration
        self.kernel = kernel

    def fit(self, X, y=None, sample_weight=None, *, map=map):  # noqa: A002
        """Fit the mixture.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or Parts
            float64 and float32 arrays are not copied, read-only memory maps among them. NaN is a missing value. Parts
            have labels and weights of their own; what starts look at beside labels is a sample of some 50,000 of their
            rows: the first of each part that has no label, and one in so many after it.
        y : array-like of int of shape (n_samples,), optional
            Component of each row, 0 to n_components - 1, or -1 if it is not known. With one component there is
            nothing to know, and y is ignored.
        sample_weight : array-like of shape (n_samples,), optional
            A row of weight 2 counts as two.
        map : callable, default=map
            For `Parts`: what runs a task a part, like the `map` of an executor.

        Returns
        -------
        GaussianMixtureEM
            Itself.

        Raises
        ------
        ValueError
            If the input cannot be used, or if a component collapses from every start.

        Warns
        -----
        UserWarning
            If `reg_covar` is large beside the smallest variance of a feature (`ridge_warning`).
        ConvergenceWarning
            If EM did not converge in `max_iter` passes over the rows.
        """
        self._validate_params()
        if isinstance(X, Parts):
            best = self._fitted_to_parts(X, y, sample_weight, map)
        else:
            best = self._fitted_to_array(X, y, sample_weight)
        self._keep(best)
        if not best.converged and self.max_iter > 0:
            warnings.warn(
                f"EM did not converge in {best.n_passes} passes over the rows: "
                "raise max_iter or tol, or try another start.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _fitted_to_array(self, X, y, sample_weight):
        X = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2, ensure_all_finite="allow-nan")
        if len(X) < self.n_components:
            raise ValueError(
                f"Expected n_samples >= n_components but got n_components = {self.n_components}, n_samples = {len(X)}"
            )
        weight = None if sample_weight is None else self._checked_weight(sample_weight, X)
        if message := ridge_warning(X, self.reg_covar, weight):
            warnings.warn(message, stacklevel=3)
        labels, labeled = self._checked_labels(y, X), None
        left_out = labels is not None and self.semi_supervised == "init_only" and (labels == UNLABELED).any()
        self._check_features(X, weight, labels == UNLABELED if left_out else slice(None))
        if labels is not None:
            of_labeled, of_unlabeled = labels != UNLABELED, labels == UNLABELED
            parts = [None if weight is None else weight[part] for part in (of_labeled, of_unlabeled)]
            labeled = labeled_statistics(
                X[of_labeled], labels[of_labeled], self.n_components, self.covariance_type, parts[0]
            )
            X, weight = X[of_unlabeled], parts[1]
        elif self.init_params == "labels":
            raise ValueError("init_params='labels' needs labels: give y, with -1 for rows without one")
        return self._best_run(X, weight, labeled)

    def _fitted_to_parts(self, parts, y, sample_weight, map):  # noqa: A002
        if y is not None or sample_weight is not None:
            raise ValueError("give labels and weights of parts to Parts")
        if self.n_components == 1:  # there is nothing to know
            names, rows, labels, weights = parts.columns
            parts = parts.changed(columns=[names, rows, [None] * len(labels), weights])
        every = parts.changed(clamped=True).look(map)
        if every.n_rows < self.n_components:
            told = f"n_components = {self.n_components}, n_samples = {every.n_rows}"
            raise ValueError(f"Expected n_samples >= n_components but got {told}")
        parts = every
        if self.semi_supervised == "init_only" and every.largest_label > UNLABELED:
            free = parts.changed(clamped=False).look(map)
            parts = free if free.n_rows else every
        self.n_features_in_, labeled = parts.n_features, None
        self.__dict__.pop("feature_names_in_", None)  # of a fit before
        X, weight = parts.sample(SAMPLE_ROWS, map)
        if message := ridge_warning(X, self.reg_covar, weight):
            warnings.warn(message, stacklevel=3)
        if parts.largest_label >= self.n_components:
            raise ValueError(f"labels must be below n_components = {self.n_components}, not {parts.largest_label}")
        if parts.largest_label > UNLABELED:
            labeled = parts.labeled(self.n_components, self.covariance_type, map)
        elif self.init_params == "labels":
            raise ValueError("init_params='labels' needs labels: give them to Parts, with -1 for rows without one")
        return self._best_run(X, weight, labeled, parts, map)

    def fit_predict(self, X, y=None, sample_weight=None):
        """Fit the mixture and return the most probable component of each row; parameters as in `fit`."""
        return self.fit(X, y, sample_weight).predict(X)

    def predict(self, X):
        """Return the most probable component of each row, an ndarray of int of shape (n_samples,)."""
        return self.predict_proba(X).argmax(axis=1)

    def predict_proba(self, X):
        """Return the posteriors of the components for each row, an ndarray of shape (n_samples, n_components)."""
        return posteriors(*self._checked_rows(X))

    def score_samples(self, X):
        """Return the log-likelihood of each row in nats, an ndarray of shape (n_samples,)."""
        return log_likelihoods(*self._checked_rows(X))

    def impute(self, X, *, n_draws=None, random_state=None):
        """Fill in missing values by their expectation given what the row has, or by draws (`emgmm.impute`).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        n_draws : int, optional
            Draw so many times from the conditional distribution, for multiple imputation.
        random_state : int, RandomState or None, default=None
            To draw by.

        Returns
        -------
        ndarray of shape (n_samples, n_features), or (n_draws, n_samples, n_features)
            Values that are there stay as they are.
        """
        X, parameters = self._checked_rows(X)
        if n_draws is not None and n_draws < 1:
            raise ValueError(f"n_draws must be at least 1, got {n_draws}")
        if n_draws is None:
            return impute(X, parameters)
        generator = check_random_state(random_state)
        return np.stack([impute(X, parameters, generator) for _ in range(n_draws)])

    def _checked_rows(self, X):
        check_is_fitted(self)
        if isinstance(X, Parts):
            raise TypeError("a model predicts one array at a time: give the parts one by one")
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False, ensure_all_finite="allow-nan")
        return X, self._last()

    def _check_features(self, X, weight, rows):
        if has_holes(X):
            fitted = weighted_rows(X[rows], None if weight is None else weight[rows])
            check_features(fitted, names=getattr(self, "feature_names_in_", None))

    def _checked_weight(self, sample_weight, X):
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if not weight.sum() > 0:
            raise ValueError("sample_weight must not be zero for every row")
        return weight

    def _checked_labels(self, y, X):
        """Return None if no row has a label."""
        if y is None or (self.n_components == 1 and self.init_params != "labels"):
            return None
        labels = np.asarray(y)
        if labels.shape != (len(X),):
            raise ValueError(f"y must have one label a row, shape ({len(X)},), not {labels.shape}")
        allowed = f"whole numbers from 0 to n_components - 1 = {self.n_components - 1}, or -1 for a row without a label"
        try:
            with np.errstate(invalid="ignore"):  # NaN is told of below
                whole = labels.astype(np.int64)
        except (TypeError, ValueError):
            raise ValueError(f"y must hold {allowed}") from None
        wrong = np.flatnonzero((whole != labels) | (whole < UNLABELED) | (whole >= self.n_components))
        if len(wrong):
            raise ValueError(f"y must hold {allowed}; row {wrong[0]} has {labels[wrong[0]].item()!r}")
        return whole if (whole != UNLABELED).any() else None

    def _best_run(self, X, weight, labeled, parts=None, map=map):  # noqa: A002
        """Run EM from every start, and return the result of highest likelihood.

        Starts look at X and its weights; so does EM, unless there are parts.
        """
        random_state = check_random_state(self.random_state)
        goes_on = self.warm_start and hasattr(self, "converged_")
        shape = COVARIANCE_TYPES[self.covariance_type].shape(self.n_components, self.n_features_in_)
        if goes_on and (self.covariances_.shape, len(self.means_)) != (shape, self.n_components):
            raise ValueError("warm_start goes on from the last fit: covariance_type and n_components must stay")
        clamped = labeled if self.semi_supervised == "clamped" or not len(X) else None
        best, collapse = None, None
        fixed = goes_on or (labeled is not None and labeled.mass.all())  # every start is the same
        for number in range(1 if fixed else self.n_init):
            if self.verbose:
                print(f"Initialization {number}")
            try:
                start = self._last() if goes_on else self._start(X, weight, labeled, random_state)
            except CollapsedComponentError as error:
                collapse = f"start: {error}"
                continue
            rows = {"labeled": clamped, "sample_weight": weight} if parts is None else {"map": map}
            result = expectation_maximization(
                X if parts is None else parts,
                start,
                sklearn_stopping(self.tol, self.max_iter),
                **rows,
                reg_covar=self.reg_covar,
                acceleration=self.acceleration,
                kernel=self.kernel,
                previous=self.lower_bound_ if goes_on else None,
                monitor=self._report if self.verbose else None,
            )
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

    def _last(self):
        # From the attributes, so that a model may be given its parameters by hand, as in scikit-learn.
        arrays = (np.array(a, dtype=float) for a in (self.weights_, self.means_, self.covariances_))
        return MixtureParameters(*arrays, self.covariance_type)

    def _report(self, step, log_likelihood, _parameters):
        if step % self.verbose_interval == 0:
            print(f"  Iteration {step}\t mean log-likelihood {log_likelihood:.5f}")

    def _start(self, X, weight, labeled, random_state):
        """Make the parameters to start from: those given, and the others from labels or `init_params`."""
        given = {"weights": self.weights_init, "means": self.means_init, "covariances": self._given_covariances()}
        shape = self.n_components, self.n_features_in_
        kind = self.covariance_type
        if self.means_init is not None and np.shape(self.means_init) != shape:
            raise ValueError(f"means_init must have shape {shape}, not {np.shape(self.means_init)}")
        if all(value is not None for value in given.values()):
            return MixtureParameters.checked(**given, covariance_type=kind)
        if labeled is not None and labeled.mass.all() and self.init_params == "labels":
            start = estimate(labeled, self.reg_covar)
        elif labeled is not None and labeled.mass.all():
            start = shrunken_parameters(labeled, X, self.reg_covar, weight)
        elif labeled is not None:
            if not len(X):
                empty = int((labeled.mass == 0).argmax())
                raise ValueError(f"component {empty} has no labeled row, and there are no unlabeled rows")
            start = parameters_from_classes(labeled, X, random_state, self.reg_covar, weight)
        elif self.init_params == "random_parameters":
            start = random_parameters(*shape, random_state, kind)
        else:
            statistics = unlabeled_statistics(
                X, self.n_components, self.init_params, random_state, kind, weight, self.reg_covar
            )
            _, covariances, proper = estimates(statistics, self.reg_covar)
            if not proper.all():
                maximization(statistics, self.reg_covar)  # says why
            # Like scikit-learn, whose weights do not sum to 1 where a single row stands for a component.
            total = len(X) if weight is None else weight.sum()
            start = MixtureParameters(statistics.mass / total, statistics.means, covariances, kind)
        if any(value is not None for value in given.values()):
            found = {name: getattr(start, name) for name in given}
            found |= {name: value for name, value in given.items() if value is not None}
            if self.weights_init is None:
                found["weights"] = found["weights"] / found["weights"].sum()
            start = MixtureParameters.checked(**found, covariance_type=kind)
        return start

    def _given_covariances(self):
        if self.precisions_init is None:
            return self.covariances_init
        if self.covariances_init is not None:
            raise ValueError("give precisions_init or covariances_init, not both")
        precisions, kind = np.array(self.precisions_init, dtype=float), COVARIANCE_TYPES[self.covariance_type]
        shape = kind.shape(self.n_components, self.n_features_in_)
        if precisions.shape != shape:
            raise ValueError(f"precisions_init must have shape {shape}, not {precisions.shape}")
        if not kind.diagonal and not np.allclose(precisions, precisions.swapaxes(-1, -2)):
            raise ValueError("precisions_init must be symmetric")
        factors, singular = kind.precision_factors(precisions)  # of the inverses' inverses: roots of the covariances
        if np.any(singular):
            raise ValueError("precisions_init must be positive, and positive definite")
        return factors**2 if kind.diagonal else factors @ factors.swapaxes(-1, -2)

    def _keep(self, result):
        parameters = result.parameters
        self.weights_, self.means_, self.covariances_, self.precisions_cholesky_ = (
            getattr(parameters, name).copy() for name in ("weights", "means", "covariances", "precisions_cholesky")
        )
        factors = self.precisions_cholesky_
        self.precisions_ = factors**2 if parameters.type.diagonal else factors @ factors.swapaxes(-1, -2)
        self.converged_, self.n_iter_, self.n_passes_ = result.converged, len(result.trace), result.n_passes
        self.lower_bounds_ = list(result.trace)
        self.lower_bound_ = result.trace[-1] if result.trace else -np.inf

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.array_api_support = False
        tags.input_tags.allow_nan = True
        return tags
