"""The study, loaded: the configuration checked against the names that the other rooms define."""

from em_study.configuration.loading import Loaded
from em_study.configuration.loading import load as load_configuration
from em_study.configuration.vocabulary import Vocabulary
from em_study.data.storage import TEXT_COLUMNS
from em_study.evaluation.measurements import QUANTITIES, RUN_QUANTITIES
from em_study.evaluation.protocols import PROTOCOLS
from em_study.plan.places import Places
from em_study.tables.columns import COLUMNS, NUMERIC_QUANTITIES, SWEEP_COLUMNS

VOCABULARY = Vocabulary(COLUMNS, SWEEP_COLUMNS, TEXT_COLUMNS, NUMERIC_QUANTITIES, PROTOCOLS, QUANTITIES, RUN_QUANTITIES)


def load(files, notice=lambda text: None, caller: dict | None = None, every_cell: bool = True) -> Loaded:
    """Load a study, as `em_study.configuration.loading.load` does."""
    return load_configuration(files, VOCABULARY, notice, caller, every_cell, Places().name)
