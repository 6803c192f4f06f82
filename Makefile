# Everything a developer or a first visitor runs. `make help` lists it.
# Each target does the set-up that it needs by itself and skips what is done.

PYTHON := $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
RUNTIME := .venv/.runtime-installed
DEVELOPMENT := .venv/.development-installed

export OMP_WAIT_POLICY := passive
export MLFLOW_DISABLE_TELEMETRY := true
# The demo and the tests start dozens of processes: each would compile our modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test soak attack check limits bench bench-quick screenshots docs notebooks requirements clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUNTIME) ## Play the simulated marketplace and serve its pages (ARGS="--reset --listings 2000")
	@sh requirements/system.sh run
	@$(BIN)/touchstone demo $(ARGS)

setup: $(DEVELOPMENT) ## Install everything that the tests need, system packages too when root
	@sh requirements/system.sh test

test: setup ## Run the tests at the smaller sizes (ARGS="-k intake")
	@$(BIN)/python -m tests.limits.loops "loops of make test" $(BIN)/python -m pytest --numprocesses 2 \
		--dist loadfile --no-loadscope-reorder $(ARGS)

# Pytest says 5 where ARGS leave nothing to run in one of the two.
soak: setup ## Run the slow and full-size forms, at most 40 minutes
	@sh requirements/system.sh soak
	@$(BIN)/python -m pytest -m "soak and not alone" --timeout 2400 --numprocesses 2 --dist worksteal $(ARGS) || [ $$? = 5 ]
	@TOUCHSTONE_FAST_SQL= $(BIN)/python -m pytest -m "not soak and not fast_paths" --numprocesses 2 --dist worksteal tests/serving
	@$(BIN)/python -m pytest -m "soak and alone" --timeout 2400 $(ARGS) || [ $$? = 5 ]

attack: setup ## Run every attack again, of all sizes, and check that none succeeds
	@$(BIN)/python -m pytest -m "attack and not alone" --timeout 2400 --numprocesses 2 --dist loadfile $(ARGS) || [ $$? = 5 ]
	@$(BIN)/python -m pytest -m "attack and alone" --timeout 2400 $(ARGS) || [ $$? = 5 ]

check: $(DEVELOPMENT) ## Lint, types, import contracts, words, size of source and tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tests.wording
	@$(BIN)/python -m tests.limits sizes

limits: setup ## Measure what later work must keep, at most 30 minutes
	@$(BIN)/python -m tests.limits

bench: $(DEVELOPMENT) ## Measure against the naive and the competent peer; writes docs/benchmarks.md
	@sh requirements/system.sh run
	@$(BIN)/python -m tests.benchmarks.run $(ARGS)

bench-quick: $(DEVELOPMENT) ## Print a few of the measurements in three minutes
	@$(BIN)/python -m tests.benchmarks.run --quick $(ARGS)

screenshots: setup ## Take a picture of every page of the demo that `make run` is serving
	@sh requirements/system.sh pictures
	@$(BIN)/python -m tests.browser.screenshots $${TOUCHSTONE_HOME:-var}/screenshots $${TOUCHSTONE_HOME:-var} docs

docs: $(DEVELOPMENT) ## Write the generated parts of docs/ and data/, and build the site in dist/site
	@$(BIN)/python -m tests.docs.generate
	@$(BIN)/sphinx-build -q -W --keep-going -c docs -d dist/site-cache . dist/site

notebooks: $(DEVELOPMENT) ## Execute every notebook and write it with its outputs (ARGS="04")
	@$(BIN)/python -m tests.notebooks.build $(ARGS)

requirements: ## Compile the pinned requirements anew (needs uv)
	@sh requirements/compile.sh

clean: ## Remove the virtual environment and everything built; the home ./var stays
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@sh requirements/system.sh venv $(PYTHON)
	@$(PYTHON) -m venv .venv

$(RUNTIME): requirements/installer.txt requirements/runtime.txt pyproject.toml | .venv/bin/python
	@sh requirements/install.sh requirements/runtime.txt
	@touch $@

$(DEVELOPMENT): requirements/installer.txt requirements/development.txt pyproject.toml | .venv/bin/python
	@sh requirements/install.sh requirements/development.txt
	@touch $@ $(RUNTIME)
