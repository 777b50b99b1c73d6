"""A server that may not be root still reaches its files."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.running.account import Account, server_account
from workers.running.program import spawn


@pytest.fixture
def closed() -> Iterator[Path]:
    """A program below a folder that only its owner may enter, as /root is."""
    with tempfile.TemporaryDirectory() as folder:
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        program = Path(folder) / "program"
        program.write_text(f"#!/bin/sh\ntest -x {program} && id -u\n")
        program.chmod(0o700)
        yield program


async def test_it_runs_and_sees_a_program_where_it_may_not_go(closed: Path, tmp_path: Path) -> None:
    """Where Koi is unpacked below /root: the program, and what it asks about its own files, work."""
    account = server_account()
    log = tmp_path / "log"
    process = await spawn([closed], log=log, account=account, needs=[closed])
    assert await process.wait() == 0
    assert log.read_text() == f"{account.uid if account else os.getuid()}\n"


async def test_a_file_everyone_may_read_needs_no_right(tmp_path: Path) -> None:
    """And a folder that is closed to others asks for one."""
    someone = Account(uid=4711, gid=4711)
    assert someone.may_enter(Path("/bin/sh"))
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o600)
    assert not someone.may_enter(file)
