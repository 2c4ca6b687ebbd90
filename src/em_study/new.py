"""Read a user's table, and write a configuration that runs: `em-study new`."""

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import yaml

from em_study.data.formats import Look, NoColumnsError, look_at, opened
from em_study.errors import StudyError
from em_study.places import Places
from em_study.wording import nearest

ROWS_READ = 20_000
MOST_CLASSES, MOST_KEPT, MOST_FEATURES = 30, 6, 50
NO_LABEL = ("", "#n/a", "<na>", "-nan")  # cells that the study reads as no label by default
FIRST_INEXACT = 2**53
MISSING = ("", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "none")
MARKS = ("?", "-", "--", ".", "#value!", "#ref!", "#div/0!", "#name?", "#num!", "#null!", "-999", "-9999")
FEW_COMPONENTS = [1, 2, 3, 4, 5, 6]
MOST_RESAMPLED = 20_000  # samples; up to these, the bootstrap takes minutes


@dataclass
class Seen:
    """What was found in a table.

    Attributes
    ----------
    features, keep : list of str
    label : str or None
    classes : list of str
    marks : list of str
        Words among the numbers that mean a missing value.
    left_out : dict of str
        Why a column is not used, by its name.
    """

    features: list[str] = field(default_factory=list)
    keep: list[str] = field(default_factory=list)
    label: str | None = None
    classes: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    n_missing: int = 0
    n_labeled: int = 0


def new(file: Path, label: str | None = None):
    """Write a configuration for a table, and yield what was found and the next command.

    Parameters
    ----------
    file : Path
    label : str, optional
        The column of classes.
    """
    name = re.sub(r"[^a-z0-9]+", "_", file.name.split(".")[0].lower()).strip("_")
    name = name if re.match("[a-z]", name) else f"data_{name}".strip("_")
    overlay = Path(f"{name[:40]}.yaml")
    command = Places().command(["config/empty.yaml", str(overlay)])
    if overlay.exists():
        raise StudyError(
            f"{overlay} exists and was not changed; to run it:\n  {command}\nTo write a new one, move it away first."
        )
    given: dict = {}
    try:
        look = look_at(file)
    except NoColumnsError as error:
        if "encoding: cp1252" not in str(error):
            raise StudyError(str(error)) from None
        given["encoding"] = "cp1252"
        look = look_at(file, encoding="cp1252")
    table = _cells(file, look)
    if label is not None and label not in look.columns:
        raise StudyError(f"{file} has no column '{label}'{nearest(label, look.columns)}")
    seen = _seen(table, look, label)
    if label is not None and len(seen.classes) * 2 > seen.n_labeled:
        many = f"{len(seen.classes):,} different values in {seen.n_labeled:,} rows"
        raise StudyError(f"{file}: column '{label}' has {many}, so it is an identifier and cannot be the label")
    if not seen.features:
        header = ", ".join(f"'{column}'" for column in look.columns)
        reasons = f" Columns: {_reasons(seen.left_out)}." if seen.left_out else ""
        raise StudyError(
            f"{file}: no column holds numbers that vary. Its first line is read as the header: {header}.{reasons}"
        )
    text = _overlay(name, file, look, seen, given, len(table), command)
    yaml.safe_load(text)
    with open(overlay, "x", encoding="utf-8") as written:
        written.write(text)
    first, kind = "the first " * (len(table) == ROWS_READ), look.description or "a plain table"
    yield f"{file}: {first}{len(table):,} rows; {kind}."
    yield f"Features: {', '.join(seen.features)}. Missing values: {seen.n_missing:,}."
    if seen.label:
        yield f"Label: {seen.label}, filled in for {seen.n_labeled:,} samples ({', '.join(seen.classes)})."
    else:
        yield "Label: none found. A label is a name or a small integer for some of the samples; see --label COLUMN."
    if seen.keep:
        yield f"Kept for the predictions: {', '.join(seen.keep)}."
    if seen.left_out:
        yield f"Not used: {_reasons(seen.left_out)}."
    yield f"{overlay} is written. Check it, correct it where needed, and run:"
    yield f"  {command}"
    yield "then open results/index.html."


def _reasons(left_out: dict[str, str]) -> str:
    return "; ".join(f"{column} ({reason})" for column, reason in left_out.items())


