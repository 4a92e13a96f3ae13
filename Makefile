# Everything a fresh clone needs: Python 3.11 or newer, make and git. `make help` lists the targets.

# Any Python 3.11+; the newest one by name where `python3` itself is older. Override: make PYTHON=...
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
# Two at least: what only works alone should show here. Override: make test WORKERS=8
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ "$$n" -gt 2 ] && echo "$$n" || echo 2)
# More for pytest: make test TESTS="tests/domain -k lifecycle"
TESTS ?=

VENV := .venv
BIN := $(VENV)/bin
SYNCED := $(VENV)/.synced
WEB := $(wildcard hatch_build.py web/.npmrc web/*.js* web/public/* web/graphiql/*.* web/graphiql/*/*)
export UV_PROJECT_ENVIRONMENT := $(VENV)
unexport VIRTUAL_ENV
# Else each start compiles a thousand modules anew, which takes longer than the start itself.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test check web format adapters bench chaos clients engines clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/make \1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

run: $(SYNCED) ## start the server on 127.0.0.1:8000
	@exec $(BIN)/workbench serve

demo: $(SYNCED) ## a workflow on this repository, on a server that runs: checked, approved, packaged
	@$(BIN)/python examples/release_check.py

test: $(SYNCED) ## all tests but the long ones
	$(BIN)/python -m pytest -n $(WORKERS) --dist=loadgroup $(TESTS)

check: $(SYNCED) ## format, lint, types, architecture (changes nothing)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

web: $(BIN)/uv ## build the pages of web/, and say what is wrong if that fails
	WORKBENCH_WEB=require $(BIN)/uv sync --locked --reinstall-package ccdash-workbench

format: $(SYNCED) ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(SYNCED) ## measure what the README claims
	$(BIN)/python -m benchmarks

chaos: $(SYNCED) ## the long tests: kill the server at random moments, for minutes
	$(BIN)/python -m pytest -m chaos --timeout=1800 $(TESTS)

adapters: $(SYNCED) ## every shipped manifest, asked all of the suite of adapters
	$(BIN)/python -m pytest -m "adapters or not adapters" -n $(WORKERS) tests/contract/adapters/test_rest.py $(TESTS)

clients: $(SYNCED) ## the packages that people write clients with, against the server
	$(BIN)/python -m pytest -m clients -n $(WORKERS) --dist=loadgroup --timeout=300 tests/clients $(TESTS)

# Ray listens on every address of the machine, so that it gets a network of its own where that can be
# had; Slurm looks up no name where there is no address but the loopback's.
engines: $(SYNCED) ## LangGraph, Ray and Slurm for real; they are installed once, in the cache folder
	$(BIN)/python -m tests.engines.installing
	@if unshare --net true 2>/dev/null; then set -- unshare --net sh -c \
	'ip link set lo up; ip address add 10.255.255.1/32 dev lo; exec "$$@"' sh; else set --; fi; \
	exec "$$@" $(BIN)/python -m pytest -m engines -n0 --timeout=300 tests/engines $(TESTS)

clean: ## remove the environment and all caches, never the server's records
	rm -rf $(VENV) tests/clients/node_modules web/node_modules web/dist web/build.log
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is what makes a second run need no network.
$(SYNCED): pyproject.toml uv.lock $(WEB) | $(BIN)/uv
	@echo "Installing into $(VENV); the first time takes a minute." >&2
	$(BIN)/uv sync --locked --quiet
	@touch $@

$(BIN)/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one with make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
