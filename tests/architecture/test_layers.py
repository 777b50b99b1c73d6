"""The arrows between the packages, as `pyproject.toml` draws them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_layers_hold() -> None:
    """Entry points above the two sides, both above the domain, and no way back."""
    checker = Path(sys.executable).with_name("lint-imports")
    told = subprocess.run([checker, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
