# `make` alone lists the targets. Everything is installed into .venv from requirements.lock; nothing outside this folder is touched.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(firstword $(foreach version,3.13 3.12 3.11,$(if $(shell python$(version) -c 'print(1)' 2>/dev/null),python$(version))) python3)
BIN := .venv/bin
PORT ?= 8000
# One thread per process: figures do not depend on the machine's cores, and parallel folds do not fight over them.
export OMP_NUM_THREADS := 1

.PHONY: help setup demo train serve test lint types check bench soak lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

.venv/ready: requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, {sys.executable} is {sys.version.split()[0]}: make PYTHON=python3.12 ...")'
	@echo "Setting up .venv (once; a few minutes of downloads the first time) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 data models experiments training serving
	@touch $@

setup: .venv/ready ## make .venv with everything that is needed

CHAMPION := models/artifacts/champion/manifest.json
LEARNED_FROM := experiments/configs/default.toml data/taxonomy.yaml $(wildcard data/corpus/*/*.jsonl)

# Trained again only when the corpus, the taxonomy or the configuration is newer than the champion; cross-validation is for `make train`.
$(CHAMPION): $(LEARNED_FROM) | .venv/ready
	@$(BIN)/python -m training train experiments/configs/default.toml --folds 0 --promote

demo: .venv/ready $(CHAMPION) ## train on the bundled corpus, serve on 127.0.0.1:8000, tag sample messages (Ctrl-C ends it)
	@exec $(BIN)/python -m serving demo --port $(PORT)

train: .venv/ready ## train the default configuration and promote the model
	@$(BIN)/python -m training train experiments/configs/default.toml --promote

serve: .venv/ready $(CHAMPION) ## serve the champion on 127.0.0.1:8000
	@exec $(BIN)/python -m serving run --port $(PORT)

test: .venv/ready ## run the tests
	@$(BIN)/python -m pytest

lint: .venv/ready ## ruff: rules and format
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: .venv/ready ## mypy, strict
	@$(BIN)/mypy

check: lint types test ## everything that CI asks

bench: .venv/ready $(CHAMPION) ## speed, as ratios within one run (twenty minutes; SECTIONS="text tags conversations http mlflow" for some)
	@exec $(BIN)/python -m tests.bench $(SECTIONS)

soak: .venv/ready $(CHAMPION) ## overload, swaps, kills, ever-new words (two hours; SECTIONS="overload swaps kills words" for some)
	@exec $(BIN)/python -m tests.soak $(SECTIONS)

lock: ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url -o requirements.lock

clean: ## remove the environment, caches and trained models
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache models/artifacts experiments/runs .cache
