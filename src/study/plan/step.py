"""What every script of the workflow does around its one call."""

import contextlib
import errno
import sys
import traceback

from study.configuration.errors import StudyError

DISK_FULL = "The disk is full. What was being written has been removed; make room, and run the same command again."


@contextlib.contextmanager
def logged(log):
    """Send warnings to the log; show an error that is meant for a person without a traceback.

    Parameters
    ----------
    log : path-like
    """
    try:
        with open(log, "w", encoding="utf-8") as file, contextlib.redirect_stderr(file):
            try:
                yield
            except StudyError as error:
                print(error, file=file)
                sys.exit(1)
            except Exception as error:
                if not _is_disk_full(error):
                    traceback.print_exc(file=file)
                raise
    except OSError as error:
        if not _is_disk_full(error):
            raise
        print(DISK_FULL, file=sys.__stderr__)  # the log cannot take it
        sys.exit(1)


def _is_disk_full(error) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
