"""Errors that are meant for a person: what is wrong, where, and what is allowed."""


class StudyError(Exception):
    """Something the user can mend. Its text is shown without a traceback."""


class ConfigurationError(StudyError):
    """The configuration has problems; the text lists all of them."""


class DataError(StudyError):
    """A data file cannot be used as it is; the text names file, row and column."""
