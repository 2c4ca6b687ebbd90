# Fetch files, draw the synthetic data, or read the user's.
rule fetch:
    output:
        "results/downloads/{sha256}.{ending}",
    log:
        "results/logs/fetch/{sha256}.{ending}.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("fetch.py"),
        url=lambda wildcards: PLAN.urls[wildcards.sha256],
    message:
        "Fetch {params.url}"
    script:
        "../scripts/fetch.py"


rule data:
    input:
        files=files_of_experiment,
    output:
        "results/data/{experiment}.npz",
    log:
        "results/logs/data/{experiment}.log",
    conda:
        "../envs/study.yaml"
    resources:
        runtime=minutes_of("data"),
        mem_mb=memory_of_experiment,
    params:
        code=CODE.made_of("data.py"),
        files=lambda wildcards: checksums_of(files_of_experiment(wildcards)),
        data=lambda wildcards: experiment_of(wildcards).data.model_dump(
            exclude={"origin"}
        ),
        replicates=lambda wildcards: experiment_of(wildcards).replicates,
        seed=STUDY.seed,
    message:
        "Make the data of {wildcards.experiment}"
    script:
        "../scripts/data.py"
