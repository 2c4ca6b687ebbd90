# Draw the figures.
rule figure:
    input:
        unpack(lambda wildcards: PLAN.shown_in(wildcards.experiment, wildcards.figure)),
    output:
        svg=FILES["figure"].of(image="svg"),
        png=FILES["figure"].of(image="png"),
    log:
        log_of("figures/{experiment}/{figure}"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        kind=lambda wildcards: figure_of(wildcards)[0],
        fits=lambda wildcards: as_params(
            {name: experiment_of(wildcards).fits[name] for name in figure_of(wildcards)[1]}
        ),
        bins=lambda wildcards: (
            experiment_of(wildcards).bins if "bins" in FIGURES[figure_of(wildcards)[0]].reads else None
        ),
        original=lambda wildcards: (
            as_params(experiment_of(wildcards).on_original_rows)
            if "original" in FIGURES[figure_of(wildcards)[0]].reads
            else {}
        ),
        others=lambda wildcards: {
            other.name: other.title
            for fit, other in experiment_of(wildcards).compared
            if fit == experiment_of(wildcards).protocols.fit
        },
        code=lambda wildcards: CODE.made_of("figure.py", f"em_study.figures.{figure_of(wildcards)[0]}"),
    message:
        "Draw {wildcards.figure} of {wildcards.experiment}"
    script:
        "../scripts/figure.py"


rule sweep_figure:
    input:
        FILES["summary"].path,
    output:
        svg=FILES["sweep_figure"].of(image="svg"),
        png=FILES["sweep_figure"].of(image="png"),
    log:
        log_of("figures/{sweep}/sweep"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        sweep=lambda wildcards: as_params(STUDY.sweeps[wildcards.sweep]),
        code=CODE.made_of("sweep_figure.py"),
    message:
        "Draw sweep {wildcards.sweep}"
    script:
        "../scripts/sweep_figure.py"
