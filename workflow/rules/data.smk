# Fetch files, draw the synthetic data, or read the user's.
rule fetch:
    output:
        FILES["download"].path,
    log:
        log_of("fetch/{sha256}.{ending}"),
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
        files=lambda wildcards: [file.place for file in experiment_of(wildcards).data.files],
    output:
        FILES["data"].path,
    log:
        log_of("data/{experiment}"),
    conda:
        "../envs/study.yaml"
    resources:
        **asked_by("data"),
    params:
        code=CODE.made_of("data.py"),
        files=lambda wildcards, input: checksums_of(input.files),
        data=lambda wildcards: experiment_of(wildcards).data.model_dump(exclude={"origin"}),
        replicates=lambda wildcards: experiment_of(wildcards).replicates,
        seed=STUDY.seed,
    message:
        "Make the data of {wildcards.experiment}"
    script:
        "../scripts/data.py"
