"""A claim's strip: the numbers of its draws on an axis, beside what they are held to. It needs no script."""

from dataclasses import dataclass
from html import escape

import numpy as np
from matplotlib.ticker import MaxNLocator

from em_study.page.svg import MOST_TICKS, Scale, free_room, told, told_apart
from em_study.wording import ends_apart

WIDTH, MARGIN, TOP, HEIGHT, BOTTOM = 560, 24, 34, 56, 34  # of the drawing, in CSS pixels
SIDES = MARGIN, WIDTH - MARGIN
ROW = 32  # height of an experiment's
DIGITS = 9.5  # pixels of a character of the labels
MOST_BARS, FEW = 40, 20  # few numbers are shown one by one
WIDEST, THIN = 40, 4  # pixels; numbers that hardly differ have one thin bar
ROUNDING = 1e-9  # of a place, in widths of a bar
DECADES, ROOM = 3.0, 0.04  # from which on the axis is logarithmic; share of it that is left free beyond the numbers


@dataclass(frozen=True)
class Held:
    """What a number is held to: from low to high, either of which may be infinite; and how that reads.

    `turns` are the thresholds between which the verdict is the same, NaN where it is so beyond.
    """

    low: float
    high: float
    text: str
    turns: tuple[float, float] | None = None

    @property
    def ends(self) -> list[float]:
        """Those that are finite."""
        return [end for end in (self.low, self.high) if np.isfinite(end)]


def axis_of(values, ends) -> Scale:
    """Choose the axis of a strip: logarithmic where the numbers span decades, then with a place for zeros.

    Parameters
    ----------
    values : array-like of shape (n,)
        The draws' numbers.
    ends : array-like of shape (m,)
        Others that must lie on the axis.
    """
    values, every = np.asarray(values, dtype=float), np.array([*values, *ends], dtype=float)
    positive = values[values > 0]
    if len(positive) and values.min() >= 0 and np.ptp(np.log10(positive)) > DECADES:
        low, high = np.log10([every[every > 0].min(), every.max()])
        room, zero = free_room(low, high, ROOM), None
        if every.min() <= 0:
            low = zero = low - 3 * room
        return Scale(low - room, high + room, *SIDES, "log", zero=zero)
    whole, room = is_whole(values), free_room(every.min(), every.max(), ROOM)
    room = max(room, 0.6) if whole else room
    low = every.min() - room
    if every.min() >= 0 > low:
        low = -0.6 if whole else 0.0
    return Scale(low, every.max() + room, *SIDES, round_numbers=MaxNLocator(MOST_TICKS - 1, integer=whole))


def is_whole(values) -> bool:
    """Tell whether numbers are counts."""
    return bool((values == np.round(values)).all())


