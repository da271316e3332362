# Every target sets up what it needs: nothing but Python 3.11, 3.12 or 3.13 and make has to be there.
#
#   make demo                      trains a first model, prints its table and where its pictures lie
#   make test                      every gate
#   make test VENV=/path/to/venv   in a virtual environment of your own (made if it is not there)
#   make test PYTHON=python3.12    with this interpreter (only asked when the environment is made)
#   make test WORKERS=4            pytest in four processes; the default is 2

VENV ?= .venv
PYTHON ?=
WORKERS ?= 2
PYTEST_ARGS ?=
DEMO_ARGS ?=

BIN = $(VENV)/bin
STAMP = $(VENV)/.keras_ot_gans_installed
# TensorFlow 2.21 has wheels for these and for no later Python.
PYTHONS = python3.11 python3.12 python3.13 python3 python
IS_GOOD = import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

# Errors only. (TensorFlow 2.21 prints a few start-up lines all the same.)
export TF_CPP_MIN_LOG_LEVEL = 2

.DEFAULT_GOAL := help
.PHONY: help install demo test slow lint format clean

help: ## print this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | sort | while IFS="$$(printf '\t')" \
	  read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

install: $(STAMP) ## make the virtual environment and install the library with its test tools

demo: $(STAMP) ## train ACT on eight Gaussians, print the table and where the pictures lie
	@$(BIN)/python -m apps.demo $(DEMO_ARGS)

test: $(STAMP) ## run every gate: format, lint, import layers, tests, doctests, documentation
	@start=$$(date +%s); \
	gate() { \
	  printf '\n== %s\n' "$$*"; \
	  "$$@" && return; \
	  printf '\nmake test FAILED after %s s, in this gate: %s\n' "$$(($$(date +%s) - start))" "$$*" >&2; \
	  exit 1; \
	}; \
	gate $(BIN)/ruff format --check .; \
	gate $(BIN)/ruff check .; \
	gate $(BIN)/lint-imports --no-logo; \
	gate $(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS); \
	printf '\nmake test passed in %s s\n' "$$(($$(date +%s) - start))"

slow: $(STAMP) ## run the tests that train a model, left out of `make test`
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

lint: $(STAMP) ## run ruff and the import layers only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

format: $(STAMP) ## format the code and sort its imports
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

clean: ## remove .venv, caches and build leftovers (never runs/)
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is newer than setup.cfg exactly when what setup.cfg asks for is installed.
$(STAMP): setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing keras_ot_gans and its test tools into $(VENV) (TensorFlow alone is 570 MB)"
	$(BIN)/python -m pip install "pip>=23.1"
	$(BIN)/python -m pip install --editable '.[test]'
	@touch $@

# Every candidate is run, not only looked up: a version manager leaves names that do not work.
$(BIN)/python:
	@good=; \
	for python in $(or $(PYTHON),$(PYTHONS)); do \
	  if "$$python" -c '$(IS_GOOD)' 2>/dev/null; then good="$$python"; break; fi; \
	done; \
	if [ -z "$$good" ]; then \
	  echo "No Python 3.11, 3.12 or 3.13 found. Tried: $(or $(PYTHON),$(PYTHONS)). Install one," \
	    "or name it: make PYTHON=/path/to/python3.12" >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$good" --version) ($$good)"; \
	"$$good" -m venv "$(VENV)" || { \
	  rm -f "$(BIN)/python"; \
	  echo "'$$good -m venv' failed. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	  exit 1; \
	}
