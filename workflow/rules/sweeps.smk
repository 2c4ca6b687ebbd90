# Vary settings over a grid: parts of a few cells, put together, summarized and drawn.
rule sweep_part:
    input:
        files=files_of_part,
    output:
        "results/sweeps/{sweep}/part_{part}.csv",
    log:
        "results/logs/sweeps/{sweep}/part_{part}.log",
    priority: 1  # the longest jobs, which wait for none
    conda:
        "../envs/study.yaml"
    resources:
        runtime=minutes_of_part,
        mem_mb=memory_of_part,
    params:
        code=CODE.made_of("sweep_part.py"),
        files=lambda wildcards: checksums_of(files_of_part(wildcards)),
        wrapped=lambda wildcards: wrapped_versions(
            file for file in files_of_part(wildcards) if file.endswith(".py")
        ),
        cells=lambda wildcards: PLAN.assignments_of_part(
            wildcards.sweep, int(wildcards.part)
        ),
        experiment=lambda wildcards: PLAN.varied_experiment[wildcards.sweep],
        each=lambda wildcards: PLAN.run_in_each_cell[wildcards.sweep],
        seed=STUDY.seed,
        store=lambda wildcards: f"results/sweeps/{wildcards.sweep}/cells",
    message:
        "Sweep {wildcards.sweep}: part {wildcards.part}"
    script:
        "../scripts/sweep_part.py"


rule sweep:
    input:
        parts=lambda wildcards: PLAN.parts(wildcards.sweep),
    output:
        table="results/tables/sweeps/{sweep}.csv",
        summary="results/tables/sweeps/{sweep}_summary.csv",
    log:
        "results/logs/sweeps/{sweep}/table.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("sweep.py"),
        varied=lambda wildcards: list(sweep_of(wildcards).vary),
    message:
        "Put sweep {wildcards.sweep} together"
    script:
        "../scripts/sweep.py"
