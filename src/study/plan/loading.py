"""The study, loaded: the configuration checked against the names that the other rooms define."""

from study.configuration.loading import Loaded
from study.configuration.loading import load as load_configuration
from study.configuration.vocabulary import Vocabulary
from study.data.storage import TEXT_COLUMNS
from study.evaluation.measurements import QUANTITIES, RUN_QUANTITIES
from study.evaluation.protocols import PROTOCOLS
from study.plan.places import Places
from study.tables.columns import COLUMNS, NUMERIC_QUANTITIES, SWEEP_COLUMNS

VOCABULARY = Vocabulary(COLUMNS, SWEEP_COLUMNS, TEXT_COLUMNS, NUMERIC_QUANTITIES, PROTOCOLS, QUANTITIES, RUN_QUANTITIES)


def load(files, notice=lambda text: None, caller: dict | None = None, every_cell: bool = True) -> Loaded:
    """Load a study, as `study.configuration.loading.load` does."""
    return load_configuration(files, VOCABULARY, notice, caller, every_cell, Places().name)
