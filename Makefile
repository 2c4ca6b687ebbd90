# make reproduce   all tables and figures, and the report, from nothing
# make test        all tests and style checks
# make test-cluster tests of the study on a temporary Slurm cluster, with faults; without root
# make test-page   tests of the page in a real browser; Debian packages of Chromium are unpacked if it is missing
# make test-r      tests with R; Debian packages of R are unpacked if it is missing
# make test-crate  tests of the crate of a run, by the profile's validator, without a network
# make docs        the documentation site in build/docs/html, with its examples, doctests and a check of its links
# make style       style checks and the lint of the workflow
# make dist        source distributions and wheels of both packages in dist/, checked
# make test-lowest tests with the lowest versions that pyproject.toml allows
# Short forms of the command em-study (em-study --help), without activating the environment:
# make verify      check the results against the manifest, the code, the configuration and each other
# make compare     compare the results with the published ones, on any machine
# make archive     one zip of the run, to upload with a paper: results, code, configuration and provenance
# make progress    count the finished cells of the sweeps of a run, on all its processes and nodes
# make clean-stale list results that are no longer configured; DELETE=yes deletes them
# Others:
# make publish     replace the published results by the current ones
# make original-data   test article A's claims on the author's own files; writes articles/original (needs a network)
# make r-journal   test the claims of "Gaussian Mixture Models in R": half an hour on two cores, or with QUICK=yes three
#                  minutes with fewer replicates (needs R with mclust, flexmix and mixtools, and a network)
# make league      speed of this EM and others: an environment for the others (.venv-league), then benchmarks/speed.py
# make wild        the check-up of public implementations, each in an environment for its packages (.wild); writes
#                  docs/wild.md (needs a network; those of R need R with their packages)
# make benchmark   speed of this EM and others, cost of a study, large data and parts, and power of the diagnosis
# make lock        update requirements*.lock from both pyproject.toml (needs uv and a network)
PYTHON ?= python3
BIN := .venv/bin
# Programs run as modules with the code of this folder, so that the folder can be moved with its .venv.
RUN := $(BIN)/python -m
EM_STUDY := $(RUN) em_study.cli
# The same command in the folder of another run, if RESULTS names one.
THERE = cd "$(or $(RESULTS),.)" && "$$OLDPWD"/$(EM_STUDY)
export PYTHONPATH := $(CURDIR)/src$(if $(PYTHONPATH),:$(PYTHONPATH))
# In a container, an account may have no home; the profile handles a home that cannot be written to.
export HOME := $(or $(HOME),/)
# pip installs into .venv, whatever its other settings are.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PIP_ROOT
# $(call install,ENVIRONMENT,LOCK): a lock names every package, so that pip need not look for dependencies. pip would compile all
# modules, tests too, on one core. compileall fails where a package has a file of another Python, which no program imports.
PIP_INSTALL = -m pip install -qq --no-deps --no-compile --require-hashes --requirement
define install
$(1)/bin/python $(PIP_INSTALL) requirements-pip.lock
$(1)/bin/python $(PIP_INSTALL) $(2)
$(1)/bin/python -m compileall -qq -j 0 -x '/tests?/' $(1)/lib || true
endef
# The library and the study, from this folder, without a network.
OURS = --no-deps --no-index --no-build-isolation --editable . --editable src/em_study

.PHONY: reproduce test test-cluster test-page test-r test-crate docs cluster dist style test-lowest verify compare publish archive progress clean-stale original-data r-journal league wild benchmark lock
.DELETE_ON_ERROR:

reproduce:
	@echo "There are three steps; a step that is already done takes seconds:"
	@echo "1. install the packages of requirements.lock into .venv: half a minute to 3 minutes, once"
	@echo "2. run the study (snakemake --cores 4): 2 minutes on two fast cores, 10 on slow or busy ones"
	@echo "3. make the report: some seconds"
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
	$(call install,.venv-crate,requirements-crate.lock)
	touch $@

