"""The study, loaded: the configuration checked against the names that the other rooms define."""

from study.configuration.loading import Loaded
from study.configuration.loading import load as load_configuration
from study.configuration.vocabulary import Vocabulary
from study.evaluation.measurements import QUANTITIES
from study.evaluation.protocols import LADDER
from study.tables.columns import COLUMNS, NUMERIC_QUANTITIES

VOCABULARY = Vocabulary(COLUMNS, NUMERIC_QUANTITIES, LADDER, QUANTITIES)


def load(files, notice=lambda text: None, caller: dict | None = None) -> Loaded:
    """Load a study, as `study.configuration.loading.load` does."""
    return load_configuration(files, VOCABULARY, notice, caller)
