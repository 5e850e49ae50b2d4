# Fil commun: what people type. Everything a target needs, it installs in .venv first.

PYTHON ?= python3
BIN := .venv/bin
SIDE_BY_SIDE := -n auto --maxprocesses 4
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo run test test-all check bench lock audit clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 ~ /p' $(MAKEFILE_LIST) | column -t -s '~'

demo: .venv/ready ## an imaginary village of group sites, in a temporary folder
	$(BIN)/filcommun demo

run: .venv/ready ## the portal and its worker on http://127.0.0.1:8000
	$(BIN)/filcommun run

test: .venv/ready-dev ## the quick tests (two minutes on two cores)
	$(BIN)/pytest -q $(SIDE_BY_SIDE)

test-all: .venv/ready-dev ## all tests; needs Debian's chromium and postgresql
	$(BIN)/pytest -q -m "slow or not slow"

check: .venv/ready-dev ## what CI holds: lint, types, import contracts, quick tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q $(SIDE_BY_SIDE)

bench: .venv/ready-dev ## every benchmark, each against a peer or a limit
	@for bench in bench/[a-z]*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

lock: .venv/ready-dev ## write requirements/*.lock anew from pyproject.toml
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--group build pyproject.toml -o requirements/run.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--group dev --extra opensearch -c requirements/run.lock pyproject.toml \
		-o requirements/dev.lock

audit: .venv/ready-dev ## known vulnerabilities of what is locked; needs the open internet
	@$(BIN)/python .ci/audit.py $(BIN)/pip-audit requirements/run.lock

clean: ## remove .venv and what tools left; your data stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Fil commun needs Python 3.11 or newer; this is $$($(PYTHON) --version)."; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; $(MAKE) --no-print-directory venv-package; \
		$(PYTHON) -m venv .venv; }

.PHONY: venv-package
venv-package: # Debian keeps venv in a package of its own
	@if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq python3-venv; \
	elif command -v sudo >/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq python3-venv; \
	else echo "Install Debian's package python3-venv as root, then try again."; exit 1; fi

.venv/ready: .venv/bin/pip requirements/run.lock pyproject.toml
	$(BIN)/pip install -q --require-hashes -r requirements/run.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/ready-dev: .venv/ready requirements/dev.lock
	$(BIN)/pip install -q --require-hashes -r requirements/dev.lock
	@touch $@
