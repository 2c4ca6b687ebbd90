# make reproduce   every table and figure, and the report, from nothing
# make test        all tests and style checks
# make test-cluster the study on a Slurm cluster that is brought up here, with faults; no root is needed
# make test-page   the page in a real browser, Chromium; its Debian packages are unpacked where it is not installed
# make test-r      what runs R; its Debian packages are unpacked where it is not installed
# make test-crate  the crate of a run, by the profile's validator, without a network
# make docs        the site, in build/docs/html: examples and doctests run, and all links inside hold
# make style       the style checks and the workflow's lint
# make dist        source distributions and wheels of both packages, checked, into dist/
# make test-lowest the tests on the lowest versions that pyproject.toml allows
# Short forms of the command em-study (em-study --help), for outside of the environment:
# make verify      check the results against the manifest, the code, the configuration and each other
# make compare     say whether the results are the published ones, on any machine
# make archive     one zip of the run, to upload with a paper: results, code, configuration, and what made each file
# make progress    how many cells of a run's sweeps are done, by all its processes and nodes
# make clean-stale list results that are no longer configured; with DELETE=yes delete them
# Others:
# make publish     renew the published results from those that are here
# make original-data   article A's claims on the author's own files, kept in articles/original (needs a network)
# make r-journal   an article on R's packages, "Gaussian Mixture Models in R", audited: half an hour on two cores; with
#                  QUICK=yes three minutes of fewer replicates (needs R with mclust, flexmix and mixtools, and a network)
# make benchmark   this EM beside others, what a study, large data and parts cost, and what the diagnosis finds
# make lock        renew requirements*.lock from pyproject.toml and the study's (needs uv and a network)
PYTHON ?= python3
BIN := .venv/bin
# Programs are started as modules and the code is that of this folder, so that it may be moved with its .venv.
RUN := $(BIN)/python -m
EM_STUDY := $(RUN) em_study.cli
# The same in the folder of another run, if RESULTS names one.
THERE = cd "$(or $(RESULTS),.)" && "$$OLDPWD"/$(EM_STUDY)
export PYTHONPATH := $(CURDIR)/src$(if $(PYTHONPATH),:$(PYTHONPATH))
# An account without a home, as in a container, has one that cannot be written to: the profile has an answer to that.
export HOME := $(or $(HOME),/)
# Whatever pip is told elsewhere, it installs into .venv.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PIP_ROOT
INSTALL = -m pip install -qq --require-hashes --requirement
# The library and the study, from this folder, without a network.
OURS = --no-deps --no-index --no-build-isolation --editable . --editable src/em_study

.PHONY: reproduce test test-cluster test-page test-r test-crate docs cluster dist style test-lowest verify compare publish archive progress clean-stale original-data r-journal benchmark lock
.DELETE_ON_ERROR:

reproduce:
	@echo "This takes three steps, of which each that is done already takes seconds:"
	@echo "1. install what requirements.lock names into .venv: 1 to 5 minutes, once"
	@echo "2. run the study, by snakemake --cores 4: 2 minutes on two fast cores, 10 on slow or busy ones"
	@echo "3. make the report: half a minute"
	@echo "Step 1"
	@$(MAKE) --silent --no-print-directory .venv/complete
	@echo "Step 2"
	@$(RUN) snakemake --cores 4 --logger-bar-brief
	@echo "Step 3"
	@$(RUN) snakemake --report results/report.html --logger-bar-brief
	@$(EM_STUDY) crate
	@$(EM_STUDY) outcome

test: style
	@$(RUN) pytest

test-cluster: .venv/cluster
	$(BIN)/python tests/cluster/slurm.py run $(RUN) pytest --numprocesses 8 tests/cluster

test-crate: .venv-crate/complete
	$(RUN) pytest --numprocesses 0 tests/test_crate.py

.venv-crate/complete: requirements-crate.lock .venv/complete
	$(PYTHON) -m venv --clear .venv-crate
	.venv-crate/bin/python $(INSTALL) requirements-crate.lock
	touch $@

# -W: a warning is an error, so a link that leads nowhere is one.
SPHINX = .venv-docs/bin/python -m sphinx --jobs 1 -q -W -n --keep-going -d build/docs/doctrees
docs: .venv-docs/complete
	$(SPHINX) -b html docs build/docs/html
	$(SPHINX) -b doctest docs build/docs/doctest
	.venv-docs/bin/python docs/extensions/self_contained.py build/docs/html

.venv-docs/complete: requirements-docs.lock
	$(PYTHON) -m venv --clear .venv-docs
	.venv-docs/bin/python $(INSTALL) requirements-docs.lock
	touch $@

test-page: .venv/browser
	$(BIN)/python tests/browser/chromium.py run $(RUN) pytest --numprocesses 0 tests/browser

test-r: .venv/complete
	$(BIN)/python tests/r/debian_r.py run $(RUN) pytest --numprocesses 0 tests/test_r.py

