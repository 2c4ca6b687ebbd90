"""Intervals of numbers: all values that a printed number may have had before it was rounded."""

import math
from dataclasses import dataclass

import numpy as np

SLACK = 1e-12  # of the size of a number, for the rounding of the arithmetic itself
MOST = 1000  # whole numbers that are listed


@dataclass(frozen=True, eq=False)
class Interval:
    """Arrays of the ends of intervals, of the same shape. Plain numbers take part as intervals of one number."""

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, numbers) -> "Interval":
        """Make the intervals of printed numbers (`Decimal`), one or nested lists: half of the last digit each way."""
        if isinstance(numbers, list):
            every = [cls.of(number) for number in numbers]
            return cls(np.array([each.low for each in every]), np.array([each.high for each in every]))
        last_digit = 10.0 ** min(max(numbers.as_tuple().exponent, -300), 30)
        half = last_digit / 2 + SLACK * abs(float(numbers))
        return cls(np.float64(float(numbers) - half), np.float64(float(numbers) + half))

    middle = property(lambda self: 0.5 * (self.low + self.high))
    half = property(lambda self: 0.5 * (self.high - self.low))

    def each(self, change) -> "Interval":
        """Apply an increasing function, or one of the shape, to both ends."""
        return Interval(change(self.low), change(self.high))

    def __getitem__(self, place):
        return self.each(lambda end: end[place])

    def __add__(self, other):
        other = _interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __sub__(self, other):
        return self + -_interval(other)

    def __mul__(self, other):
        other = _interval(other)
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(np.minimum.reduce(ends), np.maximum.reduce(ends))

    def positive(self):
        """Leave out what is negative: of weights, variances, squares and standard deviations."""
        return self.each(lambda end: np.maximum(end, 0.0))

    def total(self):
        """Sum along the first axis."""
        return self.each(lambda end: end.sum(axis=0))

    def meets(self, other) -> np.ndarray:
        """Return where the intervals have a number in common, up to the rounding of the arithmetic."""
        other = _interval(other)
        slack = 10 * SLACK * np.maximum.reduce([abs(end) for each in (self, other) for end in (each.low, each.high)])
        return (self.low <= other.high + slack) & (other.low <= self.high + slack)

    def whole(self) -> range:
        """List the whole numbers from 1 on in one interval, at most `MOST`."""
        return range(max(1, math.ceil(self.low - 1e-9)), max(0, math.floor(self.high + 1e-9)) + 1)[:MOST]


def _interval(value) -> Interval:
    return value if isinstance(value, Interval) else Interval(np.asarray(value), np.asarray(value))
