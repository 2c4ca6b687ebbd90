# Files for a reviewer: the page of the claims, the manifest of the run, and the report.
PAGE = ("index.html", "page.css", "em.js", "page.js", "play.js")
PAGE = [os.path.relpath(ROOT / "workflow" / "page" / name) for name in PAGE]
TABLE_PAGE, OPENING = (os.path.relpath(ROOT / "workflow" / "report" / name) for name in ("table.html", "opening.rst"))


rule watch:
    input:
        data=FILES["data"].path,
        runs=lambda wildcards: PLAN.files("fits", wildcards.experiment),
        others=lambda wildcards: PLAN.files("others", wildcards.experiment),
    output:
        FILES["watch"].path,
    log:
        log_of("watch/{experiment}"),
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("watch"),
    params:
        code=CODE.made_of("watch.py"),
        experiment=lambda wildcards: experiment_of(wildcards).model_dump(
            include={"data", "fits", "protocols", "bins"}, exclude={"data": {"origin"}}
        ),
        kernel=lambda wildcards: kernel_versions(experiment_of(wildcards).fits.values()),
    message:
        "Prepare the animations of {wildcards.experiment}"
    script:
        "../scripts/watch.py"


rule own_data:
    input:
        data=FILES["data"].path,
        runs=lambda wildcards: PLAN.files("fits", wildcards.experiment),
    output:
        FILES["own_data"].path,
    log:
        log_of("own_data/{experiment}"),
    conda:
        "../envs/study.yaml"
    resources:
        **resources_of("own_data"),
    params:
        code=CODE.made_of("own_data.py"),
        fits=lambda wildcards: as_params(experiment_of(wildcards).fits),
        kernel=lambda wildcards: kernel_versions(experiment_of(wildcards).fits.values()),
        seed=STUDY.seed,
    message:
        "Summarize the fits of {wildcards.experiment}"
    script:
        "../scripts/own_data.py"


rule page:
    input:
        claims=FILES["claims"].path,
        dictionary=FILES["dictionary"].path,  # whose texts it repeats
        tables=[table_file(name) for name in CLAIMED],
        agreement=table_file("agreement"),
        diagnosis=table_file("diagnosis"),
        watch=PLAN.files("watch"),
        files=lambda wildcards: files_shown(PLAN),
        summaries=[FILES["summary"].of(sweep=name) for name in PLAN.summaries],
        own_data=PLAN.files("own_data"),
        pictures=sorted({*PLAN.pictures.values()}),
        template=PAGE[0],
        assets=PAGE[1:],
    output:
        FILES["page"].path,
    log:
        log_of("page"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("page.py"),
        files=checksums_of(PAGE),
        study=lambda wildcards: as_params(STUDY),
        tables=CLAIMED,
        code_of={rule: sorted(CODE.of(script)) for rule, script in SCRIPTS.items()},
        sweeps=PLAN.summaries,
        configuration=[PLACES.name(file) for file in CONFIG_FILES],
        changes=[str(change) for change in LOADED.changes],
        caller=CALLER,
    message:
        "Make the page of the claims"
    script:
        "../scripts/page.py"


rule manifest:
    input:
        lambda wildcards: [*PLAN.published, *PLAN.intermediates],
    output:
        MANIFEST,
    log:
        log_of("manifest"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        study=lambda wildcards: as_params(STUDY),
        changes=as_params(LOADED.changes),
        configuration_files=checksums_of(CONFIG_FILES),
        article_files=checksums_of(LOADED.article_files),
        files=lambda wildcards: checksums_of(PLAN.inputs),
        code={PLACES.name(file): CHECKSUMS.of_code(file) for file in all_code(ROOT)},
        records=lambda wildcards: planned_records(),
        caller=CALLER,
        kernels=PLAN.kernels,
    message:
        "Write the manifest"
    script:
        "../scripts/manifest.py"


rule pages:
    input:
        manifest=MANIFEST,
        claims=FILES["claims"].path,
        dictionary=FILES["dictionary"].path,  # whose texts it repeats
        tables=list(PLAN.table_pages),
        template=TABLE_PAGE,
        frame=OPENING,
    output:
        opening=FILES["opening"].path,
        tables=[
            report(page, caption="../report/table.rst", category="Tables", labels={"table": Path(source).stem})
            for source, page in PLAN.table_pages.items()
        ],
    log:
        log_of("pages"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("pages.py"),
        files=checksums_of([TABLE_PAGE, OPENING]),
    message:
        "Make the pages of the report"
    script:
        "../scripts/pages.py"


rule report_image:
    input:
        FILES["figure"].of(experiment="{owner}", figure="{drawn}", image="png"),
    output:
        report(
            FILES["report_image"].path,
            caption="../report/figure.rst",
            category=lambda wildcards: (
                "Sweeps" if wildcards.owner in STUDY.sweeps else as_it_is(STUDY.experiments[wildcards.owner].section)
            ),
            subcategory="{owner}",
            labels={"figure": "{drawn}"},
        ),
    log:
        log_of("report_image/{owner}/{drawn}"),
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        caption=lambda wildcards, output: PLAN.report_images[output[0]],
        code=CODE.made_of("report_image.py"),
    message:
        "Pack {wildcards.drawn} of {wildcards.owner} for the report"
    script:
        "../scripts/report_image.py"
