# Everything a developer does, by name. `make` alone lists it.

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=
BIN := .venv/bin
RANDOM_KEY = $$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))')
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

# Tests never see a developer's Google project, key, Redis or .env database.
TEST_ENV = DEBUG=true GOOGLE_CLOUD_PROJECT= GOOGLE_API_KEY= GEMINI_API_KEY= GOOGLE_APPLICATION_CREDENTIALS= \
	GOOGLE_VERTEX_BASE_URL= GOOGLE_GEMINI_BASE_URL= NO_GCE_CHECK=true REDIS_URL= LOG_LEVEL=INFO \
	DATABASE_URL="$${TEST_DATABASE_URL:-sqlite:///$(CURDIR)/var/db.sqlite3}"

.PHONY: help run doctor test bench lint format lock migrate clean python install install-dev

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: install ## start the service for development (PORT=8001 and HOST=… change where)
	@exec $(BIN)/python scripts/run.py --host "$(HOST)" --port "$(PORT)"

doctor: install ## say what is wrong between the service and Google (ARGS="--json", "--record FILE", …)
	@exec $(BIN)/python manage.py live_doctor $(ARGS)

test: install-dev ## run every test (ARGS="-k name" picks some)
	@SECRET_KEY="$(RANDOM_KEY)" $(TEST_ENV) exec $(BIN)/python scripts/test.py $(ARGS)

bench: install-dev ## measure what a relayed frame costs (ARGS="--long" for more rounds)
	@exec $(BIN)/python -m bench $(ARGS)

lint: install-dev ## run every check that is not a test (ARGS="mypy" picks some)
	@exec $(BIN)/python scripts/lint.py $(ARGS)

format: install-dev ## put all Python files into the project's form
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

lock: install-dev ## pin what requirements*.in ask for (ARGS="--upgrade" moves to the newest)
	@$(LOCK) $(ARGS) requirements.in --output-file requirements.txt
	@$(LOCK) $(ARGS) requirements-dev.in --output-file requirements-dev.txt
	@echo "requirements.txt and requirements-dev.txt are up to date."

migrate: install ## bring the database of .env up to date
	@$(BIN)/python manage.py migrate --noinput

clean: ## remove what can be made again (the data in var/ and .env stay)
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache staticfiles test-results
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +
	@echo "Removed .venv, caches and collected static files; var/ and .env are untouched."

python: ## say which Python .venv is built with
	@scripts/pick_python.sh

install:
	@python="$$(scripts/pick_python.sh)" && "$$python" scripts/set_up.py requirements.txt

install-dev:
	@python="$$(scripts/pick_python.sh)" && "$$python" scripts/set_up.py requirements.txt requirements-dev.txt
