"""95 % confidence intervals and standard errors of statistics; NaN where there is none."""

from statistics import NormalDist, geometric_mean

import numpy as np

LEVEL = 0.95
NORMAL = NormalDist().inv_cdf((1 + LEVEL) / 2)  # 1.96
NONE = (np.nan, np.nan)


def share_interval(share, n):
    """Interval of a share (Wilson, 1927, "Probable inference, the law of succession, and statistical inference").

    Parameters
    ----------
    share, n : float or array-like
        The share among n replicates. If n is infinite, both ends are the share.
    """
    share, per_draw = np.asarray(share, dtype=float), NORMAL**2 / np.asarray(n, dtype=float)
    middle = (share + per_draw / 2) / (1 + per_draw)
    half = np.sqrt(per_draw * (share * (1 - share) + per_draw / 4)) / (1 + per_draw)
    return np.where(share == 0, 0.0, middle - half), np.where(share == 1, 1.0, middle + half)


def statistic_of(values, statistic: str) -> float:
    """Compute a statistic of a Series; a geometric mean needs positive numbers."""
    return float(geometric_mean(values) if statistic == "geometric_mean" else getattr(values, statistic)())


def confidence_interval(values, statistic: str, *, is_share: bool = False) -> tuple[float, float]:
    """Interval of a statistic of independent numbers; none for a single number.

    Parameters
    ----------
    values : array-like of shape (n,)
    statistic : str
        The interval of a median comes from order statistics, and needs six numbers. That of a mean is Student's; that
        of a geometric mean is Student's on the logarithms. Other statistics have none.
    is_share : bool
        Whether each number is 1 for yes or 0 for no: the interval of their mean is then Wilson's.
    """
    from scipy.stats import quantile_test, ttest_1samp  # takes its time to import

    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return NONE
    if statistic == "geometric_mean":
        return tuple(map(float, np.exp(confidence_interval(np.log(values), "mean"))))
    if statistic == "median":
        found = quantile_test(values, p=0.5).confidence_interval(LEVEL)
        return (float(found.low), float(found.high))
    if statistic == "mean" and is_share:
        return tuple(map(float, share_interval(values.mean(), len(values))))
    if statistic == "mean" and np.ptp(values) > 0:
        return tuple(map(float, ttest_1samp(values, 0).confidence_interval(LEVEL)))
    return (float(values[0]),) * 2 if statistic == "mean" else NONE


def standard_error(values, statistic: str) -> float:
    """Monte Carlo standard error of a statistic of independent numbers; NaN if it has none.

    For a median, it is half the width of its interval, divided by 1.96.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return np.nan
    if statistic == "mean":
        return float(values.std(ddof=1) / np.sqrt(len(values)))
    if statistic == "geometric_mean":
        return geometric_mean(values) * standard_error(np.log(values), "mean")
    low, high = confidence_interval(values, statistic)
    return float(high - low) / (2 * NORMAL)
