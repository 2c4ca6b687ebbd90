"""Something to see in the runs: by these names the page finds what was stored for it."""

from dataclasses import dataclass

FALSE_CONVERGENCE = "a false convergence"  # what the text of such a way has


@dataclass(frozen=True)
class Way:
    """Something to see: words for it, and what is to be set."""

    text: str
    scene: str
    left: str
    right: str
    step: int


def named(run: str, replicate: int, shared: bool) -> str:
    """Name a run among those on the same rows; if all replicates share these, by its start."""
    return f"{run}, start {replicate}" if shared else run


def next_to(implementation: str, protocol: str) -> str:
    """Name the run of another implementation, by a protocol."""
    return f"{implementation} {protocol}"
