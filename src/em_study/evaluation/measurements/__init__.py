"""Every measurement: what the articles speak of beside the fits. To add one, write its function in a module here."""

from em_study.evaluation.measurement import REGISTERED, OneRun
from em_study.evaluation.measurements import accuracy, certainty, components, missing, optima, passes, steps, theory

__all__ = ["MEASUREMENTS", "QUANTITIES", "RUN_QUANTITIES"]
__all__ += ["accuracy", "certainty", "components", "missing", "optima", "passes", "steps", "theory"]

MEASUREMENTS = tuple(REGISTERED)
QUANTITIES = {name: quantity for found in MEASUREMENTS for name, quantity in found.quantities.items()}
OF_RUNS = [found for found in MEASUREMENTS if found.of is OneRun and found.in_sweeps]
RUN_QUANTITIES = [name for found in OF_RUNS for name in found.quantities]
