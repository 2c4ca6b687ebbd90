"""Checks of the arrays that public functions are given: samples, weights, labels. They all raise ValueError.

NaN, masked values of a masked array, and None and pandas' NA in arrays of objects are missing values. In samples they
are allowed; among labels they mean no label; in weights and parameters they are errors.
"""

from numbers import Real

import numpy as np

UNLABELED = -1
WEIGHT_BITS = 32  # weights are scaled only if the largest is above 2 to this power, or below one over it
NO_LABEL = ("-1", "nan")  # -1 and NaN after NumPy has turned them into text


def with_nan(values):
    """Replace masked values, None and pandas' NA by NaN; return anything without them unchanged."""
    if isinstance(values, (list, tuple)):
        if any(isinstance(each, np.ma.MaskedArray) for each in values):
            values = np.ma.array(values)
        else:
            array = np.asarray(values)
            values = np.array(values, dtype=object) if array.dtype.kind in "OU" else values  # numbers stay numbers
    if isinstance(values, np.ma.MaskedArray):
        hidden, values = np.ma.getmaskarray(values), values.data
        if hidden.any():
            values = values if values.dtype.kind == "f" else values.astype(float if values.dtype.kind in "biu" else "O")
            values = np.where(hidden, np.array(np.nan, dtype=values.dtype), values)
    if hasattr(values, "iloc"):  # of pandas
        if values.ndim > 1:
            return values.mask(values.isna(), np.nan) if any(dtype.kind == "O" for dtype in values.dtypes) else values
        values = np.asarray(values)
    if isinstance(values, np.ndarray) and values.dtype.kind == "O":
        missing = np.fromiter(map(_is_missing, values.flat), bool, values.size).reshape(values.shape)
        values = np.where(missing, np.nan, values)
    return values


def _is_missing(value) -> bool:
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas' NA has no truth value
        return True


def _floats(values, name):
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must contain only numbers") from None


def numbers(values, name, shape=None):
    """Return an array of float, of the given shape if there is one, without missing or infinite values."""
    array = _floats(with_nan(values), name)
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, without NaN or infinite values")
    return array


def largest(X):
    """Return the largest absolute value, except for missing values."""
    if not X.size:
        return 0.0
    ends = X.min(), X.max()  # far faster than functions that ignore NaN
    return np.abs((np.fmin.reduce(X, axis=None), np.fmax.reduce(X, axis=None)) if np.isnan(ends[0]) else ends).max()


def checked_samples(X, n_features=None, n_dimensions=2):
    """Return X as an array, after checking that it contains finite or missing numbers in the shape (N, D)."""
    X = np.asarray(with_nan(X))
    X = _floats(X, "X") if X.dtype.kind == "O" else X
    if X.ndim != n_dimensions or X.shape[-1] != (n_features or X.shape[-1]) or X.dtype.kind not in "fiub":
        width = "n_features" if n_features is None else n_features
        raise ValueError(f"X must contain numbers in the shape (n_samples, {width}), not {X.dtype} {X.shape}")
    if X.dtype.kind == "f" and largest(X) == np.inf:
        raise ValueError("X must be finite: it contains infinite values")
    return X


def checked_squares(X, name="X"):
    """Return X, after checking that sums of squares do not overflow."""
    if largest(X) > np.sqrt(np.finfo(float).max / (4 * max(1, len(X)))):
        sizes = [largest(column) for column in X.T]
        feature = int(np.argmax(sizes))
        value = f"feature {feature} (counted from 0) has a value of size {sizes[feature]:.3g}"
        raise ValueError(f"{name} must be finite, and not too large to square: {value}")
    return X


def checked_weight(sample_weight, n_samples):
    """Return the sample weights as float, a mask of bool as it is, or None."""
    if sample_weight is None:
        return None
    weight = numbers(sample_weight, "sample_weight", (n_samples,))
    if np.asarray(sample_weight).dtype.kind == "b":
        return np.asarray(sample_weight)
    if (weight < 0).any():
        raise ValueError("sample_weight must not be negative")
    return weight


def weighted(sample_weight, *arrays):
    """Return the weights above 0 and the matching entries of arrays; copies only if some weights are 0."""
    if sample_weight is None or (counts := sample_weight > 0).all():
        return sample_weight, *arrays
    return tuple(None if each is None else each[counts] for each in (sample_weight, *arrays))


def total_weight(X, sample_weight):
    """Return the sum of the sample weights; without weights, the number of samples."""
    return float(len(X) if sample_weight is None else sample_weight.sum())


