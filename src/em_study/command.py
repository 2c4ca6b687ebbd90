"""Start and end of a command: its output streams and its exit code."""

import io
import os
import sys


def run(main):
    """Run a command and exit with its exit code, whether or not its output is read to the end.

    With `| head` the command continues silently to its end, so that its exit code and the files that it writes are the
    same. Ctrl-C ends it without a traceback.

    Parameters
    ----------
    main : callable
        Returns the exit code.
    """
    for name in ("stdout", "stderr"):
        if (stream := getattr(sys, name)) is not None:
            stream.flush()
            buffer = io.BufferedWriter(_Output(stream.fileno(), "w", closefd=False))
            text = io.TextIOWrapper(buffer, stream.encoding, "backslashreplace", line_buffering=stream.line_buffering)
            setattr(sys, name, text)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


class _Output(io.FileIO):
    """Output of a command. Once its reader has closed the pipe, further output is discarded."""

    def write(self, data):
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return len(data)
