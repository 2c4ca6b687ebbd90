"""Compare the results of two runs: text and counts exactly, real numbers within their tolerances."""

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from em_study.audit.checksums import one_line
from em_study.audit.record import changes_in
from em_study.audit.results import NotResultsError, Results
from em_study.columns import COLUMNS, EXACT, KEYS, NUMERIC_QUANTITIES, PARTS, QUANTITY, Column, Tolerance
from em_study.evaluation.measurements import QUANTITIES

NEAR_TOLERANCE = (
    1e-9,
    1e-3,
)  # nats per sample, and share of tol: if a change is as near to tol, rounding decides the stop
MOST_FILES = 12
SAME_TRACE = 1e-8  # relative
STOPPED_BY = ("n_iter", "trace_before_last", "trace_last")
MEANS = Tolerance(1e-12)  # means over replicates of equal numbers
OF_QUANTITIES = ("value", "mean", "mcse", "low", "high")  # columns whose meaning depends on the key of the row
UNKNOWN = Column("", "", is_given=True)  # a column of another version
ENVIRONMENT = ("python", "packages", "blas", "processor")


@dataclass
class Comparison:
    """Differences between two runs.

    Attributes
    ----------
    changes, settings, made_by : list of str
        Changes of the second run to the articles; settings that differ; and code, versions or processors.
    problems : list of str
        Results that differ, each a sentence without its full stop.
    flips : list of str
        Fits that stopped earlier or later because of rounding; they count as the same.
    columns : list of dict
        For each column of numbers: how many were published, how many are the same within the tolerance, how many
        differ at all, and the largest difference.
    n_verdicts, n_verdicts_same : int
    """

    changes: list[str] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    made_by: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    flips: list[str] = field(default_factory=list)
    columns: list[dict] = field(default_factory=list)
    n_verdicts: int = 0
    n_verdicts_same: int = 0

    @property
    def same(self) -> bool:
        """Whether the results are the same."""
        return not (self.settings or self.problems)

    @property
    def line(self) -> str:
        """One sentence to quote, without its full stop."""
        n_numbers, n_same = (sum(column[name] for column in self.columns) for name in ("numbers", "same"))
        differ = any(column["differ"] for column in self.columns)
        text = f"{_all_of(self.n_verdicts_same, self.n_verdicts)} verdicts and {_all_of(n_same, n_numbers)} numbers "
        text += "are as published"
        if n_same == n_numbers:
            text += ", each within its tolerance" if differ else ", to every digit"
        return text + ("; the settings differ" if self.settings else "")

    @property
    def largest(self) -> list[str]:
        """Sentences on the columns with the largest differences: their meaning and tolerance."""
        sentences = []
        if found := max((column for column in self.columns if column["largest_relative"]), key=_relative, default=None):
            size, allowed = found["largest_relative"], found["relative_tolerance"]
            text = f"The largest relative difference is {_share(size)}, in {_named(found, found['largest_of'])}"
            sentences.append(f"{text}; {'' if size <= allowed else 'no more than '}{_share(allowed)} is allowed there")
        if (found := max(self.columns, key=_rounding, default=None)) and _rounding(found):
            text = f"Of numbers so near 0 that rounding decides, the largest difference is {_rounding(found):.0e}"
            sentences.append(f"{text}, in {_named(found, found['rounding_of'])}, and within its tolerance")
        return sentences


def _all_of(n_same: int, n_all: int) -> str:
    return f"all {n_all:,}" if n_same == n_all else f"{n_same:,} of {n_all:,}"


def _share(number: float) -> str:
    return f"{100 * number:.2g} %" if number >= 1e-4 else f"{number:.0e} of the number"


def _relative(column: dict) -> float:
    return column["largest_relative"]


def _rounding(column: dict) -> float:
    return column["largest_rounding"]


def _named(column: dict, quantity: str) -> str:
    """Name the quantity of a column, with its meaning."""
    known = COLUMNS["fits"] | COLUMNS["agreement"] | COLUMNS.get(column["table"], {}) | QUANTITIES
    meaning = known.get(quantity, UNKNOWN).description
    meaning = re.split(r"; | \(", meaning)[0]  # the rest states conditions
    return f"{_short(quantity)} of {column['table']}.csv" + (f" ({meaning})" if meaning else "")


def compare(published: Results, found: Results) -> Comparison:
    """Compare a run with a published one."""
    result = Comparison()
    result.changes = [*map(str, changes_in(found.manifest))]
    result.settings = [*_differences(published.manifest["configuration"], found.manifest["configuration"])]
    result.made_by = [*_made_by(published.manifest, found.manifest)]
    flipped: set[tuple] = set()
    for name in published.tables:
        try:
            one = published.read(name)
        except NotResultsError as error:
            result.problems.append(str(error))
            continue
        try:
            other = found.read(name)
        except NotResultsError as error:
            result.problems.append(str(error))
            other = one.iloc[:0]
        key = KEYS.get(name) or _key_of_summary([*one.columns])
        if key is None:
            result.problems.append(f"published {name}.csv is not a summary of a sweep")
            continue
        _compare_table(result, name, key, one, other, flipped, published.manifest["configuration"])
    result.problems += [f"{name}.csv is new" for name in found.tables if name not in published.tables]
    return result


