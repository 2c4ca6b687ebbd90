"""Initialization from a partition of the samples: clusterings by R, and groups of equal size."""

from contextlib import AbstractContextManager, nullcontext

import numpy as np

from em_study.data.r import R, made_by_r
from em_study.fits.settings import Fit
from emgmm import MixtureParameters, maximization
from emgmm.statistics import summed

OF_R = {"r_kmeans": (), "r_hc": ("mclust",)}  # the packages that each function of data/r/starts.R needs
PARTITIONS = (*OF_R, "quantiles")
MOST_SAMPLES = 20_000  # of a hierarchical clustering, which takes memory by their square
SHARE = 0.05  # of each sample, to each other component, where a cluster has but one sample


def partitioning(fit: Fit) -> AbstractContextManager[R | None]:
    """Start R, where the start of a fit needs it."""
    return R("starts", fit.time_limit) if fit.initialization in OF_R else nullcontext()


def of_partition(X, fit: Fit, n_components: int, random, r: R | None) -> MixtureParameters:
    """Divide the samples (N, D) into groups, and estimate one component from each, ordered by the first feature's mean.

    `random` is a seed or a state of R's generator.

    Raises
    ------
    CollapsedComponentError
        If a group has too few samples.
    RError
        If R cannot cluster the samples.
    """
    if r is None:
        labels = np.empty(len(X), dtype=np.int64)
        labels[np.argsort(X[:, 0], kind="stable")] = np.arange(len(X)) * n_components // len(X)
    else:
        labels = r.call(fit.initialization, X=X, K=n_components, random=random)["labels"]
    counts = np.bincount(labels, minlength=n_components)
    by_mean = np.argsort(np.bincount(labels, X[:, 0], n_components) / np.maximum(counts, 1), kind="stable")
    shares = np.eye(n_components)[labels][:, by_mean]
    if fit.initialization == "r_hc" and counts.min() == 1:
        share = min(SHARE, 0.5 / n_components)
        shares = shares * (1 - n_components * share) + share
    return maximization(summed(X, lambda block: shares[block], n_components, fit.covariance_type), fit.reg_covar)


def used_of_r(sources=(), initializations=()) -> dict[str, str]:
    """Return versions of R and checksums of its scripts, if sources of data or initializations need R; else nothing."""
    scripts = {script for source in sources for script in source.r_scripts}
    return made_by_r(*scripts, *(["starts"] if not OF_R.keys().isdisjoint(initializations) else []))
