# Run scikit-learn beside one of our fits, and compare.
rule sklearn:
    input:
        data=rules.data.output,
        ours=compared_runs,
        implementation=implementation_of_protocols,
    output:
        expand(
            "results/sklearn/{experiment}/{protocol}.npz",
            protocol=PROTOCOLS,
            allow_missing=True,
        ),
    log:
        "results/logs/sklearn/{experiment}.log",
    conda:
        "../envs/study.yaml"
    resources:
        runtime=minutes_of("sklearn"),
        mem_mb=memory_of_experiment,
    params:
        code=CODE.made_of("run_sklearn.py"),
        files=lambda wildcards: checksums_of(implementation_of_protocols(wildcards)),
        wrapped=lambda wildcards: wrapped_versions(
            implementation_of_protocols(wildcards)
        ),
        fit=lambda wildcards: experiment_of(wildcards).compared_fit.model_dump(),
        protocols=list(PROTOCOLS),
        implementation=lambda wildcards: experiment_of(
            wildcards
        ).protocols.implementation,
        time_limit=lambda wildcards: experiment_of(wildcards).protocols.time_limit,
    message:
        "Run {params.implementation} on {wildcards.experiment} by every protocol"
    script:
        "../scripts/run_sklearn.py"


rule compare:
    input:
        data=rules.data.output,
        ours=compared_runs,
        theirs=rules.sklearn.output,
    output:
        "results/evaluation/{experiment}/agreement.csv",
    log:
        "results/logs/compare/{experiment}.log",
    conda:
        "../envs/study.yaml"
    resources:
        runtime=minutes_of("compare"),
        mem_mb=memory_of_experiment,
    params:
        code=CODE.made_of("compare.py"),
        fit=lambda wildcards: experiment_of(wildcards).compared_fit.model_dump(),
        protocols=list(PROTOCOLS),
    message:
        "Compare our EM with scikit-learn on {wildcards.experiment}"
    script:
        "../scripts/compare.py"


rule diagnose:
    input:
        data=rules.data.output,
        ours=compared_runs,
        theirs=rules.sklearn.output,
    output:
        "results/evaluation/{experiment}/diagnosis.csv",
    log:
        "results/logs/diagnose/{experiment}.log",
    conda:
        "../envs/study.yaml"
    resources:
        runtime=minutes_of("diagnose"),
        mem_mb=memory_of_experiment,
    params:
        code=CODE.made_of("diagnose.py"),
        fit=lambda wildcards: experiment_of(wildcards).compared_fit.model_dump(),
        protocols=list(PROTOCOLS),
        other=lambda wildcards: other_of(experiment_of(wildcards)),
    message:
        "Diagnose the other implementation on {wildcards.experiment}"
    script:
        "../scripts/diagnose.py"
