# Run scikit-learn beside one of our fits, and compare.
COMPARED = {
    "fit": lambda wildcards: as_params(experiment_of(wildcards).compared_fit),
    "protocols": list(PROTOCOLS),
}


rule sklearn:
    input:
        data=FILES["data"].path,
        runs=compared_runs,
        implementation=implementation_of,
    output:
        [FILES["sklearn"].of(protocol=name) for name in PROTOCOLS],
    log:
        log_of("sklearn/{experiment}"),
    conda:
        "../envs/study.yaml"
    resources:
        **asked_by("sklearn"),
    params:
        **COMPARED,
        code=CODE.made_of("run_sklearn.py"),
        files=lambda wildcards, input: checksums_of(input.implementation),
        wrapped=lambda wildcards, input: wrapped_versions(input.implementation),
        implementation=lambda wildcards: experiment_of(wildcards).protocols.implementation,
        time_limit=lambda wildcards: experiment_of(wildcards).protocols.time_limit,
    message:
        "Run {params.implementation} on {wildcards.experiment} by every protocol"
    script:
        "../scripts/run_sklearn.py"


rule compare:
    input:
        data=FILES["data"].path,
        runs=compared_runs,
        theirs=rules.sklearn.output,
    output:
        FILES["agreement"].path,
    log:
        log_of("compare/{experiment}"),
    conda:
        "../envs/study.yaml"
    resources:
        **asked_by("compare"),
    params:
        **COMPARED,
        code=CODE.made_of("compare.py"),
    message:
        "Compare our EM with scikit-learn on {wildcards.experiment}"
    script:
        "../scripts/compare.py"


rule diagnose:
    input:
        data=FILES["data"].path,
        runs=compared_runs,
        theirs=rules.sklearn.output,
    output:
        FILES["diagnosis"].path,
    log:
        log_of("diagnose/{experiment}"),
    conda:
        "../envs/study.yaml"
    resources:
        **asked_by("diagnose"),
    params:
        **COMPARED,
        code=CODE.made_of("diagnose.py"),
        other=lambda wildcards: experiment_of(wildcards).compared_with,
    message:
        "Diagnose the other implementation on {wildcards.experiment}"
    script:
        "../scripts/diagnose.py"
