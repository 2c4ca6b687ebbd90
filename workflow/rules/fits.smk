# Run our EM.
rule fit:
    input:
        data=rules.data.output,
        implementation=implementation_of_fit,
    output:
        "results/fits/{experiment}/{fit}.npz",
    log:
        "results/logs/fits/{experiment}/{fit}.log",
    conda:
        "../envs/study.yaml"
    resources:
        runtime=minutes_of("fit"),
        mem_mb=memory_of_experiment,
    params:
        code=CODE.made_of("fit.py"),
        files=lambda wildcards: checksums_of(implementation_of_fit(wildcards)),
        wrapped=lambda wildcards: wrapped_versions(implementation_of_fit(wildcards)),
        fit=lambda wildcards: fit_of(wildcards).model_dump(),
        kernel=lambda wildcards: kernel_versions([fit_of(wildcards)]),
        replicates=lambda wildcards: experiment_of(wildcards).replicates,
        seed=STUDY.seed,
    message:
        "Fit {wildcards.experiment} by EM: {wildcards.fit}"
    script:
        "../scripts/fit.py"