def _key_of_summary(columns: list[str]) -> tuple[str, ...] | None:
    """Return the columns that identify a row of a sweep's summary: all before n, the number that did not fail."""
    before = columns[: columns.index("n")] if "n" in columns else []
    return tuple(before) if "quantity" in before else None


def _differences(one, other, path=""):
    """Yield the places at which two configurations differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            place = f"{path}.{key}" if path else str(key)
            if key not in one or key not in other:
                yield f"{place} is {'new' if key in other else 'missing'}"
            else:
                yield from _differences(one[key], other[key], place)
    elif one != other:
        yield f"{path} is {_short(other)}, published {_short(one)}"


def _made_by(published: dict, found: dict):
    for name in ENVIRONMENT:
        yield from _differences(published[name], found[name], name)
    if found["dirty"]:
        yield "code with changes that are not committed"
    code, own = published["code"], found["code"]
    changed = sorted(file for file in {*code, *own} if code.get(file) != own.get(file))
    if changed:
        changed.sort(key=lambda file: ("/emgmm/" not in file, "/audit/" in file, file))
        more = f" and {len(changed) - MOST_FILES} more" if len(changed) > MOST_FILES else ""
        yield f"code: {', '.join(map(_short, changed[:MOST_FILES]))}{more} differ"


def _compare_table(result: Comparison, name, key: tuple[str, ...], published, found, flipped, configuration):
    columns = [column for column in published.columns if column in found.columns]
    for other, word in ((published, "missing"), (found, "new")):
        result.problems += [f"{name}.csv: column {_short(c)} is {word}" for c in other.columns if c not in columns]
    if name == "claims":
        result.n_verdicts = len(published)
    if not {*key} <= {*columns}:
        return
    one, other = (_by_key(result, name, word, table, key) for table, word in ((published, "published "), (found, "")))
    for place, word in (
        (one.index.difference(other.index, sort=False), "missing"),
        (other.index.difference(one.index, sort=False), "new"),
    ):
        if len(place):
            result.problems.append(f"{name}.csv: {len(place):,} rows are {word}, the first {_short(place[0])}")
    rows = one.index.intersection(other.index, sort=False)
    missing, one, other = one.drop(rows), one.loc[rows], other.loc[rows]
    if name == "fits" and {*STOPPED_BY} <= {*columns}:
        flipped |= _flips(result, one, other, configuration)
    follow = _follow(name, rows, flipped, configuration)
    if name == "claims" and "verdict" in columns:
        result.n_verdicts_same = int((one["verdict"] == other["verdict"]).sum())
    names = rows.get_level_values(of) if (of := next((part for part in key if part in QUANTITY), None)) else None
    for column in columns:
        known = COLUMNS.get(name, {}).get(column, UNKNOWN)
        if column not in key and known.is_compared:
            kept = ~(follow & known.follows_stop)
            quantities = names[kept] if names is not None else None
            n_missing = int(missing[column].notna().sum())
            _compare_column(result, name, column, one[column][kept], other[column][kept], quantities, n_missing)


def _by_key(result: Comparison, name, word, table, key: tuple[str, ...]):
    table = table.assign(**{name: table[name].astype(object).where(table[name].notna(), "") for name in key})
    table = table.set_index([*key])
    again = table.index.duplicated()
    if again.any():
        result.problems.append(
            f"{name}.csv: {again.sum():,} {word}rows occur twice, the first {_short(table.index[again][0])}"
        )
    return table[~again]


def _compare_column(result: Comparison, table, column, one, other, quantities, n_missing):
    if not _is_number(one):
        differ = _as_text(one) != _as_text(other)
        if differ.any():
            _add_difference(result, table, column, one, other, differ)
        return
    published, found = one.to_numpy(dtype=float), pd.to_numeric(other, errors="coerce").to_numpy(dtype=float)
    is_text = (other.notna() & np.isnan(found)).to_numpy()
    relative, absolute = _tolerance_of(table, column, quantities)
    with np.errstate(invalid="ignore"):
        gap = np.where(published == found, 0.0, np.abs(published - found))
        largest = np.fmax(np.abs(published), np.abs(found))
        is_near = (gap == 0) | ((gap <= relative * largest + absolute) & np.isfinite(largest))
    both_missing = np.isnan(published) & np.isnan(found) & ~is_text
    off = ~is_near & ~both_missing
    by_size = np.divide(gap, largest, out=np.zeros_like(gap), where=(gap > 0) & np.isfinite(largest))
    rounding = ~off & (by_size > relative)
    shares = np.where(rounding | both_missing, 0.0, by_size)
    gaps = np.where(rounding, gap, 0.0)
    numbers = ~np.isnan(published)
    result.columns.append(
        {
            "table": table,
            "column": column,
            "numbers": int(numbers.sum()) + n_missing,
            "same": int((numbers & ~off).sum()),
            "differ": int((off | (gap > 0)).sum()),
            "largest_relative": float(shares.max(initial=0.0)),
            "largest_of": _at_largest(shares, quantities, column),
            "relative_tolerance": float(_at_largest(shares, np.broadcast_to(relative, shares.shape), 0.0)),
            "by_rounding": int(rounding.sum()),
            "largest_rounding": float(gaps.max(initial=0.0)),
            "rounding_of": _at_largest(gaps, quantities, column),
        }
    )
    if off.any():
        _add_difference(result, table, column, one, other, off)


def _tolerance_of(table, column, quantities):
    """Return the relative and the absolute tolerance of a column; per row, (n,), if they depend on its quantity."""
    if quantities is None or column not in OF_QUANTITIES:
        return COLUMNS.get(table, {}).get(column, UNKNOWN).tolerance or EXACT
    known = NUMERIC_QUANTITIES | QUANTITIES
    of = {name: known.get(name, UNKNOWN).tolerance or MEANS for name in {*quantities}}
    return np.array([of[name] for name in quantities]).reshape(-1, 2).T


def _at_largest(sizes, values, otherwise):
    """Return the value where a difference is largest."""
    return otherwise if values is None or not len(sizes) else values[int(sizes.argmax())]


def _is_number(values) -> bool:
    return pd.api.types.is_numeric_dtype(values) and values.dtype != bool


def _as_text(values):
    return values.astype(object).where(values.notna(), "").astype(str)


def _add_difference(result: Comparison, table, column, one, other, differ):
    differ = np.asarray(differ)
    first = int(differ.argmax())
    more = f", and in {differ.sum() - 1:,} more rows" if differ.sum() > 1 else ""
    place = _short(one.index[first])
    text = f"{table}.csv, {place}: {column} is {_short(other.iloc[first])}, published {_short(one.iloc[first])}{more}"
    result.problems.append(text)


def _flips(result: Comparison, one, other, configuration) -> set[tuple]:
    """Find fits that stop a step earlier or later because their last change nearly equals the tolerance."""
    found = set()
    numbers = [table[[*STOPPED_BY]].apply(pd.to_numeric, errors="coerce") for table in (one, other)]
    for place in one.index[(numbers[0]["n_iter"] - numbers[1]["n_iter"]).abs() == 1]:
        experiment, fit, replicate = place
        tol = configuration["experiments"].get(experiment, {}).get("fits", {}).get(fit, {}).get("tol", np.nan)
        sooner, later = sorted((table.loc[place] for table in numbers), key=lambda row: row["n_iter"])
        change = abs(sooner["trace_last"] - sooner["trace_before_last"])
        same_path = abs(later["trace_before_last"] - sooner["trace_last"]) <= SAME_TRACE * abs(sooner["trace_last"])
        if same_path and abs(change - tol) <= min(NEAR_TOLERANCE[0], NEAR_TOLERANCE[1] * tol):
            found.add(place)
            published, own = (table.loc[place] for table in numbers)
            ends = " and ".join(
                f"{float(row['trace_before_last'])!r}, {float(row['trace_last'])!r}" for row in (published, own)
            )
            result.flips.append(
                f"{experiment}, {fit}, replicate {replicate}: {own['n_iter']:.0f} steps, published "
                f"{published['n_iter']:.0f}: the last change nearly equals tol {tol}; the traces end with {ends}"
            )
    return found


def _follow(name, rows, flipped, configuration) -> np.ndarray:
    """Mark the rows of fits that flipped."""
    if not flipped or name not in PARTS:
        return np.zeros(len(rows), dtype=bool)
    place = pd.DataFrame(index=rows).index.to_frame(index=False)
    if name == "agreement":
        compared = {key: (found["protocols"] or {}).get("fit") for key, found in configuration["experiments"].items()}
        place["fit"] = place["experiment"].map(compared)
    if "replicate" not in place:
        place["replicate"] = 0
    runs = place[["experiment", "fit", "replicate"]].itertuples(index=False, name=None)
    return np.array([each in flipped for each in runs], dtype=bool)


def _short(value) -> str:
    """Write any value on one short line."""
    text = one_line(", ".join(map(str, value)) if isinstance(value, tuple) else value)
    return text if len(text) <= 80 else f"{text[:77]}..."
