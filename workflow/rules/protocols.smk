# Run scikit-learn beside one of our fits, and compare.
rule sklearn:
    input:
        data=rules.data.output,
        ours=compared_runs,
    output:
        expand(
            "results/sklearn/{experiment}/{protocol}.npz",
            protocol=PROTOCOLS,
            allow_missing=True,
        ),
    log:
        "results/logs/sklearn/{experiment}.log",
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.digest("run_sklearn.py"),
        fit=lambda wildcards: experiment_of(wildcards).compared_fit.model_dump(),
        protocols=list(PROTOCOLS),
    message:
        "Run scikit-learn on {wildcards.experiment} by every protocol"
    script:
        "../scripts/run_sklearn.py"


rule compare:
    input:
        data=rules.data.output,
        ours=compared_runs,
        theirs=rules.sklearn.output,
    output:
        "results/evaluation/{experiment}/agreement.csv",
    log:
        "results/logs/compare/{experiment}.log",
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.digest("compare.py"),
        fit=lambda wildcards: experiment_of(wildcards).compared_fit.model_dump(),
        protocols=list(PROTOCOLS),
    message:
        "Compare our EM with scikit-learn on {wildcards.experiment}"
    script:
        "../scripts/compare.py"
