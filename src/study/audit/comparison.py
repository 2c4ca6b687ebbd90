"""Whether the results of two runs are the same: what counts exactly, real numbers within their tolerances."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from study.audit.results import NotResultsError, Results
from study.tables.tolerances import KEYS, NOT_COMPARED, Key, tolerance_of

NEAR_TOLERANCE = 1e-9, 1e-3  # nats a row, and share of tol: so near to it, rounding decides when a fit stops
FOLLOWS = ("fits", "parameters", "measurements")  # whose rows are of a fit and a replicate
ENVIRONMENT = ("python", "packages", "blas", "processor")


@dataclass
class Comparison:
    """What two runs have in common, and what not.

    Attributes
    ----------
    settings, made_by : list of str
        Settings that differ, and code, versions or processors.
    problems : list of str
        What is not as published, a sentence without its full stop each.
    flips : list of str
        Fits whose stopping rounding decided; they count as the same.
    columns : list of dict
        Of each column of numbers: how many were compared, how many differ, and by how much.
    n_verdicts, n_verdicts_same : int
    """

    settings: list[str] = field(default_factory=list)
    made_by: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    flips: list[str] = field(default_factory=list)
    columns: list[dict] = field(default_factory=list)
    n_verdicts: int = 0
    n_verdicts_same: int = 0

    @property
    def same(self) -> bool:
        """Whether the one run is the other."""
        return not (self.settings or self.problems)

    @property
    def line(self) -> str:
        """One sentence to quote."""
        n_numbers = sum(column["numbers"] for column in self.columns)
        n_off = sum(column["off"] for column in self.columns)
        largest = max((column["largest_relative"] for column in self.columns), default=0.0)
        rounding = max((column["largest_rounding"] for column in self.columns), default=0.0)
        numbers = f"{n_numbers:,}" if n_off == 0 else f"{n_numbers - n_off:,} of {n_numbers:,}"
        text = f"{self.n_verdicts_same} of {self.n_verdicts} verdicts and {numbers} numbers as published; "
        text += f"largest relative difference {largest:.0e}"
        return text + (f", and {rounding:.0e} absolute where a number is near rounding" if rounding else "")


def compare(published: Results, found: Results) -> Comparison:
    """Compare a run with a published one."""
    result = Comparison()
    result.settings = [*_differences(published.manifest["configuration"], found.manifest["configuration"])]
    result.made_by = [*_made_by(published.manifest, found.manifest)]
    flipped: set[tuple] = set()
    for name in published.tables:
        try:
            tables = [results.read(name) for results in (published, found)]
        except NotResultsError as error:
            result.problems.append(str(error))
            continue
        key = KEYS.get(name) or Key(tuple(tables[0].columns[: list(tables[0].columns).index("n")]), "quantity")
        _compare_table(result, name, key, *tables, flipped, published.manifest["configuration"])
    result.problems += [f"{name}.csv is new" for name in found.tables if name not in published.tables]
    return result


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
        yield from _differences(published[name], found[name], name if name != "packages" else "")
    code, own = published["code"], found["code"]
    changed = sorted(file for file in {*code, *own} if code.get(file) != own.get(file))
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        yield f"code: {', '.join(map(_short, changed[:3]))}{more} differ"


def _compare_table(result: Comparison, name, key: Key, published, found, flipped, configuration):
    columns = [column for column in published.columns if column in found.columns]
    for other, word in ((published, "missing"), (found, "new")):
        result.problems += [f"{name}.csv: column {_short(c)} is {word}" for c in other.columns if c not in columns]
    if not {*key.columns} <= {*columns}:
        return
    one, other = (_by_key(table, key) for table in (published, found))
    for place, word in (
        (one.index.difference(other.index, sort=False), "missing"),
        (other.index.difference(one.index, sort=False), "new"),
    ):
        if len(place):
            result.problems.append(f"{name}.csv: {len(place):,} rows are {word}, the first {_short(place[0])}")
    rows = one.index.intersection(other.index, sort=False)
    one, other = one.loc[rows], other.loc[rows]
    if name == "fits":
        flipped |= _flips(result, one, other, configuration)
    follows = _follow(name, rows, flipped, configuration)
    one, other = one[~follows], other[~follows]
    if name == "claims":
        same = one["verdict"].eq(other["verdict"])
        result.n_verdicts, result.n_verdicts_same = len(one), int(same.sum())
    for column in columns:
        if column not in (*key.columns, *NOT_COMPARED):
            quantities = None if key.quantity is None else one.index.get_level_values(key.quantity)
            _compare_column(result, name, column, one[column], other[column], quantities)


def _by_key(table, key: Key):
    table = table.assign(**{name: table[name].astype(object).where(table[name].notna(), "") for name in key.columns})
    table = table.set_index([*key.columns])
    return table[~table.index.duplicated()]


def _compare_column(result: Comparison, table, column, one, other, quantities):
    if not all(pd.api.types.is_numeric_dtype(values) and values.dtype != bool for values in (one, other)):
        differ = one.astype(object).where(one.notna(), "").astype(str) != other.astype(object).where(
            other.notna(), ""
        ).astype(str)
        if differ.any():
            _tell(result, table, column, one, other, differ)
        return
    one_values, other_values = one.to_numpy(dtype=float), other.to_numpy(dtype=float)
    relative, absolute = tolerance_of(column, quantities)
    with np.errstate(invalid="ignore"):
        gap = np.where(one_values == other_values, 0.0, np.abs(one_values - other_values))
    largest = np.fmax(np.abs(one_values), np.abs(other_values))
    both_missing = np.isnan(one_values) & np.isnan(other_values)
    off = ~(gap <= relative * largest + absolute) & ~both_missing
    by_size = np.divide(gap, largest, out=np.zeros_like(gap), where=(gap > 0) & np.isfinite(largest))
    rounding = ~off & (by_size > relative)
    counted = ~(off | rounding | both_missing)
    result.columns.append(
        {
            "table": table,
            "column": column,
            "numbers": int((~both_missing).sum()),
            "differ": int(((gap > 0) | (np.isnan(gap) & ~both_missing)).sum()),
            "off": int(off.sum()),
            "largest_relative": float(by_size[counted].max(initial=0.0)),
            "by_rounding": int(rounding.sum()),
            "largest_rounding": float(gap[rounding].max(initial=0.0)),
        }
    )
    if off.any():
        _tell(result, table, column, one, other, off)


def _tell(result: Comparison, table, column, one, other, differ):
    differ = np.asarray(differ)
    first = int(differ.argmax())
    more = f", and in {differ.sum() - 1:,} more rows" if differ.sum() > 1 else ""
    place = _short(one.index[first])
    text = f"{table}.csv, {place}: {column} is {_short(other.iloc[first])}, published {_short(one.iloc[first])}{more}"
    result.problems.append(text)


def _flips(result: Comparison, one, other, configuration) -> set[tuple]:
    """Find fits that stop a step sooner or later because their last change is as good as the tolerance."""
    found = set()
    for place in one.index[(one["n_iter"] != other["n_iter"]) & one["n_iter"].notna() & other["n_iter"].notna()]:
        experiment, fit, replicate = place
        fits = configuration["experiments"].get(experiment, {}).get("fits", {})
        sooner = min((one.loc[place], other.loc[place]), key=lambda row: row["n_iter"])
        change, tol = abs(sooner["trace_last"] - sooner["trace_before_last"]), fits.get(fit, {}).get("tol", np.nan)
        if abs(change - tol) <= min(NEAR_TOLERANCE[0], NEAR_TOLERANCE[1] * tol):
            found.add(place)
            ends = " and ".join(
                f"{row['trace_before_last']!r}, {row['trace_last']!r}" for row in (one.loc[place], other.loc[place])
            )
            result.flips.append(
                f"{experiment}, {fit}, replicate {replicate}: {other.loc[place, 'n_iter']:.0f} steps, published "
                f"{one.loc[place, 'n_iter']:.0f}: the last change is as good as tol {tol}; the traces end with {ends}"
            )
    return found


def _follow(name, rows, flipped, configuration) -> np.ndarray:
    """Tell which rows are of fits that flipped."""
    if not flipped or name not in (*FOLLOWS, "agreement"):
        return np.zeros(len(rows), dtype=bool)
    place = pd.DataFrame(index=rows).index.to_frame(index=False)
    if name == "agreement":
        compared = {key: (found["protocols"] or {}).get("fit") for key, found in configuration["experiments"].items()}
        place["fit"] = place["experiment"].map(compared)
    if "replicate" not in place:
        place["replicate"] = 0
    return np.array(
        [each in flipped for each in place[["experiment", "fit", "replicate"]].itertuples(index=False, name=None)]
    )


def _short(value) -> str:
    """Write a value on one line, whatever is in it."""
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= 80 else f"{text[:77]}..."
