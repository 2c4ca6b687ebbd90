"""Every measurement: what the articles speak of beside the fits. To add one, write its function in a module here."""

from study.evaluation.measurement import REGISTERED
from study.evaluation.measurements import accuracy, certainty, components, optima, passes, steps, theory

__all__ = ["MEASUREMENTS", "QUANTITIES", "accuracy", "certainty", "components", "optima", "passes", "steps", "theory"]

MEASUREMENTS = tuple(REGISTERED)
QUANTITIES = {name: quantity for found in MEASUREMENTS for name, quantity in found.quantities.items()}
