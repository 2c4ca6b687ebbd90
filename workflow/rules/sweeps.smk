# Vary settings over a grid: parts of a few cells, put together, summarized and drawn.
rule sweep_part:
    input:
        files=lambda wildcards: PLAN.files_of_part(wildcards.sweep, int(wildcards.part)),
        code=sources("sweep_part.py"),
    output:
        "results/sweeps/{sweep}/part_{part}.csv",
    log:
        "results/logs/sweeps/{sweep}/part_{part}.log",
    conda:
        "../envs/study.yaml"
    params:
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
        code=sources("sweep.py"),
    output:
        table="results/tables/sweeps/{sweep}.csv",
        summary="results/tables/sweeps/{sweep}_summary.csv",
    log:
        "results/logs/sweeps/{sweep}/table.log",
    conda:
        "../envs/study.yaml"
    params:
        varied=lambda wildcards: list(sweep_of(wildcards).vary),
        parts=lambda wildcards: PLAN.parts(wildcards.sweep),
    message:
        "Put sweep {wildcards.sweep} together"
    script:
        "../scripts/sweep.py"


rule plot_sweep:
    input:
        summary=rules.sweep.output.summary,
        code=sources("plot_sweep.py"),
    output:
        **figure_files("sweep", folder="{sweep}"),
    log:
        "results/logs/plot_sweep/{sweep}.log",
    conda:
        "../envs/study.yaml"
    params:
        sweep=lambda wildcards: sweep_of(wildcards).model_dump(),
        caption=sweep_figure.CAPTION,
    message:
        "Draw sweep {wildcards.sweep}"
    script:
        "../scripts/plot_sweep.py"
