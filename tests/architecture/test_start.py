"""What starts fast: the API and the command line load what computes over everybody when it is used."""

import subprocess
import sys

_HEAVY = {"alembic", "duckdb", "ibis", "pandas", "pyarrow", "sklearn", "sqlalchemy", "sqlglot", "xgboost"}
_LOADED = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sys.modules)
"""


def test_neither_the_api_nor_a_command_that_asks_loads_an_engine_at_its_start() -> None:
    """Each of them costs up to a second of processor time, at every start of every process."""
    started = ["api.app", "workers.segmenting.role", "workers.cli.tags", "workers.cli.segments", "workers.cli.auditing"]
    told = subprocess.run([sys.executable, "-c", _LOADED, *started], check=True, capture_output=True, text=True)
    assert _HEAVY.isdisjoint(told.stdout.split())
