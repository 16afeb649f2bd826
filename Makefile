# `make demo` and `make test` do everything, set-up included. They need Python >= 3.11 with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
MODEL := .venv-model
INSTALL := python -m pip install --quiet --disable-pip-version-check
PINS := -c constraints.txt
CONSUMERS := test-model test-hub test-gym test-trl test-verifiers test-lmeval test-browser

.PHONY: demo test test-all $(CONSUMERS) check-families lint bench clean

demo: $(MODEL)/ready
	$(MODEL)/bin/synth demo --out demo

test: lint
	$(BIN)/python -m pytest

# What `test` leaves out: all that needs an optional package, with environments of its own since their pins exclude one
# another, and every law of every family. `make --jobs 2 --output-sync=target test-all` uses two cores.
test-all: test $(CONSUMERS) check-families

# Four draws of each level, two minutes of CPU; `synth family check` makes twelve in four and a half.
check-families: $(READY)
	$(BIN)/synth family check --samples 4

test-model: $(MODEL)/ready
	$(MODEL)/bin/python -m pytest tests/model tests/server synth/propose synth/monitor

test-hub: .venv-hub/ready
	.venv-hub/bin/python -m pytest tests/hub

test-gym: .venv-hub/ready
	.venv-hub/bin/python -m pytest tests/gym

test-trl: .venv-trl/ready
	.venv-trl/bin/python -m pytest tests/trl

test-verifiers: .venv-verifiers/ready
	.venv-verifiers/bin/python -m pytest tests/verifiers

test-lmeval: .venv-lmeval/ready
	.venv-lmeval/bin/python -m pytest tests/lmeval

# Needs Chromium on the path: `apt-get install chromium`.
test-browser: .venv-browser/ready
	PYTHONPATH=.venv-browser $(BIN)/python -m pytest tests/browser

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The peers are compared in an environment of their own; where pip cannot install them the figures say so.
bench: $(MODEL)/ready .venv-bench/ready
	$(MODEL)/bin/$(INSTALL) xgrammar $(PINS)
	$(MODEL)/bin/python -m benchmarks

.venv-bench/ready: benchmarks/requirements.txt
	$(PYTHON) -m venv .venv-bench
	echo '*' > .venv-bench/.gitignore
	-.venv-bench/bin/$(INSTALL) -r benchmarks/requirements.txt && touch $@

# Installed again only when what it depends on has changed; the stamp is written last.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=python3.11')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/$(INSTALL) -e '.[dev]' $(PINS)
	touch $(READY)

# The models that run here and behind servers, torch without CUDA where the pinned build is at hand.
$(MODEL)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(MODEL)
	$(MODEL)/bin/$(INSTALL) -e '.[dev,model,server]' 'transformers[serving]' $(PINS)
	touch $@

# The client of the Hub, what reads datasets from it and validates their metadata, and the questions of reasoning-gym.
.venv-hub/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-hub
	echo '*' > .venv-hub/.gitignore
	.venv-hub/bin/$(INSTALL) -e '.[dev,hub]' mlcroissant reasoning-gym $(PINS)
	touch $@

.venv-trl/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-trl
	echo '*' > .venv-trl/.gitignore
	.venv-trl/bin/$(INSTALL) -e '.[trl]' pytest $(PINS)
	touch $@

.venv-verifiers/ready: pyproject.toml tests/verifiers/requirements.txt
	$(PYTHON) -m venv .venv-verifiers
	echo '*' > .venv-verifiers/.gitignore
	.venv-verifiers/bin/$(INSTALL) --no-compile -e '.[verifiers]' pytest -c tests/verifiers/requirements.txt
	touch $@

.venv-lmeval/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-lmeval
	echo '*' > .venv-lmeval/.gitignore
	.venv-lmeval/bin/$(INSTALL) --no-compile -e '.[lm-eval]' pytest $(PINS)
	touch $@

# What drives the browser, beside the environment of `test`.
.venv-browser/ready: $(READY)
	rm -rf .venv-browser
	$(BIN)/$(INSTALL) --target .venv-browser websockets $(PINS)
	echo '*' > .venv-browser/.gitignore
	touch $@

clean:
	rm -rf .venv .venv-* demo build dist
