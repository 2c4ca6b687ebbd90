# Fetch files, draw the synthetic data, or read the user's.
rule fetch:
    input:
        code=sources("fetch.py"),
    output:
        "results/downloads/{sha256}.csv",
    log:
        "results/logs/fetch/{sha256}.log",
    conda:
        "../envs/study.yaml"
    params:
        url=lambda wildcards: urls()[wildcards.sha256],
    message:
        "Fetch {params.url}"
    script:
        "../scripts/fetch.py"


rule data:
    input:
        files=csv_files,
        code=sources("data.py"),
    output:
        "results/data/{experiment}.npz",
    log:
        "results/logs/data/{experiment}.log",
    conda:
        "../envs/study.yaml"
    params:
        data=lambda wildcards: experiment_of(wildcards).data.model_dump(),
        draw=draw_settings,
    message:
        "Make the data of {wildcards.experiment}"
    script:
        "../scripts/data.py"
