"""A program that ends unasked is started again; one that is asked to end, ends."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from workers.running.keeper import Backoff, Keeper
from workers.running.program import ProgramError, halt, spawn
from workers.running.waiting import until

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


class Script:
    """A real program for the tests: a line of Python."""

    name = "script"
    stop_signal = signal.SIGTERM
    hurry_signal = signal.SIGKILL

    def __init__(self, folder: Path, line: str = "import time; time.sleep(60)") -> None:
        self.log = folder / "script.log"
        self.line = line

    async def start(self) -> Process:
        """Start it."""
        return await spawn([sys.executable, "-c", self.line], log=self.log)

    async def has_printed(self) -> None:
        """Wait for its first words."""
        assert await until(lambda: self.log.stat().st_size > 0, 10)


class Watched(Keeper):
    """A keeper whose words are kept, and whose changes can be waited for."""

    def __init__(self, script: Script) -> None:
        self.lines: list[str] = []
        self.changes: asyncio.Queue[int | None] = asyncio.Queue()
        self.hurry = asyncio.Event()
        super().__init__(script, say=self.lines.append, changed=self.note, hurry=self.hurry)

    def note(self) -> None:
        """Remember the present process."""
        self.changes.put_nowait(self.process.pid if self.process else None)


async def test_a_killed_program_runs_again(tmp_path: Path) -> None:
    """And the console hears how it ended and where its log is."""
    keeper = Watched(Script(tmp_path))
    await keeper.start()
    first = await keeper.changes.get()
    assert keeper.process is not None
    keeper.process.kill()
    assert await keeper.changes.get() != first
    assert "script ended (SIGKILL; its log: " in keeper.lines[0]
    assert keeper.lines[0].endswith("starting it again in 0.2 s")
    await keeper.stop()


async def test_a_stopped_program_stays_stopped(tmp_path: Path) -> None:
    """Its end was asked for."""
    keeper = Watched(Script(tmp_path))
    await keeper.start()
    process = keeper.process
    await keeper.stop()
    assert process is not None
    assert process.returncode == -signal.SIGTERM
    assert keeper.process is None
    assert keeper.lines == []


async def test_a_program_that_stops_working_at_once_is_tried_ever_more_slowly() -> None:
    """A broken program must not keep the machine busy; one that ran for a while gets a fresh chance."""
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert [backoff.after(31), backoff.after(0.1)] == [0.2, 0.4]


async def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    """A program that does not listen is killed."""
    script = Script(tmp_path, DEAF)
    keeper = Watched(script)
    await keeper.start()
    process = keeper.process
    await script.has_printed()
    stopping = asyncio.create_task(keeper.stop())
    await asyncio.sleep(0)
    keeper.hurry.set()
    await stopping
    assert process is not None
    assert process.returncode == -signal.SIGKILL


async def test_patience_ends(tmp_path: Path) -> None:
    """A program that does not listen does not hold up the stop for ever."""
    script = Script(tmp_path, DEAF)
    process = await script.start()
    await script.has_printed()
    await halt(process, script, patience=0.05)
    assert process.returncode == -signal.SIGKILL


async def test_a_missing_program_is_an_error_with_words(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(ProgramError, match="cannot be started"):
        await spawn([tmp_path / "absent"], log=tmp_path / "log")


async def test_a_long_log_is_put_aside(tmp_path: Path) -> None:
    """Logs do not fill the disk."""
    script = Script(tmp_path, "print('fresh')")
    script.log.write_bytes(b"x" * 10_000_001)
    await (await script.start()).wait()
    assert script.log.read_text() == "fresh\n"
    assert script.log.with_name("script.log.1").stat().st_size == 10_000_001
