# Run scikit-learn beside one of our fits, and compare.
rule sklearn:
    input:
        data=rules.data.output,
        ours=compared_runs,
        code=sources("run_sklearn.py"),
    output:
        "results/sklearn/{experiment}/{protocol}.npz",
    log:
        "results/logs/sklearn/{experiment}/{protocol}.log",
    conda:
        "../envs/study.yaml"
    params:
        fit=lambda wildcards: experiment_of(wildcards).compared_fit.model_dump(),
    message:
        "Run scikit-learn on {wildcards.experiment}: {wildcards.protocol}"
    script:
        "../scripts/run_sklearn.py"


rule compare:
    input:
        data=rules.data.output,
        ours=compared_runs,
        theirs=expand(rules.sklearn.output, protocol=PROTOCOLS, allow_missing=True),
        code=sources("compare.py"),
    output:
        "results/evaluation/{experiment}/agreement.csv",
    log:
        "results/logs/compare/{experiment}.log",
    conda:
        "../envs/study.yaml"
    params:
        fit=lambda wildcards: experiment_of(wildcards).compared_fit.model_dump(),
        protocols=list(PROTOCOLS),
    message:
        "Compare our EM with scikit-learn on {wildcards.experiment}"
    script:
        "../scripts/compare.py"