def _cells(file: Path, look: Look) -> pd.DataFrame:
    """Read the first rows of a table as text, stripped."""
    if look.kind == "csv":
        settings = {"sep": look.separator, "encoding": look.encoding, "header": 0, "names": range(len(look.columns))}
        settings |= {"dtype": str, "keep_default_na": False, "index_col": False, "on_bad_lines": "skip"}
        with opened(file) as text, warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.ParserWarning)  # of lines longer than the header
            found = pd.read_csv(text, nrows=ROWS_READ, **settings)
        return found.fillna("").apply(lambda column: column.str.strip()).set_axis(look.columns, axis=1)
    if look.kind == "npy":
        import numpy as np

        found = pd.DataFrame(np.load(file, mmap_mode="r")[:ROWS_READ], columns=look.columns)
    else:
        found = (pd.read_parquet if look.kind == "parquet" else pd.read_feather)(file).head(ROWS_READ)
    return found.astype(object).where(found.notna(), "").map(str)


def _seen(table: pd.DataFrame, look: Look, label: str | None) -> Seen:
    """Find the role of each column."""
    seen, others = Seen(label=label), {}
    for place, column in enumerate(look.columns):
        cells = table.iloc[:, place]
        if column == label:
            continue
        if not column or look.columns.count(column) > 1:
            seen.left_out[column or f"column {place + 1}"] = "its name is empty or not unique"
            continue
        filled = cells[~cells.str.lower().isin(MISSING)]
        plain = filled.str.replace(look.decimal, ".", regex=False) if look.decimal != "." else filled
        numbers = pd.to_numeric(plain, errors="coerce")
        odd = {*filled[numbers.isna()]} | {*filled[filled.isin(["-999", "-9999"])]}
        is_number = len(filled) > 0 and numbers.notna().mean() > 0.5 and {word.lower() for word in odd} <= {*MARKS}
        if not is_number or _are_numbers_of_classes(filled, len(table)):
            others[column] = filled
        elif numbers[~filled.isin(odd)].nunique() < 2:
            seen.left_out[column] = "only one value"
        elif _is_number_of_row(numbers) or _has_inexact(filled, numbers):
            seen.keep.append(column)
        elif len(seen.features) == MOST_FEATURES:
            seen.left_out[column] = f"only the first {MOST_FEATURES} are used"
        else:
            seen.features.append(column)
            seen.marks += sorted(odd - {*seen.marks})
            seen.n_missing += len(cells) - len(filled) + int(filled.isin(odd).sum())
    if label is None:
        named = {column: filled[~filled.str.lower().isin(MARKS)] for column, filled in others.items()}
        seen.label = next((column for column, filled in named.items() if _may_be_label(filled, len(table))), None)
    if seen.label is not None:
        cells = table[seen.label].str.replace(r"^(-?\d+)\.0*$", r"\1", regex=True)  # 1.0 is class 1
        is_none = cells.str.lower().isin([*MISSING, *MARKS])
        seen.classes, seen.n_labeled = sorted({*cells[~is_none]}), int((~is_none).sum())
        seen.marks += sorted({word for word in cells[is_none] if word.lower() not in NO_LABEL} - {*seen.marks})
    for column, filled in others.items():
        if column != seen.label and len(seen.keep) < MOST_KEPT and len(filled):
            seen.keep.append(column)
        elif column != seen.label:
            seen.left_out[column] = f"not numbers: '{filled.iloc[0]}'" if len(filled) else "empty"
    return seen


def _is_number_of_row(numbers: pd.Series) -> bool:
    """Whether a column numbers the rows."""
    return len(numbers) > 2 and bool((numbers.diff().iloc[1:] == 1).all())


def _has_inexact(filled: pd.Series, numbers: pd.Series) -> bool:
    """Whether a column holds integers too large to be exact, such as identifiers."""
    return bool((numbers.abs().ge(FIRST_INEXACT) & filled.str.fullmatch(r"[+-]?\d+")).any())


def _are_numbers_of_classes(filled: pd.Series, n_rows: int) -> bool:
    """Whether a column, empty in most rows, holds a few different integers."""
    return 2 * len(filled) < n_rows and _may_be_label(filled, n_rows) and bool(filled.str.fullmatch(r"\d+(\.0)?").all())


