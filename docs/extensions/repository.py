"""Pages made of what the repository has elsewhere: its documents outside of this folder, and the commands' help.

A page of the site that is one line, `{include} ../FILE.md`, is that document. Links to it, from any page, lead to the
page; links to other files of the repository are downloads, which Sphinx checks.
"""

import argparse
import os
import re
from pathlib import Path

DOCS = Path(__file__).parents[1]
INCLUDE = re.compile(r"```\{include\} (\S+)\n```")
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")  # the path in [words](path#anchor)


def pages() -> dict[Path, Path]:
    """Give the page that a document outside of this folder is shown on."""
    found = {page: INCLUDE.search(page.read_text(encoding="utf-8")) for page in DOCS.glob("*.md")}
    return {(DOCS / match[1]).resolve(): page for page, match in found.items() if match}


def relinked(text: str, folder: Path) -> str:
    """Rewrite the links of a document in a folder to ones from this folder."""
    shown_on = pages()

    def link(match):
        target = (folder / match[1]).resolve()
        target = shown_on.get(target, target)
        path = os.path.relpath(target, DOCS)
        return path if target.is_relative_to(DOCS) else f"path:{path}"

    return LINK.sub(link, text)


def commands() -> str:
    """Write what each command's `--help` says."""
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1"}
    from em_study.cli import COMMANDS, _parser

    (listed,) = (action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    parsers = {f"em-study {name}": listed.choices[name] for name in COMMANDS}
    return "".join(f"\n## `{name}`\n\n```text\n{parser.format_help()}```\n" for name, parser in parsers.items())


def _read(_app, docname, source):
    if not (DOCS / f"{docname}.md").exists():
        return
    document = INCLUDE.fullmatch(source[0].strip())
    if document:
        file = (DOCS / document[1]).resolve()
        source[0] = relinked(file.read_text(encoding="utf-8"), file.parent)
    else:
        source[0] = relinked(source[0], DOCS) + (commands() if docname == "commands" else "")


def _elsewhere(*_):
    """Read again, at each build, the pages whose text is elsewhere."""
    return [*(page.stem for page in pages().values()), "commands"]


def setup(app):
    """Let Sphinx read pages by these functions."""
    app.connect("source-read", _read)
    app.connect("env-get-outdated", _elsewhere)
    return {"parallel_read_safe": True}
