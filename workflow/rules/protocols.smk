# Run other implementations on the data of one of our fits, and compare the results.
COMPARED = {
    "fits": lambda wildcards: {
        name: as_params(experiment_of(wildcards).fits[name]) for name, other in experiment_of(wildcards).compared
    },
    "compared": lambda wildcards: as_params(experiment_of(wildcards).compared),
}
COMPARED_FILES = {
    "runs": lambda wildcards: PLAN.compared_files(wildcards.experiment)[0],
    "theirs": lambda wildcards: PLAN.compared_files(wildcards.experiment)[1],
}


rule run_other:
    input:
        data=FILES["data"].path,
        runs=compared_runs,
        implementation=implementation_of,
    output:
        FILES["others"].path,
    log:
        log_of("run_other/{experiment}/{implementation}"),
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("run_other"),
    params:
        code=CODE.made_of("run_other.py"),
        files=lambda wildcards, input: checksums_of(input.implementation),
        wrapped=lambda wildcards, input: wrapped_versions(input.implementation),
        fit=lambda wildcards: as_params(experiment_of(wildcards).compared_fit),
        other=lambda wildcards: as_params(other_of(wildcards)),
        time_limit=lambda wildcards: experiment_of(wildcards).protocols.time_limit,
    message:
        "Run {wildcards.implementation} on {wildcards.experiment} by each protocol"
    script:
        "../scripts/run_other.py"


rule compare:
    input:
        **COMPARED_FILES,
        data=FILES["data"].path,
    output:
        FILES["agreement"].path,
    log:
        log_of("compare/{experiment}"),
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("compare"),
    params:
        **COMPARED,
        code=CODE.made_of("compare.py"),
    message:
        "Compare our EM with other implementations on {wildcards.experiment}"
    script:
        "../scripts/compare.py"


rule diagnose:
    input:
        **COMPARED_FILES,
        data=FILES["data"].path,
    output:
        FILES["diagnosis"].path,
    log:
        log_of("diagnose/{experiment}"),
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("diagnose"),
    params:
        **COMPARED,
        code=CODE.made_of("diagnose.py"),
    message:
        "Diagnose the other implementations on {wildcards.experiment}"
    script:
        "../scripts/diagnose.py"
