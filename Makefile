# Needs Python 3.11 or newer and make, nothing else. Everything is installed into .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo review lab test test-all check widgets bench

VENV := .venv
BIN := $(VENV)/bin
# Name another interpreter with: make test PYTHON=/path/to/python3
PYTHON ?= $(shell for one in python3 python3.13 python3.12 python3.11; do \
	"$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$one"; break; }; done)
PYTEST_FLAGS := -n auto --maxprocesses 4 --dist loadscope $(if $(CI),--color=no --durations=10 -p no:cacheprovider)

help: ## this list
	@echo "heaters: curate clips from video without encoding anything during review"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.for-use ## a sample show from file to the review page (ARGS="--no-serve": to exported clips; ARGS="FILE_OR_URL": yours)
	@$(BIN)/heaters demo $(ARGS)

review: $(VENV)/.for-use ## the review page of a workspace (ARGS="--workspace DIR")
	@$(BIN)/heaters dashboard $(ARGS)

lab: $(VENV)/.for-use ## JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks $(ARGS)

test: $(VENV)/.for-tests browser ## the tests (ARGS="-k word" picks some)
	@$(BIN)/python -m pytest $(PYTEST_FLAGS) $(ARGS)

test-all: $(VENV)/.for-tests browser ## all tests, also those that take minutes, and the long reel
	@$(BIN)/python -m pytest $(PYTEST_FLAGS) -m "long or not long" --durations=25 $(ARGS)
	@$(BIN)/python benchmarks/run_all.py reel

check: $(VENV)/.for-tests ## ruff, mypy, the layer contracts, tsc and the tests of the browser side
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(call with_node,npm run --silent check && npm run --silent test)

widgets: ## build the browser side into heaters/ui/static/player.js (needs Node 20)
	@$(call with_node,npm run --silent build)

bench: $(VENV)/.for-benchmarks ## measure against ffmpeg and PySceneDetect, write docs/benchmarks.md (ARGS="--quick")
	@$(BIN)/python benchmarks/run_all.py $(ARGS)

# uv is faster where it is there; pip is what we promise, also where uv does not know pip's package index.
define install
	@{ command -v uv >/dev/null 2>&1 && uv pip install --quiet --python $(BIN)/python -e '.$(1)'; } \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.$(1)'
	@touch $@
endef

# Node 20.12 or newer; where there is none we say so, and CI fails.
define with_node
	if node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 12) ? 0 : 1)' 2>/dev/null; \
	then cd widgets && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-audit --no-fund; } && $(1); \
	else echo "no Node 20.12 or newer here: tsc and the tests of widgets/ are left out" >&2; test -z "$$CI"; fi
endef

# The player's tests need a browser, and nginx to stand in for a CDN. We install them only where we may: as root, with apt, where there is none.
# RUNLEVEL=1 keeps Debian from starting nginx as a service.
.PHONY: browser
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || command -v chromium-browser >/dev/null \
	|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && echo "installing chromium for the player's tests" \
	&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } \
	|| echo "no Chromium here: the player's tests will be skipped (Debian, Ubuntu: apt install chromium)" >&2
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin"; command -v nginx >/dev/null \
	|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && echo "installing nginx for the tests of a CDN" \
	&& apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nginx-light >/dev/null; } \
	|| echo "no nginx here: the tests of a CDN will be skipped (Debian, Ubuntu: apt install nginx-light)" >&2

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
