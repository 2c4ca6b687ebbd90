# The study: configuration -> data -> fits -> protocols -> tables -> figures.
from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/fits.smk"
include: "workflow/rules/protocols.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/sweeps.smk"
include: "workflow/rules/figures.smk"


rule all:
    default_target: True
    input:
        rules.tables.output,
        rules.claims.output,
        all_predictions(),
        all_sweeps(),
        all_figures(),
