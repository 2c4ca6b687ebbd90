# Evaluate every fit, and make the tables.
rule evaluate:
    input:
        data=FILES["data"].path,
        runs=FILES["fits"].path,
    output:
        fits=FILES["scores"].path,
        parameters=FILES["parameters"].path,
        estimates=FILES["estimates"].path,
    log:
        log_of("evaluate/{experiment}/{fit}"),
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("evaluate"),
    params:
        code=CODE.made_of("evaluate.py"),
        fit=lambda wildcards: as_params(fit_of(wildcards)),
        published=lambda wildcards: as_params(experiment_of(wildcards).published.get(wildcards.fit, [])),
        estimates=lambda wildcards: experiment_of(wildcards).data.holds_user_data,
    message:
        "Evaluate {wildcards.experiment}: {wildcards.fit}"
    script:
        "../scripts/evaluate.py"


rule predict:
    input:
        data=FILES["data"].path,
        runs=FILES["fits"].path,
    output:
        FILES["predictions"].path,
    log:
        log_of("predict/{experiment}/{fit}.{format}"),
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("predict"),
    params:
        code=CODE.made_of("predict.py"),
        fit=lambda wildcards: as_params(fit_of(wildcards)),
    message:
        "Predict the classes of {wildcards.experiment}: {wildcards.fit}"
    script:
        "../scripts/predict.py"


rule impute:
    input:
        data=FILES["data"].path,
        runs=FILES["fits"].path,
    output:
        FILES["imputed"].path,
    log:
        log_of("impute/{experiment}/{fit}"),
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("impute"),
    params:
        code=CODE.made_of("impute.py"),
        fit=lambda wildcards: as_params(fit_of(wildcards)),
    message:
        "Impute the missing values of {wildcards.experiment}: {wildcards.fit}"
    script:
        "../scripts/impute.py"


rule measure:
    input:
        data=FILES["data"].path,
        runs=lambda wildcards: PLAN.files("fits", wildcards.experiment),
        released=lambda wildcards: PLAN.files("released", wildcards.experiment),
    output:
        FILES["measurements"].path,
    log:
        log_of("measure/{experiment}"),
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("measure"),
    params:
        code=CODE.made_of("measure.py"),
        fits=lambda wildcards: as_params(experiment_of(wildcards).fits),
        bins=lambda wildcards: experiment_of(wildcards).bins,
        published=lambda wildcards: as_params(experiment_of(wildcards).published),
        seed=STUDY.seed,
        only=lambda wildcards: experiment_of(wildcards).measurements,
        released=lambda wildcards: PLAN.packages(wildcards.experiment),
    message:
        "Measure {wildcards.experiment}"
    script:
        "../scripts/measure.py"


rule tables:
    input:
        fits=PLAN.files("scores"),
        parameters=PLAN.files("parameters"),
        estimates=PLAN.files("estimates"),
        agreement=PLAN.files("agreement"),
        diagnosis=PLAN.files("diagnosis"),
        measurements=PLAN.files("measurements"),
    output:
        **{name: table_file(name) for name in TABLES},
    log:
        log_of("tables"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("tables.py"),
        order=[*PLAN.files("scores"), *PLAN.compared],
    message:
        "Join the tables"
    script:
        "../scripts/tables.py"


rule claims:
    input:
        [table_file(name) for name in CLAIMED],
    output:
        FILES["claims"].path,
    log:
        log_of("claims"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("claims.py"),
        claims=as_params(STUDY.claims),
        tables=CLAIMED,
        text={f"sweeps/{name}": text_keys(STUDY.sweeps[name].vary) for name in sweeps_of(STUDY)},
        repeated=lambda wildcards: sorted(repeated_runs(STUDY)),
        own=lambda wildcards: sorted(own_rows(STUDY)),
        warnings=warnings_of(STUDY, LOADED.changes),
    message:
        "Evaluate the claims"
    script:
        "../scripts/claims.py"


rule dictionary:
    output:
        FILES["dictionary"].path,
    log:
        log_of("dictionary"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("dictionary.py"),
        changes=[str(change) for change in LOADED.changes],
        words=digest_of(data_dictionary()),  # texts are not part of the checksum of code
    message:
        "Write the data dictionary of the tables"
    script:
        "../scripts/dictionary.py"
