"""Drawings with one axis: a claim's numbers, the share that fulfil it, the agreement ladder. They need no script.

Each is as wide as its place: numbers lie on a horizontal scale of `ACROSS` units, which is stretched; text is not.
"""

from dataclasses import dataclass
from html import escape

import numpy as np
from matplotlib.ticker import MaxNLocator

from em_study.claims.intervals import share_interval
from em_study.page.svg import MOST_TICKS, Scale, distinct_texts, free_room, short_text
from em_study.wording import ends_apart

ACROSS, MARGIN = 1000, 30  # units of the full width, and of the free space on both sides
SIDES = MARGIN, ACROSS - MARGIN
TOP, HEIGHT, BOTTOM, ROW = 8, 56, 26, 52  # pixels; ROW: height for an experiment, or a step
LETTER, NARROWEST = 7.0, 320  # pixels: of a character, and of the narrowest drawing
MOST_BARS, FEW = 50, 20  # FEW numbers are drawn one by one
LOWEST = 3  # pixels: of a bar, so that a single number is seen
WIDEST, THIN = 70, 6  # units; numbers that hardly differ share one thin bar
APART, HIGH, PILE = 6, 4, 18  # units across and pixels up between points; height of a pile of equal points
ROUNDING = 1e-9  # of a place, in widths of a bar
DECADES, ROOM = 3.0, 0.04  # range from which the axis is logarithmic; share of it that is free beyond the numbers


@dataclass(frozen=True)
class Criterion:
    """The values that fulfil a claim: from low to high, either of which may be infinite; and their description.

    `turns` are the thresholds between which the verdict stays the same, NaN if it stays the same beyond.
    """

    low: float
    high: float
    text: str
    turns: tuple[float, float] | None = None

    @property
    def ends(self) -> list[float]:
        """The finite ends."""
        return [end for end in (self.low, self.high) if np.isfinite(end)]


def axis_of(values, ends) -> Scale:
    """Choose the axis of a strip: logarithmic if the numbers span decades, then with a place for zeros.

    The ends are further numbers that must lie on it.
    """
    values, every = np.asarray(values, dtype=float), np.array([*values, *ends], dtype=float)
    positive = values[values > 0]
    if len(positive) and values.min() >= 0 and np.ptp(np.log10(positive)) > DECADES:
        low, high = np.log10([every[every > 0].min(), every.max()])
        room, zero = free_room(low, high, ROOM), None
        if every.min() <= 0:
            low = zero = low - 3 * room
        return Scale(low - room, high + room, *SIDES, "log", zero=zero)
    counts, room = are_counts([*values, *ends]), free_room(every.min(), every.max(), ROOM)
    room = max(room, 0.6) if counts else room
    low = every.min() - room
    if every.min() >= 0 > low:
        low = -0.6 if counts else 0.0
    rounds = MaxNLocator(MOST_TICKS - 1, steps=[1, 2, 5, 10], integer=counts)
    return Scale(low, every.max() + room, *SIDES, round_numbers=rounds)


def are_counts(values) -> bool:
    """Return whether all numbers are integers."""
    return bool((np.asarray(values) == np.round(values)).all())


def strip(values, observed: float, interval, criterion: Criterion, said: str, own: float = np.nan) -> str:
    """Draw the numbers of a claim, the observed statistic (`said`: in words), and the range of 95 % of them or NaN.

    `own` is the number on the source's own data, NaN if it is unknown.
    """
    values = np.asarray(values, dtype=float)
    axis, base = axis_of(values, [observed, *criterion.ends, *([own] if np.isfinite(own) else [])]), TOP + HEIGHT
    parts = [f'<path class="bar" d="{_bars(values, axis, criterion, base, HEIGHT)}"/>']
    if np.isfinite(interval).all():
        low, high = map(axis.place, interval)
        parts.append(f'<path class="range" d="M{low:.1f} {base + 4}H{max(high, low + 3):.1f}"/>')
    parts.append(f'<path class="observed" d="M{axis.place(observed):.1f} {TOP - 4}V{base + 6}"/>')
    marks = [_diamond(axis.place(own), TOP + 8)] if np.isfinite(own) else []
    return _drawn(axis, criterion, HEIGHT, parts, marks, in_words(values, said, interval, criterion))


