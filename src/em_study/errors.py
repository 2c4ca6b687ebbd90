"""Errors for users: what is wrong, where, and what is allowed."""


class StudyError(Exception):
    """A problem that the user can fix. Its text is shown without a traceback."""


class ConfigurationError(StudyError):
    """The configuration has problems; the text lists all of them."""


class DataError(StudyError):
    """A data file cannot be used as it is; the text names file, row and column."""


class UnusableInputError(StudyError):
    """A file given to a command cannot be used; the exit code is 2, because 1 is a result."""

    exit_code = 2
