"""What every script of the workflow does around its one call."""

import contextlib
import sys
import traceback

from study.errors import StudyError


@contextlib.contextmanager
def logged(log):
    """Send warnings to the log; show an error that is meant for a person without a traceback.

    Parameters
    ----------
    log : path-like
    """
    with open(log, "w", encoding="utf-8") as file:
        try:
            with contextlib.redirect_stderr(file):
                yield
        except StudyError as error:
            print(error, file=file)
            sys.exit(1)
        except Exception:
            traceback.print_exc(file=file)
            raise
