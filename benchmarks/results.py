"""RESULTS.md: each benchmark writes its own section, and leaves the others."""

import os
import platform
import re
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def write_section(title: str, lines: list[str]):
    """Put a section in the place of the one with its title, or at the end."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Benchmark results\n"
    head, *sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    made = "\n".join([f"## {title}", "", *lines])
    names = [section.splitlines()[0] for section in sections]
    if f"## {title}" in names:
        sections[names.index(f"## {title}")] = made
    else:
        sections.append(made)
    RESULTS.write_text("\n\n".join(part.strip() for part in (head, *sections)) + "\n", encoding="utf-8")


def row(cells) -> str:
    """Format a row of a Markdown table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def machine() -> str:
    """Name the machine, the widest vector instructions of its processor, and Python."""
    text = Path("/proc/cpuinfo").read_text()
    processor = re.search(r"model name\s*: (.*)", text)
    name = processor[1] if processor else ""
    vectors = next((f" with {has}" for has in ("AVX-512", "AVX2") if has.lower().replace("-", "") in text), "")
    return f"{platform.machine()} {name}{vectors}, {os.cpu_count()} cores, Python {platform.python_version()}"
