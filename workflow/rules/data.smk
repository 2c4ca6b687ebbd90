# Draw the synthetic data, or read the user's.
def csv_files(wildcards):
    data = experiment_of(wildcards).data
    tables = [data.unlabeled, data.labeled] if data.source == "csv" else []
    return [table.path for table in tables if table]


rule data:
    input:
        files=csv_files,
        code=sources("data.py"),
    output:
        "results/data/{experiment}.npz",
    log:
        "results/logs/data/{experiment}.log",
    params:
        data=lambda wildcards: experiment_of(wildcards).data.model_dump(),
        replicates=lambda wildcards: experiment_of(wildcards).replicates,
        seed=STUDY.seed,
    message:
        "Make the data of {wildcards.experiment}"
    script:
        "../scripts/data.py"
