# make reproduce   every table and figure, and the report, from nothing
# make test        all tests and style checks
# make test-cluster the study on a Slurm cluster that is brought up here, with faults; no root is needed
# make test-page   the page in a real browser, Chromium; its Debian packages are unpacked where it is not installed
# make test-crate  the crate of a run, by the profile's validator, without a network
# make style       the style checks and the workflow's lint
# make test-lowest the tests on the lowest versions that pyproject.toml allows
# make verify      check the results against the manifest, the code, the configuration and each other
# make compare     say whether the results are the published ones, on any machine
# make publish     renew the published results from those that are here
# make archive     one zip of the run, to upload beside a paper: results, code, configuration, and what made each file
# make progress    how many cells of a run's sweeps are done, by all its processes and nodes
# make clean-stale list and remove results that are no longer configured
# make original-data   article A's claims on the author's own files, kept in articles/original (needs a network)
# make benchmark   this EM beside others, and what a study, large data and parts cost, each measured side by side
# make lock        renew requirements.lock from pyproject.toml (needs uv and a network)
PYTHON ?= python3
BIN := .venv/bin
# .venv/bin first, so that Snakemake's jobs and the tests find the same tools
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: reproduce test test-cluster test-page test-crate cluster style test-lowest verify compare publish archive progress clean-stale original-data benchmark lock
.DELETE_ON_ERROR:

reproduce: .venv/complete
	snakemake --cores 4
	snakemake --rulegraph 2> /dev/null | PYTHONPATH=src python -m study.figures.workflow results/report/workflow
	snakemake --report results/report.html
	PYTHONPATH=src python -m study.audit.crate

test: style
	pytest

test-cluster: .venv/cluster
	python tests/cluster/slurm.py run pytest --numprocesses 8 tests/cluster

test-crate: .venv-crate/complete
	pytest --numprocesses 0 tests/test_crate.py

.venv-crate/complete: requirements-crate.lock .venv/complete
	$(PYTHON) -m venv --clear .venv-crate
	.venv-crate/bin/python -m pip install --quiet --require-hashes --requirement requirements-crate.lock
	touch $@

test-page: .venv/browser
	python tests/browser/chromium.py run pytest --numprocesses 0 tests/browser

.venv/browser: requirements-browser.lock .venv/complete
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --requirement requirements-browser.lock
	touch $@

# What `snakemake --profile profiles/slurm` needs beside.
cluster: .venv/cluster

.venv/cluster: requirements-cluster.lock .venv/complete
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --requirement requirements-cluster.lock
	touch $@

style: .venv/complete
	ruff check
	ruff format --check
	snakefmt --check Snakefile workflow
	snakemake --lint

# uv alone resolves to the lowest versions.
test-lowest:
	$(PYTHON) -m venv --clear .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest --resolution lowest-direct \
	    --requirements pyproject.toml --extra study --group dev
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest --no-deps --no-index --no-build-isolation --editable .
	PATH="$(CURDIR)/.venv-lowest/bin:$$PATH" pytest

verify: .venv/complete
	PYTHONPATH=src python -m study.audit.verify $(if $(RESULTS),"$(RESULTS)")

PUBLISHED ?= published/default.zip
compare: .venv/complete
	PYTHONPATH=src python -m study.compare "$(PUBLISHED)" "$(or $(RESULTS),.)" --csv results/report/comparison.csv

publish: .venv/complete
	PYTHONPATH=src python -m study.audit.publish . "$(PUBLISHED)"

ARCHIVE ?= em-study.zip
archive: .venv/complete
	PYTHONPATH=src python -m study.audit.archive "$(ARCHIVE)"

progress: .venv/complete
	PYTHONPATH=src python -m study.audit.progress

clean-stale: .venv/complete
	PYTHONPATH=src python -m study.audit.stale

ORIGINAL_DATA ?= config/original-data.yaml
original-data: .venv/complete
	snakemake --cores 4 --directory .original-data --configfile $(ORIGINAL_DATA) -- results/tables/claims.csv
	PYTHONPATH=src python -m study.audit.original $(ORIGINAL_DATA) .original-data/results articles/original/xu_2021.yaml

benchmark: .venv/complete
	python benchmarks/speed.py
	python benchmarks/acceleration.py
	python benchmarks/missing.py
	python benchmarks/large.py
	python benchmarks/parts.py
	python benchmarks/sweep.py
	python benchmarks/study.py

.venv/complete: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@test ! -L .venv || { echo ".venv is a link, which making it anew would empty at its other end: remove it"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-index --no-build-isolation --editable .
	touch $@

lock:
	uv pip compile pyproject.toml --extra study --group dev --universal --python-version 3.11 --fork-strategy fewest \
	    --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links --upgrade \
	    --output-file requirements.lock
	uv pip compile pyproject.toml --extra cluster --no-deps --constraints requirements.lock --universal \
	    --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
	    --output-file requirements-cluster.lock
	uv pip compile --group browser --constraints requirements.lock --universal \
	    --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
	    --output-file requirements-browser.lock
	uv pip compile --group crate --universal \
	    --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
	    --output-file requirements-crate.lock
