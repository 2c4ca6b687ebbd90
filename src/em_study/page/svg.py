"""What all drawings of the page share: a scale, its round numbers, and how numbers are written."""

import numpy as np
from matplotlib.ticker import Locator, LogLocator, MaxNLocator

MOST_TICKS = 6
MOST_DIGITS = 6  # of a number on a scale that is written without an exponent
ROUND = MaxNLocator(MOST_TICKS - 1, steps=[1, 2, 2.5, 5, 10])
TINY = np.finfo(float).tiny
# How numbers lie on a scale, and back.
KINDS = {
    "linear": (np.asarray, np.asarray),
    "log": (np.log10, lambda logarithms: np.maximum(10.0**logarithms, TINY)),
    "symlog": (np.log1p, np.expm1),
}


class Scale:
    """From numbers to pixels.

    Parameters
    ----------
    low, high : float
        What the ticks are between, as it lies on the scale: of a logarithmic one, logarithms.
    begin, end : float
        Pixels.
    kind : {"linear", "log", "symlog"}
    room : float
        What is left free beyond them.
    zero : float, optional
        Where on a logarithmic scale stands what is not positive.
    round_numbers : Locator
        Of a linear scale.
    """

    def __init__(self, low, high, begin, end, kind="linear", room=0.0, zero=None, round_numbers: Locator = ROUND):
        self.low, self.high, self.begin, self.end = float(low), float(high), begin, end
        self.kind, self.zero, self.round_numbers = kind, zero, round_numbers
        self.first, self.last = self.low - room, self.high + room

    def of(self, values) -> np.ndarray:
        """Give numbers as they lie on the scale."""
        values, to_scale = np.asarray(values, dtype=float), KINDS[self.kind][0]
        if self.zero is None:
            with np.errstate(divide="ignore"):  # the end of a bar may be too small a number, and stands at the end
                return to_scale(values)
        return np.where(values > 0, to_scale(np.where(values > 0, values, 1.0)), self.zero)

    def place(self, value) -> float:
        """Give the pixel of a number; beyond the ends, the end."""
        share = (float(self.of(value)) - self.first) / (self.last - self.first) if np.isfinite(value) else value
        return self.begin + (self.end - self.begin) * float(np.clip(share, 0.0, 1.0))

    @property
    def ticks(self) -> list[float]:
        """Some round numbers within."""
        ends = low, high = KINDS[self.kind][1](np.array([self.low, self.high])).tolist()
        if low == high:
            return [low]
        if self.kind == "symlog":
            found = [0.0, *10.0 ** np.arange(np.ceil(np.log10(high)) + 1)]
        elif self.kind == "log":
            subs = (1.0,) if self.high - self.low > 2 + 1e-9 else (1.0, 2.0, 5.0)
            found = LogLocator(subs=subs, numticks=MOST_TICKS).tick_values(low, high)
        else:
            found = self.round_numbers.tick_values(low, high)
        slack = 1e-9 * (self.high - self.low)
        within = [float(tick) + 0.0 for tick in found if self.low - slack <= self.of(tick) <= self.high + slack]
        if self.zero is not None:
            return [0.0, *within]
        return within if len(within) > 1 else [*ends]


def free_room(low: float, high: float, share: float) -> float:
    """Say how much of a scale is left free beyond its lowest and highest number: some, even where they are the same."""
    return share * (high - low) or 0.5 * abs(low) or 0.5


def told(value: float, digits: int = 4) -> str:
    """Write a number for a person."""
    return f"{value:.{digits}g}"


def told_apart(ticks) -> list[str]:
    """Write round numbers as they are, by as few digits as that takes."""
    span = max(ticks) - min(ticks) if ticks else 0.0
    for digits in range(2, 16):
        texts = [told(tick, digits) for tick in ticks]
        if all(abs(float(text) - tick) <= 1e-6 * (span or 1) for text, tick in zip(texts, ticks, strict=True)):
            break
    plain = [np.format_float_positional(float(text), trim="-") for text in texts]
    return [short if len(short) <= MOST_DIGITS else text for short, text in zip(plain, texts, strict=True)]
