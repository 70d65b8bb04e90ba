# Every target first makes what it needs, and makes nothing twice.
.DELETE_ON_ERROR:
.PHONY: run lint test site serve check cluster bench locks clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Nothing is installed whose hash is not in a lock, and no code of a library runs while it is installed.
LOCKED := $(PIP) --require-hashes --only-binary :all:
BASE := $(VENV)/.base-installed
CLUSTER := $(VENV)/.cluster-installed
DEV := $(VENV)/.dev-installed
NODE := tests/node/node_modules/.installed

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Torch of the right version stays, whichever build it is; otherwise the CPU build is taken where pip finds one.
TORCH := $(shell sed -n 's/^torch==//p' constraints.txt)
$(BASE): pyproject.toml locks/torch-cpu.txt locks/torch.txt locks/base.txt | $(VENV)/bin/python
	@$(BIN)/python -c 'from importlib.metadata import version; exit(version("torch").split("+")[0] != "$(TORCH)")' 2>/dev/null \
	|| $(LOCKED) --no-deps -r locks/torch-cpu.txt 2>/dev/null \
	|| { echo "pip finds no CPU build of torch $(TORCH) here and takes the one of the default index"; \
	     $(LOCKED) --no-deps -r locks/torch.txt; }
	$(LOCKED) -r locks/base.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(CLUSTER): $(BASE) locks/cluster.txt
	$(LOCKED) -r locks/cluster.txt
	@touch $@

$(DEV): $(CLUSTER) locks/dev.txt
	$(LOCKED) -r locks/dev.txt
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

# What measures on a cluster, on the machine that asks and on every machine that works.
cluster: $(CLUSTER)

# After a change of constraints.txt or of what pyproject.toml asks for.
locks: $(DEV)
	$(BIN)/python locks/renew.py

bench: $(DEV)
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf build $(VENV)
