# Every target works from a fresh clone on a machine with Python >= 3.12 and nothing else.
.DEFAULT_GOAL := help
.PHONY: run test crash bench check format messages browser redis lock help

VENV := .venv
PY := $(VENV)/bin/python
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes
PYTEST := $(PY) -m pytest
# With ARGS="-k till", one of the two runs may have nothing to do.
NONE_IS_FINE = $(if $(ARGS),|| [ $$? = 5 ])

# Compiled modules halve every start; some machines switch them off for all programs.
export PYTHONDONTWRITEBYTECODE :=

run: $(RUNTIME) ## serve http://localhost:8000 with a demo shop (PORT=, DATABASE_URL= are honoured)
	@DEMO=$${DEMO-1} exec $(PY) manage.py serve --prepare

test: $(DEV) browser redis ## run all tests (ARGS= goes to pytest, as in ARGS="-k till")
	@$(PYTEST) -n 2 --ignore=tests/e2e $(ARGS) $(NONE_IS_FINE)
	@$(PYTEST) -n 2 tests/e2e $(ARGS) $(NONE_IS_FINE)

crash: $(DEV) redis ## the long runs, for hours: kill the app and the database, race and trade, lose nothing
	@REGAL_LONG=1 $(PYTEST) tests/faults tests/races tests/properties $(ARGS)

bench: $(DEV) redis ## measure what docs/performance.md promises (ARGS="--only checkout --pairs 2")
	@$(PY) -m bench $(ARGS)

check: $(DEV) ## all that is checked without running the shop: style, types, floors, templates
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check --quiet .
	@said=$$($(VENV)/bin/lint-imports --no-logo 2>&1) || { echo "$$said"; exit 1; }
	@$(VENV)/bin/djlint --lint --quiet templates
	@$(VENV)/bin/mypy
	@$(PY) manage.py makemigrations --check --dry-run -v 0
	@PUBLIC_URL=https://till.example.com DATABASE_URL=postgresql://app@db.example.com/shop \
	  DATABASE_OWNER_URL=postgresql://owner@db.example.com/shop \
	  SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
	  PIN_PEPPER=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
	  $(PY) manage.py check --deploy --fail-level WARNING
	@! grep -nE 'https?://|--(extra-)?index|--find-links|--trusted-host' requirements*.txt

format: $(DEV) ## put the code into shape
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format --quiet .

messages: $(DEV) ## collect the words of the screens into locale/, for translating
	@$(PY) manage.py messages

browser: # Debian's Chromium, if no browser is found
	@for b in chromium chromium-browser google-chrome; do command -v $$b >/dev/null && exit 0; done; \
	if ! command -v apt-get >/dev/null; then echo "the browser tests need Chromium on the PATH" >&2; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	echo "installing Chromium ..."; $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null

# Debian starts what it installs, unless a policy forbids it; tests start their own, on a free port.
redis: # Debian's redis-server, if there is none
	@command -v redis-server >/dev/null && exit 0; \
	if ! command -v apt-get >/dev/null; then echo "the tests of several processes need redis-server on the PATH" >&2; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; policy=/usr/sbin/policy-rc.d; \
	echo "installing redis-server ..."; $$sudo apt-get update -qq; \
	if [ ! -e $$policy ]; then trap "$$sudo rm -f $$policy" EXIT; \
	  printf '#!/bin/sh\nexit 101\n' | $$sudo tee $$policy >/dev/null; $$sudo chmod 755 $$policy; fi; \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >/dev/null

lock: $(DEV) ## write the lock files again from requirements*.in
	@for name in requirements requirements-dev; do \
	  $(VENV)/bin/uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-header \
	    --no-annotate $$name.in -o $$name.txt; done

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

# ---- the environment ------------------------------------------------------------------------

$(PY):
	@py=""; for c in "$$PYTHON" "$$(command -v pyenv >/dev/null && pyenv which python 2>/dev/null)" \
	    python3.14 python3.13 python3.12 python3 python; do \
	  [ -n "$$c" ] && command -v "$$c" >/dev/null 2>&1 && \
	  "$$c" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && py="$$c" && break; done; \
	if [ -n "$$py" ]; then echo "Using $$("$$py" -V) ($$py)"; "$$py" -m venv $(VENV); \
	elif command -v uv >/dev/null; then uv venv --quiet --seed --python ">=3.12" $(VENV); \
	else echo "RegalPOS needs Python 3.12 or newer, with venv; name one with PYTHON=/path/to/python" >&2; exit 1; fi

$(RUNTIME): requirements.txt | $(PY)
	@echo "Installing what the shop needs ..."
	@$(PIP) --no-compile -r requirements.txt # Python compiles what is used, when it is used
	@touch $@

$(DEV): requirements-dev.txt | $(PY)
	@echo "Installing what the tests need ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(RUNTIME)
