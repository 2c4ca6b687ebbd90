"""The keys of a known mixture, and what is wrong with their values."""

from functools import lru_cache
from typing import Annotated

import numpy as np
from pydantic import Field, ValidationInfo

from em_study.settings import Vector

Means = Annotated[list[Vector], Field(min_length=1)]
Covariances = Annotated[list[Annotated[list[Vector], Field(min_length=1)]], Field(min_length=1)]
WEIGHTS = "Share of each class; positive, with sum 1."
MEANS = "One mean a class."
COVARIANCES = "One covariance matrix a class; symmetric and positive definite."


def weights_sum_to_one(weights):
    """Check the key `weights`; may be None, as the others."""
    if weights and min(weights) <= 0:
        raise ValueError(f"must be positive, got {weights}")
    if weights and abs(sum(weights) - 1) > 1e-8:
        raise ValueError(f"must sum to 1, the sum is {sum(weights):.12g}")
    return weights


def one_mean_a_class(means, info: ValidationInfo):
    """Check the key `means`, after what says how many classes there are."""
    if means is None:
        return means
    _expect_one_a_class(means, info)
    if len({len(mean) for mean in means}) > 1:
        raise ValueError(f"must have the same number of features each, got {[len(m) for m in means]}")
    return means


def proper_covariances(covariances, info: ValidationInfo):
    """Check the key `covariances`, after `means`."""
    if covariances is None:
        return covariances
    _expect_one_a_class(covariances, info)
    means = info.data.get("means")
    for k, covariance in enumerate(covariances):
        size = len(means[0]) if means else len(covariance)
        if len(covariance) != size or any(len(row) != size for row in covariance):
            raise ValueError(f"must be {size} x {size} matrices like the means; number {k} is not")
        if lacking := _lacks(tuple(map(tuple, covariance))):
            raise ValueError(f"must be {lacking}; number {k} is not")
    return covariances


@lru_cache  # the cells of a sweep have the same ones
def _lacks(covariance: tuple[tuple[float, ...], ...]) -> str:
    """Say what a matrix lacks to be a covariance; nothing if it is one."""
    matrix = np.array(covariance)
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0):
        return "symmetric"
    scale = np.sqrt(np.abs(np.diagonal(matrix)))
    definite = scale.all() and np.linalg.eigvalsh(matrix / np.outer(scale, scale)).min() >= 1e-12
    return "" if definite else "positive definite"


def _expect_one_a_class(values, info: ValidationInfo):
    for name in ("weights", "counts"):
        given = info.data.get(name)
        if given and len(values) != len(given):
            raise ValueError(f"must have one entry for each of the {len(given)} {name}, got {len(values)}")
