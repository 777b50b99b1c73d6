"""Keeping one program running: when it ends unasked, it is started again."""

import asyncio
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import dataclass

from workers.running.program import Program, ProgramError, halt

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
STEADY_SECONDS = 30.0


@dataclass
class Backoff:
    """How long to wait before the next start: doubling, forgotten once the program ran steadily. Seconds."""

    failures: int = 0

    def after(self, alive: float) -> float:
        """The pause after a run of `alive` seconds."""
        self.failures = 1 if alive >= STEADY_SECONDS else self.failures + 1
        return float(min(FIRST_PAUSE * 2 ** (self.failures - 1), LONGEST_PAUSE))


class Keeper:
    """Starts a program, watches it, starts it again.

    `say` gets a line for people, `changed` is called whenever the process is another one.
    """

    def __init__(
        self, program: Program, *, say: Callable[[str], None], changed: Callable[[], None], hurry: asyncio.Event
    ) -> None:
        self.program = program
        self.process: Process | None = None
        self.backoff = Backoff()
        self._say = say
        self._changed = changed
        self._hurry = hurry
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the program the first time, and watch it from then on.

        Raises:
            ProgramError: it does not start.
        """
        self.process = await self.program.start()
        self._changed()
        self._watching = asyncio.create_task(self._watch(), name=f"keeps {self.program.name}")

    async def stop(self) -> None:
        """Watch no longer, and end the program."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
            self._watching = None
        if self.process is not None:
            await halt(self.process, self.program, hurry=self._hurry)
            self.process = None

    async def _watch(self) -> None:
        began = time.monotonic()
        while True:
            ended = await self.process.wait() if self.process else None
            pause = self.backoff.after(time.monotonic() - began)
            if ended is not None:
                told = f"{self.program.name} ended ({_reason(ended)}; its log: {self.program.log})"
                self._say(f"{told}; starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            began = time.monotonic()
            try:
                self.process = None
                self.process = await self.program.start()
            except ProgramError as error:
                self._say(error.detail)
            else:
                self._say(f"{self.program.name} runs again (process {self.process.pid})")
                self._changed()


def _reason(returncode: int) -> str:
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
