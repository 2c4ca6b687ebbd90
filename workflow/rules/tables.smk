# Judge every fit, and put the tables together.
rule evaluate:
    input:
        data=rules.data.output,
        runs=rules.fit.output,
    output:
        fits="results/evaluation/{experiment}/fits/{fit}.csv",
        parameters="results/evaluation/{experiment}/parameters/{fit}.csv",
    log:
        "results/logs/evaluate/{experiment}/{fit}.log",
    conda:
        "../envs/study.yaml"
    resources:
        runtime=minutes_of("evaluate"),
        mem_mb=memory_of_experiment,
    params:
        code=CODE.made_of("evaluate.py"),
        fit=lambda wildcards: fit_of(wildcards).model_dump(),
        published=lambda wildcards: [
            printed.model_dump()
            for printed in experiment_of(wildcards).published.get(wildcards.fit, [])
        ],
    message:
        "Evaluate {wildcards.experiment}: {wildcards.fit}"
    script:
        "../scripts/evaluate.py"


rule predict:
    input:
        data=rules.data.output,
        runs=rules.fit.output,
    output:
        "results/predictions/{experiment}/{fit}.{format}",
    log:
        "results/logs/predict/{experiment}/{fit}.{format}.log",
    conda:
        "../envs/study.yaml"
    resources:
        runtime=minutes_of("predict"),
        mem_mb=memory_of_experiment,
    params:
        code=CODE.made_of("predict.py"),
        fit=lambda wildcards: fit_of(wildcards).model_dump(),
    message:
        "Predict the rows of {wildcards.experiment}: {wildcards.fit}"
    script:
        "../scripts/predict.py"


rule impute:
    input:
        data=rules.data.output,
        runs=rules.fit.output,
    output:
        "results/imputed/{experiment}/{fit}.csv",
    log:
        "results/logs/impute/{experiment}/{fit}.log",
    conda:
        "../envs/study.yaml"
    resources:
        runtime=minutes_of("impute"),
        mem_mb=memory_of_experiment,
    params:
        code=CODE.made_of("impute.py"),
        fit=lambda wildcards: fit_of(wildcards).model_dump(),
    message:
        "Fill in the missing values of {wildcards.experiment}: {wildcards.fit}"
    script:
        "../scripts/impute.py"


rule measure:
    input:
        data=rules.data.output,
        runs=runs_of,
    output:
        "results/evaluation/{experiment}/measurements.csv",
    log:
        "results/logs/measure/{experiment}.log",
    conda:
        "../envs/study.yaml"
    resources:
        runtime=minutes_of("measure"),
        mem_mb=memory_of_experiment,
    params:
        code=CODE.made_of("measure.py"),
        fits=lambda wildcards: {
            name: fit.model_dump()
            for name, fit in experiment_of(wildcards).fits.items()
        },
        bins=lambda wildcards: experiment_of(wildcards).bins,
        published=lambda wildcards: experiment_of(wildcards).model_dump(
            include={"published"}
        )["published"],
        seed=STUDY.seed,
    message:
        "Measure {wildcards.experiment}"
    script:
        "../scripts/measure.py"


rule tables:
    input:
        fits=PLAN.evaluations("fits"),
        parameters=PLAN.evaluations("parameters"),
        agreement=expand(rules.compare.output, experiment=PLAN.compared),
        diagnosis=expand(rules.diagnose.output, experiment=PLAN.compared),
        measurements=expand(rules.measure.output, experiment=STUDY.experiments),
    output:
        fits="results/tables/fits.csv",
        parameters="results/tables/parameters.csv",
        agreement="results/tables/agreement.csv",
        diagnosis="results/tables/diagnosis.csv",
        measurements="results/tables/measurements.csv",
    log:
        "results/logs/tables.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("tables.py"),
        order=[*PLAN.evaluations("fits"), *PLAN.compared],
    message:
        "Put the tables together"
    script:
        "../scripts/tables.py"


rule claims:
    input:
        fits=rules.tables.output.fits,
        parameters=rules.tables.output.parameters,
        agreement=rules.tables.output.agreement,
        measurements=rules.tables.output.measurements,
        sweeps=[f"results/tables/sweeps/{name}.csv" for name in sweeps_of(STUDY)],
    output:
        claims="results/tables/claims.csv",
        dictionary="results/tables/README.md",
    log:
        "results/logs/claims.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("claims.py"),
        claims={name: claim.model_dump() for name, claim in STUDY.claims.items()},
        sweeps=sweeps_of(STUDY),
        text={name: text_keys(STUDY.sweeps[name].vary) for name in sweeps_of(STUDY)},
        repeated=lambda wildcards: sorted(repeated_runs(STUDY)),
        changes=[str(change) for change in LOADED.changes],
        words=WORDS,
        warnings=warnings_of(STUDY, LOADED.changes),
    message:
        "Judge the claims"
    script:
        "../scripts/claims.py"
