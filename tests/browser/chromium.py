"""Chromium, for the tests of the page. Where it is not installed, its Debian packages are unpacked.

python tests/browser/chromium.py run COMMAND ...   # with EM_STUDY_CHROMIUM, the program, set
python tests/browser/chromium.py probe             # ends with 1, and the reason, where there is none
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from debian import NotHereError, libraries, unpack


def find_or_unpack(folder: Path) -> str:
    """Find Chromium, or unpack it into a folder; return the program.

    Raises
    ------
    NotHereError
    """
    installed = shutil.which("chromium")
    if installed:
        return installed
    root, program = folder / "root", folder / "chromium"
    unpack(["chromium"], root)
    path = os.pathsep.join(map(str, libraries(root)))
    program.write_text(f'#!/bin/sh\nexport LD_LIBRARY_PATH={path}\nexec {root}/usr/lib/chromium/chromium "$@"\n')
    program.chmod(0o755)
    started = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    if started.returncode != 0:
        raise NotHereError(f"chromium does not start: {started.stderr.strip()}")
    return str(program)


def main(word, *command) -> int:
    """Do what the first word says."""
    with tempfile.TemporaryDirectory(prefix="chromium") as folder:
        try:
            program = find_or_unpack(Path(folder))
        except NotHereError as error:
            print(error, file=sys.stderr)
            return 1
        if word == "probe":
            return 0
        return subprocess.run(command, env={**os.environ, "EM_STUDY_CHROMIUM": program}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
