# Run our EM.
rule fit:
    input:
        data=FILES["data"].path,
        implementation=implementation_of,
    output:
        FILES["fits"].path,
    log:
        log_of("fits/{experiment}/{fit}"),
    conda:
        "../envs/study.yaml"
    threads: PLAN.threads
    resources:
        **resources_of("fit"),
    params:
        code=CODE.made_of("fit.py"),
        files=lambda wildcards, input: checksums_of(input.implementation),
        wrapped=lambda wildcards, input: wrapped_versions(input.implementation),
        fit=lambda wildcards: as_params(fit_of(wildcards)),
        kernel=lambda wildcards: kernel_versions([fit_of(wildcards)]),
        replicates=lambda wildcards: experiment_of(wildcards).replicates,
        seed=STUDY.seed,
        r=lambda wildcards: used_of_r(initializations=[fit_of(wildcards).initialization]),
    message:
        "Fit {wildcards.experiment} by EM: {wildcards.fit}"
    script:
        "../scripts/fit.py"