def spark(values, observed: float, criterion: Criterion) -> str:
    """Draw the same in a few pixels, without text."""
    values = np.asarray(values, dtype=float)
    axis = axis_of(values, [observed, *criterion.ends])
    left, right = axis.place(criterion.low), axis.place(criterion.high)
    return (
        f'<svg class="spark" viewBox="0 0 {ACROSS} 24" preserveAspectRatio="none" aria-hidden="true">'
        f"{_box('criterion', left, 0, max(right - left, 8), 24)}"
        f'<path class="bar" d="{_bars(values, axis, criterion, 24, 20, 25)}"/>'
        f'<path class="observed" d="M{axis.place(observed):.0f} 0V24"/></svg>'
    )


def points(rows: dict, criterion: Criterion, own: dict | None = None, ends=()) -> str:
    """Draw a row of points for each experiment, or step: its numbers, by the text over the row.

    `own` are numbers of rows on the source's own data; the ends are further numbers that must lie on the axis.
    """
    own = own or {}
    axis = axis_of(np.concatenate([*rows.values()]), [*criterion.ends, *own.values(), *ends])
    parts, marks = [], []
    for number, (text, values) in enumerate(rows.items()):
        y = TOP + ROW * number
        marks.append(f'<text class="row" x="{MARGIN / 10}%" y="{y + 15}">{escape(text)}</text>')
        parts.append(_points((axis.place(value) for value in values), y + 33))
        if text in own:
            marks.append(_diamond(axis.place(own[text]), y + 33))
    return _drawn(axis, criterion, ROW * len(rows), parts, marks, "; ".join(filter(None, (criterion.text, *rows))))


def share_bar(rows: dict, cuts) -> str:
    """Draw shares between 0 and 100 %, with their intervals and the thresholds (`cuts`).

    The rows are (share, number of replicates), by the text over each; the row "" has no text.
    """
    scale, step = Scale(0, 1, *SIDES), ROW if len(rows) > 1 or "" not in rows else 22
    places = [SIDES[0], *(scale.place(cut) for cut in dict.fromkeys(cuts)), SIDES[1]]
    height = step * len(rows)
    kinds = {2: ["maybe"], 3: ["no", "yes"], 4: ["no", "maybe", "yes"]}[len(places)]
    parts = [
        _box(f"zone {kind}", left, TOP, right - left, height)
        for kind, left, right in zip(kinds, places, places[1:], strict=False)
    ]
    parts += [f'<path class="edge" d="M{place:.1f} {TOP - 4}V{TOP + height}"/>' for place in places[1:-1]]
    marks, said = [], []
    for number, (text, (share, n)) in enumerate(rows.items()):
        low, high = map(float, share_interval(share, n))
        y = TOP + step * (number + 1) - 11
        parts.append(f'<path class="range" d="M{scale.place(low):.1f} {y}H{scale.place(high):.1f}"/>')
        parts.append(_points([scale.place(share)], y, "at"))
        if text:
            marks.append(f'<text class="row" x="{MARGIN / 10}%" y="{y - 12}">{escape(text)}</text>')
        said.append(f"{text} {100 * share:.3g} %, 95 % interval {100 * low:.3g} to {100 * high:.3g} %".strip())
    marks += [_text("tick", scale.place(at), TOP + height + 17, text) for at, text in ((0.0, "0"), (1.0, "100 %"))]
    marks += [_text("tick", scale.place(cut), TOP - 8, f"{100 * cut:g} %") for cut in dict.fromkeys(cuts)]
    return _framed(height, parts, marks, "; ".join(said), is_low=True)


def _drawn(axis: Scale, criterion: Criterion, height: int, parts: list[str], marks: list[str], said: str) -> str:
    """Put a drawing onto its axis, with the criterion behind it."""
    base = TOP + height
    left, right = axis.place(criterion.low), axis.place(criterion.high)
    shapes = [_box("criterion", left, TOP, max(right - left, 3.0), height)] if criterion.ends else []
    shapes += [*parts, f'<path class="axis" d="M0 {base}H{ACROSS}"/>']
    if criterion.turns is not None:
        low, high = (
            axis.place(end) if np.isfinite(end) else side for end, side in zip(criterion.turns, SIDES, strict=True)
        )
        shapes.append(f'<path class="turns" d="M{low:.1f} {TOP}H{max(high, low + 3):.1f}"/>')
    for end in sorted({axis.place(end) for end in criterion.ends}):
        shapes.append(f'<path class="edge" d="M{end:.1f} {TOP - 4}V{base}"/>')
    last = -np.inf
    for tick, text in zip(axis.ticks, distinct_texts(axis.ticks), strict=True):
        place, half = axis.place(tick), LETTER * (len(text) + 1) / 2 * ACROSS / NARROWEST
        if place - half > last:
            marks.append(_text("tick", place, base + 19, text))
            last = place + half
    return _framed(height, shapes, marks, said)


