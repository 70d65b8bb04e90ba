# Every target first makes what it needs, and makes nothing twice.
.DELETE_ON_ERROR:
.PHONY: run lint test site serve check bench clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
BASE := $(VENV)/.base-installed
DEV := $(VENV)/.dev-installed
NODE := tests/node/node_modules/.installed

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(BASE): pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) torch==2.13.0
	$(PIP) -e '.[site]'
	@touch $@

$(DEV): $(BASE)
	$(PIP) -e '.[dev]'
	@touch $@

# The tools that judge the built site: axe, Lighthouse, vnu and a compiler that knows schema.org.
$(NODE): tests/node/package.json tests/node/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@; \
	else echo "npm is missing: the tests that judge the site with node's tools are skipped"; fi

CLAIM ?= gd-stalls-two-layer-linear
OPTIONS ?=
run: $(BASE)
	@$(BIN)/repro run $(CLAIM) $(OPTIONS); code=$$?; $(BIN)/repro site build --quiet && exit $$code

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/repro check
	$(BIN)/repro export schema --check
	$(BIN)/repro export docs --check

test: lint $(NODE)
	$(BIN)/pytest -n auto -m 'not alone'
	$(BIN)/pytest -m alone

check: $(BASE)
	@$(BIN)/repro check

site: $(BASE)
	@$(BIN)/repro site build

serve: $(BASE)
	@$(BIN)/repro site serve

bench: $(DEV)
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf build $(VENV)
