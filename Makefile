# The commands of the project. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
BIN := .venv/bin
EXTRAS ?= scaffold # scaffold:extras
STUDY ?= models/studies/finished.journal
PORT ?= 8080
# The library's source, where it is here; a scaffolded project carries its wheel in vendor/.
ENGINE := $(wildcard engine)
TESTS := tests $(ENGINE:%=%/tests)
READY := .venv/ready $(EXTRAS:%=.venv/ready-%)
COMPILE := uv pip compile pyproject.toml --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
    $(ENGINE:%=--no-emit-package cairn-tabular)
# XGBoost asks for NCCL (469 MB), which only a training on several GPUs uses: EXTRAS=gpu installs it.
NO_NCCL := --no-emit-package nvidia-nccl-cu12 --no-emit-package nvidia-nccl-cu13
LOCK_gpu := --extra gpu
# The packages of a lock that requirements.lock lacks.
NEW := awk 'NR == FNR { known[$$0]; next } /^[a-z]/ { new = !($$0 in known) } new' requirements.lock -
# Compiled at installing, packages take 240 MB more; a project compiles what it imports, when it does.
BYTECODE := $(ENGINE:%=--compile-bytecode)
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1

help:  ## list these targets
	@sed -nE 's/^([a-z-]+):.*##[[:space:]]+(.*)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(READY)  ## run the pipeline: raw data to a gated model
	@dvc repro && cairn summary

environment: $(READY)  ## set up .venv alone

test: $(READY)  ## run the tests (the slow ones too: make test SLOW=1)
	@pytest $(TESTS) -n 2 --dist worksteal $(if $(SLOW),,-m "not slow")

coverage: $(READY)  ## measure which lines and branches the tests reach
	@pytest $(TESTS) -n 2 --dist worksteal --cov --cov-report=term-missing -m "not slow"

lint: $(READY)  ## check style and types
	@ruff check . && ruff format --check . && mypy

dashboard: .venv/ready-notebook  ## open optuna-dashboard on the last search (or STUDY=postgresql+psycopg://...)
	@[[ "$(STUDY)" == *://* || -e "$(STUDY)" ]] || { echo "error: $(STUDY): no such study; \`dvc repro tune\` makes one" >&2; exit 1; }
	@optuna-dashboard --host 127.0.0.1 --port $(PORT) "$(STUDY)"

own: $(READY)  ## copy the library's source to src/cairn, to change it
	@cairn own

upgrade: $(READY)  ## take a newer wheel of the library: make upgrade WHEEL=cairn_tabular-X.Y.Z-py3-none-any.whl
	@[[ -n "$(WHEEL)" ]] || { echo "error: no wheel is named; make upgrade WHEEL=cairn_tabular-X.Y.Z-py3-none-any.whl" >&2; exit 1; }
	@cairn upgrade "$(WHEEL)"

lock: $(READY)  ## write the lock files anew from pyproject.toml
	@$(COMPILE) $(NO_NCCL) --group dev --output-file requirements.lock
	@$(foreach extra,$(patsubst requirements-%.lock,%,$(wildcard requirements-*.lock)),$(COMPILE) $(or $(LOCK_$(extra)),$(NO_NCCL) --extra $(extra)) \
	    --constraint requirements.lock | $(NEW) > requirements-$(extra).lock && ) true

clean:  ## delete the environment and everything that can be made again
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage* build src/*.egg-info engine/src/*.egg-info models/studies

.venv/ready: requirements.lock pyproject.toml $(ENGINE:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or later is needed, and this is " + sys.version.split()[0] + "; say which with make PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --retries 2 2> .venv/pip.log \
	    --requirement <(sed -n '/^uv==/,/^[a-z]/p' requirements.lock | sed '$$d') \
	    || { echo "error: no package can be fetched; is there a network? What pip said stands in .venv/pip.log" >&2; exit 1; }
	@$(BIN)/uv pip install --quiet $(BYTECODE) --python $(BIN)/python --no-deps --require-hashes --requirement requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . $(ENGINE:%=--editable %)
	@touch $@

.venv/ready-%: requirements-%.lock .venv/ready
	@$(BIN)/uv pip install --quiet $(BYTECODE) --python $(BIN)/python --no-deps --require-hashes --requirement $<
	@touch $@

.PHONY: help run environment test coverage lint dashboard own upgrade lock clean
.DEFAULT_GOAL := help
-include template.mk