def _may_be_label(filled: pd.Series, n_rows: int) -> bool:
    """Whether a partly filled column of words names a few classes."""
    counts = filled.value_counts()
    return len(filled) < n_rows and 2 <= len(counts) <= MOST_CLASSES and counts.median() >= 2


def _overlay(name, file, look: Look, seen: Seen, given: dict, n_rows: int, command: str) -> str:
    """Write the configuration."""
    n_classes, resampled = len(seen.classes), n_rows <= MOST_RESAMPLED
    all_known = seen.label is not None and seen.n_labeled == n_rows
    if all_known:
        rows = f"unlabeled: {_flow({'path': str(file), 'target': seen.label})} # all classes known: for the accuracy"
    elif seen.label:
        rows = f"rows: {_flow({'path': str(file), 'label': seen.label})} # an empty label means an unlabeled sample"
    else:
        rows = f"rows: {_flow({'path': str(file)})} # add label: COLUMN, if there is one"
    data = {
        f"source: csv # read from {file}" + (f": {look.description}" if look.description else ""): True,
        f"features: {_flow(seen.features)} # columns of numbers; remove what should not count": True,
        rows: True,
        f"keep: {_flow(seen.keep)} # copied to the predictions, not used by the fits": seen.keep,
        **{f"{key}: {_flow(value)}": True for key, value in given.items()},
        "missing: allow # the fits use the observed values of each sample": seen.n_missing,
        f"missing_values: {_flow(seen.marks)} # these words mean a missing value": seen.marks,
        "resample: bootstrap # replicates 1 to 199 are bootstrap samples, for the intervals": resampled,
    }
    fits = []
    learns = n_classes > 1 and not all_known
    if learns:
        fits += ["semi_supervised: {initialization: shrunken_labels, semi_supervised: clamped, tol: 1.0e-6}"]
    n_components = n_classes if n_classes > 1 else 2
    fits += [
        f"clusters: {{initialization: kmeans, n_components: {n_components}, n_init: 10, tol: 1.0e-6}}"
        " # without labeled samples"
    ]
    first = seen.classes[0] if learns else None
    lines = [
        f"# Made by `em-study new {file}`. Run:  {command}",
        "# Then open results/index.html. All keys: config/README.md; guide: docs/own-data.md.",
        "experiments:",
        f"  {name}:",
        "    data:",
        *(f"      {line}" for line, is_there in data.items() if is_there),
        "    fits:",
        *(f"      {line}" for line in fits),
        *(["    replicates: 200"] if resampled else []),
        "sweeps:",
        f"  {name}_components: # number and shape of the components: the page compares BIC and ICL",
        f"    experiment: {name}",
        "    fits: [clusters]",
        "    replicates: 1",
        "    vary:",
        f"      fits.clusters.n_components: {FEW_COMPONENTS}",
        "      fits.clusters.covariance_type: [full, tied, diag, spherical]",
        "    figure: {x: fits.clusters.n_components, y: [bic, icl], color: fits.clusters.covariance_type}",
        *_claims(name, first, n_components, resampled),
    ]
    return "\n".join(lines) + "\n"


def _claims(name: str, first: str | None, n_components: int, resampled: bool) -> list[str]:
    """Write two claims: the share of a class, and whether the classes are clear."""
    fit, which = ("semi_supervised", {"class": first}) if first else ("clusters", {"component": 0})
    where = _flow({"fit": fit, **which, "parameter": "weight"})
    share = f"of the samples are {first}" if first else "of the samples are in component 0"
    return [
        "claims: # statements to test; edit or remove them",
        "  M1:",
        f"    statement: {_flow(f'{100 / n_components:.0f} % {share}.')}",
        f"    experiment: {name}",
        "    kind: number",
        f"    table: {'estimates' if resampled else 'parameters'}",
        f"    where: {where}",
        "    quantity: value",
        f"    published: {1 / n_components:.2f}",
        "  M2:",
        "    statement: Nine of ten samples have a clear class, with a probability above 0.9.",
        f"    experiment: {name}",
        "    kind: inequality",
        "    table: measurements",
        f"    where: {{measurement: clear_rows, fit: {fit}}}",
        "    quantity: value",
        "    relation: at_least",
        "    published: 0.9",
    ]


def _flow(value) -> str:
    """Write a value as YAML in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")
