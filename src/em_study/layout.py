"""Every file of the results of a run: its path, the rule that makes it, and whether it contains a user's data."""

import re
from dataclasses import dataclass
from functools import cached_property

RESULTS = "results/"  # always in the folder of the run
NAME = "[a-z][a-z0-9_]*"
WILDCARDS = {  # constraints of the wildcards in the paths of rules
    **dict.fromkeys(("experiment", "fit", "implementation", "package", "sweep", "owner", "drawn"), NAME),
    "figure": rf"(?!sweep\.){NAME}",  # that name is for the figure of a sweep
    "sha256": "[0-9a-f]{64}",
    "ending": "csv|parquet|feather|npy|rds",
    "format": "csv|parquet",
    "part": "[0-9]+",
}
FURTHER = {  # further names in braces, which the rules fill in
    "page": NAME,
    "image": "svg|png",
    "table": "fits|parameters|estimates|agreement|diagnosis|measurements",
    "cell": "[0-9a-f]{64}(_[0-9a-f]{16})?",
    "job": r"[a-z0-9_/]+(\.\w+)?",
}
PUBLISHED = "published"
BETWEEN = "between the data and what is published"
APART = "not among the results that a manifest certifies"
RECORDS = "records"


@dataclass(frozen=True)
class File:
    """A kind of file.

    Attributes
    ----------
    path : str
        Path from the folder of the run, with wildcards in braces.
    rule : str
        Rule that makes it.
    role : str
    holds_samples : bool
        Whether it contains samples of the data, which may be a user's.
    """

    path: str
    rule: str
    role: str = BETWEEN
    holds_samples: bool = False

    @cached_property
    def wildcards(self) -> list[str]:
        """Names of the wildcards."""
        return re.findall(r"{(\w+)}", self.path)

    @cached_property
    def pattern(self) -> re.Pattern:
        """Pattern of the paths of such files."""
        parts = re.split(r"{(\w+)}", self.path)
        parts[::2] = map(re.escape, parts[::2])
        parts[1::2] = [f"(?P<{name}>{(WILDCARDS | FURTHER)[name]})" for name in parts[1::2]]
        return re.compile("".join(parts))

    def of(self, **names) -> str:
        """Return the path with values for some of its wildcards."""
        return re.sub(r"{(\w+)}", lambda found: str(names.get(found[1], found[0])), self.path)


FILES = {
    "download": File("results/downloads/{sha256}.{ending}", "fetch", APART),
    "data": File("results/data/{experiment}.npz", "data", holds_samples=True),
    "fits": File("results/fits/{experiment}/{fit}.npz", "fit"),
    "released": File("results/released/{experiment}/{package}.npz", "released"),
    "watch": File("results/watch/{experiment}.json", "watch", holds_samples=True),
    "own_data": File("results/own_data/{experiment}.json", "own_data", holds_samples=True),
    "measurements": File("results/evaluation/{experiment}/measurements.csv", "measure"),
    "others": File("results/others/{experiment}/{implementation}.npz", "run_other"),
    "agreement": File("results/evaluation/{experiment}/agreement.csv", "compare"),
    "diagnosis": File("results/evaluation/{experiment}/diagnosis.csv", "diagnose"),
    "scores": File("results/evaluation/{experiment}/fits/{fit}.csv", "evaluate"),
    "parameters": File("results/evaluation/{experiment}/parameters/{fit}.csv", "evaluate"),
    "estimates": File("results/evaluation/{experiment}/estimates/{fit}.csv", "evaluate"),
    "cell": File("results/sweeps/{sweep}/cells/{cell}.csv", "sweep_part", APART),
    "part": File("results/sweeps/{sweep}/part_{part}.csv", "sweep_part"),
    "table": File("results/tables/{table}.csv", "tables", PUBLISHED),
    "claims": File("results/tables/claims.csv", "claims", PUBLISHED),
    "dictionary": File("results/tables/README.md", "dictionary", PUBLISHED),
    "page": File("results/index.html", "page", PUBLISHED, holds_samples=True),
    "predictions": File("results/predictions/{experiment}/{fit}.{format}", "predict", PUBLISHED, holds_samples=True),
    "imputed": File("results/imputed/{experiment}/{fit}.csv", "impute", PUBLISHED, holds_samples=True),
    "sweep": File("results/tables/sweeps/{sweep}.csv", "sweep", PUBLISHED),
    "summary": File("results/tables/sweeps/{sweep}_summary.csv", "sweep", PUBLISHED),
    "figure": File("results/figures/{experiment}/{figure}.{image}", "figure", PUBLISHED, holds_samples=True),
    "sweep_figure": File("results/figures/{sweep}/sweep.{image}", "sweep_figure", PUBLISHED),
    "manifest": File("results/manifest.json", "manifest", APART),
    "opening": File("results/report/opening.rst", "pages", APART),
    "table_page": File("results/report/{page}.html", "pages", APART),
    "report_image": File("results/report/figures/{owner}/{drawn}.webp", "report_image", APART, holds_samples=True),
    "report": File("results/report.html", "", APART, holds_samples=True),  # made by `snakemake --report`
    "run": File("results/run.json", "", APART),  # written at the end of the run
    "record": File("results/records/{job}.json", "", RECORDS),  # by the job whose log has that name
}
MANIFEST, RUN = FILES["manifest"].path, FILES["run"].path
LOGS, REPORT = "results/logs/", "results/report/"
CELLS = re.compile(FILES["cell"].of(sweep=NAME, cell=".*"))
# Kinds of files that depend on the experiments and sweeps of a study.
LEFT = {kind for kind, file in FILES.items() if file.wildcards and kind != "table"}
# Folders and files with what a manifest certifies; a workflow that uses the study as a module may have others.
CERTIFIED = {file.path.split("/")[1] for file in FILES.values() if file.role != APART}


def log_of(job: str) -> str:
    """Return the path of the log of a job."""
    return f"{LOGS}{job}.log"


def table_file(name: str) -> str:
    """Return the path of a table, by its name in claims: fits, or sweeps/labels."""
    return FILES["table"].of(table=name)


def kind_of(path) -> tuple[str | None, dict[str, str]]:
    """Return the kind of a file and the values of its wildcards, by its path; None and nothing for other files."""
    for kind, file in FILES.items():
        if found := file.pattern.fullmatch(str(path)):
            return kind, found.groupdict()
    return None, {}


def is_apart(path: str) -> bool:
    """Return whether the manifest does not record a file of a run: logs, descriptions of the run, cells."""
    kind, names = kind_of(path)
    if kind == "record":  # of a job that makes such files
        return names["job"].split("/")[0] in {file.rule for file in FILES.values() if file.role == APART}
    of_such = kind is not None and FILES[kind].role == APART
    return of_such or path.startswith((LOGS, REPORT)) or CELLS.fullmatch(path) is not None
