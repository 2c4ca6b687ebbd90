"""Measurements: numbers of claims that fits.csv does not have. To add one, write its function in a module here."""

from em_study.evaluation.measurement import REGISTERED, OneRun
from em_study.evaluation.measurements import (  # noqa: F401, for each registers its own
    accuracy,
    bootstrap,
    certainty,
    components,
    missing,
    optima,
    passes,
    prior,
    recovery,
    steps,
    theory,
)

MEASUREMENTS = tuple(REGISTERED)
QUANTITIES = {name: column for found in MEASUREMENTS for name, column in found.quantities.items()}
OF_RECOVERY = {name for found in MEASUREMENTS if found.of_recovery for name in found.quantities}
RUN_QUANTITIES = [name for found in MEASUREMENTS if found.of is OneRun and found.in_sweeps for name in found.quantities]
