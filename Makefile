# Commands of usrec-agent. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# The first interpreter that really runs and is new enough; override with PYTHON=/path/to/python3.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { command -v $$p; break; }; done)

KILLS ?= 100
SEED ?= 353
SEEDS ?= 1000
FUZZ ?= 20
ROWS ?= 1000000
LOCALES := src/usrec/locales
# The date of what is built: that of the last commit.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1580601600)

.PHONY: help demo test lint format types imports unit soak simulate fuzz bench messages reference lock bundle clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed and was not found. Debian/Ubuntu: apt install python3. RHEL: dnf install python3.11. Or: make PYTHON=/path/to/python3"; exit 1; fi
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { v=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	  echo "Python $$v is here, but its venv or pip is missing. Debian/Ubuntu: apt install python$$v-venv. Alpine: apk add py3-pip. Then run make again; nothing was changed."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src tests
	@touch $@ $(VENV)/.installed

# Rivals of the benchmark; without them it measures the rest and says so.
$(VENV)/.installed-bench: requirements-bench.lock $(VENV)/.installed-dev
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-bench.lock && touch $@ \
	  || echo "the extra 'bench' could not be installed; what is compared with it is left out"

demo: $(VENV)/.installed ## the agent's main job on a made-up company, against the simulator
	@$(BIN)/usrec demo $(if $(WORKDIR),--workdir $(WORKDIR))

test: $(VENV)/.installed-dev lint types imports unit ## everything that CI runs

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.installed-dev ## rewrite the sources in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports

# Python's own switch, if somebody has set it, would have each of the many processes compile everything anew.
unit bench: export PYTHONDONTWRITEBYTECODE :=
unit: $(VENV)/.installed-dev
	$(BIN)/pytest -n auto --dist worksteal

soak: $(VENV)/.installed-dev ## kill agents and simulator again and again, fill the ledger (KILLS=1000 SEED=7 ROWS=1000000 REPORT=FILE)
	KILLS=$(KILLS) SEED=$(SEED) ROWS=$(ROWS) REPORT=$(REPORT) $(BIN)/pytest -m soak -s $(if $(REPORT),tests/soak/test_kill_storm.py,tests/soak)

simulate: $(VENV)/.installed-dev ## play seeds of bad weather (SEEDS=1000 [REPORT=PAGE]; one: SEED=7 [SHRINK=1]; planted bugs: MUTANT=list)
	@PYTHONPATH=tests $(BIN)/python -m simulation --seeds $(SEEDS) $(if $(filter command line environment,$(origin SEED)),--seed $(SEED)) $(if $(SHRINK),--shrink) $(if $(MUTANT),--mutant $(MUTANT)) $(if $(FROM),--first $(FROM)) $(if $(REPORT),--report $(REPORT) --keep build/simulation)

fuzz: $(VENV)/.installed-dev ## damage what kzeds reads and what HR writes, FUZZ times as often as the tests do (FUZZ=100 SEED=7)
	FUZZ=$(FUZZ) SEED=$(SEED) $(BIN)/pytest -n auto --dist worksteal tests/unit/kzeds/test_kzeds_bits.py tests/unit/kzeds/test_kzeds_wrapping.py tests/unit/kzeds/test_kzeds_fuzz.py tests/unit/kzeds/test_kzeds_fuzz_signers.py tests/unit/usrec/test_lint_agent_registry.py

bench: $(VENV)/.installed-dev $(VENV)/.installed-bench ## how fast the agent is here, held to its goals (one part: BENCH=k; quick: ROUNDS=3; the EDS library: BENCH=kzeds)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks $(BENCH) $(if $(ROUNDS),--rounds $(ROUNDS))

messages: $(VENV)/.installed-dev ## renew and compile the language catalogues
	@mkdir -p build
	PYTHONPATH=tests $(BIN)/pybabel -q extract -F pyproject.toml --no-default-keywords -k tr -k N_ -k ntr:1,2 --add-location=file --width=120 -o build/usrec.pot src/usrec
	$(BIN)/pybabel -q update -D usrec -i build/usrec.pot -d $(LOCALES) --ignore-pot-creation-date --no-fuzzy-matching --ignore-obsolete --width=120
	$(BIN)/pybabel -q compile -D usrec -d $(LOCALES)

reference: $(VENV)/.installed-dev ## renew the generated parts of the reference pages
	PYTHONPATH=tests $(BIN)/python -m support.reference

lock: ## renew the lock files (needs uv)
	uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --python-version 3.11 pyproject.toml --extra build --extra evidence --extra mariadb -o requirements.lock
	uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --python-version 3.11 pyproject.toml --extra build --extra evidence --extra mariadb --extra dev -o requirements-dev.lock -c requirements.lock
	uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --python-version 3.11 pyproject.toml --extra bench -o requirements-bench.lock -c requirements-dev.lock

bundle: $(VENV)/.installed-dev ## offline bundle in dist/; other machines: PYTHON_VERSION=3.12 PLATFORM=manylinux_2_28_aarch64
	@$(BIN)/python docker/bundle/make_bundle.py --epoch $(SOURCE_DATE_EPOCH) \
	  $(if $(PYTHON_VERSION),--python-version $(PYTHON_VERSION)) $(if $(PLATFORM),--platform $(PLATFORM))

clean: ## remove what the other commands made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
