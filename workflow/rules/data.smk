# Fetch files, simulate data or read the user's, and read estimates that a source has released.
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
        **resources_of("data"),
    params:
        code=CODE.made_of("data.py"),
        files=lambda wildcards, input: checksums_of(input.files),
        data=lambda wildcards: experiment_of(wildcards).data.model_dump(exclude={"origin"}),
        replicates=lambda wildcards: experiment_of(wildcards).replicates,
        seed=STUDY.seed,
        r=lambda wildcards: used_of_r([experiment_of(wildcards).data]),
    message:
        "Make the data of {wildcards.experiment}"
    script:
        "../scripts/data.py"


rule released:
    input:
        file=lambda wildcards: experiment_of(wildcards).released.file.place,
    output:
        FILES["released"].path,
    log:
        log_of("released/{experiment}/{package}"),
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("released"),
    params:
        code=CODE.made_of("released.py"),
        files=lambda wildcards, input: checksums_of(input),
        released=lambda wildcards: as_params(experiment_of(wildcards).released),
        r=lambda wildcards: made_by_r("rds") if experiment_of(wildcards).released.file.is_of_r else {},
    message:
        "Read the released estimates of {wildcards.experiment}: {wildcards.package}"
    script:
        "../scripts/released.py"
