# Vary settings over a grid: parts of a few cells, put together, summarized and drawn.
rule sweep_part:
    input:
        files=lambda wildcards: PLAN.files_of_part(wildcards.sweep, int(wildcards.part)),
    output:
        "results/sweeps/{sweep}/part_{part}.csv",
    log:
        "results/logs/sweeps/{sweep}/part_{part}.log",
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.digest("sweep_part.py"),
        cells=lambda wildcards: [
            cell.assignment
            for cell in PLAN.cells_of_part(wildcards.sweep, int(wildcards.part))
        ],
        experiment=lambda wildcards: STUDY.experiments[
            sweep_of(wildcards).experiment
        ].model_dump(
            include={"data", "fits", "protocols"}, exclude={"data": {"origin"}}
        ),
        sweep=lambda wildcards: sweep_of(wildcards).model_dump(
            exclude={"figure", "max_cells", "cells_per_job"}
        ),
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
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.digest("sweep.py"),
        varied=lambda wildcards: list(sweep_of(wildcards).vary),
        parts=lambda wildcards: PLAN.parts(wildcards.sweep),
    message:
        "Put sweep {wildcards.sweep} together"
    script:
        "../scripts/sweep.py"
