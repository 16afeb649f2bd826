# `make demo` and `make test` do everything, set-up included. They need Python >= 3.11 with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: demo test test-all lint bench clean

demo: $(READY)
	$(BIN)/synth demo --out demo

test: lint
	$(BIN)/python -m pytest

# The same as `test` until there is a consumer that needs an environment of its own.
test-all: test

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The peers are compared in an environment of their own; where pip cannot install them the figures say so.
bench: $(READY) .venv-bench/ready
	$(BIN)/python -m benchmarks

.venv-bench/ready: benchmarks/requirements.txt
	$(PYTHON) -m venv .venv-bench
	echo '*' > .venv-bench/.gitignore
	-.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt && touch $@

# Installed again only when what it depends on has changed; the stamp is written last.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=python3.11')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	touch $(READY)

clean:
	rm -rf $(VENV) demo build dist
