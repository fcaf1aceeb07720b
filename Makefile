# One entry for every task of the repository; bare `make` lists them.
# Each target installs what it needs under .venv, once: the stamps carry the hash of the lock they
# were installed from, so that a changed lock installs again and an unchanged one does nothing.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Where nothing may be kept of what was compiled, each of a thousand processes compiles it again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
UV_VERSION := 0.13.8
# Tests wait for servers and deadlines as much as they compute: one process more than there are
# processors keeps all of these busy. There are no more than fourteen databases of Valkey for them.
CORES := $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
WORKERS ?= $(shell echo $$(( $(CORES) < 13 ? $(CORES) + 1 : 14 )))

VENV := .venv
PY := $(VENV)/bin/python
STAMPS := $(VENV)/.stamps

sha256 = $(firstword $(shell { echo "$(CURDIR)"; cat $(1); } 2>/dev/null | sha256sum))
BASE := $(STAMPS)/base-$(call sha256,requirements-build.lock)
PROJECT := $(STAMPS)/project-$(call sha256,pyproject.toml)
RUNTIME := $(STAMPS)/runtime-$(call sha256,requirements.lock)
DEV := $(STAMPS)/dev-$(call sha256,requirements-dev.lock)
BENCH := $(STAMPS)/bench-$(call sha256,requirements-bench.lock)

# The dev lock contains the runtime lock at the same versions.
DEMO_ENV := $(if $(wildcard $(DEV)),$(DEV),$(RUNTIME)) $(PROJECT)
TEST_ENV := $(DEV) $(PROJECT)
# mypy reads the benchmark peers too, so checking needs their packages.
CHECK_ENV := $(TEST_ENV) $(BENCH)

PIP := $(PY) -m pip --disable-pip-version-check --quiet
PIP_LOCKED := $(PIP) install --require-hashes --no-deps --only-binary=:all: --no-compile
# What pip does with one processor. A file that is no Python is none of ours.
COMPILE := $(PY) -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true
FAST_TESTS = $(wildcard tests/unit tests/architecture tests/contract)
# What is about the engines themselves: SQL, rights, locks, plans, notices and the broker.
CORE_TESTS = $(wildcard $(patsubst %,tests/integration/test_%.py, \
  audit_chain candidates catalogue event_log isolation_pool migrations notifications \
  one_shot_tasks plugin_tables quotas rate_limit reactions read_pool roles schedules \
  search_plans tasks tenant_export worker_rabbitmq workers_wait))

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(firstword $(MAKEFILE_LIST)) \
	  | awk -F@ '{printf "%-22s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(DEMO_ENV) ## Start everything with sample tenants and print URLs, logins and keys
	@$(VENV)/bin/intellimatch demo

.PHONY: test
test: $(TEST_ENV) ## Run every test on the embedded engines, and a browser for the pages
	@$(PY) -m tests.fixtures.chromium
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: check
check: $(CHECK_ENV) ## Lint, types, import contracts and the fast tests (under two minutes)
	@$(MAKE) -j4 --output-sync=target --keep-going \
	  check-types check-tests check-lint check-format check-imports

.PHONY: test-external
test-external: $(TEST_ENV) ## Run the core tests on Debian's PostgreSQL, Redis and RabbitMQ
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
	  echo "PostgreSQL's server programs are missing: apt-get install postgresql" >&2; exit 1; }
	@command -v redis-server >/dev/null || command -v valkey-server >/dev/null || { \
	  echo "redis-server is missing: apt-get install redis-server" >&2; exit 1; }
	@test -x /usr/lib/rabbitmq/bin/rabbitmq-server || { \
	  echo "rabbitmq-server is missing: apt-get install rabbitmq-server" >&2; exit 1; }
	@test -n "$(CORE_TESTS)" || { echo "there is no test for external engines" >&2; exit 1; }
	@TEST_ENGINES=external $(PY) -m pytest -n $(WORKERS) --dist loadfile \
	  -m "not slow and not embedded" $(CORE_TESTS)

.PHONY: bench
bench: $(CHECK_ENV) ## Measure against the peers; writes tests/benchmarks/results.json
	@$(PY) -m tests.benchmarks.run

.PHONY: clean
clean: ## Remove the environment, caches and local data (stops a running demo first)
	@if [ -x $(VENV)/bin/intellimatch ] && [ -d .data ]; then \
	  $(VENV)/bin/intellimatch demo --stop >/dev/null 2>&1 || true; fi
	@rm -rf $(VENV) .data dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache .schemathesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

UV := $(VENV)/lock/bin/uv
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	--python-version 3.11 $(if $(UPGRADE),--upgrade)

.PHONY: lock
lock: $(STAMPS)/lock-$(UV_VERSION) ## Rewrite the locks from pyproject.toml (UPGRADE=1 takes new versions)
	@$(LOCK) pyproject.toml -o requirements.lock
	@$(LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	@$(LOCK) --group bench -c requirements-dev.lock -o requirements-bench.lock
	@$(LOCK) --group build -c requirements-dev.lock -o requirements-build.lock

# --- the parts of `make check`, which runs them side by side ---

.PHONY: check-lint check-format check-types check-imports check-tests
check-lint:
	@$(PY) -m ruff check .

check-format:
	@$(PY) -m ruff format --check .

check-types:
	@$(PY) -m mypy

check-imports:
	@$(VENV)/bin/lint-imports --no-logo

check-tests:
	@$(PY) -m pytest -q -n $(CORES) -m "not slow" $(FAST_TESTS)

# --- the environment ---

# An environment that works here is kept, even one made by another tool; anything else is remade.
$(BASE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed; say which: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is incomplete: apt-get install python3-venv" >&2; exit 1; }
	@{ $(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' && \
	  grep -qF "$(CURDIR)/$(VENV)" $(VENV)/bin/activate; } 2>/dev/null || { echo "Making $(VENV)"; rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null
	@$(PIP_LOCKED) -r requirements-build.lock
	@mkdir -p $(STAMPS) && rm -f $(STAMPS)/base-* && touch $@

$(RUNTIME): | $(BASE)
	@echo "Installing what the platform runs on (requirements.lock)"
	@$(PIP_LOCKED) -r requirements.lock
	@$(COMPILE)
	@rm -f $(STAMPS)/runtime-* && touch $@

$(DEV): | $(BASE)
	@echo "Installing what tests and checks need (requirements-dev.lock)"
	@$(PIP_LOCKED) -r requirements-dev.lock
	@$(COMPILE)
	@rm -f $(STAMPS)/dev-* && touch $@

$(BENCH): | $(BASE)
	@echo "Installing what the benchmarks compare with (requirements-bench.lock)"
	@$(PIP_LOCKED) -r requirements-bench.lock
	@$(COMPILE)
	@rm -f $(STAMPS)/bench-* && touch $@

$(PROJECT): | $(BASE)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@rm -f $(STAMPS)/project-* && touch $@

$(STAMPS)/lock-$(UV_VERSION): | $(BASE)
	@$(PYTHON) -m venv $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip --disable-pip-version-check --quiet install uv==$(UV_VERSION)
	@rm -f $(STAMPS)/lock-* && touch $@
