"""95 % confidence intervals, by SciPy. What has none is NaN."""

import numpy as np

LEVEL = 0.95
NONE = (np.nan, np.nan)


def share_interval(count: int, n: int) -> tuple[float, float]:
    """Interval of a share (Wilson, 1927, "Probable inference, the law of succession, and statistical inference")."""
    from scipy.stats import binomtest  # takes its time to import

    return tuple(map(float, binomtest(count, n).proportion_ci(LEVEL, method="wilson")))


def confidence_interval(values, statistic: str) -> tuple[float, float]:
    """Interval of a statistic of independent numbers, at least two.

    Parameters
    ----------
    values : array-like of shape (n,)
    statistic : str
        Of a median, the interval comes from order statistics, and is none for less than six numbers. Of a mean, it is
        Student's; Wilson's if all are 0 or 1. Of another statistic it is none.
    """
    from scipy.stats import quantile_test, ttest_1samp  # takes its time to import

    values = np.asarray(values, dtype=float)
    if statistic == "median":
        found = quantile_test(values, p=0.5).confidence_interval(LEVEL)
        return (float(found.low), float(found.high))
    if statistic == "mean" and np.isin(values, (0, 1)).all():
        return share_interval(int(values.sum()), len(values))
    if statistic == "mean" and np.ptp(values) > 0:
        return tuple(map(float, ttest_1samp(values, 0).confidence_interval(LEVEL)))
    return (float(values[0]),) * 2 if statistic == "mean" else NONE
