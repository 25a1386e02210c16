# Two commands do everything on a fresh machine with Python 3.11+ and make: `make run` and `make test`.
# Paths are relative, so the folder may have blanks and accents in its name.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: install run test lint bench clean lock

install: .venv/.installed

.venv/.installed: requirements/everything.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Countersign needs Python 3.11 or later; set PYTHON=python3.12, for example."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what is locked (a minute, once)."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/everything.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --no-index --editable .
	@touch .venv/.installed

run: install
	@exec $(BIN)/python -m campaign run

test: install lint
	@$(BIN)/python -m tests.setup
	@$(BIN)/python -m pytest -q -n auto --dist loadfile tests

lint: install
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy

bench: install
	@for name in line deliver usual slow-relay pacing fairness pause consent render print intake memory; do \
		echo "$$name"; $(BIN)/python -m campaign bench $$name || exit 1; done

clean:
	rm -rf .venv var dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# After a change of dependencies in pyproject.toml; needs uv.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet pyproject.toml --group dev -o requirements/everything.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet pyproject.toml -c requirements/everything.lock -o requirements/production.lock
