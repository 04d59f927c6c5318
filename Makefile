# Needs python3 (3.11 or newer) with its venv module, and make. Nothing else.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

FRONTEND := $(shell find web/frontend -path '*/node_modules' -prune -o -type f -print)

.PHONY: setup run test lint bench clean chromium

setup: .venv/installed

.venv/locked: requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	@touch $@

# The build hook of this installation builds the front end where it has changed.
.venv/installed: .venv/locked pyproject.toml hatch_build.py $(FRONTEND)
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

run: setup
	$(BIN)/ducha demo
	$(BIN)/ducha serve

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup chromium
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

bench: setup
	$(BIN)/python -m tests.bench

# The browser tests never skip: there is a browser, or there is the one command to run.
CHROMIUM := chromium chromium-browser google-chrome-stable google-chrome
APT := apt-get update && apt-get install --yes --no-install-recommends chromium
chromium:
	@for name in $(CHROMIUM); do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then export DEBIAN_FRONTEND=noninteractive; $(APT); \
	else echo 'The browser tests need Chromium. Run: sudo sh -c "$(APT)"' >&2; exit 1; fi

clean:
	rm -rf .venv build dist __pycache__ .hypothesis web/static/dist \
		web/frontend/node_modules \
		processes/typefaces .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find engine processes web tests -name __pycache__ -prune -exec rm -rf {} +
