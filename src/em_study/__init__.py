"""The study, a room a stage: configuration, data, fits, evaluation, tables, claims and figures; then plan and audit."""

TITLE = "EM for Gaussian mixtures: what is claimed, reproduced and audited"
