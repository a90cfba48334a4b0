# Everything a newcomer types. Each target installs what it needs into the clone; run `make help`.

PORT ?= 8000
export PORT

# Each part of Serment is a Python of its own; where no bytecode is kept, each compiles it all anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
ifeq ($(PYTHON),)
$(error Serment needs Python 3.11 or newer as python3)
endif
SERMENT := .venv/bin/serment

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset up test check format torture verifier bench setup setup-test

help: ## List all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## Start everything with demo data on http://localhost:8000 (PORT= changes it)
	@exec $(SERMENT) up --demo

demo-reset: setup ## Throw the demo's data away and start over
	@exec $(SERMENT) up --demo --anew

up: setup ## Start everything without demo data
	@exec $(SERMENT) up

test: setup-test ## Run all tests, a real browser included
	@.venv/bin/pytest -n 2 $(ARGS)

check: setup-test ## Format, lint, types, import directions, house rules
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/lint-imports --no-cache | tail -1
	@.venv/bin/mypy
	@.venv/bin/pytest tests/house

format: setup-test ## Format and mend what can be mended by itself
	@.venv/bin/ruff format --quiet .
	@.venv/bin/ruff check --fix --quiet .

torture: setup-test ## The long sweeps: every fault, every mutation, chaos histories
	@.venv/bin/pytest -m "torture or not torture" tests/attacks tests/faults tests/journeys tests/concurrency tests/config tests/keeper tests/ledger $(ARGS)

verifier: ## Build serment-verify.pyz, the ledger's verifier for a bare python3
	@$(PYTHON) scripts/verifier.py

bench: setup-test ## Measurements, each beside its peer or limit; writes bench/results/
	@.venv/bin/python -m bench.run $(ARGS)

setup:
	@$(PYTHON) scripts/set_up.py app

setup-test:
	@$(PYTHON) scripts/set_up.py test
