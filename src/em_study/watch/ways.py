"""A pair of runs to watch, by the names under which the page finds them."""

from dataclasses import dataclass

FALSE_CONVERGENCE = "a false convergence"  # part of the text of such a way


@dataclass(frozen=True)
class Way:
    """A pair of runs to watch: its caption, and the settings of the page that show it."""

    text: str
    scene: str
    left: str
    right: str
    step: int


def named(run: str, replicate: int, shared: bool) -> str:
    """Name a run among those on the same samples; if all replicates share these, by its initial parameters."""
    return f"{run}, initialization {replicate}" if shared else run


def next_to(implementation: str, protocol: str) -> str:
    """Name the run of another implementation by its step of the ladder."""
    return f"{implementation} {protocol}"
