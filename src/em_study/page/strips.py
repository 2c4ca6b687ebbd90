"""A claim's strip: the numbers of its draws on an axis, beside what they are held to. It needs no script."""

from dataclasses import dataclass
from html import escape

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

WIDTH, MARGIN, TOP, HEIGHT, BOTTOM = 560, 24, 34, 56, 34  # of the drawing, in CSS pixels
DIGITS = 9.5  # pixels of a character of the labels
MOST_BARS, WIDEST = 40, 40  # WIDEST in pixels
MOST_DIGITS = 6  # of a number on an axis that is written without an exponent
DECADES = 3.0  # from which on the axis is logarithmic


@dataclass(frozen=True)
class Held:
    """What a number is held to: from low to high, either of which may be infinite; and how that reads."""

    low: float
    high: float
    text: str


class Axis:
    """From numbers to pixels: linear, or logarithmic with a place of its own for what is not positive.

    Parameters
    ----------
    values : array-like of shape (n,)
        The draws' numbers.
    ends : array-like of shape (m,)
        Others that must lie on the axis.
    """

    def __init__(self, values, ends):
        values, every = np.asarray(values, dtype=float), np.array([*values, *ends], dtype=float)
        positive = values[values > 0]
        self.is_log = len(positive) > 0 and values.min() >= 0 and np.ptp(np.log10(positive)) > DECADES
        self.has_zero = self.is_log and every.min() <= 0
        self.whole = not self.is_log and (values == np.round(values)).all()
        shown = np.log10(every[every > 0]) if self.is_log else every
        low, high = float(shown.min()), float(shown.max())
        room = 0.04 * (high - low) or 0.5 * abs(low) or 0.5
        if self.whole:
            room = max(room, 0.6)
        self.zero = low - 3 * room  # where a zero stands on a logarithmic axis
        self.low, self.high = (self.zero if self.has_zero else low) - room, high + room
        if not self.is_log and every.min() >= 0 > self.low:
            self.low = -0.6 if self.whole else 0.0

    def shown(self, values):
        """Give the numbers as they lie on the axis."""
        values = np.asarray(values, dtype=float)
        if not self.is_log:
            return values
        return np.where(values > 0, np.log10(np.where(values > 0, values, 1.0)), self.zero)

    def place(self, value) -> float:
        """Give the pixel of a number; beyond the ends, the end."""
        share = (float(self.shown(value)) - self.low) / (self.high - self.low) if np.isfinite(value) else value
        return MARGIN + (WIDTH - 2 * MARGIN) * float(np.clip(share, 0.0, 1.0))

    @property
    def ticks(self) -> list[float]:
        """Some round numbers within."""
        if self.is_log:
            found = LogLocator(numticks=6).tick_values(10**self.low, 10**self.high)
            within = [tick for tick in found if self.low <= np.log10(tick) <= self.high]
            return [0.0, *within] if self.has_zero else within
        found = MaxNLocator(5, integer=self.whole).tick_values(self.low, self.high)
        tiny = 1e-9 * (self.high - self.low)
        return [tick + 0.0 for tick in found if self.low - tiny <= tick <= self.high + tiny]


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


def strip(values, observed: float, interval, held: Held) -> str:
    """Draw the numbers of a claim as SVG.

    Parameters
    ----------
    values : array-like of shape (n,)
        Numbers of the draws.
    observed : float
        What stands for them.
    interval : (float, float)
        2.5 and 97.5 percentile of the draws; NaN if there is none.
    held : Held
    """
    values = np.asarray(values, dtype=float)
    ends = [end for end in (held.low, held.high) if np.isfinite(end)]
    axis = Axis(values, [observed, *ends])
    base = TOP + HEIGHT
    parts = [
        f'<svg class="strip" viewBox="0 0 {WIDTH} {base + BOTTOM}" role="img" '
        f'aria-label="{escape(in_words(values, observed, interval, held))}">'
    ]
    left, right = axis.place(held.low), axis.place(held.high)
    parts.append(_box("held", left, TOP, max(right - left, 2.0), HEIGHT))
    parts += [_box("bar", x, base - height, width, height) for x, width, height in _bars(axis.shown(values), axis)]
    parts.append(f'<path class="axis" d="M{MARGIN} {base}H{WIDTH - MARGIN}"/>')
    if np.isfinite(interval).all():
        low, high = map(axis.place, interval)
        parts.append(f'<path class="range" d="M{low:.1f} {base + 5}H{max(high, low + 2):.1f}"/>')
    for end in sorted({axis.place(end) for end in ends}):
        parts.append(f'<path class="edge" d="M{end:.1f} {TOP - 4}V{base}"/>')
    if ends:
        parts.append(_text("edge", sum(axis.place(end) for end in ends) / len(ends), 12, held.text))
    place = axis.place(observed)
    parts.append(f'<path class="observed" d="M{place:.1f} {TOP - 4}V{base + 8}"/>')
    parts.append(_text("observed", place, 27, f"observed {told(observed)}"))
    ticks = axis.ticks
    last = -np.inf
    for tick, text in zip(ticks, told_apart(ticks), strict=True):
        place = axis.place(tick)
        if place - last > DIGITS * (len(text) + 1):
            parts.append(_text("tick", place, base + 24, text))
            last = place + DIGITS * len(text) / 2
    return "".join([*parts, "</svg>"])


def in_words(values, observed, interval, held: Held) -> str:
    """Say what a strip shows."""
    if len(values) == 1:
        return f"{held.text}; observed {told(observed)}"
    low, high = (np.min(values), np.max(values)) if not np.isfinite(interval).all() else interval
    many = "All" if not np.isfinite(interval).all() else "95 % of"
    return f"{held.text}; observed {told(observed)}. {many} {len(values)} numbers lie from {told(low)} to {told(high)}"


def _bars(shown, axis: Axis):
    n_bars = min(MOST_BARS, max(8, 2 * int(np.sqrt(len(shown)))))
    edges = np.linspace(axis.low, axis.high, n_bars + 1)
    if axis.whole and axis.high - axis.low <= 2 * MOST_BARS:
        edges = np.arange(np.floor(axis.low), np.ceil(axis.high) + 1) + 0.5
        edges = edges[(edges >= axis.low - 1) & (edges <= axis.high + 1)]
    counts, _ = np.histogram(shown, bins=edges)
    scale = (WIDTH - 2 * MARGIN) / (axis.high - axis.low)
    for count, begin, end in zip(counts, edges, edges[1:], strict=False):
        if count:
            width, middle = min((end - begin) * scale - 1, WIDEST), MARGIN + ((begin + end) / 2 - axis.low) * scale
            yield middle - width / 2, width, HEIGHT * count / counts.max()


def _box(kind, x, y, width, height) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _text(kind, x, y, text) -> str:
    half = DIGITS * len(text) / 2
    x = min(max(x, half + 2), WIDTH - half - 2)
    return f'<text class="{kind}" x="{x:.1f}" y="{y}">{escape(text)}</text>'
