"""The study, a room a stage: configuration, data, fits, evaluation, tables, claims and figures; then plan and audit."""

from importlib import import_module

TITLE = "EM for Gaussian mixtures: what is claimed, reproduced and audited"


def __getattr__(name):
    if name != "assert_is_em":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # By its name, for a job imports this package, and must not be made again where the check-up is edited.
    return import_module("em_study.checkup").assert_is_em
