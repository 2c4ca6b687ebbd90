"""The study, one package per stage: configuration, data, fits, evaluation, tables, claims, figures, plan and audit."""

from importlib import import_module

TITLE = "EM for Gaussian mixtures: what is claimed, reproduced and audited"


def __getattr__(name):
    if name != "assert_is_em":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Imported by name: jobs import this package, and must not run again after an edit of the check-up.
    return import_module("em_study.checkup").assert_is_em
