# Vary settings over a grid: run parts of a few cells, join and summarize them.
rule sweep_part:
    input:
        files=lambda wildcards: PLAN.part(wildcards).files,
    output:
        FILES["part"].path,
    log:
        log_of("sweeps/{sweep}/part_{part}"),
    priority: 1  # the longest jobs, which depend on no other
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("sweep_part"),
    params:
        code=CODE.made_of("sweep_part.py"),
        files=lambda wildcards, input: checksums_of(input.files),
        wrapped=lambda wildcards, input: wrapped_versions(file for file in input.files if file.endswith(".py")),
        cells=lambda wildcards: PLAN.part(wildcards).assignments,
        experiment=lambda wildcards: PLAN.varied_experiment[wildcards.sweep],
        each=lambda wildcards: PLAN.run_in_each_cell[wildcards.sweep],
        seed=STUDY.seed,
        r=lambda wildcards: PLAN.used_of_r(wildcards.sweep),
        store=lambda wildcards: os.path.dirname(FILES["cell"].of(sweep=wildcards.sweep)),
    message:
        "Sweep {wildcards.sweep}: part {wildcards.part}"
    script:
        "../scripts/sweep_part.py"


rule sweep:
    input:
        parts=lambda wildcards: PLAN.files("part", wildcards.sweep),
    output:
        table=FILES["sweep"].path,
        summary=FILES["summary"].path,
    log:
        log_of("sweeps/{sweep}/table"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("sweep.py"),
        varied=lambda wildcards: list(STUDY.sweeps[wildcards.sweep].vary),
    message:
        "Join the parts of sweep {wildcards.sweep}"
    script:
        "../scripts/sweep.py"
