# What a reviewer needs: the page of the claims, the manifest of the run, the report.
PAGE = [
    os.path.relpath(ROOT / "workflow" / "page" / name)
    for name in ("index.html", "page.css", "page.js")
]
TABLE_PAGE, OPENING = (
    os.path.relpath(ROOT / "workflow" / "report" / name)
    for name in ("table.html", "opening.rst")
)


rule page:
    input:
        claims=rules.claims.output.claims,
        tables=[f"results/tables/{name}.csv" for name in CLAIMED],
        files=lambda wildcards: PLAN.intermediates,
        summaries=[f"results/tables/sweeps/{name}_summary.csv" for name in PLAN.drawn],
        template=PAGE[0],
        beside=PAGE[1:],
    output:
        "results/index.html",
    log:
        "results/logs/page.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        code=CODE.made_of("page.py"),
        files=checksums_of(PAGE),
        study=lambda wildcards: STUDY.model_dump(mode="json"),
        tables=CLAIMED,
        code_of={rule: sorted(CODE.of(script)) for rule, script in SCRIPTS.items()},
        sweeps=PLAN.drawn,
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
        "results/manifest.json",
    log:
        "results/logs/manifest.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        study=lambda wildcards: STUDY.model_dump(mode="json"),
        changes=[asdict(change) for change in LOADED.changes],
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
        manifest=rules.manifest.output,
        claims=rules.claims.output.claims,
        tables=list(PLAN.table_pages),
        template=TABLE_PAGE,
        frame=OPENING,
    output:
        opening="results/report/opening.rst",
        tables=[
            report(
                page,
                caption="../report/table.rst",
                category="Tables",
                labels={"table": Path(source).stem},
            )
            for source, page in PLAN.table_pages.items()
        ],
    log:
        "results/logs/pages.log",
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
        "results/figures/{owner}/{figure}.png",
    output:
        report(
            "results/report/figures/{owner}/{figure}.webp",
            caption="../report/figure.rst",
            category=lambda wildcards: section_of(wildcards.owner),
            subcategory="{owner}",
            labels={"figure": "{figure}"},
        ),
    log:
        "results/logs/report_image/{owner}/{figure}.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    params:
        caption=lambda wildcards, output: PLAN.report_images[output[0]],
        code=CODE.made_of("report_image.py"),
    message:
        "Pack {wildcards.figure} of {wildcards.owner} for the report"
    script:
        "../scripts/report_image.py"
