# Draw.
rule plot_log_likelihood:
    input:
        runs=rules.fit.output,
        code=sources("plot_log_likelihood.py"),
    output:
        **figure_files("log_likelihood_{fit}"),
    log:
        "results/logs/plot_log_likelihood/{experiment}/{fit}.log",
    conda:
        "../envs/study.yaml"
    params:
        clamped=lambda wildcards: fit_of(wildcards).semi_supervised == "clamped",
        caption=FIGURES["log_likelihood"].CAPTION,
    message:
        "Draw the log-likelihood of {wildcards.experiment}: {wildcards.fit}"
    script:
        "../scripts/plot_log_likelihood.py"


rule plot_fits:
    input:
        data=rules.data.output,
        runs=runs_of,
        code=sources("plot_fits.py"),
    output:
        **figure_files("fits"),
    log:
        "results/logs/plot_fits/{experiment}.log",
    conda:
        "../envs/study.yaml"
    params:
        fits=fit_names,
        bins=lambda wildcards: experiment_of(wildcards).bins,
        caption=FIGURES["fits"].CAPTION,
    message:
        "Draw the fits of {wildcards.experiment}"
    script:
        "../scripts/plot_fits.py"


rule plot_disagreement:
    input:
        data=rules.data.output,
        ours=compared_runs,
        theirs="results/sklearn/{experiment}/as_published.npz",
        code=sources("plot_disagreement.py"),
    output:
        **figure_files("disagreement"),
    log:
        "results/logs/plot_disagreement/{experiment}.log",
    conda:
        "../envs/study.yaml"
    params:
        caption=FIGURES["disagreement"].CAPTION,
    message:
        "Draw where the implementations disagree on {wildcards.experiment}"
    script:
        "../scripts/plot_disagreement.py"


rule plot_ladder:
    input:
        agreement=rules.compare.output,
        code=sources("plot_ladder.py"),
    output:
        **figure_files("agreement_ladder"),
    log:
        "results/logs/plot_ladder/{experiment}.log",
    conda:
        "../envs/study.yaml"
    params:
        caption=FIGURES["agreement_ladder"].CAPTION,
    message:
        "Draw the ladder of agreement of {wildcards.experiment}"
    script:
        "../scripts/plot_ladder.py"


rule plot_uncertainty:
    input:
        data=rules.data.output,
        runs=runs_of,
        code=sources("plot_uncertainty.py"),
    output:
        **figure_files("uncertainty"),
    log:
        "results/logs/plot_uncertainty/{experiment}.log",
    conda:
        "../envs/study.yaml"
    params:
        fits=fit_names,
        bins=lambda wildcards: experiment_of(wildcards).bins,
        caption=FIGURES["uncertainty"].CAPTION,
    message:
        "Draw the uncertainty of {wildcards.experiment}"
    script:
        "../scripts/plot_uncertainty.py"


rule plot_first_and_last:
    input:
        data=rules.data.output,
        runs=runs_of,
        code=sources("plot_first_and_last.py"),
    output:
        **figure_files("first_and_last"),
    log:
        "results/logs/plot_first_and_last/{experiment}.log",
    conda:
        "../envs/study.yaml"
    params:
        fits=fit_names,
        caption=FIGURES["first_and_last"].CAPTION,
    message:
        "Draw the first and last rows of {wildcards.experiment}"
    script:
        "../scripts/plot_first_and_last.py"


rule plot_steps_and_accuracy:
    input:
        fits=lambda wildcards: PLAN.of_fits(
            wildcards.experiment, "results/evaluation/{experiment}/fits/{fit}.csv"
        ),
        measurements=rules.measure.output,
        code=sources("plot_steps_and_accuracy.py"),
    output:
        **figure_files("steps_and_accuracy"),
    log:
        "results/logs/plot_steps_and_accuracy/{experiment}.log",
    conda:
        "../envs/study.yaml"
    params:
        implementations=lambda wildcards: {
            name: fit.implementation
            for name, fit in experiment_of(wildcards).fits.items()
        },
        caption=FIGURES["steps_and_accuracy"].CAPTION,
    message:
        "Draw steps and accuracy of {wildcards.experiment}"
    script:
        "../scripts/plot_steps_and_accuracy.py"


rule plot_measurements:
    input:
        measurements=rules.measure.output,
        code=sources("plot_measurements.py"),
    output:
        **figure_files("{figure}"),
    log:
        "results/logs/plot_measurements/{experiment}/{figure}.log",
    wildcard_constraints:
        figure="optima|convergence|kmeans_limit",
    conda:
        "../envs/study.yaml"
    params:
        caption=lambda wildcards: FIGURES[wildcards.figure].CAPTION,
    message:
        "Draw {wildcards.figure} of {wildcards.experiment}"
    script:
        "../scripts/plot_measurements.py"
