"""Intervals of numbers: all values that a printed number may have had before it was rounded."""

from dataclasses import dataclass

import numpy as np

from em_study.settings import half_digit

SLACK = 1e-12  # of the size of a number, for the rounding of the arithmetic itself


@dataclass(frozen=True, eq=False)
class Interval:
    """Arrays of the ends of intervals, of the same shape."""

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, numbers) -> "Interval":
        """Make the intervals of printed numbers (`Decimal`), one or nested lists of them: half a last digit each way."""
        if isinstance(numbers, list):
            every = [cls.of(number) for number in numbers]
            return cls(np.array([each.low for each in every]), np.array([each.high for each in every]))
        value, half = float(numbers), half_digit(numbers)
        slack = SLACK * abs(value)
        return cls(np.float64(value - half - slack), np.float64(value + half + slack))

    @classmethod
    def exact(cls, value) -> "Interval":
        """Make the interval of an exact number."""
        return cls(np.asarray(value, dtype=float), np.asarray(value, dtype=float))

    @property
    def middle(self):
        """The printed numbers."""
        return 0.5 * (self.low + self.high)

    @property
    def half(self):
        """Half of the widths."""
        return 0.5 * (self.high - self.low)

    def __getitem__(self, place):
        return Interval(self.low[place], self.high[place])

    def __add__(self, other):
        return Interval(self.low + other.low, self.high + other.high)

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __sub__(self, other):
        return self + -other

    def __mul__(self, other):
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(np.minimum.reduce(ends), np.maximum.reduce(ends))

    def __truediv__(self, number):
        ends = self.low / number, self.high / number
        return Interval(np.minimum(*ends), np.maximum(*ends))

    def squared(self):
        """Square: never negative."""
        ends = self.low**2, self.high**2
        least = np.where((self.low <= 0) & (self.high >= 0), 0.0, np.minimum(*ends))
        return Interval(least, np.maximum(*ends))

    def positive(self):
        """Keep what is not negative: for weights and variances."""
        return Interval(np.maximum(self.low, 0.0), np.maximum(self.high, 0.0))

    def total(self, axis=0):
        """Sum along an axis."""
        return Interval(self.low.sum(axis=axis), self.high.sum(axis=axis))

    def meets(self, other) -> np.ndarray:
        """Return where the intervals have a number in common, up to the rounding of the arithmetic."""
        slack = SLACK * np.maximum.reduce([abs(self.low), abs(self.high), abs(other.low), abs(other.high)]) * 10
        return (self.low <= other.high + slack) & (other.low <= self.high + slack)

    def whole(self) -> range:
        """List the whole numbers in an interval."""
        return range(int(np.ceil(self.low - 1e-9)), int(np.floor(self.high + 1e-9)) + 1)
