# `make demo` and `make test` do everything, set-up included. They need Python >= 3.11 with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
MODEL := .venv-model
GYM := .venv-gym
HUB := .venv-hub

.PHONY: demo test test-all test-model test-gym test-hub check-families lint bench clean

demo: $(MODEL)/ready
	$(MODEL)/bin/synth demo --out demo

test: lint
	$(BIN)/python -m pytest

# What `test` leaves out: all that needs torch, transformers, a server, reasoning-gym or a client of the Hub, each in an
# environment of its own, and every law of every family (four draws of each level: two minutes of CPU; `synth family
# check` makes twelve in four and a half).
test-all: test test-model test-gym test-hub check-families

check-families: $(READY)
	$(BIN)/synth family check --samples 4

test-model: $(MODEL)/ready
	$(MODEL)/bin/python -m pytest tests/model tests/server synth/propose

test-gym: $(GYM)/ready
	$(GYM)/bin/python -m pytest tests/gym

test-hub: $(HUB)/ready
	$(HUB)/bin/python -m pytest tests/hub

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The peers are compared in an environment of their own; where pip cannot install them the figures say so.
bench: $(MODEL)/ready .venv-bench/ready
	$(MODEL)/bin/python -m pip install --quiet --disable-pip-version-check xgrammar -c constraints.txt
	$(MODEL)/bin/python -m benchmarks

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

# The models that run here and behind servers, torch without CUDA where the pinned build is at hand.
$(MODEL)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(MODEL)
	$(MODEL)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev,model,server]' 'transformers[serving]' \
		-c constraints.txt
	touch $@

# The questions of others: reasoning-gym makes some, `datasets` reads some.
$(GYM)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(GYM)
	echo '*' > $(GYM)/.gitignore
	$(GYM)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev,hub]' reasoning-gym -c constraints.txt
	touch $@

# The client of the Hub, what reads datasets from it, and what validates their metadata.
$(HUB)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(HUB)
	$(HUB)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev,hub]' mlcroissant -c constraints.txt
	touch $@

clean:
	rm -rf $(VENV) $(MODEL) $(GYM) $(HUB) demo build dist