def _framed(height: int, shapes: list[str], marks: list[str], said: str, is_low: bool = False) -> str:
    """Join the shapes, which are stretched, and the text, which is not; a low drawing has text above it."""
    tall = TOP + height + BOTTOM
    return (
        f'<svg class="strip{" low" if is_low else ""}" width="100%" height="{tall}" role="img" '
        f'aria-label="{escape(said)}"><svg viewBox="0 0 {ACROSS} {tall}" preserveAspectRatio="none">'
        f"{''.join(shapes)}</svg>{''.join(marks)}</svg>"
    )


def in_words(values, observed: str, interval, criterion: Criterion) -> str:
    """Describe a strip in words."""
    said = f"{criterion.text}; observed {observed}"
    if criterion.turns is not None and np.isfinite(criterion.turns).any():
        low, high = (short_text(end) if np.isfinite(end) else "any value" for end in criterion.turns)
        said += f"; the verdict is the same for thresholds from {low} to {high}"
    if np.ptp(values) == 0:
        return said if len(values) == 1 else f"{said}, in all {len(values)} numbers"
    many, ends = ("95 % of", interval) if np.isfinite(interval).all() else ("All", (np.min(values), np.max(values)))
    return f"{said}. {many} {len(values)} numbers lie from {' to '.join(ends_apart(*ends))}"


def _bars(values, axis: Scale, criterion: Criterion, base: int, height: int, most: int = MOST_BARS) -> str:
    """Draw a histogram as a path. No bar lies on both sides of the criterion."""
    places, room = np.array([axis.place(value) for value in values]), SIDES[1] - SIDES[0]
    each = min(WIDEST, room / (min(most, 2 * int(np.sqrt(len(values)))) if len(values) > FEW else most))
    begin = places.min() - each / 2
    if np.ptp(places) <= THIN:
        each, begin = THIN, (places.min() + places.max()) / 2 - THIN / 2
        which = np.zeros(len(places), dtype=int)
    elif are_counts(values) and axis.kind == "linear" and axis.last - axis.first <= 2 * most:
        each = room / (axis.last - axis.first)
        begin = axis.place(values.min()) - each / 2
        which = np.round((places - begin) / each - 0.5).astype(int)
    else:
        if criterion.ends:  # a bar begins there; a number at the end fulfils the criterion
            begin = axis.place(criterion.ends[0])
        shift = -ROUNDING if np.isfinite(criterion.high) else ROUNDING
        which = np.floor((places - begin) / each + shift).astype(int)
    counts = dict(zip(*np.unique(which, return_counts=True), strict=True))
    width, most_counted = min(each - min(2, each / 4), WIDEST), max(counts.values())
    bars = ((begin + each * (number + 0.5) - width / 2, count / most_counted) for number, count in counts.items())
    return "".join(f"M{x:.1f} {base}h{width:.1f}v-{max(LOWEST, height * up):.1f}h-{width:.1f}z" for x, up in bars)


def _points(places, y: float, kind: str = "points") -> str:
    """Draw points as a path; equal points lie above and below each other."""
    counts: dict[int, int] = {}
    for place in sorted(round(place / APART) * APART for place in places):
        counts[place] = counts.get(place, 0) + 1
    return f'<path class="{kind}" d="{"".join(_pile(x, y, n) for x, n in counts.items())}"/>'


def _pile(x: int, y: float, n: int) -> str:
    step = min(HIGH, PILE / max(1, n - 1))
    return "".join(f"M{x} {y + step * (i - (n - 1) / 2):.3g}h0" for i in range(n))


def _diamond(place: float, y: float) -> str:
    return f'<text class="own" x="{place / 10:.2f}%" y="{y + 6}">\u25c6</text>'


def _box(kind, x, y, width, height) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _text(kind, place, y, text) -> str:
    end = ' text-anchor="end"' if place > 0.9 * ACROSS and len(text) > 3 else ""
    return f'<text class="{kind}" x="{place / 10:.2f}%" y="{y}"{end}>{escape(text)}</text>'
