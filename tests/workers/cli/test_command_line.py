"""The command line starts fast, and explains itself."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from workers.cli import COMMANDS, main

HEAVY = ("uvicorn", "litestar", "asyncpg", "sqlalchemy", "duckdb", "pyarrow", "nats", "httpx", "psutil")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """With a sentence each."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code in (None, 0)
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


async def test_help_waits_for_no_library() -> None:
    """What a command needs is imported when it is asked for."""
    script = f"""
import json, sys
from workers.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
    asked = await asyncio.create_subprocess_exec(sys.executable, "-P", "-c", script, stdout=subprocess.PIPE)
    told, _ = await asked.communicate()
    assert json.loads(told.splitlines()[-1]) == []


@pytest.mark.parametrize("command", ["serve", "work"])
def test_without_a_running_koi_a_command_says_how_to_start_one(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback for what a person can mend."""
    monkeypatch.setenv("KOI_HOME", str(tmp_path))
    monkeypatch.delenv("KOI_DATABASE_URL", raising=False)
    with pytest.raises(SystemExit) as ended:
        main([command])
    assert ended.value.code == 1
    shown = capsys.readouterr().err
    assert "make up" in shown
    assert "Traceback" not in shown


def test_an_error_is_told_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Brackets in a message are not markup."""
    monkeypatch.setenv("KOI_HOME", str(tmp_path / "[home]"))
    with pytest.raises(SystemExit):
        main(["serve"])
    assert "[home]" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_can_be_loaded(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is registered by a string, which nothing else checks."""
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code in (None, 0)
    assert f"koi {name}" in capsys.readouterr().out
