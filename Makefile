# Two commands do everything: `make build` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# feedgen comes as source, and a pip before 23.1 warns of how it would build that.
export PIP_USE_PEP517 := 1
# What leans on libraries: the command line, the config, dates, rendering, feeds, pings, watching.
LOWEST := tests/test_cli.py $(wildcard tests/test_cli_*.py) tests/test_config.py tests/test_dating.py tests/test_feed_rules.py \
	tests/test_feedgen_pitfalls.py tests/test_fragments.py tests/test_fuzz.py tests/test_maths.py tests/test_outputs.py \
	tests/test_render_body.py tests/test_render_data.py tests/test_render_feeds.py tests/test_render_markdown.py \
	tests/test_render_opml.py tests/test_render_site.py tests/test_watch.py tests/test_websub.py
# What looks at a process itself: what it loads, its memory, files and sockets, and that it ends. Measuring would be seen.
UNMEASURED := --ignore-glob='tests/test_crash_*.py' --ignore=tests/test_offline.py \
	--deselect=tests/test_architecture.py::test_the_command_line_starts_light

.PHONY: help build test lint types docs links dist format clean fuzz coverage lowest audit

help:            ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

build: $(VENV)/installed   ## environment, install, and the site of digests/ in out/
	$(BIN)/digestfeed build

test: $(VENV)/tested       ## the test suite, on all cores
	$(BIN)/pytest -n auto --dist loadfile

lint: $(VENV)/linted       ## ruff over everything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/linted $(VENV)/tested   ## mypy, strict
	$(BIN)/mypy

docs: $(VENV)/documented   ## the documentation as a site in build/docs; a warning is an error
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/docs

links: $(VENV)/documented  ## whether the hosts that the documentation links to still answer; needs a network, so only by hand
	$(BIN)/sphinx-build -q -b linkcheck docs build/links

dist: $(VENV)/tested       ## what a release consists of, in dist/
	$(BIN)/python -m hatchling build

fuzz: $(VENV)/fuzzed       ## every fuzz target for FUZZ_SECONDS seconds (20), guided by coverage; what fails is in build/fuzz
	$(BIN)/python -m tests.fuzz.every -max_total_time=$(or $(FUZZ_SECONDS),20)

coverage: $(VENV)/covered  ## which lines and branches the tests reach, a module a line; fails below the floor
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist loadfile $(UNMEASURED)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lowest:          ## the tests of what leans on libraries, with the lowest versions that pyproject.toml allows
	$(PYTHON) -m venv build/lowest
	build/lowest/bin/python -m pip install --quiet --editable . \
		$$(build/lowest/bin/python tools/lowest.py push watch) $$(build/lowest/bin/python tools/group.py core)
	build/lowest/bin/python -m pytest $(LOWEST)

audit: $(VENV)/audited     ## known vulnerabilities of what is installed
	$(BIN)/python tools/audit.py

format: $(VENV)/linted     ## let ruff format everything
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:           ## remove the environment and what was built
	rm -rf $(VENV) .digestfeed build dist
	find out -mindepth 1 ! -name .gitignore -delete

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	$(BIN)/python -m compileall -q src  # or each run would, for a user who may not write here
	@touch $@

$(VENV)/tested: $(VENV)/installed
	$(BIN)/python -m pip install --quiet $$($(BIN)/python tools/group.py test)
	@touch $@

$(VENV)/linted: $(VENV)/installed
	$(BIN)/python -m pip install --quiet $$($(BIN)/python tools/group.py lint)
	@touch $@

$(VENV)/documented: $(VENV)/installed
	$(BIN)/python -m pip install --quiet $$($(BIN)/python tools/group.py docs)
	@touch $@

$(VENV)/covered: $(VENV)/tested
	$(BIN)/python -m pip install --quiet $$($(BIN)/python tools/group.py coverage)
	@touch $@

$(VENV)/fuzzed: $(VENV)/tested
	$(BIN)/python -m pip install --quiet $$($(BIN)/python tools/group.py fuzz)
	@touch $@

$(VENV)/audited: $(VENV)/installed
	$(BIN)/python -m pip install --quiet $$($(BIN)/python tools/group.py audit)
	@touch $@
