"""The keys of a known mixture, and checks of their values."""

from functools import lru_cache
from typing import Annotated

import numpy as np
from pydantic import Field, ValidationInfo

from em_study.settings import Vector

Means = Annotated[list[Vector], Field(min_length=1)]
Covariances = Annotated[list[Annotated[list[Vector], Field(min_length=1)]], Field(min_length=1)]
WEIGHTS = "Weight of each class; positive, with sum 1."
MEANS = "One mean per class."
COVARIANCES = "One covariance matrix per class, symmetric and positive definite."


def weights_sum_to_one(weights):
    """Check the key `weights`, which may be None, like the others."""
    if weights and min(weights) <= 0:
        raise ValueError(f"must be positive, got {weights}")
    if weights and abs(sum(weights) - 1) > 1e-8:
        raise ValueError(f"must sum to 1, the sum is {sum(weights):.12g}")
    return weights


def one_mean_per_class(means, info: ValidationInfo):
    """Check the key `means`, after the keys that determine the number of classes."""
    if means is None:
        return means
    _expect_one_per_class(means, info)
    if len({len(mean) for mean in means}) > 1:
        raise ValueError(f"must all have the same number of features, got {[len(m) for m in means]}")
    return means


def proper_covariances(covariances, info: ValidationInfo):
    """Check the key `covariances`, after `means`."""
    if covariances is None:
        return covariances
    _expect_one_per_class(covariances, info)
    means = info.data.get("means")
    for k, covariance in enumerate(covariances):
        size = len(means[0]) if means else len(covariance)
        if len(covariance) != size or any(len(row) != size for row in covariance):
            raise ValueError(
                f"must be {size} x {size} matrices, as the means have {size} features; matrix {k} (from 0) is not"
            )
        if lacking := _lacks(tuple(map(tuple, covariance))):
            raise ValueError(f"must be {lacking}; matrix {k} (from 0) is not")
    return covariances


@lru_cache  # the cells of a sweep share matrices
def _lacks(covariance: tuple[tuple[float, ...], ...]) -> str:
    """Name the property that a matrix lacks to be a covariance; empty if it is one."""
    matrix = np.array(covariance)
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0):
        return "symmetric"
    scale = np.sqrt(np.abs(np.diagonal(matrix)))
    definite = scale.all() and np.linalg.eigvalsh(matrix / np.outer(scale, scale)).min() >= 1e-12
    return "" if definite else "positive definite"


def _expect_one_per_class(values, info: ValidationInfo):
    for name in ("weights", "counts"):
        given = info.data.get(name)
        if given and len(values) != len(given):
            raise ValueError(f"must have one entry for each of the {len(given)} {name}, got {len(values)}")