def strip(values, observed: float, interval, held: Held, said: str) -> str:
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
    said : str
        How `observed` is written.
    """
    values = np.asarray(values, dtype=float)
    axis, base = axis_of(values, [observed, *held.ends]), TOP + HEIGHT
    parts = [_box("bar", x, base - height, width, height) for x, width, height in _bars(values, axis)]
    if np.isfinite(interval).all():
        low, high = map(axis.place, interval)
        parts.append(f'<path class="range" d="M{low:.1f} {base + 5}H{max(high, low + 2):.1f}"/>')
    place = axis.place(observed)
    parts.append(f'<path class="observed" d="M{place:.1f} {TOP - 4}V{base + 8}"/>')
    parts.append(_text("observed", place, 27, f"observed {said}"))
    return _drawn(axis, held, HEIGHT, parts, in_words(values, said, interval, held))


def points(rows: dict, held: Held) -> str:
    """Draw a row of points for each experiment.

    Parameters
    ----------
    rows : dict of array-like
        Its numbers, by what is written over it.
    held : Held
    """
    axis = axis_of(np.concatenate([*rows.values()]), held.ends)
    parts = []
    for number, (text, values) in enumerate(rows.items()):
        y, places = TOP + ROW * number, sorted({round(axis.place(value)) for value in values})
        parts.append(f'<text class="row" x="{MARGIN}" y="{y + 13}">{escape(text)}</text>')
        parts.append(f'<path class="points" d="{"".join(f"M{x} {y + 24}h0" for x in places)}"/>')
    return _drawn(axis, held, ROW * len(rows), parts, f"{held.text}. {'; '.join(rows)}")


def _drawn(axis: Scale, held: Held, height: int, parts: list[str], said: str) -> str:
    """Put a drawing onto its axis, beside what the numbers are held to."""
    base = TOP + height
    label = f'role="img" aria-label="{escape(said)}"'
    svg = [f'<svg class="strip" viewBox="0 0 {WIDTH} {base + BOTTOM}" {label}>']
    left, right = axis.place(held.low), axis.place(held.high)
    svg.append(_box("held", left, TOP, max(right - left, 2.0), height))
    svg += [*parts, f'<path class="axis" d="M{MARGIN} {base}H{WIDTH - MARGIN}"/>']
    if held.turns is not None:
        low, high = (axis.place(end) if np.isfinite(end) else side for end, side in zip(held.turns, SIDES, strict=True))
        svg.append(f'<path class="turns" d="M{low:.1f} {TOP}H{max(high, low + 2):.1f}"/>')
    for end in sorted({axis.place(end) for end in held.ends}):
        svg.append(f'<path class="edge" d="M{end:.1f} {TOP - 4}V{base}"/>')
    if held.ends:
        svg.append(_text("edge", sum(map(axis.place, held.ends)) / len(held.ends), 12, held.text))
    last = -np.inf
    for tick, text in zip(axis.ticks, told_apart(axis.ticks), strict=True):
        place = axis.place(tick)
        if place - last > DIGITS * (len(text) + 1):
            svg.append(_text("tick", place, base + 24, text))
            last = place + DIGITS * len(text) / 2
    return "".join([*svg, "</svg>"])


def in_words(values, observed: str, interval, held: Held) -> str:
    """Say what a strip shows."""
    said = f"{held.text}; observed {observed}"
    if held.turns is not None and np.isfinite(held.turns).any():
        low, high = (told(end) if np.isfinite(end) else "anywhere" for end in held.turns)
        said += f"; the verdict is the same for thresholds from {low} to {high}"
    if np.ptp(values) == 0:
        return said if len(values) == 1 else f"{said}, in all {len(values)} numbers"
    many, ends = ("95 % of", interval) if np.isfinite(interval).all() else ("All", (np.min(values), np.max(values)))
    return f"{said}. {many} {len(values)} numbers lie from {' to '.join(ends_apart(*ends))}"


def _bars(values, axis: Scale):
    """Yield left end, width and height of the bars of a histogram, whose outer ones lie about the end numbers."""
    places, room = np.array([axis.place(value) for value in values]), SIDES[1] - SIDES[0]
    low, high = places.min(), places.max()
    n_bars = min(MOST_BARS, 2 * int(np.sqrt(len(values)))) if len(values) > FEW else MOST_BARS
    each = min(WIDEST, room / n_bars)
    if is_whole(values) and axis.kind == "linear" and axis.last - axis.first <= 2 * MOST_BARS:
        each = room / (axis.last - axis.first)
    if high - low > THIN:
        middles = np.linspace(low, high, 1 + int(np.ceil((high - low) / each - ROUNDING)))
        width = min(middles[1] - middles[0] - 1, WIDEST)
    else:
        middles, width = np.array([(low + high) / 2]), THIN
    counts = np.bincount(abs(places[:, None] - middles).argmin(axis=1))
    for middle, count in zip(middles, counts, strict=True):
        if count:
            yield middle - width / 2, width, HEIGHT * count / counts.max()


def _box(kind, x, y, width, height) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _text(kind, x, y, text) -> str:
    half = DIGITS * len(text) / 2
    x = min(max(x, half + 2), WIDTH - half - 2)
    return f'<text class="{kind}" x="{x:.1f}" y="{y}">{escape(text)}</text>'
