"""Formats of values, and messages on allowed values."""

import difflib
import math
import re
from string import Formatter

PLACEHOLDER = re.compile(r"\{\s*[.\w]+\s*(,.*)?\}")  # Snakemake fills these in, wherever they come from
MOST_DECIMALS = 4  # of a number that is written without an exponent


def shown(value) -> str:
    """Quote a value, shortened to 60 characters."""
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def differing(one, other, path=()) -> dict[tuple, tuple]:
    """List the differences of two nested mappings, by the path of keys: both values, None for one that is missing."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return {} if one == other else {path: (one, other)}
    found = {}
    for key in dict.fromkeys([*one, *other]):
        found |= differing(one.get(key), other.get(key), (*path, key))
    return found


def as_placeholder(path) -> str:
    """Describe the problem of a path with a part that Snakemake would fill in; empty if it has none."""
    found = PLACEHOLDER.search(str(path))
    return f"must not contain '{found[0]}', which Snakemake would replace: use a name without braces" if found else ""


def as_it_is(text: str) -> str:
    """Protect a text from Snakemake's report by an invisible word joiner after each brace and tag."""
    return text.replace("{", "{\u2060").replace("<", "<\u2060")


def placeholders(sentence: str) -> list[tuple[str, str]]:
    """List the names in braces, each with its format."""
    found = [part for part in Formatter().parse(sentence) if part[1] is not None]
    if any(conversion for *_, conversion in found):
        raise ValueError("a placeholder of a number must not contain '!'")
    return [(name, spec or "") for _, name, spec, _ in found]


def nearest(word, options) -> str:
    """List the allowed options, after the one that was probably meant."""
    word = str(word)
    shortened = [option for option in options if word.startswith(option) or option.startswith(word)]
    same = [option for option in options if option.casefold() == word.casefold()]
    close = same or difflib.get_close_matches(word, options, n=1) or (shortened if word else [])
    hint = f"; did you mean '{close[0]}'?" if close else "."
    return f"{hint} Allowed: {', '.join(options)}"


class Measured(float):
    """A number with its standard error, formatted with no digit beyond the first of the error; "%" is a percentage.

    Any other format is that of a float, with a space before the percent sign.
    """

    error: float

    def __new__(cls, value, error=math.nan):
        """Make it; without a standard error it has four digits."""
        made = super().__new__(cls, value)
        made.error = float(error)
        return made

    def __format__(self, spec: str) -> str:
        """Format it."""
        if spec == "%":
            return f"{rounded(100 * float(self), 100 * self.error)} %"
        if spec:
            return format(float(self), spec).replace("%", " %")
        return rounded(float(self), self.error)


def rounded(value: float, error: float = math.nan) -> str:
    """Format a number to the first digit of its standard error, or to four digits if it has none."""
    if not (error > 0 and math.isfinite(error) and math.isfinite(value)):
        return f"{value:.4g}"
    decimals = -math.floor(math.log10(error))
    if decimals > MOST_DECIMALS:
        digits = math.floor(math.log10(abs(value))) + decimals + 1 if value else 1
        return f"{value:.{max(1, digits)}g}"
    return f"{round(value, decimals) + 0.0:,.{max(0, decimals)}f}"


def ends_apart(low: float, high: float, digits: int = 4) -> tuple[str, str]:
    """Format the ends of an interval with as many digits as make them differ."""
    while low != high and f"{low:.{digits}g}" == f"{high:.{digits}g}":
        digits += 1
    return f"{low:.{digits}g}", f"{high:.{digits}g}"


def at_most_words(n: int):
    """Make a validator of the number of words in a text."""

    def check(text):
        if (found := len(text.split())) > n:
            raise ValueError(f"must have at most {n} words, has {found}")
        return text

    return check
