# Two commands do everything: `make build` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help build test lint types format clean

help:            ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

build: $(VENV)/installed   ## environment, install, and the site of digests/ in out/
	$(BIN)/digestfeed build

test: $(VENV)/tested       ## the test suite
	$(BIN)/pytest

lint: $(VENV)/linted       ## ruff over everything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/linted $(VENV)/tested   ## mypy, strict
	$(BIN)/mypy

format: $(VENV)/linted     ## let ruff format everything
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:           ## remove the environment and what was built
	rm -rf $(VENV) .digestfeed
	find out -mindepth 1 ! -name .gitignore -delete

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/tested: $(VENV)/installed
	$(BIN)/python -m pip install --quiet $$($(BIN)/python tools/group.py test)
	@touch $@

$(VENV)/linted: $(VENV)/installed
	$(BIN)/python -m pip install --quiet $$($(BIN)/python tools/group.py lint)
	@touch $@
