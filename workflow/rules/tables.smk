# Judge every fit, and put the tables together.
rule evaluate:
    input:
        data=rules.data.output,
        runs=rules.fit.output,
        code=sources("evaluate.py"),
    output:
        fits="results/evaluation/{experiment}/fits/{fit}.csv",
        parameters="results/evaluation/{experiment}/parameters/{fit}.csv",
    log:
        "results/logs/evaluate/{experiment}/{fit}.log",
    conda:
        "../envs/study.yaml"
    params:
        fit=lambda wildcards: fit_of(wildcards).model_dump(),
    message:
        "Evaluate {wildcards.experiment}: {wildcards.fit}"
    script:
        "../scripts/evaluate.py"


rule tables:
    input:
        fits=evaluations("fits"),
        parameters=evaluations("parameters"),
        agreement=expand(rules.compare.output, experiment=with_protocols()),
        code=sources("tables.py"),
    output:
        fits="results/tables/fits.csv",
        parameters="results/tables/parameters.csv",
        agreement="results/tables/agreement.csv",
        dictionary="results/tables/README.md",
    log:
        "results/logs/tables.log",
    conda:
        "../envs/study.yaml"
    params:
        order=[*evaluations("fits"), *with_protocols()],
    message:
        "Put the tables together"
    script:
        "../scripts/tables.py"
