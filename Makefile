# The commands of the project. `make` alone lists them.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
EXTRAS ?= scaffold # scaffold:extras
STUDY ?= models/studies/finished.journal # scaffold:dashboard
PORT ?= 8080 # scaffold:dashboard
# The source of the library, where it is here; a scaffolded project carries its wheel.
ENGINE := $(wildcard engine)
READY := .venv/ready $(EXTRAS:%=.venv/ready-%)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1

help:  ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/:/' | awk -F': +' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(READY)  ## run the pipeline: raw data to a gated model
	@dvc repro && cairn summary

environment: $(READY)  ## set up .venv alone

test: $(READY)  ## run the tests (the slow ones too: make test SLOW=1)
	@pytest tests $(ENGINE:%=%/tests) -n 2 --dist worksteal $(if $(SLOW),,-m "not slow")

coverage: $(READY)  ## measure which lines and branches the tests reach
	@pytest tests $(ENGINE:%=%/tests) -n 2 --dist worksteal --cov --cov-report=term-missing -m "not slow"

lint: $(READY)  ## check style, types and the direction of imports
	@ruff check . && ruff format --check . && mypy $(ENGINE:%=&& lint-imports --config %/pyproject.toml)
	@actionlint && zizmor --quiet --offline .github # scaffold:github

# scaffold:template
bench: $(READY)  ## measure speed and memory beside peers, in one run
	@python -m bench

bench-quality: $(READY)  ## measure quality per minute beside AutoGluon and FLAML (hours; docs/quality.md)
	@python -m bench.quality

bench-serve: $(READY)  ## measure the server beside others, then under ten minutes of load (docs/serving-benchmarks.md)
	@python -m bench.serve.soak && python -m bench.serve

bench-monitor: $(READY)  ## plant drift, and measure who finds it beside Evidently and NannyML (docs/monitoring-benchmarks.md)
	@python -m bench.monitor

# /scaffold:template
# scaffold:dashboard
dashboard: .venv/ready-dashboard  ## open optuna-dashboard on the last search (or STUDY=postgresql+psycopg://...)
	@[[ "$(STUDY)" == *://* || -e "$(STUDY)" ]] || { echo "error: $(STUDY): no such study; \`dvc repro tune\` makes one" >&2; exit 1; }
	@optuna-dashboard --host 127.0.0.1 --port $(PORT) "$(STUDY)"

# /scaffold:dashboard
lock: $(READY)  ## write requirements.lock anew from pyproject.toml
	@uv pip compile -q --universal --generate-hashes --python-version 3.11 --group dev --no-header --no-annotate \
	    pyproject.toml -o requirements.lock
	@for lock in requirements-*.lock; do extra=$${lock#requirements-}; extra=$${extra%.lock}; \
	    uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra $$extra --no-header --no-annotate \
	        --constraint requirements.lock pyproject.toml \
	    | awk 'NR == FNR { known[$$0]; next } /^[a-z]/ { new = !($$0 in known) } new' requirements.lock - > $$lock; done

clean:  ## delete the environment and everything that can be made again
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage* build src/*.egg-info engine/src/*.egg-info models/studies

.venv/ready: requirements.lock pyproject.toml $(ENGINE:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or later is needed, and this is " + sys.version.split()[0] + "; say which with make PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --retries 2 2> .venv/pip.log \
	    --requirement <(sed -n '/^uv==/,/^[a-z]/p' requirements.lock | sed '$$d') \
	    || { echo "error: no package can be fetched; is there a network? What pip said stands in .venv/pip.log" >&2; exit 1; }
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --requirement requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . $(ENGINE:%=--editable %)
	@touch $@

.venv/ready-%: requirements-%.lock .venv/ready
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --require-hashes --requirement $<
	@touch $@

.PHONY: help run environment test coverage lint lock clean
.PHONY: bench bench-quality bench-serve bench-monitor # scaffold:template
.PHONY: dashboard # scaffold:dashboard
.DEFAULT_GOAL := help
