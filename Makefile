# `make` lists what can be done. Everything is set up in .venv when it is needed, and again when pyproject.toml changes.

PYTHON ?= python3
PORT = 5683
WEB = 8080
ONCE = 0
RIG = simulated
HOURS = 1
COUNT = 500
JOBS = $(shell expr 1 + `nproc 2>/dev/null || echo 1`)
VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test lint format coverage bench soak kill faults docs screenshots clean distclean
.DELETE_ON_ERROR:

help:
	@echo "make demo        start a server with a simulated rig, record a batch, show the spectra; Ctrl-C ends it"
	@echo "                 PORT=5684 uses another port, WEB=8081 another one for the web pages; ONCE=1 stops after the"
	@echo "                 batch, and has no web pages; RIG=emulated takes the drivers of real instruments and pins,"
	@echo "                 and emulates what they talk to (needs a C compiler)"
	@echo "make test        run the tests, with a report of their coverage: in one process more than there"
	@echo "                 are processors (JOBS=1: in one), then those alone that measure how long something takes"
	@echo "make lint        ruff, mypy and import-linter"
	@echo "make format      let ruff format the code"
	@echo "make coverage    run the tests and write htmlcov/index.html"
	@echo "make bench       run the benchmarks"
	@echo "make faults      let everything fail in every phase, write the table in docs/reference/fault-matrix.md"
	@echo "make soak        record on emulated instruments that fail all the time, for HOURS=1, and look for mistakes;"
	@echo "                 then make kill: kill the daemon COUNT=500 times while it records, and look for what is lost"
	@echo "make docs        write the generated parts of the documentation again"
	@echo "make screenshots take the pictures of the web pages in the documentation again (needs chromium)"
	@echo "make clean       remove caches and reports; make distclean also $(VENV) and demo-data"
	@echo
	@echo "PYTHON=python3.12 chooses the Python that $(VENV) is made with (3.11 or later)."

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed; choose one with, for example: make PYTHON=python3.11" >&2; exit 1; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "no virtual environment could be made (Debian: apt install python3-venv)" >&2; exit 1; }

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	@echo "installing piccolo3 into $(VENV)"
	@$(PIP) install --editable '.[plot,web]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "installing piccolo3 and its development tools into $(VENV)"
	@$(PIP) install --editable '.[dev]'
	@touch $@

$(VENV)/.emulated: pyproject.toml | $(BIN)/python
	@echo "installing piccolo3 and the drivers of spectrometers and pins into $(VENV)"
	@$(PIP) install --editable '.[plot,seabreeze,web]' 'gpiozero>=2.0.1'
	@touch $@

DEMO = $(BIN)/piccolo3-demo --port $(PORT) --web-port $(WEB) $(if $(filter 1 yes true,$(ONCE)),--once)

ifeq ($(RIG),emulated)
demo: $(VENV)/.emulated
	@$(BIN)/python -m emulators --instrument pdata/emulated.config -- $(DEMO) --instrument-file pdata/emulated.config
else ifeq ($(RIG),simulated)
demo: $(VENV)/.demo
	@$(DEMO)
else
demo:
	@echo "there is no rig '$(RIG)'; there are RIG=simulated and RIG=emulated" >&2; exit 2
endif

# many wait most of the time; a file's tests share what they start; the slow folders come first by their names
PARALLEL = -m 'not alone' -n $(JOBS) --dist loadfile --no-loadscope-reorder

test: $(VENV)/.dev
	$(BIN)/pytest --cov --cov-report= $(PARALLEL)
	$(BIN)/pytest --cov --cov-append --cov-report=term --cov-fail-under=90 -m alone

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

coverage: $(VENV)/.dev
	$(BIN)/pytest --cov --cov-report= $(PARALLEL)
	$(BIN)/pytest --cov --cov-append --cov-report=html -m alone

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

soak: $(VENV)/.dev
	$(BIN)/python -m soak --hours $(HOURS)
	$(BIN)/python -m soak.kills --count $(COUNT)

kill: $(VENV)/.dev
	$(BIN)/python -m soak.kills --count $(COUNT)

faults: $(VENV)/.dev
	$(BIN)/python -m soak.table

docs: $(VENV)/.dev
	$(BIN)/python -m docs.generate

screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.browser.pictures

clean:
	rm -rf build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) demo-data
