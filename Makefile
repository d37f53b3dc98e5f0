# Two commands do everything: 'make run' and 'make test'.
PYTHON ?= python3
export PYTHON
VENV := .venv
BIN := $(VENV)/bin
# uv, where there is one, installs in a tenth of pip's time.
UV := $(shell command -v uv)
INSTALLER := $(if $(UV),uv pip install --python $(BIN)/python,$(BIN)/python -m pip install --disable-pip-version-check)
INSTALL := $(INSTALLER) --quiet --constraint constraints.txt

STRONG := $(notdir $(firstword $(wildcard checkpoints/strong-*)))

.DEFAULT_GOAL := help
.PHONY: help smoke run reproduce test test-slow test-coverage test-oldest lint format dist docs bench coverage clean

help:  ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing into $(VENV) (a few minutes the first time)"
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(INSTALL) --editable '.[dev]'
	@touch $@

smoke: $(VENV)/.run  ## Call every verb once, on a few molecules (under a minute)
	$(BIN)/python -m w2s_mol.cli.smoke

run: $(VENV)/.run  ## Run the main job offline on what the repository ships, to the selection table
	$(BIN)/w2s-mol run --dataset computed-logp --strong $(STRONG) --offline --output-dir runs/demo
	$(BIN)/w2s-mol select runs/demo

reproduce: $(VENV)/.run  ## Run all of the paper that can run here, to runs/reproduction/report.html
	$(BIN)/w2s-mol reproduce --output-dir runs/reproduction

test: $(VENV)/.dev  ## Run the tests
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

test-slow: $(VENV)/.dev  ## Run the slow tests, which 'make test' leaves out
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m slow

test-coverage: $(VENV)/.dev  ## Run the tests, and print the lines and branches that they reach
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --cov

test-oldest:  ## Run the unit tests with the oldest dependencies allowed, in $(VENV)-oldest
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install --quiet --constraint constraints-oldest.txt --editable '.[dev]'
	$(VENV)-oldest/bin/python -m pytest --numprocesses auto --dist worksteal tests/unit
	$(VENV)-oldest/bin/python -m w2s_mol.cli.smoke

lint: $(VENV)/.dev  ## Check style, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev  ## Format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

dist: $(VENV)/.dev  ## Build dist/, check it, and try it in an empty environment
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/python .ci/check_dist.py dist
	.ci/try_dist dist/*.whl constraints.txt

bench: $(VENV)/.dev  ## Measure every figure of docs/speed.md (45 minutes)
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/cell.py
	$(BIN)/python benchmarks/heads.py
	$(BIN)/python benchmarks/embedding.py
	$(BIN)/python benchmarks/synthetic.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/tables.py
	$(BIN)/python benchmarks/strong.py
	$(BIN)/python benchmarks/preparation.py
	$(BIN)/python benchmarks/shards.py
	$(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/pretraining.py
	$(BIN)/python benchmarks/gpu.py
	$(BIN)/python benchmarks/encoders.py
	$(BIN)/python benchmarks/predict.py --molecules 100000
	study=$$(mktemp -d) && $(BIN)/python benchmarks/when_it_pays.py $$study --quick && rm -r $$study

coverage: $(VENV)/.dev  ## Simulate whether intervals hold what they claim, to docs/coverage.md (an hour)
	$(BIN)/python benchmarks/coverage.py --docs docs

docs: $(VENV)/.dev  ## Build the documentation to site/index.html, warnings as errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:  ## Remove the environment, caches and runs/demo
	rm -rf $(VENV) $(VENV)-oldest dist site runs/demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
