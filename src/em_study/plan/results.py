"""Which files a study makes. The rules know how each is made; this knows which there are."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from em_study.claims.settings import Claim
from em_study.configuration.study import Study
from em_study.data.formats import about_rows
from em_study.data.settings import CsvData, CsvFile, SklearnData
from em_study.evaluation.protocols import PROTOCOLS, PUBLISHED
from em_study.experiments.settings import Experiment
from em_study.figures import sweep
from em_study.figures.catalogue import FIGURES, figures_of
from em_study.fits.available import implementation_file, implementation_files
from em_study.plan.demands import parts_by_time, seconds_of_cells
from em_study.sweeps.cells import Cells

FORMATS = ("svg", "png")  # of each figure
MANY_ROWS = 100_000  # from which on predictions as text are large
TABLES = ("fits", "parameters", "agreement", "diagnosis", "measurements", "claims")


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
    def data_files(self) -> list[CsvFile]:
        """Every data file that an experiment or a sweep reads."""
        return [file for experiment in self.varied for file in experiment.data.files]

    @cached_property
    def varied(self) -> list[Experiment]:
        """Every experiment, and those of the cells that may read other files."""
        cells = [cell.experiment for cells in self.cells.values() if cells.files_vary for cell in cells]
        return [*self.study.experiments.values(), *cells]

    @property
    def inputs(self) -> list[str]:
        """Every file that is read, each once: of data, and of implementations."""
        files = {file for experiment in self.varied for file in implementation_files(experiment)}
        return sorted({file.place for file in self.data_files} | files)

    @property
    def kernels(self) -> list[str]:
        """Name the kernels that our EM runs with."""
        varied = {
            value
            for sweep in self.study.sweeps.values()
            for key in sweep.vary
            if key.endswith(".kernel")
            for value in sweep.vary[key]
        }
        fits = [fit for experiment in self.study.experiments.values() for fit in experiment.fits.values()]
        return sorted(varied | {fit.kernel for fit in fits if fit.implementation == "emgmm"})

    def implementation_of(self, experiment: str, fit: str | None) -> list[str]:
        """List the file of the implementation that a fit names, or with None the protocols; none if it is built in."""
        found = self.study.experiments[experiment]
        file = implementation_file((found.fits[fit] if fit else found.protocols).implementation)
        return [file] if file else []

    @property
    def urls(self) -> dict[str, str]:
        """Addresses of files by their checksums."""
        return {file.sha256: file.url for file in self.data_files if file.url}

    @property
    def compared(self) -> list[str]:
        """Names of the experiments that scikit-learn is run beside."""
        return [name for name, experiment in self.study.experiments.items() if experiment.protocols]

    def of_every_fit(self, pattern: str) -> list[str]:
        """Fill {experiment} and {fit} in a path."""
        return [
            pattern.format(experiment=name, fit=fit)
            for name, experiment in self.study.experiments.items()
            for fit in experiment.fits
        ]

    @property
    def predictions(self) -> list[str]:
        """The rows of each experiment with their posteriors, by each fit."""
        return [
            path
            for name, experiment in self.study.experiments.items()
            for path in self.of_fits(name, f"results/predictions/{{experiment}}/{{fit}}.{experiment.predictions}")
        ]

    @property
    def large_as_text(self) -> dict[str, int]:
        """Rows of the experiments that have many, about, and whose predictions are written as text."""
        found = {}
        for name, experiment in self.study.experiments.items():
            data = experiment.data
            if experiment.predictions == "csv" and not isinstance(data, SklearnData):
                found[name] = about_rows(data.unlabeled.place) if isinstance(data, CsvData) else data.n_rows
        return {name: n_rows for name, n_rows in found.items() if n_rows > MANY_ROWS}

    @property
    def imputed(self) -> list[str]:
        """The rows of each experiment that may lack values, as each fit fills them in."""
        return [
            path
            for name, experiment in self.study.experiments.items()
            for path in self.of_fits(name, "results/imputed/{experiment}/{fit}.csv")
            if experiment.data.incomplete
        ]

    def of_fits(self, experiment: str, pattern: str) -> list[str]:
        """Fill {experiment} and {fit} in a path, for the fits of one experiment."""
        return [pattern.format(experiment=experiment, fit=fit) for fit in self.study.experiments[experiment].fits]

    def evaluations(self, table: str) -> list[str]:
        """List the parts of a table, one a fit."""
        return self.of_every_fit(f"results/evaluation/{{experiment}}/{table}/{{fit}}.csv")

    @cached_property
    def varied_experiment(self) -> dict[str, dict]:
        """What a cell of each sweep begins with."""
        used = {"include": {"data", "fits", "protocols"}, "exclude": {"data": {"origin"}}}
        return {name: cells.experiment.model_dump(**used) for name, cells in self.cells.items()}

    @cached_property
    def run_in_each_cell(self) -> dict[str, dict]:
        """What is run in every cell of each sweep."""
        return {
            name: sweep.model_dump(include={"replicates", "fits", "protocols", "measurements"})
            for name, sweep in self.study.sweeps.items()
        }

    @cached_property
    def cells_of_parts(self) -> dict[str, list[range]]:
        """The cells that each part of a sweep computes, in one job."""
        return {name: parts_by_time(self.seconds_of_cells[name], self.study.sweeps[name]) for name in self.cells}

    @cached_property
    def seconds_of_cells(self) -> dict[str, np.ndarray]:
        """How long each cell of a sweep may take."""
        return {name: seconds_of_cells(cells) for name, cells in self.cells.items()}

    def seconds_of_part(self, sweep: str, part: int) -> float:
        """Estimate the seconds of a part of a sweep."""
        return float(self.seconds_of_cells[sweep][self.cells_of_parts[sweep][part]].sum())

    def longest_of_part(self, sweep: str, part: int) -> Experiment:
        """Give the experiment of the cell that may take longest."""
        numbers = self.cells_of_parts[sweep][part]
        return self.cells[sweep][numbers[int(self.seconds_of_cells[sweep][numbers].argmax())]].experiment

    def assignments_of_part(self, sweep: str, part: int) -> list[dict]:
        """List the values of the cells of a part."""
        return [self.cells[sweep].assignment(number) for number in self.cells_of_parts[sweep][part]]

    def files_of_part(self, sweep: str, part: int) -> list[str]:
        """List the files of data and implementations that these cells read."""
        cells, numbers = self.cells[sweep], self.cells_of_parts[sweep][part]
        chosen = [cells[number] for number in (numbers if cells.files_vary else numbers[:1])]
        files = {file.place for cell in chosen for file in cell.experiment.data.files}
        return sorted(files.union(*(implementation_files(cell.experiment) for cell in chosen)))

    def parts(self, sweep: str) -> list[str]:
        """List the parts of a sweep's table, one a job."""
        return [f"results/sweeps/{sweep}/part_{part}.csv" for part in range(len(self.cells_of_parts[sweep]))]

    @cached_property
    def figures_of(self) -> dict[str, dict[str, tuple[str, list[str]]]]:
        """The figures of each experiment: the kind of each, and the fits that it shows."""
        return {name: figures_of(experiment) for name, experiment in self.study.experiments.items()}

    def shown_in(self, experiment: str, figure: str) -> dict[str, list[str]]:
        """List the files that a figure of an experiment reads, by the names of `em_study.figures.shown.Shown`."""
        kind, fits = self.figures_of[experiment][figure]
        patterns = {
            "data": "results/data/{experiment}.npz",
            "runs": "results/fits/{experiment}/{fit}.npz",
            "sklearn": f"results/sklearn/{{experiment}}/{PUBLISHED}.npz",
            "agreement": "results/evaluation/{experiment}/agreement.csv",
            "measurements": "results/evaluation/{experiment}/measurements.csv",
            "evaluations": "results/evaluation/{experiment}/fits/{fit}.csv",
        }
        return {
            name: list(dict.fromkeys(pattern.format(experiment=experiment, fit=fit) for fit in fits or [""]))
            for name, pattern in patterns.items()
            if name in FIGURES[kind].READS
        }

    @property
    def figures(self) -> list[str]:
        """Every figure, of experiments and sweeps."""
        stems = [f"{name}/{figure}" for name, found in self.figures_of.items() for figure in found]
        stems += [f"{name}/sweep" for name in self.drawn]
        return [f"results/figures/{stem}.{ending}" for stem in stems for ending in FORMATS]

    @property
    def published(self) -> list[str]:
        """Everything that the study publishes: tables, predictions, figures."""
        return [
            *(f"results/tables/{name}.csv" for name in TABLES),
            "results/tables/README.md",
            "results/index.html",
            *self.predictions,
            *self.imputed,
            *(f"results/tables/sweeps/{name}{end}.csv" for name in self.study.sweeps for end in ("", "_summary")),
            *self.figures,
        ]

    @property
    def intermediates(self) -> list[str]:
        """What lies between the data and the published files."""
        return [
            *(f"results/data/{name}.npz" for name in self.study.experiments),
            *self.of_every_fit("results/fits/{experiment}/{fit}.npz"),
            *(f"results/evaluation/{name}/measurements.csv" for name in self.study.experiments),
            *(f"results/sklearn/{name}/{rung}.npz" for name in self.compared for rung in PROTOCOLS),
            *(f"results/evaluation/{name}/agreement.csv" for name in self.compared),
            *(f"results/evaluation/{name}/diagnosis.csv" for name in self.compared),
            *self.evaluations("fits"),
            *self.evaluations("parameters"),
            *(f"results/watch/{name}.json" for name in self.study.experiments),
            *(part for name in self.study.sweeps for part in self.parts(name)),
        ]

    @cached_property
    def report_images(self) -> dict[str, str]:
        """Images that the report embeds, and their captions.

        Figures of a single fit, and of what is measured beside all, are left out, unless a claim names the fit.
        """
        claims = [claim for claim in self.study.claims.values() if isinstance(claim, Claim)]
        named = {(claim.about(None), claim.where.get("fit")) for claim in claims}
        captions = {
            f"{name}/{figure}": FIGURES[kind].CAPTION
            for name, found in self.figures_of.items()
            for figure, (kind, fits) in found.items()
            if FIGURES[kind].IN_REPORT or any((name, fit) in named for fit in fits)
        }
        captions |= {f"{name}/sweep": sweep.CAPTION for name in self.drawn}
        return {f"results/report/figures/{stem}.webp": caption for stem, caption in captions.items()}

    @property
    def drawn(self) -> list[str]:
        """The sweeps that are drawn."""
        return [name for name, found in self.study.sweeps.items() if found.figure]

    @property
    def table_pages(self) -> dict[str, str]:
        """Pages of the report by the table that they show."""
        names = ["claims", "fits", "parameters", "agreement", "diagnosis"]
        names += [f"sweeps/{name}_summary" for name in self.study.sweeps]
        return {f"results/tables/{name}.csv": f"results/report/{Path(name).name}.html" for name in names}
