# Draw the synthetic data, or read the user's.
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
        replicates=lambda wildcards: experiment_of(wildcards).replicates,
        seed=STUDY.seed,
    message:
        "Make the data of {wildcards.experiment}"
    script:
        "../scripts/data.py"
