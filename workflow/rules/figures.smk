# Draw.
rule figure:
    input:
        unpack(lambda wildcards: PLAN.shown_in(wildcards.experiment, wildcards.figure)),
    output:
        svg="results/figures/{experiment}/{figure}.svg",
        png="results/figures/{experiment}/{figure}.png",
    log:
        "results/logs/figures/{experiment}/{figure}.log",
    wildcard_constraints:
        figure=r"(?!sweep\.)[a-z][a-z0-9_]*",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        kind=lambda wildcards: kind_of(wildcards)[0],
        fits=lambda wildcards: {
            name: experiment_of(wildcards).fits[name].model_dump()
            for name in kind_of(wildcards)[1]
        },
        bins=lambda wildcards: (
            experiment_of(wildcards).bins
            if "bins" in FIGURES[kind_of(wildcards)[0]].reads
            else None
        ),
        other=lambda wildcards: other_of(experiment_of(wildcards)),
        code=lambda wildcards: CODE.made_of(
            "figure.py", f"em_study.figures.{kind_of(wildcards)[0]}"
        ),
    message:
        "Draw {wildcards.figure} of {wildcards.experiment}"
    script:
        "../scripts/figure.py"


rule sweep_figure:
    input:
        summary=rules.sweep.output.summary,
    output:
        svg="results/figures/{sweep}/sweep.svg",
        png="results/figures/{sweep}/sweep.png",
    log:
        "results/logs/figures/{sweep}/sweep.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        sweep=lambda wildcards: sweep_of(wildcards).model_dump(),
        code=CODE.made_of("sweep_figure.py"),
    message:
        "Draw sweep {wildcards.sweep}"
    script:
        "../scripts/sweep_figure.py"
