# `make demo` and `make test` need Python 3.11 or newer and make; they bring everything else.
PYTHON = python3
ARGS =
# Words of names of mutants; all when there are none.
ONLY =
# The order of the tests, the same everywhere; `make test SEED=7` tries another one.
SEED = 20261125
VENV = .venv
PY = $(VENV)/bin/python
BOOTSTRAP = config/demo/bootstrap.py
CATALOG = locale/pt_BR/LC_MESSAGES/django

# What the settings require, for tools that read them but connect to nothing.
DUMMY = SECRET_KEY=lint-lint-Lint-lint-LINT-lint-0123-lint-4567-lint-89ab \
	FIELD_KEYS=k1:Y2hlY2stY2hlY2stY2hlY2stY2hlY2stY2hlY2stY2g= \
	DATABASE_URL=postgres://check@127.0.0.1:9/check REDIS_URL=redis://127.0.0.1:9 \
	LOG_LEVEL=CRITICAL

.DEFAULT_GOAL = help
.PHONY: help demo test check faults fuzz mutants format lock messages schema python
.SUFFIXES:

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.runtime ## run everything on this machine: make demo ARGS="--port 8123 --data DIR"
	@BALCAO_UNDER_MAKE=1 exec $(PY) manage.py demo $(ARGS)

test: $(VENV)/.dev ## run the tests; DATABASE_URL and REDIS_URL name servers of your own, if you like
	$(PY) -m pytest -n 2 -m "not e2e" --randomly-seed=$(SEED)
	$(PY) -m pytest -n 2 -m e2e --randomly-seed=$(SEED)

check: $(VENV)/.dev ## lint, format, types, imports, templates, settings
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/djlint --lint --check templates
	$(VENV)/bin/lint-imports
	$(DUMMY) $(VENV)/bin/mypy .
	$(DUMMY) PUBLIC_URL=https://example.test TRUSTED_PROXY_COUNT=1 $(PY) manage.py check --deploy --fail-level WARNING

format: $(VENV)/.dev ## put the code in order
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format
	$(VENV)/bin/djlint --quiet --reformat templates

faults: $(VENV)/.dev ## break everything on purpose, then count: all faults, and the long soak
	$(PY) -m pytest tests/faults
	$(PY) -m tests.faults.soak

# How many requests each kind of caller sends to each operation, well-formed ones and others.
EXAMPLES = 100
fuzz: $(VENV)/.dev ## send the API what nobody wrote down, other things each time: make fuzz EXAMPLES=20
	FUZZ_EXAMPLES=$(EXAMPLES) FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)} $(PY) -m pytest -n 2 -q tests/fuzz

mutants: $(VENV)/.dev ## take each safeguard away and expect red: make mutants ONLY="rank lease"
	$(PY) -m tests.mutants.run $(ONLY)

lock: $(VENV)/.dev ## renew uv.lock and the requirements made from it
	$(VENV)/bin/uv lock
	$(VENV)/bin/uv export --quiet --frozen --no-annotate --no-header --no-emit-project \
		--no-default-groups --group demo --output-file requirements.txt
	$(VENV)/bin/uv export --quiet --frozen --no-annotate --no-header --no-emit-project \
		--all-groups --output-file tests/requirements.txt

schema: $(VENV)/.dev ## renew docs/openapi.yaml from the API's views
	$(DUMMY) $(PY) manage.py spectacular --urlconf config.urls_api --lang en --file docs/openapi.yaml

messages: $(VENV)/.dev ## renew locale/ from what pages and code say; needs gettext (xgettext, msgmerge)
	@command -v xgettext >/dev/null || { echo "gettext is not installed: apt install gettext"; exit 1; }
	$(DUMMY) $(PY) manage.py makemessages --locale pt_BR --no-wrap --add-location file --no-obsolete \
		--ignore tests --ignore benchmarks --ignore "whatsapp/simulator/*"
	$(PY) -c "import polib; polib.pofile('$(CATALOG).po').save_as_mofile('$(CATALOG).mo')"

$(VENV)/.runtime: uv.lock $(BOOTSTRAP) | python
	@$(PYTHON) $(BOOTSTRAP) demo

$(VENV)/.dev: uv.lock $(BOOTSTRAP) | python
	@$(PYTHON) $(BOOTSTRAP) dev

python:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "$(PYTHON) is not installed: Balcão needs Python 3.11 or newer."; exit 1; }
