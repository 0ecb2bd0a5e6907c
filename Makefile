# Needs Python 3.11 or newer and make, nothing else. Everything is installed into .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-all check bench

VENV := .venv
BIN := $(VENV)/bin
# Name another interpreter with: make test PYTHON=/path/to/python3
PYTHON ?= $(shell for one in python3 python3.13 python3.12 python3.11; do \
	"$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$one"; break; }; done)
PYTEST_FLAGS := $(if $(CI),--color=no --durations=10 -p no:cacheprovider)

help: ## this list
	@echo "heaters: curate clips from video without encoding anything during review"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.for-use ## a sample show from file to exported clips (ARGS="--no-serve", ARGS="FILE")
	@$(BIN)/heaters demo $(ARGS)

test: $(VENV)/.for-tests ## the tests (ARGS="-k word" picks some)
	@$(BIN)/python -m pytest $(PYTEST_FLAGS) $(ARGS)

test-all: $(VENV)/.for-tests ## all tests, also those that take minutes, and the long reel
	@$(BIN)/python -m pytest $(PYTEST_FLAGS) -m "long or not long" --durations=25 $(ARGS)
	@$(BIN)/python benchmarks/run_all.py reel

check: $(VENV)/.for-tests ## ruff, mypy and the layer contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(VENV)/.for-benchmarks ## measure against ffmpeg and PySceneDetect, write docs/benchmarks.md (ARGS="--quick")
	@$(BIN)/python benchmarks/run_all.py $(ARGS)

# uv is faster where it is there; pip is what we promise, also where uv does not know pip's package index.
define install
	@{ command -v uv >/dev/null 2>&1 && uv pip install --quiet --python $(BIN)/python -e '.$(1)'; } \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.$(1)'
	@touch $@
endef

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "heaters needs Python 3.11 or newer, and none is on PATH: install one, or name it with make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "heaters needs Python 3.11 or newer; $(PYTHON) is older" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) \
	|| { rm -rf $(VENV); echo "$(PYTHON) can not make a virtual environment: install its venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }

$(VENV)/.for-use: pyproject.toml | $(BIN)/python
	@echo "installing heaters into $(VENV) (the first time this takes some minutes and 700 MB of disk)"
	$(call install,)

$(VENV)/.for-tests: pyproject.toml | $(BIN)/python
	@echo "installing heaters and what its tests need into $(VENV)"
	$(call install,[test])

$(VENV)/.for-benchmarks: pyproject.toml | $(BIN)/python
	@echo "installing heaters and the peers to measure against into $(VENV)"
	$(call install,[bench])
