# Two commands: `make run` (everything set up, then the app) and `make test` (everything set up, then every check).
# `make test SLOW=1` runs the slow tests too, as CI does: about twice as long.
# `make run Q="somewhere cold on Friday, under 3 hours, from Oslo"` asks that question at once.

PYTHON ?= python3
BIN := .venv/bin
SLOW ?=
SAMPLE := somewhere hot tomorrow, under 5 hours, from New York
Q ?=
export Q SAMPLE

# Some build machines forbid bytecode, which makes every start of the app a second slower.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test format bench bench-check clean

run: .venv/.runtime
	@if [ -t 0 ] && [ -t 1 ] && [ -t 2 ]; then exec $(BIN)/windowseat app $${Q:+"$$Q"}; else exec $(BIN)/windowseat ask "$${Q:-$$SAMPLE}"; fi

test: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(if $(SLOW),,-m "not slow")

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# GROUPS="frames codec" measures these alone; OUT keeps the results, AGAINST shows earlier ones beside them.
bench: .venv/.bench
	$(BIN)/python -m tests.benchmarks $(GROUPS) $(if $(OUT),--out $(OUT)) $(if $(AGAINST),--against $(AGAINST))

bench-check: .venv/.bench
	$(BIN)/python -m tests.benchmarks --check $(GROUPS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Windowseat needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version 2>&1`."; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; } >&2
	@echo "Setting up .venv; this takes a minute, once." >&2
	@$(PYTHON) -m venv .venv

.venv/.runtime: pyproject.toml constraints.txt | .venv/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . >&2
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]' >&2
	@touch .venv/.runtime $@

.venv/.bench: pyproject.toml constraints.txt tests/npm/package-lock.json | .venv/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]' >&2
	@! command -v npm >/dev/null || npm ci --prefix tests/npm --no-audit --no-fund --silent >&2
	@touch .venv/.runtime .venv/.dev $@
