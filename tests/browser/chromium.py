"""Chromium, for the tests of the page. Where it is not installed, its Debian packages are unpacked.

python tests/browser/chromium.py run COMMAND ...   # with EM_STUDY_CHROMIUM, the program, set
python tests/browser/chromium.py probe             # ends with 1, and the reason, where there is none
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from debian import NotHereError, libraries, run_with, unpack


def find_or_unpack(folder: Path) -> dict[str, str]:
    """Find Chromium, or unpack it into a folder; return the environment that names the program.

    Raises
    ------
    NotHereError
    """
    installed = shutil.which("chromium")
    if installed:
        return {"EM_STUDY_CHROMIUM": installed}
    root, program = folder / "root", folder / "chromium"
    unpack(["chromium"], root)
    path = os.pathsep.join(map(str, libraries(root)))
    program.write_text(f'#!/bin/sh\nexport LD_LIBRARY_PATH={path}\nexec {root}/usr/lib/chromium/chromium "$@"\n')
    program.chmod(0o755)
    started = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    if started.returncode != 0:
        raise NotHereError(f"chromium does not start: {started.stderr.strip()}")
    return {"EM_STUDY_CHROMIUM": str(program)}


if __name__ == "__main__":
    sys.exit(run_with(find_or_unpack, *sys.argv[1:]))
