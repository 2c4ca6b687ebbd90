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
        draw=draw_settings,
    message:
        "Make the data of {wildcards.experiment}"
    script:
        "../scripts/data.py"