def row_weight(weight):
    """Return the typical weight of a sample: sum of squared weights over sum of weights; 0 if there are none."""
    mean = weight.sum() / max(1, len(weight))
    shares = weight / mean if mean else weight  # else squares would underflow
    return mean * (shares @ shares) / max(1, len(weight))


def scaled_weight(weight):
    """Scale weights far from 1 by a power of 2, which changes no digit, so that their products do not underflow."""
    exponent = 0 if weight is None or not len(weight) else int(np.frexp(weight.max())[1])
    excess = exponent - min(max(exponent, -WEIGHT_BITS), WEIGHT_BITS)
    return np.ldexp(weight, -excess) if excess else weight


def checked_reg_covar(reg_covar):
    """Return `reg_covar`, after checking that it is finite and not negative."""
    if not 0 <= reg_covar < np.inf:
        raise ValueError(f"reg_covar must be finite and not negative, not {reg_covar}")
    return reg_covar


def checked_components(y, n_samples, n_components):
    """Return the component of each sample, as int."""
    labels = known_labels(y, n_samples, "labels")
    if labels.dtype.kind == "O":
        raise ValueError(f"labels must be integers from 0 to {n_components - 1}, not text")
    if not ((labels >= 0) & (labels < n_components)).all():
        raise ValueError(f"labels must be from 0 to {n_components - 1}, got {labels.min()} to {labels.max()}")
    return labels


def known_labels(y, n_samples, name="y"):
    """Return labels: int64, or object for text. -1, NaN, None and pandas' NA become -1, or None among text."""
    labels = np.asarray(with_nan(y))
    if labels.shape != (n_samples,):
        raise ValueError(f"{name} must have one label for each sample, shape ({n_samples},), not {labels.shape}")
    labels = labels.astype(object) if labels.dtype.kind in "UT" else labels
    if labels.dtype.kind == "O":
        none = np.array([_is_missing(each) or (isinstance(each, Real) and each == UNLABELED) for each in labels], bool)
        text = np.array([isinstance(each, str) for each in labels], bool)
        if not text.any():
            labels = np.array(np.where(none, UNLABELED, labels).tolist())
        elif not (text | none).all():
            raise ValueError(f"{name} must contain either numbers or text; {_first(~(text | none), labels)}")
        elif (unclear := np.isin(labels, NO_LABEL)).any():
            advice = "for a sample without a label write the number -1, NaN or None, in a list or an array of objects"
            raise ValueError(f"{name}: {_first(unclear, labels)}, which is text: {advice}")
        else:
            return np.where(none, None, labels)
    allowed = f"{name} must contain integers or text, with -1 for a sample without a label"
    if labels.dtype.kind not in "fiub":
        raise ValueError(f"{allowed}, not {labels.dtype}")
    labels = np.where(np.isnan(labels), UNLABELED, labels)
    with np.errstate(invalid="ignore"):  # infinity is reported below
        integers = labels.astype(np.int64)
    if (integers != labels).any():
        raise ValueError(f"{allowed}; {_first(integers != labels, labels)}")
    return integers


def _first(wrong, labels) -> str:
    i = int(wrong.argmax())
    return f"sample {i} (counted from 0) has {labels[i : i + 1].tolist()[0]!r}"


def has_label(labels):
    """Return which entries of `known_labels` are labels: bool of shape (N,)."""
    return labels != UNLABELED if labels.dtype.kind != "O" else np.not_equal(labels, None).astype(bool)


def distinct(labels):
    """Return the distinct labels of `known_labels`, sorted."""
    known = labels[has_label(labels)]
    return np.unique(known.tolist() if labels.dtype.kind == "O" and len(known) else known.astype(np.int64))


def classes_of(found, n_components):
    """Return the label of each component, from distinct ones: 0 to n_components - 1, or the others in their order."""
    if found.dtype.kind != "U" and ((found >= 0) & (found < n_components)).all():
        return np.arange(n_components)
    if len(found) > n_components:
        names = ", ".join(map(str, found[:5].tolist())) + ", ..." * (len(found) > 5)
        raise ValueError(
            f"the labels have {len(found)} classes ({names}), more than n_components = {n_components}: "
            f"use n_components = {len(found)}"
        )
    return found


def components_of(labels, classes):
    """Turn `known_labels` into components, -1 where there is no label."""
    known, result = has_label(labels), np.full(len(labels), UNLABELED, dtype=np.intp)
    result[known] = np.searchsorted(classes, labels[known].astype(classes.dtype))
    return result