.venv/browser: requirements-browser.lock .venv/complete
	$(BIN)/python $(INSTALL) requirements-browser.lock --no-deps
	touch $@

dist: .venv-release/complete
	rm -rf dist
	.venv-release/bin/python -m hatchling build --directory dist/emgmm
	cd src/em_study && ../../.venv-release/bin/python -m hatchling build --directory ../../dist/em-study
	.venv-release/bin/python -m twine check --strict dist/emgmm/* dist/em-study/*

.venv-release/complete: requirements-release.lock
	$(PYTHON) -m venv --clear .venv-release
	.venv-release/bin/python $(INSTALL) requirements-release.lock
	touch $@

# What `snakemake --profile profiles/slurm` needs beside.
cluster: .venv/cluster

.venv/cluster: requirements-cluster.lock .venv/complete
	$(BIN)/python $(INSTALL) requirements-cluster.lock --no-deps
	touch $@

style: .venv/complete
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) snakefmt --check Snakefile workflow
	@$(RUN) snakemake --lint

# uv alone resolves to the lowest versions.
test-lowest:
	$(PYTHON) -m venv --clear .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest --resolution lowest-direct \
	    --requirements pyproject.toml --requirements src/em_study/pyproject.toml --group dev
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest $(OURS)
	.venv-lowest/bin/python -m pytest

verify: .venv/complete
	@$(EM_STUDY) verify $(if $(RESULTS),"$(RESULTS)")

PUBLISHED ?= published/default.zip
compare: .venv/complete
	@$(EM_STUDY) compare "$(PUBLISHED)" "$(or $(RESULTS),.)" --csv results/report/comparison.csv

publish: .venv/complete
	@$(EM_STUDY) publish "$(PUBLISHED)"

ARCHIVE ?= em-study.zip
archive: .venv/complete
	@$(THERE) archive "$(ARCHIVE)"

progress: .venv/complete
	@$(THERE) progress

clean-stale: .venv/complete
	@$(THERE) clean $(if $(filter yes,$(DELETE)),--delete)

ORIGINAL_DATA ?= config/original-data.yaml
original-data: .venv/complete
	$(RUN) snakemake --cores 4 --directory .original-data --configfile $(ORIGINAL_DATA) -- results/tables/claims.csv
	@$(EM_STUDY) original $(ORIGINAL_DATA) .original-data/results articles/original/xu_2021.yaml

R_JOURNAL = config/r-journal.yaml $(if $(filter yes,$(QUICK)),config/r-journal-quick.yaml)
r-journal: .venv/complete
	@command -v Rscript > /dev/null || { echo "R is missing: install r-cran-mclust, r-cran-flexmix, r-cran-mixtools and r-cran-mvtnorm"; exit 1; }
	$(RUN) snakemake --cores 2 --directory .r-journal --configfile $(R_JOURNAL)
	@[ "$(QUICK)" = yes ] || { $(EM_STUDY) document gaussian-mixtures-in-r .r-journal/results && \
	  for figure in implementations agreement_ladder; do \
	  cp .r-journal/results/report/figures/b1/$$figure.webp docs/gaussian-mixtures-in-r-$$figure.webp; done; }

benchmark: .venv/complete
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/acceleration.py
	$(BIN)/python benchmarks/missing.py
	$(BIN)/python benchmarks/information.py
	$(BIN)/python benchmarks/planting.py
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/large.py
	$(BIN)/python benchmarks/parts.py
	$(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/study.py

# An environment whose Python is gone, with a folder from another machine or by an upgrade, is made anew.
ifneq ($(shell $(BIN)/python -c 'print(1)' 2> /dev/null),1)
.PHONY: .venv/complete
endif

.venv/complete: requirements.lock pyproject.toml src/em_study/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@test ! -L .venv || { echo ".venv is a link, which making it anew would empty at its other end: remove it"; exit 1; }
	@echo "installing what requirements.lock names into .venv: 1 to 5 minutes"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python $(INSTALL) requirements.lock
	@$(BIN)/python -m pip install -qq $(OURS)
	@touch $@

# emgmm is that of this folder.
LOCK = uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --no-emit-index-url --no-emit-find-links
lock:
	$(LOCK) pyproject.toml src/em_study/pyproject.toml --group dev --no-emit-package emgmm --fork-strategy fewest \
	    --upgrade --output-file requirements.lock
	$(LOCK) --group cluster --no-deps --constraints requirements.lock --output-file requirements-cluster.lock
	$(LOCK) --group browser --constraints requirements.lock --output-file requirements-browser.lock
	$(LOCK) --group crate --output-file requirements-crate.lock
	$(LOCK) pyproject.toml src/em_study/pyproject.toml --group docs --no-emit-package emgmm --fork-strategy fewest \
	    --constraints requirements.lock --output-file requirements-docs.lock
	$(LOCK) --group release --output-file requirements-release.lock
