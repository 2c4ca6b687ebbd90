"""How values and choices are shown to a person."""

import difflib
import math
import re
from string import Formatter

PLACEHOLDER = re.compile(r"\{\s*[.\w]+\s*(,.*)?\}")  # what Snakemake fills in, whoever wrote it
MOST_DECIMALS = 4  # of a number that is written without an exponent


def shown(value) -> str:
    """Quote a value, cut to a legible length."""
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def differing(one, other, path=()) -> dict[tuple, tuple]:
    """List where two nested mappings differ: both values, None for one that is not there, by the path of keys."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return {} if one == other else {path: (one, other)}
    found = {}
    for key in dict.fromkeys([*one, *other]):
        found |= differing(one.get(key), other.get(key), (*path, key))
    return found


def as_placeholder(path) -> str:
    """Say what is wrong with a path, a part of which Snakemake would fill in; nothing if there is none."""
    found = PLACEHOLDER.search(str(path))
    return (
        f"Snakemake would fill in '{found[0]}', and finds no such file: it needs a name without braces" if found else ""
    )


def as_it_is(text: str) -> str:
    """Let Snakemake's report show a text as it is: behind braces and tags stands an invisible word joiner."""
    return text.replace("{", "{\u2060").replace("<", "<\u2060")


def placeholders(sentence: str) -> list[tuple[str, str]]:
    """List the names in braces, each with its format."""
    found = [part for part in Formatter().parse(sentence) if part[1] is not None]
    if any(conversion for *_, conversion in found):
        raise ValueError("an exclamation mark in braces is not for numbers")
    return [(name, spec or "") for _, name, spec, _ in found]


def nearest(word, options) -> str:
    """Say what is allowed, the nearest option first."""
    word = str(word)
    shortened = [option for option in options if word.startswith(option) or option.startswith(word)]
    same = [option for option in options if option.casefold() == word.casefold()]
    close = same or difflib.get_close_matches(word, options, n=1) or (shortened if word else [])
    hint = f"; did you mean '{close[0]}'?" if close else "."
    return f"{hint} Allowed: {', '.join(options)}"


class Measured(float):
    """A number with its standard error, written with no digit beyond the first of that; by "%" as a percentage.

    Any other format is that of a float, with a space before the sign of a percentage.
    """

    error: float

    def __new__(cls, value, error=math.nan):
        """Make it; without a standard error, four digits count."""
        made = super().__new__(cls, value)
        made.error = float(error)
        return made

    def __format__(self, spec: str) -> str:
        """Write it."""
        if spec == "%":
            return f"{rounded(100 * float(self), 100 * self.error)} %"
        if spec:
            return format(float(self), spec).replace("%", " %")
        return rounded(float(self), self.error)


def rounded(value: float, error: float = math.nan) -> str:
    """Write a number to the first digit of its standard error, or to four digits if it has none."""
    if not (error > 0 and math.isfinite(error) and math.isfinite(value)):
        return f"{value:.4g}"
    decimals = -math.floor(math.log10(error))
    if decimals > MOST_DECIMALS:
        digits = math.floor(math.log10(abs(value))) + decimals + 1 if value else 1
        return f"{value:.{max(1, digits)}g}"
    return f"{round(value, decimals) + 0.0:,.{max(0, decimals)}f}"


def ends_apart(low: float, high: float, digits: int = 4) -> tuple[str, str]:
    """Write the ends of an interval, by as many digits as tell them apart."""
    while low != high and f"{low:.{digits}g}" == f"{high:.{digits}g}":
        digits += 1
    return f"{low:.{digits}g}", f"{high:.{digits}g}"


def at_most_words(n: int):
    """Make what checks that a text has no more words."""

    def check(text):
        if (found := len(text.split())) > n:
            raise ValueError(f"must have at most {n} words, has {found}")
        return text

    return check
