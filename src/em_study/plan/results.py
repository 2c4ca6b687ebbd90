"""The files that a study makes. The rules define how each file is made; this module lists them."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

from em_study.claims.settings import Claim
from em_study.configuration.study import Study
from em_study.data.csv import CsvFile
from em_study.experiments.settings import Experiment
from em_study.figures import sweep
from em_study.figures.catalogue import FIGURES, figures_of
from em_study.fits.available import implementation_files
from em_study.fits.partitions import used_of_r
from em_study.layout import BETWEEN, FILES, PUBLISHED, table_file
from em_study.plan.resources import (
    LONG_FIT,
    PASSES,
    THREADED_SAMPLES,
    THREADS,
    Cost,
    Part,
    parts_of,
    seconds_allowed,
    seconds_of_step,
    size_of,
)
from em_study.sweeps.cells import Cells

MANY_ROWS = 100_000  # for more samples, a warning suggests Parquet
TABLES = ("fits", "parameters", "estimates", "agreement", "diagnosis", "measurements")
IMAGES = ("svg", "png")  # of each figure
# Files that figures read, by the names in `em_study.figures.shown.Shown` and of the layout.
READ = {"data": "data", "runs": "fits", "other_runs": "others", "agreement": "agreement"}
READ |= {"measurements": "measurements", "evaluations": "scores", "diagnosis": "diagnosis"}


@dataclass(frozen=True)
class Plan:
    """A study, and the files that it reads and makes; paths are relative to the folder of the run."""

    study: Study

    @cached_property
    def cells(self) -> dict[str, Cells]:
        """The cells of each sweep."""
        return {
            name: Cells(sweep, self.study.experiments[sweep.experiment]) for name, sweep in self.study.sweeps.items()
        }

    @cached_property
    def varied(self) -> list[Experiment]:
        """Every experiment, and the experiments of cells that may read other files."""
        cells = [cell.experiment for cells in self.cells.values() if cells.files_vary for cell in cells]
        return [*self.study.experiments.values(), *cells]

    @cached_property
    def data_files(self) -> list[CsvFile]:
        """Every file of data or released estimates that an experiment or a sweep reads."""
        return [file for experiment in self.varied for file in experiment.files]

    @property
    def inputs(self) -> list[str]:
        """Every file of data and of implementations that is read, without duplicates."""
        files = {file for experiment in self.varied for file in implementation_files(experiment)}
        return sorted({file.place for file in self.data_files} | files)

    @property
    def urls(self) -> dict[str, str]:
        """Addresses of files by their checksums."""
        return {file.sha256: file.url for file in self.data_files if file.url}

    @property
    def kernels(self) -> list[str]:
        """Names of the kernels that our EM uses."""
        vary = [keys for sweep in self.study.sweeps.values() for keys in sweep.vary.items()]
        varied = {value for key, values in vary if key.endswith(".kernel") for value in values}
        fits = [fit for experiment in self.study.experiments.values() for fit in experiment.fits.values()]
        return sorted(varied | {fit.kernel for fit in fits if fit.implementation == "emgmm"})

    def used_of_r(self, sweep: str) -> dict[str, str]:
        """Return versions of R and checksums of its scripts for the cells of a sweep; nothing, if they need no R."""
        cells, vary = self.cells[sweep], self.study.sweeps[sweep].vary
        experiments = [cell.experiment for cell in cells] if cells.files_vary else [cells.experiment]
        starts = {fit.initialization for experiment in experiments for fit in experiment.fits.values()}
        varied = {value for key, values in vary.items() if key.endswith(".initialization") for value in values}
        return used_of_r([experiment.data for experiment in experiments], starts | varied)

    @property
    def large_as_text(self) -> dict[str, int]:
        """Approximate number of samples of large experiments whose predictions are written as text."""
        as_text = {name: one for name, one in self.study.experiments.items() if one.predictions == "csv"}
        found = {name: experiment.data.n_rows for name, experiment in as_text.items()}
        return {name: n_rows for name, n_rows in found.items() if n_rows > MANY_ROWS}

    def packages(self, experiment: str) -> list[str]:
        """Return the packages whose released estimates an experiment has."""
        released = self.study.experiments[experiment].released
        return list(released.packages) if released else []

    def compared_files(self, experiment: str) -> tuple[list[str], list[str]]:
        """List the files of our compared fits in an experiment, and the files that each is compared with."""
        found = self.study.experiments[experiment].compared
        ours = [FILES["fits"].of(experiment=experiment, fit=fit) for fit in dict.fromkeys(fit for fit, _ in found)]
        theirs = [
            FILES["released"].of(experiment=experiment, package=other.package)
            if other.is_released
            else FILES["others"].of(experiment=experiment, implementation=other.name)
            for _, other in found
        ]
        return ours, theirs

    def files(self, kind: str, of: str | None = None) -> list[str]:
        """List the files of a kind of `em_study.layout`, of one experiment or sweep, or of all with such files."""
        file, found = FILES[kind], []
        for owner in [of] if of else self._owners(kind):
            values = [self._values(owner)[name] for name in file.wildcards]
            found += [file.of(**dict(zip(file.wildcards, each, strict=True))) for each in product(*values)]
        return found

    def _owners(self, kind: str) -> list[str]:
        """Return the experiments or sweeps that have files of a kind; for other kinds, one empty name."""
        if kind in ("others", "agreement", "diagnosis"):
            return self.compared
        if kind == "imputed":
            return [name for name, experiment in self.study.experiments.items() if experiment.data.incomplete]
        if kind == "released":
            return [name for name, experiment in self.study.experiments.items() if experiment.released]
        if kind == "own_data":
            return self.of_users
        if kind == "sweep_figure":
            return self.drawn
        owners = {"experiment": self.study.experiments, "sweep": self.study.sweeps}
        return list(next((owners[name] for name in FILES[kind].wildcards if name in owners), [""]))

    def _values(self, owner: str) -> dict:
        """List the values of each wildcard in the paths of an experiment or a sweep."""
        found = {"experiment": [owner], "sweep": [owner], "table": TABLES, "image": IMAGES}
        if owner in self.cells:
            found["part"] = range(len(self.parts[owner]))
        if experiment := self.study.experiments.get(owner):
            figures, endings = self.figures_of[owner], [experiment.predictions]
            found |= {"fit": experiment.fits, "format": endings, "figure": figures, "package": self.packages(owner)}
            found["implementation"] = [other.name for other in experiment.running]
        return found

    @property
    def published(self) -> list[str]:
        """All published files: tables, predictions, figures."""
        return [path for kind, file in FILES.items() if file.role == PUBLISHED for path in self.files(kind)]

    @property
    def intermediates(self) -> list[str]:
        """All files between the data and the published files."""
        return [path for kind, file in FILES.items() if file.role == BETWEEN for path in self.files(kind)]

    @property
    def compared(self) -> list[str]:
        """Names of the experiments in which other implementations are compared with our EM."""
        return [name for name, experiment in self.study.experiments.items() if experiment.protocols]

    @property
    def of_users(self) -> list[str]:
        """Names of the experiments on data of a user's own."""
        return [name for name, experiment in self.study.experiments.items() if experiment.data.holds_user_data]

    @property
    def choosing(self) -> list[str]:
        """Sweeps on a user's data that vary only the number of components or the covariance type of one fit."""
        kept = ("n_components", "covariance_type")
        found = {name: [key.split(".") for key in sweep.vary] for name, sweep in self.study.sweeps.items()}
        return [
            name
            for name, keys in found.items()
            if self.study.sweeps[name].experiment in self.of_users
            and all(key[0] == "fits" and key[-1] in kept for key in keys)
            and len({key[1] for key in keys}) == 1
        ]

    @property
    def summaries(self) -> list[str]:
        """The sweeps whose summaries the page shows."""
        return list(dict.fromkeys([*self.drawn, *self.choosing]))

    @property
    def pictures(self) -> dict[tuple[str, str], str]:
        """Pictures for the page, by experiment on a user's data and fit."""
        found = {}
        for name in self.of_users:
            for fit in self.study.experiments[name].fits:
                figure = f"classes_{fit}" if f"classes_{fit}" in self.figures_of[name] else "fits"
                found[name, fit] = FILES["figure"].of(experiment=name, figure=figure, image="png")
        return found

    @property
    def drawn(self) -> list[str]:
        """The sweeps that have a figure."""
        return [name for name, found in self.study.sweeps.items() if found.figure]

    @cached_property
    def varied_experiment(self) -> dict[str, dict]:
        """Settings that the cells of each sweep vary."""
        used = {"include": {"data", "fits", "protocols"}, "exclude": {"data": {"origin"}}}
        return {name: cells.experiment.model_dump(**used) for name, cells in self.cells.items()}

    @cached_property
    def run_in_each_cell(self) -> dict[str, dict]:
        """Settings that are the same in every cell of each sweep."""
        return {
            name: sweep.model_dump(include={"replicates", "fits", "protocols", "measurements"})
            for name, sweep in self.study.sweeps.items()
        }

    @cached_property
    def parts(self) -> dict[str, list[Part]]:
        """The parts of each sweep, one per job."""
        return {name: parts_of(cells) for name, cells in self.cells.items()}

    def part(self, names) -> Part:
        """Return the part of a sweep, by the wildcards of a path."""
        return self.parts[names["sweep"]][int(names["part"])]

    def cost(self, rule: str, names) -> Cost:
        """Estimate the resources of a job of a rule, by the wildcards of its paths."""
        if rule == "sweep_part":
            part = self.part(names)
            return Cost(part.seconds, part.longest, len(part.numbers) * seconds_allowed(part.longest))
        if rule not in PASSES:
            return Cost(0.0)
        experiment = self.study.experiments[names["experiment"]]
        allowed = seconds_allowed(experiment) if rule in ("fit", "run_other") else 0.0
        return Cost(seconds_of_step(rule, experiment, names.get("fit")), experiment, allowed)

    def threads(self, names) -> int:
        """Return the number of threads of a fit, by the wildcards of its path; its results do not depend on it."""
        experiment = self.study.experiments[names["experiment"]]
        ours = experiment.fits[names["fit"]].implementation == "emgmm"
        large = ours and size_of(experiment, look=True)[0] >= THREADED_SAMPLES
        return THREADS if large and self.cost("fit", names).seconds > LONG_FIT else 1

    @cached_property
    def figures_of(self) -> dict[str, dict[str, tuple[str, list[str]]]]:
        """The figures of each experiment: kind and fits of each."""
        return {name: figures_of(experiment) for name, experiment in self.study.experiments.items()}

    def shown_in(self, experiment: str, figure: str) -> dict[str, list[str]]:
        """List the files that a figure of an experiment reads, by the names in `em_study.figures.shown.Shown`."""
        kind, fits = self.figures_of[experiment][figure]
        names = [other.name for other in self.study.experiments[experiment].running] or [""]
        return {
            name: list(
                dict.fromkeys(
                    FILES[of].of(experiment=experiment, fit=fit, implementation=other)
                    for fit in fits or [""]
                    for other in names
                )
            )
            for name, of in READ.items()
            if name in FIGURES[kind].reads
        }

    @cached_property
    def report_images(self) -> dict[str, str]:
        """Images that the report embeds, and their captions.

        Figures with `in_report` unset are left out, unless a claim names one of their fits.
        """
        claims = [claim for claim in self.study.claims.values() if isinstance(claim, Claim)]
        named = {(claim.about(None), claim.where.get("fit")) for claim in claims}
        captions = {
            (name, figure): FIGURES[kind].caption
            for name, found in self.figures_of.items()
            for figure, (kind, fits) in found.items()
            if FIGURES[kind].in_report or any((name, fit) in named for fit in fits)
        }
        captions |= {(name, "sweep"): sweep.CAPTION for name in self.drawn}
        image = FILES["report_image"]
        return {image.of(owner=owner, drawn=figure): caption for (owner, figure), caption in captions.items()}

    @property
    def table_pages(self) -> dict[str, str]:
        """Pages of the report, by the table that each shows."""
        names = ["claims", "fits", "parameters", "agreement", "diagnosis"]
        names += [f"sweeps/{name}_summary" for name in self.study.sweeps]
        return {table_file(name): FILES["table_page"].of(page=Path(name).name) for name in names}
