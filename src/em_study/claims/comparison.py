"""Comparison of a number with a published one: whether it holds, and how it is written."""

import operator
from dataclasses import dataclass

import numpy as np

from em_study.wording import rounded

# For each relation except equality: its sign, its function, and the direction in which a tolerance moves the threshold.
INEQUALITIES = {
    "at_least": (">=", operator.ge, -1),
    "at_most": ("<=", operator.le, 1),
    "more_than": (">", operator.gt, 1),
    "less_than": ("<", operator.lt, -1),
}
RELATIONS = ("equals", *INEQUALITIES)
ROUNDING = 1e-9  # relative: 1 - 0.975 is stored as more than 0.025


@dataclass(frozen=True)
class Comparison:
    """A relation with a published number, within a tolerance."""

    relation: str
    published: float
    tolerance: float

    @property
    def threshold(self) -> float:
        """The number that an inequality compares with."""
        return self.published + INEQUALITIES[self.relation][2] * self.tolerance

    @property
    def slack(self) -> float:
        """Allowance for rounding, so that every relation treats a number at the threshold as equal to it."""
        way = 1 if self.relation in ("at_most", "more_than") else -1
        return way * ROUNDING * abs(self.threshold)

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest number that fulfil it; infinite where there is no end."""
        if self.relation == "equals":
            return self.published - self.tolerance, self.published + self.tolerance
        return (self.threshold, np.inf) if self.relation in ("at_least", "more_than") else (-np.inf, self.threshold)

    def holds(self, values):
        """Whether each number fulfils it."""
        if self.relation == "equals":
            return abs(values - self.published) <= self.tolerance * (1 + ROUNDING)
        return INEQUALITIES[self.relation][1](values, self.threshold + self.slack)

    def count(self, values) -> int:
        """Count the numbers that fulfil it."""
        return int(self.holds(values).sum())

    def formula(self, name: str) -> str:
        """Write it as a formula."""
        if self.relation == "equals":
            return f"{name} = {self.published:.10g}" + (f" +- {self.tolerance:g}" if self.tolerance else "")
        return f"{name} {INEQUALITIES[self.relation][0]} {self.threshold:.10g}"

    def words(self) -> str:
        """Write it as the end of a sentence."""
        if self.relation == "equals":
            return f"{self.published:,.10g}" + (f" \u00b1 {self.tolerance:.4g}" if self.tolerance else "")
        return f"{self.relation.replace('_', ' ')} {self.threshold:,.10g}"

    def formatted(self, value: float, error: float = np.nan) -> str:
        """Format a number as `rounded` does, with more digits if rounding would change whether it fulfils this."""
        text, digits = rounded(value, error), 4
        while value == value and digits < 18 and self.holds(float(text.replace(",", ""))) != self.holds(value):
            text, digits = f"{value:,.{digits}g}", digits + 1
        return text

    def pandas(self, name: str, value=repr) -> str:
        """Write it as a line of pandas, with each number formatted by `value`."""
        if self.relation == "equals":
            return f"abs({name} - {value(self.published)}) <= {value(self.tolerance * (1 + ROUNDING))}"
        slack = f" + {value(self.slack)}" if self.slack else ""
        return f"{name} {INEQUALITIES[self.relation][0]} {value(self.threshold)}{slack}"
