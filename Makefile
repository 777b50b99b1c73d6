# make up      everything on this machine: environment, servers, schema, real history, API and workers  (ARGS="--port 9000")
# make test    everything CI runs
# make spark   Apache Spark for batch, beside the rest
KOI_PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo $$python && break; \
	done)
KOI := .venv/bin/koi
BENCHES := callbacks trigger burst backfill mixed replay linkage tags tags-nightly segment-count segment-live ltv

.PHONY: up test check bench spark lock clean environment

up: environment
	@$(KOI) up $(ARGS)

# Where there is Java, batch is held against a real Spark as well; without, that test says that it was left out.
test: check
	@! command -v java > /dev/null || $(MAKE) --no-print-directory spark || echo "Spark could not be installed: its test is left out"
	@.venv/bin/python tests

check: environment
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo

bench: environment
	@$(KOI) bench ingest --family all
	@for bench in $(BENCHES); do $(KOI) bench $$bench || exit 1; done

environment:
	@test -n "$(KOI_PYTHON)" || { \
	echo "Koi needs Python 3.11 to 3.14 and finds none. Debian or Ubuntu: apt-get install python3 python3-venv"; \
	echo "Or name one: make up KOI_PYTHON=/path/to/python3.11"; exit 1; }
	@$(KOI_PYTHON) workers/running/environment.py

# Batch on Apache Spark: KOI_SPARK_MASTER names the cluster. Wants Java 17 or newer.
spark: environment
	@.venv/bin/uv pip install --quiet --require-hashes --no-deps --requirement requirements-spark.lock

# The lock names no index, so that any mirror can serve it.
lock: environment
	@.venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --extra embedded --extra demo --extra dev --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements.lock
	@.venv/bin/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['spark'], sep='\n')" | \
	.venv/bin/uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	--quiet --output-file requirements-spark.lock

# The state in .koi stays: it is data.
clean:
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
