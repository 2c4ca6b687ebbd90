"""Check that the pages of a folder load nothing from elsewhere: no script, style, font, picture or frame.

python self_contained.py FOLDER
"""

import re
import sys
from pathlib import Path

LOADS = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*\b(?:src|data|srcset)\s*=\s*["']?(?:https?:)?//[^"'\s>]+
    |<link\b(?![^>]*rel=["']?(?:canonical|license|author))[^>]*\bhref\s*=\s*["']?(?:https?:)?//[^"'\s>]+
    |url\(\s*["']?(?:https?:)?//[^)]+
    |@import\s+["'](?:https?:)?//[^"']+""",
    re.VERBOSE | re.IGNORECASE,
)


def main(folder: str) -> int:
    """Print what is loaded from elsewhere, and return 1 if anything is."""
    found = [
        f"{file}: {match[0]}"
        for file in sorted(Path(folder).rglob("*"))
        if file.suffix in (".html", ".css")
        for match in LOADS.finditer(file.read_text(encoding="utf-8"))
    ]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
