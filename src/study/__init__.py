"""The study is em_study, and its command em-study: `python -m study.X` answers with the new words, for one version."""

import shlex
import sys

from em_study.cli import COMMANDS, INTERNAL

if sys.argv[0] != "-m":
    raise ImportError("the study's package is em_study now")
module = next(word for word in sys.orig_argv if word.split(".")[0] == "study").removeprefix("study").removeprefix(".")
name = module.split(".")[-1].replace("stale", "clean")
words = ["em-study", "--help"]
if name in COMMANDS | INTERNAL:
    words = ["em-study", name, *sys.argv[1:]]
elif module == "fits.runner":
    words = ["python", "-m", "em_study.fits.runner", *sys.argv[1:]]
print(f"study is em_study now: {shlex.join(words)}", file=sys.stderr)
sys.exit(2)
