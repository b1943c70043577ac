# Two commands are the whole set-up: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?= --samples 150 --workers 16 --deadline 10

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-web test-cluster coverage check format bench bench-quick soak fuzz docs screenshots vendor clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Collect 150 samples from 16 workers (other options: make run ARGS="…")
	@$(BIN)/rnd-actors run $(ARGS)

test: $(VENV)/.installed-dev ## Run the tests but for the slow ones, in two processes
	$(BIN)/python -m tests.halves -m "not slow and not browser"

test-slow: $(VENV)/.installed-dev ## Run the slow tests
	$(BIN)/python -m tests.halves -m "slow and not browser" --timeout=600

test-web: $(VENV)/.installed-dev ## Test the page in Chromium (chromium and chromedriver have to be on the PATH)
	$(BIN)/python -m pytest tests/web_browser

test-cluster: $(VENV)/.installed-dev ## Test runs over hosts, on three of Dask on this machine, in two processes
	$(BIN)/python -m tests.halves tests/cluster

coverage: $(VENV)/.installed-dev ## Measure the branch coverage of the framework by its own tests
	$(BIN)/coverage run -m pytest -q tests/actors tests/testing
	$(BIN)/coverage report

check: $(VENV)/.installed-dev ## Check format, lint, types and who imports whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-bench ## Measure everything beside peers and limits, for forty minutes, and write docs/performance.md
	$(BIN)/python -m tests.benchmarks --json docs/performance.json
	$(BIN)/python -m tests.benchmarks.table docs/performance.json docs/performance.md

bench-quick: $(VENV)/.installed-bench ## The same in small, in two minutes, and print it
	$(BIN)/python -m tests.benchmarks --quick

soak: $(VENV)/.installed-dev ## Collect a million samples from workers that die all the time
	$(BIN)/python -m tests.benchmarks.soak

fuzz: $(VENV)/.installed-dev ## Play a thousand runs in which everything misbehaves and signals strike at random
	$(BIN)/python -m tests.benchmarks.fuzz

docs: $(VENV)/.installed-dev ## Draw the live view for the README, and make the site in site/
	$(BIN)/python -m docs.live_view
	rm -rf site
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs site

screenshots: $(VENV)/.installed-dev ## Take the pictures of the page for the README and the guide
	$(BIN)/python -m tests.web_browser.screenshots

vendor: $(VENV)/.python ## Fetch with npm what the page is made of, and check it
	$(BIN)/python -m tests.web_browser.vendor

clean: ## Remove everything that make made
	rm -rf $(VENV) .bench dist site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.python: Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "rnd-actors needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || \
		{ echo "Could not create $(VENV). On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.installed: $(VENV)/.python pyproject.toml
	@$(BIN)/python -m pip install --quiet --editable '.[web]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.python pyproject.toml
	@$(BIN)/python -m pip install --quiet --editable '.[cluster,parquet,report,web]' --group dev
	@touch $(VENV)/.installed $@

$(VENV)/.installed-bench: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --editable . --group bench
	@touch $@
