# `make run` starts everything on this machine; `make test` checks everything. `make help` lists the rest.

VENV ?= .venv
PYTHON ?= python3
LONG ?=
PY = $(VENV)/bin/python
INSTALL = $(PYTHON) config/embedded/install.py $(VENV)

export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.PHONY: help run test quick lint format bench chaos messages screenshots clean embedded dev

help: ## This list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

run: embedded ## Start the application with all its servers on 127.0.0.1:8000 (PORT=8001 changes it)
	@$(PY) -m config.embedded.run

test: dev ## Everything: linters, types, translations, migrations, all tests with the browser
	@$(PY) -m config.embedded.checks test

quick: dev ## The tests that need neither a browser nor a whole start
	@$(PY) -m pytest -n 2 -m "not browser and not stack"

lint: dev ## Linters, types, layers, translations, migrations
	@$(PY) -m config.embedded.checks lint

format: dev ## Put the code in form
	@$(PY) -m ruff check --fix-only --quiet . && $(PY) -m ruff format --quiet .

bench: dev ## Measure, print a table, write var/bench.json
	@$(PY) -m bench

chaos: dev ## Break everything while reminders go out and count what arrived (LONG=1: for an hour)
	@LONG=$(LONG) $(PY) -m chaos

messages: dev ## Bring the translation files up to date with the code and compile them
	@$(PY) -m config.messages extract && $(PY) -m config.messages compile

screenshots: dev ## Take the pictures of the README again
	@$(PY) -m docs.screenshots

clean: ## Remove what was installed and generated, but not the data in var/
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} + ; rm -f locale/*/LC_MESSAGES/*.mo

embedded:
	@$(INSTALL) requirements-embedded.txt

dev:
	@$(INSTALL) requirements-dev.txt
