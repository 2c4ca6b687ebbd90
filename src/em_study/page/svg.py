"""Shared by all drawings of the page: a scale, its ticks, and the formatting of numbers."""

import numpy as np
from matplotlib.ticker import Locator, LogLocator, MaxNLocator

MOST_TICKS = 6
MOST_DIGITS = 6  # of a tick without an exponent
ROUND = MaxNLocator(MOST_TICKS - 1, steps=[1, 2, 2.5, 5, 10])
TINY = np.finfo(float).tiny
# From numbers to their places on a scale, and back.
KINDS = {
    "linear": (np.asarray, np.asarray),
    "log": (np.log10, lambda logarithms: np.maximum(10.0**logarithms, TINY)),
    "symlog": (np.log1p, np.expm1),
}


class Scale:
    """A scale from numbers to pixels.

    Parameters
    ----------
    low, high : float
        Ends of the ticks, as they lie on the scale: logarithms on a logarithmic one.
    begin, end : float
        Pixels.
    kind : {"linear", "log", "symlog"}
    room : float
        Free space beyond the ends.
    zero : float, optional
        Place of 0 on a logarithmic scale.
    round_numbers : Locator
        Of a linear scale.
    """

    def __init__(self, low, high, begin, end, kind="linear", room=0.0, zero=None, round_numbers: Locator = ROUND):
        self.low, self.high, self.begin, self.end = float(low), float(high), begin, end
        self.kind, self.zero, self.round_numbers = kind, zero, round_numbers
        self.first, self.last = self.low - room, self.high + room

    def of(self, values) -> np.ndarray:
        """Return the places of numbers on the scale."""
        values, to_scale = np.asarray(values, dtype=float), KINDS[self.kind][0]
        if self.zero is None:
            with np.errstate(divide="ignore"):  # the end of a bar may underflow to 0, and is drawn at the end
                return to_scale(values)
        return np.where(values > 0, to_scale(np.where(values > 0, values, 1.0)), self.zero)

    def place(self, value) -> float:
        """Return the pixel of a number; beyond the ends, that of the end."""
        share = (float(self.of(value)) - self.first) / (self.last - self.first) if np.isfinite(value) else value
        return self.begin + (self.end - self.begin) * float(np.clip(share, 0.0, 1.0))

    @property
    def ticks(self) -> list[float]:
        """Round numbers between the ends."""
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
    """Return the free space of a scale beyond its lowest and highest number; never 0."""
    return share * (high - low) or 0.5 * abs(low) or 0.5


def short_text(value: float, digits: int = 4) -> str:
    """Write a number for readers."""
    return f"{value:.{digits}g}"


def distinct_texts(ticks) -> list[str]:
    """Write ticks exactly, with as few digits as possible."""
    span = max(ticks) - min(ticks) if ticks else 0.0
    for digits in range(2, 16):
        texts = [short_text(tick, digits) for tick in ticks]
        if all(abs(float(text) - tick) <= 1e-6 * (span or 1) for text, tick in zip(texts, ticks, strict=True)):
            break
    plain = [np.format_float_positional(float(text), trim="-") for text in texts]
    return [short if len(short) <= MOST_DIGITS else text for short, text in zip(plain, texts, strict=True)]
