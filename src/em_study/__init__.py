"""The study, a room a stage: configuration, data, fits, evaluation, tables, claims and figures; then plan and audit."""

TITLE = "EM for Gaussian mixtures: what is claimed, reproduced and audited"


def __getattr__(name):
    if name != "assert_is_em":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from em_study.checkup import assert_is_em  # takes a second to import

    return assert_is_em
