"""Intervals: all values that a printed number may have had before it was rounded.

An interval is an array whose first axis has its two ends. Sums and increasing functions of intervals are those of
arrays, and a difference is `one - other[::-1]`. NaN is a number that is not known.
"""

import math

import numpy as np

from em_study.wording import ends_apart

SLACK = 1e-12  # of the size of a number, for the rounding of the arithmetic itself


def interval(numbers):
    """Return the intervals of printed numbers (`Decimal`), one or nested lists: half of the last digit each way."""
    last_digit = np.vectorize(lambda number: 10.0 ** min(max(number.as_tuple().exponent, -300), 30), [float])
    middle = np.array(numbers, dtype=float)
    half = last_digit(numbers) / 2 + SLACK * abs(middle)
    return np.array([middle - half, middle + half])


def times(one, other):
    """Multiply intervals."""
    products = [a * b for a in one for b in other]
    return np.array([np.minimum.reduce(products), np.maximum.reduce(products)])


def mean(weights, numbers):
    """Average by weights, which are not negative."""
    weights = weights.clip(1e-300).reshape(*weights.shape, *[1] * (numbers.ndim - 2))  # 0 times infinity would be NaN
    return times(weights, numbers).sum(axis=1)


def meets(one, other):
    """Return where intervals have a number in common, up to the rounding of the arithmetic, or one is not known."""
    slack = 10 * SLACK * np.maximum(*(abs(np.asarray(each)).max(axis=0) for each in (one, other)))
    return ~((one[0] > other[1] + slack) | (other[0] > one[1] + slack))


def whole(one) -> range:
    """List the whole numbers from 1 on in an interval."""
    return range(max(1, math.ceil(one[0] - 1e-9)), math.floor(one[1] + 1e-9) + 1)


def written(one) -> str:
    """Write an interval with as many digits as make its ends differ."""
    return " to ".join(dict.fromkeys(ends_apart(*map(float, one))))