# -W: warnings are errors, such as broken links.
SPHINX = .venv-docs/bin/python -m sphinx --jobs 1 -q -W -n --keep-going -d build/docs/doctrees
docs: .venv-docs/complete
	rm -rf docs/api
	$(SPHINX) -b html docs build/docs/html
	$(SPHINX) -b doctest docs build/docs/doctest
	.venv-docs/bin/python docs/extensions/self_contained.py build/docs/html

.venv-docs/complete: requirements-docs.lock
	$(PYTHON) -m venv --clear .venv-docs
	$(call install,.venv-docs,requirements-docs.lock)
	touch $@

test-page: .venv/browser
	$(BIN)/python tests/browser/chromium.py run $(RUN) pytest --numprocesses 0 tests/browser

test-r: .venv/complete
	$(BIN)/python tests/r/debian_r.py run $(RUN) pytest --numprocesses 0 tests/test_r.py tests/test_recovery.py

.venv/browser: requirements-browser.lock .venv/complete
	$(call install,.venv,requirements-browser.lock)
	touch $@

dist: .venv-release/complete
	rm -rf dist
	.venv-release/bin/python -m hatchling build --directory dist/emgmm
	cd src/em_study && ../../.venv-release/bin/python -m hatchling build --directory ../../dist/em-study
	.venv-release/bin/python -m twine check --strict dist/emgmm/* dist/em-study/*

.venv-release/complete: requirements-release.lock
	$(PYTHON) -m venv --clear .venv-release
	$(call install,.venv-release,requirements-release.lock)
	touch $@

# Further packages for `snakemake --profile profiles/slurm`.
cluster: .venv/cluster

.venv/cluster: requirements-cluster.lock .venv/complete
	$(call install,.venv,requirements-cluster.lock)
	touch $@

# pip check: the locks name every package that another needs.
style: .venv/complete
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) snakefmt --check Snakefile workflow
	@$(RUN) snakemake --lint
	@$(RUN) pip --quiet check

# Only uv resolves to the lowest versions.
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

league: .venv/complete .venv-league/complete
	$(BIN)/python benchmarks/speed.py --avx2

.venv-league/complete: benchmarks/league/requirements.txt
	$(PYTHON) -m venv --clear .venv-league
	.venv-league/bin/python -m pip install --quiet --requirement benchmarks/league/requirements.txt
	touch $@

WILD := $(patsubst benchmarks/wild/%/requirements.txt,.wild/%/complete,$(wildcard benchmarks/wild/*/requirements.txt))
wild: .venv/complete
	-$(MAKE) --keep-going $(WILD)
	$(BIN)/python benchmarks/wild.py

.wild/%/complete: benchmarks/wild/%/requirements.txt
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --requirement $<
	touch $@

benchmark: .venv/complete
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/threads.py
	$(BIN)/python benchmarks/acceleration.py
	$(BIN)/python benchmarks/collapse.py
	$(BIN)/python benchmarks/starts.py
	$(BIN)/python benchmarks/missing.py
	$(BIN)/python benchmarks/information.py
	$(BIN)/python benchmarks/planting.py
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/printed.py
	$(BIN)/python benchmarks/large.py
	$(BIN)/python benchmarks/parts.py
	$(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/study.py
	$(BIN)/python benchmarks/from_nothing.py

# An environment whose Python is gone, after a move or an upgrade, is made again.
ifneq ($(shell $(BIN)/python -c 'print(1)' 2> /dev/null),1)
.PHONY: .venv/complete
endif

.venv/complete: requirements.lock pyproject.toml src/em_study/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@test ! -L .venv || { echo ".venv is a symbolic link, and a new environment would empty its target: remove the link"; exit 1; }
	@echo "installing the packages of requirements.lock into .venv: half a minute to 3 minutes"
	@$(PYTHON) -m venv --clear .venv
	@$(call install,.venv,requirements.lock)
	@$(BIN)/python -m pip install -qq $(OURS)
	@touch $@

# emgmm is not locked: it is installed from this folder.
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
	$(LOCK) --group pip --output-file requirements-pip.lock
