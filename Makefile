# The whole of it: make demo, make test, make check. Each installs what it needs into .venv and nowhere else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
JOBS ?= 3
KILLS ?= 300
NODES ?= 1000
# Tests and the demo start many nodes: each reads the code that the first has compiled, as on a shop's PC.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check format bench simulate simulate-mutants clean

demo: $(VENV)/.installed  ## the main job: a headquarters and three branches on this machine
	$(BIN)/branchline demo $(ARGS)

test: $(VENV)/.installed  ## every test; what needs something absent skips aloud
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -q -rs $(ARGS)

check: $(VENV)/.installed  ## layers, types, style, house rules, plugins
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/branchline plugin check plugins

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed  ## ratios inside one run; see benchmarks/README.md
	$(BIN)/python -m benchmarks $(ARGS)

simulate: $(VENV)/.installed  ## longer simulations and real kills: make simulate ARGS="--seeds 500" KILLS=600
	$(BIN)/python -m tests.simulation $(ARGS)
	$(BIN)/python -m tests.killing --kills $(KILLS)
	$(BIN)/python -m tests.simulation.fanin --nodes $(NODES)

simulate-mutants: $(VENV)/.installed  ## faults planted in sync, each to be caught: make simulate-mutants ARGS="--seeds 20"
	$(BIN)/python -m tests.simulation --mutants --seeds 20 --steps 100 $(ARGS)

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
