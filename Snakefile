# The study: configuration -> data -> fits -> protocols -> tables -> figures.
from snakemake.utils import min_version

min_version("9.11.2")


include: "workflow/rules/common.smk"
include: "workflow/rules/records.smk"
include: "workflow/rules/slurm.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/fits.smk"
include: "workflow/rules/protocols.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/sweeps.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/audit.smk"


# The run writes the opening page in its folder; `snakemake --report` reads it.
report: os.path.abspath(FILES["opening"].path)


rule all:
    default_target: True
    input:
        PLAN.published,
        rules.manifest.output,
        rules.pages.output,
        list(PLAN.report_images),
